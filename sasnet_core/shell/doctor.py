"""Check of the installation: what is there and what is missing, on one screen.

This module imports only the standard library, because everything else may be missing.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from sasnet_core import __version__

#: Packages that are imported to see whether they work; of others only the version is checked.
_IMPORTED = ("numpy", "scipy", "gemmi", "keras", "tensorflow")
_IMPORT_TIMEOUT = 120  # seconds
#: Bytes that a prediction writes at most, except for proteins of thousands of residues.
_DISK_NEEDED = 100_000_000


@dataclass(frozen=True)
class Finding:
    """One line of the diagnosis.

    Attributes
    ----------
    subject, text : str
        What was checked, and its state or how to repair it.
    good : bool
        False if a prediction fails because of it.
    """

    subject: str
    text: str
    good: bool = True

    def __str__(self) -> str:
        mark = "ok     " if self.good else "MISSING"
        return f"{mark} {self.subject:<11} {self.text}"


def diagnose() -> list[Finding]:
    """Check Python, packages, weights, processors and disk; takes seconds."""
    python = f"{sys.version.split()[0]}, {sys.executable}"
    return [
        Finding("sasnet", f"{__version__}, {os.path.dirname(os.path.dirname(__file__))}"),
        Finding("python", python),
        *(_package(name, least) for name, least in requirements()),
        _weights(),
        _processors(),
        _disk(),
        _pymol(),
    ]


def requirements() -> list[tuple[str, str]]:
    """List the packages that sasnet needs and their least versions, as it was installed.

    Returns
    -------
    list of (str, str)
        Empty where sasnet is not installed as a package.
    """
    try:
        lines = importlib.metadata.requires("sasnet") or []
    except importlib.metadata.PackageNotFoundError:
        return []
    found = [re.match(r"([\w.-]+)\s*>=\s*([\d.]+)\s*$", line) for line in lines]
    return [(match[1], match[2]) for match in found if match]


def _package(name: str, least: str) -> Finding:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(
            name, f"install it: {sys.executable} -m pip install '{name}>={least}'", False
        )
    if _numbers(version) < _numbers(least):
        repair = f"{least} or newer is needed, this is {version}; pip install '{name}>={least}'"
        return Finding(name, repair, False)
    trouble = import_trouble(name) if name in _IMPORTED else ""
    if trouble:
        return Finding(name, f"{version} is installed but cannot be loaded: {trouble}", False)
    return Finding(name, version)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)[:2]]


def import_trouble(name: str) -> str:
    """Import a package in a process of its own and return what went wrong, "" if nothing did."""
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", f"import {name}"],
            capture_output=True,
            text=True,
            timeout=_IMPORT_TIMEOUT,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"took over {_IMPORT_TIMEOUT} s"
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        return f"{name}: this build does not fit the processor or the system's libraries"
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["no message"])[-1]
    return ""


def _weights() -> Finding:
    try:
        from sasnet_core.errors import WeightsError
        from sasnet_core.network.weights_folder import default_folder, read_info
    except ImportError as error:
        return Finding("weights", f"cannot be read without {error.name}; install that first", False)
    try:
        info = read_info(default_folder())
    except WeightsError as error:
        return Finding("weights", str(error), False)
    if info.calibration is None:
        return Finding("weights", f"{info.folder} has no calibration; install sasnet again", False)
    return Finding("weights", f"{info.folder}, sha256 {info.sha256[:12]}...")


def _processors() -> Finding:
    from sasnet_core.network.precision import cpu_is_fast

    numbers = "bfloat16" if cpu_is_fast() else "float32"
    graphics = "NVIDIA driver found" if shutil.which("nvidia-smi") else "no NVIDIA driver"
    return Finding("processors", f"{os.cpu_count()} cores, {numbers}; {graphics}")


def _disk() -> Finding:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    text = f"{free / 1e9:.1f} GB free for temporary files in {folder}"
    return Finding("disk", text, free >= _DISK_NEEDED)


def _pymol() -> Finding:
    if importlib.util.find_spec("pymol") is None:
        return Finding(
            "pymol", "not in this Python: no picture.png; the plugin does not need it here"
        )
    return Finding("pymol", "in this Python")
