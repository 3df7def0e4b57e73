import gemmi
import pytest

from sasnet_core.errors import StructureError
from sasnet_core.structure import reading
from tests.core.build import atom_line, chain_lines, residue_lines, write_cif, write_pdb


def test_alternate_locations_become_one_atom(tmp_path):
    lines = [
        atom_line("CA", altloc="A", occupancy=0.3, xyz=(1, 0, 0)),
        atom_line("CA", altloc="B", occupancy=0.7, xyz=(2, 0, 0)),
    ]
    protein = reading.read(write_pdb(tmp_path / "a.pdb", lines)).protein()
    assert protein.coords.tolist() == [[2, 0, 0]]


def test_a_residue_modelled_as_two_amino_acids_is_one_residue(tmp_path):
    lines = [
        atom_line("CA", "SER", altloc="A", occupancy=0.3, xyz=(1, 0, 0)),
        atom_line("OG", "SER", altloc="A", occupancy=0.3, xyz=(1, 2, 0)),
        atom_line("CA", "THR", altloc="B", occupancy=0.7, xyz=(2, 0, 0)),
        atom_line("OG1", "THR", altloc="B", occupancy=0.7, xyz=(2, 2, 0)),
        atom_line("CA", "GLY", number=2, xyz=(5, 0, 0)),
    ]
    protein = reading.read(write_pdb(tmp_path / "a.pdb", lines)).protein()
    assert protein.residue_ids.tolist() == ["1", "2"]
    assert protein.residue_names.tolist() == ["THR", "GLY"]
    assert len(protein.coords) == 3


def test_selenomethionine_as_hetatm_belongs_to_the_protein(tmp_path):
    lines = [
        *residue_lines(number=1),
        atom_line("CA", "MSE", number=2, xyz=(3.8, 0, 0), record="HETATM"),
        atom_line("N", "MSE", number=2, xyz=(3, 1, 0), record="HETATM"),
        atom_line("C", "MSE", number=2, xyz=(4.5, 1, 0), record="HETATM"),
        atom_line("SE", "MSE", number=2, xyz=(3.8, 4, 0), record="HETATM", element="SE"),
        *residue_lines(number=3, xyz=(7.6, 0, 0)),
    ]
    protein = reading.read(write_pdb(tmp_path / "a.pdb", lines)).protein()
    assert protein.sequence == "CMC"
    assert (protein.elements == 3).sum() == 3


def test_residue_names_that_repeat_stay_apart_by_insertion_code_and_sign(tmp_path):
    lines = [
        *residue_lines(number=-3),
        *residue_lines(number=52, xyz=(3.8, 0, 0)),
        *residue_lines(number=52, xyz=(7.6, 0, 0), icode="A"),
        *residue_lines(number=52, xyz=(11.4, 0, 0), icode="B"),
    ]
    for path in (write_pdb(tmp_path / "a.pdb", lines), write_cif(tmp_path / "a.cif", lines)):
        ids = reading.read(path).protein().residue_ids.tolist()
        assert ids == ["-3", "52", "52A", "52B"]


def test_chains_differing_in_case_stay_apart(tmp_path):
    lines = [*chain_lines("A", 2), *chain_lines("a", 4, start=(0, 9, 0))]
    entry = reading.read(write_pdb(tmp_path / "a.pdb", lines))
    assert entry.chain_ids() == ["A", "a"]
    assert (entry.protein(["A"]).n_residues, entry.protein(["a"]).n_residues) == (2, 4)


def test_ter_inside_a_chain_loses_nothing(tmp_path):
    lines = [
        *chain_lines(first=1),
        "TER",
        *chain_lines(first=10, start=(20, 0, 0)),
        "TER",
        *chain_lines(first=20, start=(40, 0, 0)),
    ]
    protein = reading.read(write_pdb(tmp_path / "a.pdb", lines)).protein()
    assert protein.n_residues == 9


def test_segments_keep_residues_of_one_name_apart(tmp_path):
    lines = [
        *chain_lines("A", 2, segment="ONE"),
        *chain_lines("A", 2, start=(0, 9, 0), segment="TWO"),
    ]
    protein = reading.read(write_pdb(tmp_path / "a.pdb", lines)).protein()
    assert protein.segment_ids.tolist() == ["ONE", "ONE", "TWO", "TWO"]
    assert protein.n_residues == 4
    assert not any("repeat" in warning for warning in protein.warnings)


def test_mmcif_without_residue_numbers_is_refused(tmp_path):
    path = write_cif(tmp_path / "a.cif", chain_lines(count=2))
    document = gemmi.cif.read(str(path))
    sites = document.sole_block().get_mmcif_category("_atom_site.")
    for column in ("label_seq_id", "auth_seq_id"):
        sites[column] = [None] * len(sites["id"])
    document.sole_block().set_mmcif_category("_atom_site.", sites)
    document.write_file(str(path))
    with pytest.raises(StructureError):
        reading.read(path).protein()


def test_two_residues_of_one_number_without_altlocs_both_stay(tmp_path):
    lines = [*residue_lines(number=1), *residue_lines(number=1, xyz=(4, 0, 0), residue="ALA")]
    protein = reading.read(write_pdb(tmp_path / "a.pdb", lines)).protein()
    assert protein.residue_names.tolist() == ["CYS", "ALA"]
    assert any("repeat" in warning for warning in protein.warnings)


@pytest.mark.parametrize("name", ["Chain12", "Chain123", "AVeryLongNameOfAChain"])
def test_names_of_any_length_come_out_as_they_went_in(tmp_path, name):
    path = write_cif(tmp_path / "long.cif", chain_lines("A", 4), {"A": name})
    protein = reading.read(path).protein([name])
    assert set(protein.chain_ids.tolist()) == {name}
    assert protein.residue_ids.tolist() == ["1", "2", "3", "4"]
    assert len(protein.coords) == 24
