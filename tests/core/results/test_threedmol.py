import os
import subprocess
import sys
from pathlib import Path

import pytest

from sasnet_core.results import threedmol
from sasnet_core.results.threedmol import ViewerError, take_viewer

ROOT = Path(__file__).parents[3]


def fake_npm(folder, script, monkeypatch):
    """Put a program called npm, and nothing else of that name, on the path."""
    folder.mkdir()
    npm = folder / "npm"
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/bin")


def test_files_that_are_there_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    for name in (threedmol.SCRIPT, threedmol.LICENSE):
        (tmp_path / name).write_text("mine")
    take_viewer(tmp_path)
    assert (tmp_path / threedmol.SCRIPT).read_text() == "mine"


def test_without_npm_one_line_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(threedmol, "installed_folder", lambda: tmp_path / "3dmol")
    assert threedmol.run_script("threedmol", threedmol.main) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "npm" in line and line.endswith(
        "install npm, then: python -m sasnet_core.results.threedmol"
    )


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'npm error network' >&2; exit 1", "npm error network"),
        ("exit 0", "no message"),
        ("echo another package > 3dmol-2.5.5.tgz", "another hash"),
    ],
    ids=["offline", "nothing", "changed"],
)
def test_what_npm_does_not_give_is_not_taken(script, reason, tmp_path, monkeypatch):
    fake_npm(tmp_path / "bin", script, monkeypatch)
    with pytest.raises(ViewerError, match=reason):
        take_viewer(tmp_path / "3dmol")
    assert not (tmp_path / "3dmol").exists()


def build(tmp_path, viewer):
    """Build the packages as a wheel would, from a copy that has the viewer or not."""
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in ("setup.py", "README.md", "LICENSE", "sasnet_core", "plugin"):
        (clone / name).symlink_to(ROOT / name)
    (clone / "resources").mkdir()
    for path in (ROOT / "resources").iterdir():
        if path.name != "3dmol":
            (clone / "resources" / path.name).symlink_to(path)
    if viewer:
        (clone / "resources" / "3dmol").mkdir()
        for name in (threedmol.SCRIPT, threedmol.LICENSE):
            (clone / "resources" / "3dmol" / name).write_text(name)
    done = subprocess.run(
        [sys.executable, "setup.py", "-q", "build", "--build-base", str(tmp_path / "build")],
        cwd=clone,
        env={**os.environ, "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return tmp_path / "build" / "lib" / "sasnet_core" / "resources", done.stderr


def test_an_installed_copy_holds_page_and_viewer(tmp_path):
    folder, _ = build(tmp_path, viewer=True)
    assert (folder / "report" / "report.html").is_file()
    assert (folder / "3dmol" / threedmol.SCRIPT).read_text() == threedmol.SCRIPT
    assert (folder / "3dmol" / threedmol.LICENSE).is_file()


def test_a_build_without_npm_goes_on_and_says_what_is_missing(tmp_path):
    folder, said = build(tmp_path, viewer=False)
    assert (folder / "report" / "report.html").is_file()
    assert not (folder / "3dmol").exists()
    assert "is needed for the 3D view of reports" in said
