import pytest

from sasnet_core.errors import StructureError
from sasnet_core.structure import reading
from tests.core.build import atom_line, chain_lines, write_cif, write_pdb


def moved(line, place):
    return line[:30] + "".join(f"{value:8.3f}" for value in place) + line[54:]


@pytest.mark.parametrize("write", [write_pdb, write_cif])
@pytest.mark.parametrize("place", [(0, 0, 0), (-1, -1, -1), (9, 9, 9)])
def test_atoms_at_one_point_are_omitted(tmp_path, write, place):
    lines = chain_lines(start=(5, 30, 5))
    for row in (4, 5, 10, 11):
        lines[row] = moved(lines[row], place)
    protein = reading.read(write(tmp_path / "a.file", lines)).protein()
    assert len(protein.coords) == len(lines) - 4
    assert protein.n_residues == 3
    assert any("4 heavy atoms of 2 residues" in warning for warning in protein.warnings)


def test_a_residue_whose_ca_has_no_place_is_skipped_for_this_reason(tmp_path):
    lines = chain_lines(start=(5, 30, 5))
    lines[:6] = [moved(line, (0, 0, 0)) for line in lines[:6]]
    protein = reading.read(write_pdb(tmp_path / "a.pdb", lines)).protein()
    assert protein.skipped == (("A", "1", "CYS", "placeholder coordinates"),)


def test_a_protein_without_coordinates_is_refused(tmp_path):
    lines = [moved(line, (0, 0, 0)) for line in chain_lines()]
    with pytest.raises(StructureError, match="18 of 18 heavy atoms share"):
        reading.read(write_pdb(tmp_path / "a.pdb", lines)).protein()


def test_alternate_locations_at_one_point_are_one_atom(tmp_path):
    locations = [atom_line("CA", altloc=letter, occupancy=0.3, xyz=(0, 0, 0)) for letter in "ABC"]
    protein = reading.read(write_pdb(tmp_path / "a.pdb", locations)).protein()
    assert protein.coords.tolist() == [[0, 0, 0]]
