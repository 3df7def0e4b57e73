import gemmi
import numpy as np
import pytest

from sasnet_core.errors import StructureError
from sasnet_core.structure import reading
from sasnet_core.structure.writing import OLD_B, protein_mmcif, write_mmcif, write_pdb
from tests.core import build
from tests.core.build import atom_line, chain_lines, random_protein, residue_lines


def as_it_was(key):
    return key[0], key[1]


@pytest.mark.parametrize("write", [build.write_pdb, build.write_cif])
def test_values_come_back_as_b_factors_of_their_residues(tmp_path, write):
    lines = [
        *residue_lines(number=-3),
        *residue_lines(number=52, xyz=(3.8, 0, 0)),
        *residue_lines(number=52, xyz=(7.6, 0, 0), icode="A"),
        *chain_lines("B", start=(0, 9, 0)),
        *chain_lines("C", start=(0, 18, 0)),
    ]
    entry = reading.read(write(tmp_path / "a.file", lines))
    protein = entry.protein(["A", "B"])
    keys = protein.residue_keys()
    values = {key: 0.11 * (row + 1) for row, key in enumerate(keys[:-1])}
    write_mmcif(entry, ["A", "B"], values, tmp_path / "out.cif")
    back = gemmi.read_structure(str(tmp_path / "out.cif"))[0]
    found = {
        (chain.name, f"{r.seqid.num}{r.seqid.icode.strip()}"): {atom.b_iso for atom in r}
        for chain in back
        for r in chain
    }
    assert list(found) == [key[:2] for key in keys]
    for key in keys[:-1]:
        assert list(found[key[:2]]) == [pytest.approx(values[key], abs=1e-3)]
    assert found[keys[-1][:2]] == {-1.0}
    coords = reading.read(tmp_path / "out.cif").protein().coords
    np.testing.assert_array_equal(coords, protein.coords)


def test_copies_in_an_assembly_get_values_of_their_own(tmp_path):
    lines = chain_lines("A", 1), chain_lines("B", 1, start=(9, 0, 0))
    path = build.write_cif(tmp_path / "a.cif", [*lines[0], *lines[1]], {"B": "A-2"})
    entry = reading.read(path)
    keys = entry.protein().residue_keys()
    write_mmcif(entry, ["A", "A-2"], dict(zip(keys, (0.25, 0.75), strict=True)), tmp_path / "b.cif")
    model = gemmi.read_structure(str(tmp_path / "b.cif"))[0]
    assert {chain.name: chain[0][0].b_iso for chain in model} == {"A": 0.25, "A-2": 0.75}


def test_the_b_factors_of_the_input_have_a_column_of_their_own(tmp_path):
    lines = [f"{line[:60]}{k + 0.25:6.2f}{line[66:]}" for k, line in enumerate(chain_lines())]
    entry = reading.read(build.write_pdb(tmp_path / "a.pdb", lines))
    write_mmcif(entry, ["A"], {}, tmp_path / "out.cif")
    block = gemmi.cif.read(str(tmp_path / "out.cif")).sole_block()
    assert [float(value) for value in block.find_values(OLD_B)] == [
        k + 0.25 for k in range(len(lines))
    ]
    assert sum(entry.old_bfactors(["A"]).values(), []) == [k + 0.25 for k in range(len(lines))]


def test_what_is_returned_is_what_reading_the_file_gives(tmp_path):
    lines = [*chain_lines("A"), *chain_lines("B", start=(0, 9, 0))]
    entry = reading.read(build.write_pdb(tmp_path / "a.pdb", lines))
    written = write_mmcif(entry, ["B"], {}, tmp_path / "out.cif")
    again = reading.read(tmp_path / "out.cif")
    assert (written.name, written.sha256, written.is_pdb) == (again.name, again.sha256, False)
    one, other = written.protein(), again.protein()
    assert one.residue_keys() == other.residue_keys()
    assert one.content_hash == other.content_hash


