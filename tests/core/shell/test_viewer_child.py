import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from sasnet_core.errors import SettingError
from sasnet_core.shell.cli import main
from sasnet_core.shell.viewer_child import MARK, end_with_viewer
from tests.core.build import chain_lines, write_pdb

TOGETHER = ["left.pdb", "right.pdb", "--no-picture", "--progress-lines", "--quiet"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A viewer's folder with two structures in it, the current one."""
    folder = tmp_path / "viewer"
    folder.mkdir()
    (folder / MARK).touch()
    write_pdb(folder / "left.pdb", chain_lines("A"))
    write_pdb(folder / "right.pdb", chain_lines("B"))
    monkeypatch.chdir(folder)
    return folder


def start(folder, weights_folder, *options):
    command = [sys.executable, "-m", "sasnet_core.cli", *TOGETHER, "--weights", str(weights_folder)]
    return subprocess.Popen(
        [*command, "--attached", str(folder), "-o", str(folder / "out"), *options],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_the_first_result_is_there_before_its_progress_line(folder, weights_folder):
    with start(folder, weights_folder, "--rotations", "3") as process:
        assert process.stderr.readline() == "sasnet-progress 0 3\n"
        assert process.stderr.readline() == "sasnet-progress 1 3\n"
        assert (folder / "first" / "result.json").is_file()
        rest = process.stderr.read()
    assert process.returncode == 0
    assert rest.splitlines()[:2] == ["sasnet-progress 2 3", "sasnet-progress 3 3"]
    first = json.loads((folder / "first" / "result.json").read_text())
    last = json.loads((folder / "out" / "result.json").read_text())
    assert (first["settings"]["rotations"], last["settings"]["rotations"]) == (1, 3)
    command = [*TOGETHER, "--weights", str(weights_folder), "-o", "alone", "--rotations", "1"]
    assert main(command) == 0
    with np.load("alone/scores.npz") as alone, np.load("first/scores.npz") as early:
        np.testing.assert_allclose(early["scores"], alone["scores"], atol=0.01)
        assert not early["spread"].any()


@pytest.mark.slow
def test_a_child_whose_viewer_is_gone_ends_and_leaves_nothing(folder, weights_folder, tmp_path):
    with start(folder, weights_folder, "--rotations", "100000") as process:
        while not process.stderr.readline().startswith("sasnet-progress 1 "):
            assert process.poll() is None
        process.stdin.close()
        assert process.wait(20) == 1
    assert list(tmp_path.iterdir()) == []


def test_one_rotation_has_no_first_result(folder, weights_folder):
    shutil.rmtree(folder / "out", ignore_errors=True)
    command = [*TOGETHER, "--weights", str(weights_folder), "-o", "out", "--rotations", "1"]
    assert main(command) == 0
    assert not (folder / "first").exists()


def test_a_folder_that_no_viewer_made_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("years")
    with pytest.raises(SettingError, match="not a folder of its own"):
        end_with_viewer(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years"
