import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core.structure import reading
from sasnet_core.structure.same_atoms import SameAtoms, _coordinates
from tests.core.build import atom_line, chain_lines, write_pdb


def text(path):
    return path.read_bytes()


def pair(tmp_path, name, shift, **columns):
    """Write chain A in place and chain B shifted; return text and proteins."""
    lines = [
        *chain_lines("A", 4),
        "TER",
        *chain_lines("B", 3, start=(0.5, shift, -7.25), **columns),
    ]
    path = write_pdb(tmp_path / name, lines)
    structure = reading.read(path)
    return text(path), (structure.protein(["A"]), structure.protein(["B"]))


def test_coordinates_are_those_that_full_reading_gives(tmp_path):
    first, proteins = pair(tmp_path, "first.pdb", 5)
    other, wanted = pair(tmp_path, "other.pdb", -123.456)
    found = SameAtoms(first, proteins).place(other)
    for mine, full in zip(found, wanted, strict=True):
        assert (mine.coords == full.coords).all() and (mine.centers == full.centers).all()
        assert mine.coords.dtype == np.float32


def test_a_protein_that_has_not_moved_stays_the_same_object(tmp_path):
    first, proteins = pair(tmp_path, "first.pdb", 5)
    same = SameAtoms(first, proteins)
    left, right = same.place(pair(tmp_path, "other.pdb", 9)[0])
    assert left is proteins[0] and right is not proteins[1]
    assert same.place(pair(tmp_path, "other.pdb", 9)[0])[1] is right


@pytest.mark.parametrize("change", [{"icode": "A"}, {"residue": "SER"}, {"occupancy": 0.5}])
def test_records_of_other_atoms_must_be_read_in_full(tmp_path, change):
    first, proteins = pair(tmp_path, "first.pdb", 5)
    assert SameAtoms(first, proteins).place(pair(tmp_path, "other.pdb", 6, **change)[0]) is None


def test_fewer_records_must_be_read_in_full(tmp_path):
    first, proteins = pair(tmp_path, "first.pdb", 5)
    assert SameAtoms(first, proteins).place(b"\n".join(first.split(b"\n")[3:])) is None


def test_unusual_coordinates_must_be_read_in_full(tmp_path):
    first, proteins = pair(tmp_path, "first.pdb", 5)
    same = SameAtoms(first, proteins)
    assert b"   5.000" in first
    for new in (b"     nan", b"9999.000", b"   x.000"):
        assert same.place(first.replace(b"   5.000", new)) is None


def test_atoms_at_one_point_are_left_to_full_reading(tmp_path):
    first, proteins = pair(tmp_path, "first.pdb", 5)
    assert SameAtoms(first, proteins).place(pair(tmp_path, "other.pdb", 0)[0]) is not None
    heap = first.replace(b"   0.500   5.000  -7.250", b"   0.000   0.000   0.000")
    assert heap != first and SameAtoms(first, proteins).place(heap) is None


def test_atoms_at_one_point_cannot_be_told_apart(tmp_path):
    lines = [*chain_lines("A", 2), atom_line("CB", number=9, xyz=(0, 0, 0))]
    path = write_pdb(tmp_path / "twice.pdb", lines)
    protein = reading.read(path).protein()
    assert SameAtoms(text(path), [protein]).place(text(path)) is None


@given(st.lists(st.floats(-999, 999), min_size=3, max_size=3))
def test_numbers_are_read_as_python_reads_them(numbers):
    field = "".join(f"{number:8.3f}" for number in numbers).encode()
    letters = np.frombuffer(field, np.uint8).reshape(1, 24)
    assert _coordinates(letters)[0].tolist() == [float(field[k : k + 8]) for k in (0, 8, 16)]


@pytest.mark.parametrize("field", [b"1-2.345", b"--2.345", b"- 2.345", b"  2 345", b"  . 45"])
def test_other_texts_are_no_numbers(field):
    letters = np.frombuffer(field.rjust(8) + b"   0.000" * 2, np.uint8).reshape(1, 24)
    assert _coordinates(letters) is None


def test_numbers_of_other_forms_are_read_too():
    letters = np.frombuffer(b"1.5     " + b"  1e2   " + b"   0.000", np.uint8).reshape(1, 24)
    assert _coordinates(letters).tolist() == [[1.5, 100.0, 0.0]]
