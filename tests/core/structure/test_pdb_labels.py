import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sasnet_core.errors import StructureError
from sasnet_core.structure import reading
from sasnet_core.structure.chemistry import HEAVY_ATOMS
from sasnet_core.structure.writing import write_mmcif
from tests.core.build import atom_line, chain_lines, write_pdb

LONG = [
    *(f"{end}{name}" for end in "NC" for name in [*HEAVY_ATOMS, "HIE", "HID", "CYX"]),
    "HISE", "HISA", "HISB", "HIS1", "HISH", "GLUP", "GLUH", "ASPP", "ASPH", "LYSH", "CYS1", "CYS2",
    "CYSH", "ARGN",
]  # fmt: skip


@pytest.mark.parametrize("chain", ["D", " "])
@pytest.mark.parametrize("name", LONG)
def test_residue_names_of_four_letters_are_no_chain(tmp_path, name, chain):
    lines = chain_lines(chain, 3)
    lines[:6] = [line[:17] + name + line[21:] for line in lines[:6]]
    protein = reading.read(write_pdb(tmp_path / "a.pdb", lines)).protein()
    assert protein.chain_ids.tolist() == [chain.strip()] * 3
    assert protein.residue_names.tolist() == [name, "CYS", "CYS"]
    assert protein.sequence[0] != "X"


def test_chain_names_of_two_letters_stay(tmp_path):
    lines = [
        line[:20] + "AB" + line[22:]
        for residue in ("HIS", "GLY", "ALA")
        for line in chain_lines("B", 1, len(residue) + ord(residue[0]), residue=residue)
    ]
    assert reading.read(write_pdb(tmp_path / "a.pdb", lines)).chain_ids() == ["AB"]


def numbered(path, number, records=None):
    """Write a chain, and records under another number."""
    records = records or chain_lines("B", 1)
    lines = [line[:22] + number + line[26:] for line in records]
    return write_pdb(path, [*chain_lines("A", 2), *lines])


@pytest.mark.parametrize(
    ("number", "value"), [("A000", "10000"), ("A01Z", "10071"), (" -12", "-12"), ("7   ", "7")]
)
def test_numbers_of_residues_may_be_hybrid_36(tmp_path, number, value):
    protein = reading.read(numbered(tmp_path / "a.pdb", number)).protein(["B"])
    assert protein.residue_ids.tolist() == [value]


@pytest.mark.parametrize("number", ["a 53", "****", "1a  ", "a000", "A00a", " A00", "- 1 ", "0x1F"])
def test_numbers_that_are_none_are_refused_in_proteins_alone(tmp_path, number):
    with pytest.raises(StructureError, match="columns 23 to 26 must hold a residue number"):
        reading.read(numbered(tmp_path / "a.pdb", number))
    water = atom_line("O", "HOH", "B", 1, (0, 30, 0), record="HETATM")
    assert reading.read(numbered(tmp_path / "b.pdb", number, [water])).protein().n_residues == 2


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_any_byte_in_a_header_or_a_name_is_read_and_written(tmp_path, data):
    byte = bytes([data.draw(st.integers(128, 255))])
    text = write_pdb(tmp_path / "a.pdb", ["TITLE     X", *chain_lines("D", 3)]).read_bytes()
    lines = text.splitlines()
    place = data.draw(st.sampled_from([range(10, 11), range(21, 22), range(17, 20), range(72, 76)]))
    for row in [0] if place.start == 10 else range(1, 19):
        lines[row] = lines[row][: place.start] + byte * len(place) + lines[row][place.stop :]
    (tmp_path / "b.pdb").write_bytes(b"\n".join(lines))
    expected, entry = reading.read(tmp_path / "a.pdb"), reading.read(tmp_path / "b.pdb")
    assert entry.protein().content_hash == expected.protein().content_hash
    letter = byte.decode("latin-1").strip()
    if place.start == 21:
        assert entry.chain_ids() == [letter]
    write_mmcif(entry, entry.chain_ids(), {}, tmp_path / "c.cif")
    again = reading.read(tmp_path / "c.cif").protein()
    assert again.chain_ids.tolist() == entry.protein().chain_ids.tolist()
    assert again.residue_names.tolist() == entry.protein().residue_names.tolist()


def test_utf8_in_a_chain_name_shifts_no_column(tmp_path):
    lines = [line[:21] + "Å" + line[22:] for line in chain_lines("D", 3)]
    path = tmp_path / "a.pdb"
    path.write_bytes("\n".join(lines).encode())
    entry = reading.read(path)
    assert entry.chain_ids() == ["Å"]
    assert len(entry.protein().coords) == 18
