"""Docked and modelled complexes: what docking programs write is read as it stands."""

import json

import pytest

from sasnet_core.shell.cli import main
from sasnet_core.structure import reading
from tests.core.build import chain_lines, write_pdb


@pytest.fixture
def poses(tmp_path):
    """Two poses as models of one file, without elements, with segments, as HADDOCK writes them."""
    lines = ['REMARK FILENAME="complex_1.pdb"', "REMARK energies: -180.2, -50.1, 2.1"]
    for number, shift in enumerate((5.0, 60.0), 1):
        left = chain_lines("A", 6, segment="A")
        right = chain_lines("B", 5, first=101, start=(0, shift, 0), segment="B")
        atoms = [line[:76] + "    " for line in (*left, *right)]
        lines += [f"MODEL     {number:4d}", *atoms, "ENDMDL"]
    return write_pdb(tmp_path / "poses.pdb", lines)


def predict(poses, weights_folder, tmp_path, model):
    out = tmp_path / f"out{model}"
    assert 0 == main(
        [str(poses), "--left", "A", "--right", "B", "--model", str(model), "-o", str(out),
         "--rotations", "1", "--weights", str(weights_folder), "--no-picture", "--quiet"]
    )  # fmt: skip
    return json.loads((out / "result.json").read_text())


def test_each_pose_tells_how_its_contacts_compare(poses, weights_folder, tmp_path):
    near, far = (predict(poses, weights_folder, tmp_path, model) for model in (1, 2))
    assert near["observed_in_input"]["contacts"] > 5
    assert far["observed_in_input"] is None
    assert [part["model"] for part in (*near["inputs"], *far["inputs"])] == [1, 1, 2, 2]
    assert {residue["segment"] for residue in near["residues"]} == {"A", "B"}


def test_elements_that_are_missing_are_known_from_atom_names(poses):
    protein = reading.read(poses).protein(["A"])
    assert protein.elements.min() >= 0 and len(set(protein.elements.tolist())) == 4
