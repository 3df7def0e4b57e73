import numpy as np
import pytest

from sasnet_core.results.formats import haddock_molecule
from sasnet_core.results.formats.haddock_molecule import molecule, residue_numbers
from sasnet_core.results.reading import read_result
from sasnet_core.structure import reading
from tests.core.build import chain_lines, random_prediction, save_prediction, write_pdb


@pytest.fixture
def pair(tmp_path):
    lines = [*chain_lines("A", 9, first=-2), *chain_lines("B", 8, first=101, start=(0, 5, 0))]
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    prediction = random_prediction((entry, ["A"]), (entry, ["B"]))
    return read_result(save_prediction(prediction, tmp_path / "out"))


def test_the_likeliest_residues_of_a_large_patch_are_active(pair, monkeypatch):
    monkeypatch.setattr(haddock_molecule, "MOST_ACTIVE", 2)
    rows = np.flatnonzero(molecule(pair, pair.left).active).tolist()
    assert rows == sorted(pair.patches["left"][0].rows[:2])


def test_residues_known_not_to_touch_are_neither_active_nor_passive(pair, monkeypatch):
    rows = pair.patches["left"][0].rows
    around = np.flatnonzero(molecule(pair, pair.left).passive)[0]
    pair.left.probability[[rows[0], around]] = 0
    found = molecule(pair, pair.left)
    assert np.flatnonzero(found.active).tolist() == sorted(rows[1:])
    assert not (found.active | found.passive)[[rows[0], around]].any()


def test_a_molecule_has_one_segment_and_the_numbers_of_its_residues(pair):
    found = molecule(pair, pair.left)
    assert (found.segid, found.file, found.renumbered) == ("A", "haddock_left.pdb", False)
    assert found.numbers.tolist() == list(range(-2, 7))
    assert residue_numbers(pair.right)[0].tolist() == list(range(101, 109))
    assert found.selection(0) == "( resid -2 and segid A )"
    assert sorted(set(found.roles())) == ["", "active", "passive"]
