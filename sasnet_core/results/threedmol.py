"""3Dmol.js, which shows structures in a report: taken from npm, once, when sasnet is built.

``python -m sasnet_core.results.threedmol`` takes it where that did not happen. Needs npm, nothing
else; `setup.py` reads this module before anything is installed.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from sasnet_core.errors import SasnetError, run_script

VERSION = "2.5.5"
#: Hash of the package, as npm writes it into lock files.
INTEGRITY = (
    "sha512-kqNHouGqq3YfW58174tdERvm0XYTmP0tavQKOqIw1ouc2OJ7epkXEFrt"
    "EkVXV0clBZT2Ze2xHRC/qxX0u0qCdw=="
)
SCRIPT, LICENSE = "3Dmol-min.js", "LICENSE"
#: Where they stand in npm's package.
_MEMBERS = {SCRIPT: "package/build/3Dmol-min.js", LICENSE: "package/LICENSE"}
TIMEOUT = 300  # seconds
COMMAND = "python -m sasnet_core.results.threedmol"


class ViewerError(SasnetError):
    """3Dmol.js cannot be had."""


def take_viewer(folder: Path) -> None:
    """Take the script and its licence out of npm's package, unless they are there.

    Parameters
    ----------
    folder : Path
        Gets both files; made if it is not there.

    Raises
    ------
    ViewerError
        npm is missing or fails, or gives another package than the pinned one.
    """
    if all((folder / name).is_file() for name in _MEMBERS):
        return
    with tempfile.TemporaryDirectory() as place:
        package = _pack(Path(place))
        _check(package)
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(package) as archive:
            for name, member in _MEMBERS.items():
                stream = archive.extractfile(member)
                assert stream is not None  # the hash says what is in there
                (folder / name).write_bytes(stream.read())


def _pack(folder: Path) -> Path:
    """Let npm fetch the package from the registry that it is set to."""
    npm = shutil.which("npm")
    if npm is None:
        raise ViewerError(
            f"3Dmol.js {VERSION} is needed for the 3D view of reports, and npm to take it, which "
            f"is not installed; install npm, then: {COMMAND}"
        )
    command = [npm, "pack", f"3dmol@{VERSION}", "--silent", "--ignore-scripts"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise _failed(f"no answer in {TIMEOUT} s") from None
    found = list(folder.glob("*.tgz"))
    if done.returncode or not found:
        raise _failed((done.stderr.strip().splitlines() or ["no message"])[-1])
    return found[0]


def _failed(reason: str) -> ViewerError:
    return ViewerError(
        f"npm must give 3Dmol.js {VERSION} for the 3D view of reports, it did not ({reason}); "
        f"when the registry can be reached: {COMMAND}"
    )


def _check(package: Path) -> None:
    digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != INTEGRITY:
        raise _failed("its package has another hash than the pinned one")


def installed_folder() -> Path:
    """Return where this installation keeps the viewer, whether or not it is there."""
    return Path(str(importlib.resources.files("sasnet_core.resources"))) / "3dmol"


def main() -> int:
    """Take the viewer for this installation."""
    take_viewer(installed_folder())
    print(f"3Dmol.js {VERSION} is at {installed_folder()}")
    return 0


if __name__ == "__main__":
    sys.exit(run_script("sasnet_core.results.threedmol", main))
