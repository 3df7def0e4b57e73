import gzip
import hashlib

import gemmi
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sasnet_core.errors import SelectionError, StructureError
from sasnet_core.structure import reading
from tests.core.build import atom_line, chain_lines, residue_lines, write_cif, write_pdb

DNA = [
    atom_line(name, " DA", "X", k, (k, 0, 0))
    for k in range(1, 4)
    for name in ("P", "C1'", "N9", "C5'")
]


def zipped(path, lines):
    path.write_bytes(gzip.compress(("\n".join(lines) + "\nEND\n").encode()))
    return path


@pytest.mark.parametrize(
    "name", ["1abc.pdb", "1abc.ent", "1abc.pdb.gz", "pdb1abc.ent.gz", "1abc.pdb1.gz", "1abc"]
)
def test_pdb_is_read_whatever_the_name_ends_in_and_gzipped_or_not(tmp_path, name):
    plain = write_pdb(tmp_path / f"a_{name}", chain_lines(count=2))
    packed = zipped(tmp_path / f"b_{name}", chain_lines(count=2))
    for path in (plain, packed):
        assert reading.read(path).protein().residue_ids.tolist() == ["1", "2"]


@pytest.mark.parametrize("name", ["1abc.cif", "1abc.pdb"])
def test_mmcif_is_told_by_its_contents(tmp_path, name):
    path = write_cif(tmp_path / name, chain_lines(count=2))
    packed = tmp_path / f"packed_{name}"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for file in (path, packed):
        assert reading.read(file).protein().chain_ids.tolist() == ["A", "A"]


def test_pdb_and_mmcif_give_the_same_protein(tmp_path):
    lines = chain_lines(count=3)
    one = reading.read(write_pdb(tmp_path / "a.pdb", lines)).protein()
    two = reading.read(write_cif(tmp_path / "a.cif", lines)).protein()
    np.testing.assert_array_equal(one.coords, two.coords)
    np.testing.assert_array_equal(one.elements, two.elements)
    assert one.residue_ids.tolist() == two.residue_ids.tolist()


def test_windows_line_ends_are_read(tmp_path):
    path = tmp_path / "a.pdb"
    path.write_bytes("\r\n".join([*chain_lines(count=2), "END", ""]).encode())
    assert reading.read(path).protein().n_residues == 2