def test_residues_are_written_under_new_labels_or_omitted(tmp_path):
    lines = [*chain_lines("A", 3), *chain_lines("B", 2, start=(0, 9, 0))]
    entry = reading.read(build.write_pdb(tmp_path / "a.pdb", lines))
    labels = {("A", "2"): ("Z", "7A"), ("B", "1"): ("Y", "-5")}
    write_pdb(entry, lambda key: labels.get(key[:2]), tmp_path / "out.pdb")
    protein = reading.read(tmp_path / "out.pdb").protein()
    assert protein.residue_keys() == [("Z", "7A", "Z"), ("Y", "-5", "Y")]
    np.testing.assert_allclose(protein.centers, [[3.8, 0, 0], [0, 9, 0]])


ALTERNATIVES = [
    atom_line("CA", altloc="A", occupancy=0.5, xyz=(1, 0, 0)),
    atom_line("CA", altloc="B", occupancy=0.5, xyz=(2, 0, 0)),
    atom_line("CB", altloc="A", occupancy=0.3, xyz=(3, 0, 0)),
    atom_line("CB", altloc="B", occupancy=0.7, xyz=(4, 0, 0)),
    atom_line("O", xyz=(5, 0, 0)),
]


def locations(path):
    return [(atom.name, atom.altloc, atom.pos.x) for atom in gemmi.read_pdb(str(path))[0][0][0]]


def test_one_location_is_the_most_occupied_or_else_the_first(tmp_path):
    entry = reading.read(build.write_pdb(tmp_path / "a.pdb", ALTERNATIVES))
    write_pdb(entry, as_it_was, tmp_path / "one.pdb", one_location=True)
    expected = [("CA", "\0", 1.0), ("CB", "\0", 4.0), ("O", "\0", 5.0)]
    assert locations(tmp_path / "one.pdb") == expected
    assert entry.protein().coords[:, 0].tolist() == [1, 4, 5]


def test_alternate_locations_are_kept_by_default(tmp_path):
    entry = reading.read(build.write_pdb(tmp_path / "a.pdb", ALTERNATIVES))
    write_pdb(entry, as_it_was, tmp_path / "all.pdb")
    assert [altloc for _, altloc, _ in locations(tmp_path / "all.pdb")] == list("ABAB\0")


def relabelled(chain=None, number=None):
    return lambda key: (chain or key[0], number if number and key[1] == "3" else key[1])


@pytest.mark.parametrize(
    ("relabel", "x", "message"),
    [
        (relabelled(number="10001"), 0, r"residue numbers -999 to 9999, .* 1 to 10001"),
        (relabelled(number="-1000"), 0, r"residue numbers -999 to 9999, .* -1000 to 2"),
        (relabelled(chain="A-2"), 0, r"chain names of one letter, .* 'A-2'"),
        (relabelled(), 9998, "coordinates of four digits"),
    ],
)
def test_what_a_pdb_file_has_no_room_for_is_refused(tmp_path, relabel, x, message):
    lines = chain_lines("A", 3, start=(x, 0, 0))
    entry = reading.read(build.write_cif(tmp_path / "a.cif", lines))
    with pytest.raises(StructureError, match=f"{message}.*; use the mmCIF file"):
        write_pdb(entry, relabel, tmp_path / "x.pdb")
    assert not (tmp_path / "x.pdb").exists()


def test_a_protein_becomes_a_file_with_all_its_atoms(tmp_path):
    protein = random_protein(1, 5)
    values = np.array([0.0, 1.0, 0.5, 0.0, 1.0])
    (tmp_path / "a.cif").write_text(protein_mmcif(protein, values))
    entry = reading.read(tmp_path / "a.cif")
    again = entry.protein()
    np.testing.assert_allclose(again.coords, protein.coords, atol=6e-4)
    np.testing.assert_array_equal(again.elements, protein.elements)
    np.testing.assert_array_equal(again.atom_residues, protein.atom_residues)
    np.testing.assert_allclose(again.centers, protein.centers, atol=6e-4)
    assert again.residue_names.tolist() == protein.residue_names.tolist()
    assert [old[0] for old in entry.old_bfactors(["A"]).values()] == values.tolist()
