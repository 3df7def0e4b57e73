import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from sasnet_core.results.formats import haddock_bodies
from sasnet_core.results.formats.haddock import BODIES, write_haddock
from sasnet_core.results.formats.haddock_bodies import bodies, own_lines
from sasnet_core.results.formats.haddock_molecule import molecule
from sasnet_core.results.reading import read_result
from sasnet_core.structure import reading
from tests.core.build import chain_lines, random_prediction, save_prediction, write_pdb

RESTRAINT = re.compile(
    r"assign \( resid (-?\d+) and segid ([A-Z]) and name CA \)"
    r" \( resid (-?\d+) and segid ([A-Z]) and name CA \) (\d+\.\d{3}) 0\.0 0\.0"
)


@pytest.fixture
def result(tmp_path, monkeypatch):
    """Save a left partner of two chains, one of them with a gap, and a right one in one piece."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    lines = [
        *chain_lines("H", 8),
        *chain_lines("H", 5, first=20, start=(40, 0, 0)),
        *chain_lines("L", 4, start=(0, 10, 0)),
        *chain_lines("C", 6, start=(0, 5, 0)),
    ]
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    prediction = random_prediction((entry, ["H", "L"]), (entry, ["C"]))
    return read_result(save_prediction(prediction, tmp_path / "out"))


def test_a_body_ends_at_a_gap_and_at_a_chain(result):
    left, right = (molecule(result, side) for side in result.sides)
    assert [len(rows) for rows in bodies(left)] == [8, 5, 4]
    assert [len(rows) for rows in bodies(right)] == [6]


def test_two_distances_for_each_pair_of_bodies(result, tmp_path):
    write_haddock(result, tmp_path)
    lines = (tmp_path / BODIES).read_text().splitlines()
    assert lines[0] == "! left: 3 bodies of segid A, by sasnet"
    found = [RESTRAINT.fullmatch(line) for line in lines[1:]]
    assert len(found) == 6 and all(found)
    numbers = molecule(result, result.left).numbers.tolist()
    centers = result.left.protein.centers
    for match in found:
        i, j = (numbers.index(int(match[k])) for k in (1, 3))
        assert match[2] == match[4] == "A"
        distance = np.linalg.norm(centers[i] - centers[j])
        assert float(match[5]) == pytest.approx(distance, abs=1e-3)


def test_runs_hold_the_bodies_together(result, tmp_path):
    write_haddock(result, tmp_path)
    for name in ("haddock_ambiguous.toml", "haddock_unambiguous.toml"):
        assert (tmp_path / name).read_text().count(f'unambig_fname = "{BODIES}"') == 3


def script(folder, text):
    path = folder / "haddock3-restraints"
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("text", "maker"),
    [
        ("import sys; print('assign', sys.argv[1], sys.argv[2][-16:])", "haddock3-restraints"),
        ("raise SystemExit(3)", "sasnet"),
        ("print('nothing of use')", "sasnet"),
    ],
)
def test_haddocks_own_command_is_used_if_it_answers(result, tmp_path, monkeypatch, text, maker):
    path = script(tmp_path, text)
    monkeypatch.setattr(shutil, "which", lambda name: path)
    write_haddock(result, tmp_path)
    lines = (tmp_path / BODIES).read_text().splitlines()
    assert f"by {maker}" in lines[0]
    if maker != "sasnet":
        assert lines[1:] == ["assign restrain_bodies haddock_left.pdb"]


def test_haddocks_own_command_finds_the_same_bodies(result, tmp_path):
    tool = pytest.importorskip("haddock.libs.librestraints", reason="haddock3 is not installed")
    write_haddock(result, tmp_path)
    left = molecule(result, result.left)
    atoms = tool.read_structure(Path(tmp_path / "haddock_left.pdb"))
    spans = [(int(rows[0]), int(rows[-1])) for rows in bodies(left)]
    assert tool.get_bodies(atoms) == spans
    assert len(own_lines(left, bodies(left))) == len(tool.build_restraints(spans))
    assert haddock_bodies.TOOL == "haddock3-restraints"
