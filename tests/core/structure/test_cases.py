"""Odd files that people have reported, each with the answer that it must get."""

import numpy as np
import pytest

from sasnet_core.errors import StructureError
from sasnet_core.structure import reading
from tests.conftest import SHARED

CASES = SHARED.parent / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"no odd files at {CASES}")


@pytest.fixture(scope="module")
def reference():
    entry = reading.read(CASES / "03-segid-inside-residue" / "reference.pdb")
    return entry.protein(["D"]), entry.protein(["E"])


def partners(place, names=None):
    """Read the two chains of a file."""
    entry = reading.read(CASES / place)
    if names is not None:
        assert entry.chain_ids() == names
    return [entry.protein([name]) for name in entry.chain_ids()]


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("01-same-chain-twice/dimer_A_A.pdb", ["A", "A-2"]),
        ("01-same-chain-twice/dimer_blank.pdb", ["", "_-2"]),
        ("03-segid-inside-residue/charge_sign_only.pdb", ["D", "E"]),
        ("03-segid-inside-residue/rebuilt_side_chains.pdb", ["D", "E"]),
        ("04-latin1-header/title.pdb", ["D", "E"]),
        ("04-latin1-header/expdta.pdb", ["D", "E"]),
        ("04-latin1-header/method.cif", ["D", "E"]),
        ("04-latin1-header/utf8.pdb", ["D", "E"]),
        ("05-nan-bfactor/nan.pdb", ["D", "E"]),
        ("05-nan-bfactor/nan.cif", ["D", "E"]),
        ("06-four-letter-residue-name/ngly.pdb", ["D", "E"]),
        ("08-indented-mmcif/indented.cif", ["D", "E"]),
        ("08-indented-mmcif/upper_case_tags.cif", ["D", "E"]),
        ("09-mmcif-two-blocks/model_and_ligand_dictionary.cif", ["D", "E"]),
        ("19-segid-only-complex/segid_only.pdb", ["PROD", "PROE"]),
    ],
)
def test_the_same_atoms_give_the_same_proteins(place, names, reference):
    found = partners(place, names)
    for protein, expected in zip(found, reference, strict=True):
        assert protein.content_hash == expected.content_hash
        assert protein.residue_ids.tolist() == expected.residue_ids.tolist()
        assert protein.skipped == ()


def test_copies_under_one_name_give_a_warning():
    entry = reading.read(CASES / "01-same-chain-twice" / "dimer_A_A.pdb")
    assert entry.protein().n_residues == 60
    assert "have the name 'A'; the further ones are called A-2" in entry.protein().warnings[0]


def test_pdbqt_is_refused():
    with pytest.raises(StructureError, match="neither but PDBQT"):
        reading.read(CASES / "02-pdbqt" / "receptor.pdbqt")


def test_unknown_b_factors_are_none():
    entry = reading.read(CASES / "05-nan-bfactor" / "nan.pdb")
    assert {value for values in entry.old_bfactors(["D"]).values() for value in values} == {None}


def test_residue_names_of_four_letters_are_read():
    left, _ = partners("06-four-letter-residue-name/ngly.pdb")
    assert left.residue_names[0] == "NGLY"
    assert left.sequence[0] == "G"


def test_placeholder_coordinates_are_omitted(reference):
    left, right = partners("12-placeholder-zero-coordinates/side_chains_at_origin.pdb")
    for protein in (left, right):
        assert np.abs(protein.coords).max(axis=1).min() > 0
        assert any("111 heavy atoms of 28 residues" in warning for warning in protein.warnings)
    left, right = partners("12-placeholder-zero-coordinates/three_residues_at_origin.pdb")
    assert [entry[3] for entry in left.skipped] == ["placeholder coordinates"] * 3
    assert right.content_hash == reference[1].content_hash


@pytest.mark.parametrize("name", ["at_end.pdb", "stretch_of_two.pdb", "stretch_of_two.cif"])
def test_conformers_apart_are_one_residue(name):
    place = "15-second-conformer-not-adjacent"
    expected = partners(f"{place}/adjacent.pdb")
    for protein, same in zip(partners(f"{place}/{name}"), expected, strict=True):
        assert protein.content_hash == same.content_hash
        assert protein.residue_names.tolist() == same.residue_names.tolist()
        assert protein.skipped == same.skipped
