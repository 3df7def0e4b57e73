"""A full disk while the panel predicts: a message, nothing left, nobody waits."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)

SCRIPT = """
import sys
sys.path.insert(0, {here!r})
from driving import drive
from scenario_full_disk import scenario
drive(scenario, {facts!r}, demo={demo!r})
"""
#: Mounts a small file system, which goes with the process: in namespaces of its own.
MOUNT = 'mount -t tmpfs -o size="$0" tmpfs "$1" && shift && exec "$@"'


@pytest.fixture
def small_disk(tmp_path, monkeypatch):
    """A function: the command before another that gives it little room for temporary files."""
    own = ["unshare", "--map-root-user", "--mount"]
    if (
        not shutil.which("unshare")
        or subprocess.run([*own, "true"], capture_output=True).returncode
    ):
        pytest.skip("no user namespaces here: no small file system can be mounted")
    folder = tmp_path / "small"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return lambda size: [*own, "sh", "-c", MOUNT, size, str(folder)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "who"), [("32k", "the plugin's structures"), ("128k", "the child's first result")]
)
def test_a_full_disk_is_a_message(
    display, install, run_pymol, demo, notes, small_disk, tmp_path, size, who
):
    install()
    path = tmp_path / "facts.json"
    here = str(Path(__file__).parent)
    script = SCRIPT.format(here=here, demo=demo, facts=str(path))
    ended = run_pymol(script, display=display, prefix=small_disk(size))
    assert path.is_file(), ended.stdout + ended.stderr
    facts = json.loads(path.read_text())
    assert not facts["trouble"], facts["trouble"]
    assert facts["begun"] == "Stop"
    assert "No space left on device" in facts["message"] and "\n" not in facts["message"]
    assert facts["names"] == ["tox"] and facts["left"] == []
    assert facts["folder"] == str(tmp_path / "small"), "that was not the small disk"
    begun = (tmp_path / "notes.json").is_file()
    assert begun == (size == "128k")
    if begun:
        with pytest.raises(ProcessLookupError):
            os.kill(notes()["pid"], 0)