def test_reading_leaves_the_file_as_it_was_and_hashes_it(tmp_path):
    path = zipped(tmp_path / "a.pdb.gz", chain_lines())
    before = path.read_bytes()
    assert reading.read(path).sha256 == hashlib.sha256(before).hexdigest()
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "empty"),
        (bytes(range(256)) * 20, "neither"),
        (b"no structure at all\n", "neither"),
        (gzip.compress(b"ATOM  " * 500, mtime=0)[:40], "truncated"),
        (gzip.compress(b"plain text", mtime=0), "neither"),
        (b"ATOM      1  CA  GLY A   1       0.0\n", "three coordinates"),
        (b"data_x\nloop_\n_atom_site.id\n_atom_site.Cartn_x\n1\n", "damaged"),
    ],
)
def test_files_that_are_no_structure_are_refused_in_one_line(tmp_path, contents, message):
    path = tmp_path / "bad.pdb"
    path.write_bytes(contents)
    with pytest.raises(StructureError, match=message) as caught:
        reading.read(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(StructureError, match="does not exist"):
        reading.read(tmp_path / "none.pdb")
    with pytest.raises(StructureError, match="cannot be read"):
        reading.read(tmp_path)


def test_junk_in_columns_73_to_80_is_passed_over(tmp_path):
    lines = [line[:72] + "1AHW 999" for line in chain_lines(count=2)]
    protein = reading.read(write_pdb(tmp_path / "a.pdb", lines)).protein()
    assert protein.n_residues == 2
    assert sorted(set(protein.elements.tolist())) == [0, 1, 2, 3]


def test_dna_alone_is_refused(tmp_path):
    entry = reading.read(write_pdb(tmp_path / "a.pdb", DNA))
    assert entry.chain_ids() == []
    with pytest.raises(StructureError, match="a protein chain is needed, found none"):
        entry.protein()


def test_dna_beside_protein_is_left_out_and_told(tmp_path):
    entry = reading.read(write_pdb(tmp_path / "a.pdb", [*chain_lines(), *DNA]))
    assert entry.chain_ids() == ["A"]
    assert entry.ignored(["A"])["nucleic"] == ["X"]


@pytest.mark.parametrize("text", ["     nan", "     NaN", "     inf"])
def test_coordinates_that_are_no_numbers_are_refused(tmp_path, text):
    line = atom_line()
    path = write_pdb(tmp_path / "a.pdb", [line[:30] + text + line[38:]])
    with pytest.raises(StructureError, match="coordinates must be finite"):
        reading.read(path).protein()


@pytest.mark.parametrize("text", ["********", "   ?    ", "        ", "   abc  "])
def test_a_coordinate_field_without_a_number_is_refused_and_not_read_as_zero(tmp_path, text):
    line = atom_line(xyz=(5, 5, 5))
    path = write_pdb(tmp_path / "a.pdb", [*chain_lines(), line[:30] + text + line[38:]])
    with pytest.raises(StructureError):
        reading.read(path).protein()


def test_a_chain_that_is_not_there_is_answered_with_those_that_are(tmp_path):
    entry = reading.read(
        write_pdb(tmp_path / "a.pdb", [*chain_lines("A"), *chain_lines("b", start=(0, 9, 0))])
    )
    with pytest.raises(SelectionError, match="no protein chain 'B'; choose among A, b"):
        entry.protein(["B"])


def models_lines():
    return [
        "MODEL        1",
        *chain_lines("A", 2),
        "ENDMDL",
        "MODEL        2",
        *chain_lines("A", 2, start=(50, 0, 0)),
        "ENDMDL",
    ]


def test_the_asked_model_is_read_and_the_first_by_default(tmp_path):
    path = write_pdb(tmp_path / "a.pdb", models_lines())
    assert reading.read(path).protein().centers[0, 0] == 0
    assert reading.read(path, model=2).protein().centers[0, 0] == 50


@pytest.mark.parametrize("number", [0, 3, -1])
def test_a_model_that_is_not_there_is_refused(tmp_path, number):
    with pytest.raises(StructureError, match="must be 1 to 2"):
        reading.read(write_pdb(tmp_path / "a.pdb", models_lines()), model=number)


def test_water_ligands_and_other_chains_are_told(tmp_path):
    lines = [
        *chain_lines("A"),
        *chain_lines("B", start=(0, 9, 0)),
        atom_line("FE", "HEM", "A", 200, (0, 5, 5), record="HETATM", element="FE"),
        atom_line("O", "HOH", "A", 301, (0, 7, 7), record="HETATM"),
        atom_line("O", "HOH", "A", 302, (0, 8, 8), record="HETATM"),
    ]
    entry = reading.read(write_pdb(tmp_path / "a.pdb", lines))
    report = entry.ignored(["A"])
    assert report["chains"] == ["B"]
    assert report["ligand"] == ["HEM x1"]
    assert report["water"] == ["HOH x2"]
    assert entry.protein(["A"]).n_residues == 3


def test_water_and_ligands_as_atom_records_are_told_too(tmp_path):
    lines = [
        *chain_lines("A"),
        atom_line("FE", "HEM", "A", 200, (0, 5, 5), element="FE"),
        atom_line("O", "HOH", "A", 301, (0, 7, 7)),
    ]
    report = reading.read(write_pdb(tmp_path / "a.pdb", lines)).ignored(["A"])
    assert (report["ligand"], report["water"]) == (["HEM x1"], ["HOH x1"])


def test_chains_of_several_letters_are_read_from_mmcif(tmp_path):
    lines = [*chain_lines("A"), *chain_lines("B", start=(0, 9, 0))]
    entry = reading.read(write_cif(tmp_path / "a.cif", lines, {"A": "Heavy", "B": "AA2"}))
    assert entry.chain_ids() == ["Heavy", "AA2"]
    assert set(entry.protein(["AA2"]).chain_ids) == {"AA2"}


def test_partners_may_be_of_several_chains_in_file_order(tmp_path):
    lines = [*chain_lines("H"), *chain_lines("L", start=(0, 9, 0))]
    protein = reading.read(write_pdb(tmp_path / "a.pdb", lines)).protein(["L", "H"])
    assert protein.chain_ids.tolist() == ["H"] * 3 + ["L"] * 3


def test_a_trace_of_ca_atoms_gives_a_warning(tmp_path):
    lines = [atom_line("CA", "TRP", number=k, xyz=(3.8 * k, 0, 0)) for k in range(1, 6)]
    protein = reading.read(write_pdb(tmp_path / "a.pdb", lines)).protein()
    assert "5 of 70 expected heavy atoms" in protein.warnings[0]


def test_method_and_resolution_are_read(tmp_path):
    head = [
        "EXPDTA    X-RAY DIFFRACTION",
        "REMARK   2 RESOLUTION.    2.10 ANGSTROMS.",
    ]
    entry = reading.read(write_pdb(tmp_path / "a.pdb", [*head, *chain_lines()]))
    assert (entry.method, entry.resolution) == ("X-RAY DIFFRACTION", 2.1)
    bare = reading.read(write_pdb(tmp_path / "b.pdb", chain_lines()))
    assert (bare.method, bare.resolution) == ("", None)


@pytest.mark.parametrize("name", ["1abc.pdb.gz", "1abc.ent", "1abc.pdb1.gz", "1abc.cif.gz"])
def test_the_name_is_the_file_name_without_endings(tmp_path, name):
    assert reading.read(write_pdb(tmp_path / name, chain_lines())).name == "1abc"


residue_names = st.tuples(st.integers(-999, 9999), st.sampled_from(" ABZ"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(residue_names, min_size=1, max_size=6, unique=True))
def test_residue_numbers_written_by_gemmi_come_back(tmp_path, names):
    chain = gemmi.Chain("A")
    for row, (number, icode) in enumerate(names):
        residue = gemmi.Residue()
        residue.name, residue.seqid = "ALA", gemmi.SeqId(number, icode)
        residue.het_flag = "A"
        for k, name in enumerate(("N", "CA", "C")):
            atom = gemmi.Atom()
            atom.name, atom.element = name, gemmi.Element(name[0])
            atom.pos = gemmi.Position(3.8 * row, k, 0)
            residue.add_atom(atom)
        chain.add_residue(residue)
    model = gemmi.Model(1)
    model.add_chain(chain)
    written = gemmi.Structure()
    written.add_model(model)
    written.setup_entities()
    written.write_pdb(str(tmp_path / "a.pdb"))
    written.make_mmcif_document().write_file(str(tmp_path / "a.cif"))
    expected = [f"{number}{icode.strip()}" for number, icode in names]
    for path in (tmp_path / "a.pdb", tmp_path / "a.cif"):
        assert reading.read(path).protein().residue_ids.tolist() == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(data=st.data())
def test_a_damaged_file_gives_a_protein_or_a_structure_error_and_nothing_else(tmp_path, data):
    good = data.draw(st.sampled_from(["pdb", "cif", "gz"]))
    path = write_pdb(tmp_path / "a.pdb", chain_lines())
    if good == "cif":
        path = write_cif(tmp_path / "a.cif", chain_lines())
    contents = bytearray(path.read_bytes())
    if good == "gz":
        contents = bytearray(gzip.compress(bytes(contents)))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(contents) - 1))
        contents[place] = data.draw(st.integers(0, 255))
    path.write_bytes(contents[: data.draw(st.integers(1, len(contents)))])
    try:
        protein = reading.read(path).protein()
    except (StructureError, SelectionError) as error:
        assert "\n" not in str(error)
    else:
        assert protein.n_residues == len(protein.residue_ids) > 0


def test_dummy_coordinates_far_away_are_refused(tmp_path):
    lines = [*residue_lines(number=1), *residue_lines(number=2, xyz=(9990, 0, 0))]
    with pytest.raises(StructureError, match="within 2000 A"):
        reading.read(write_pdb(tmp_path / "a.pdb", lines)).protein()
