from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core.errors import StructureError
from sasnet_core.structure import pdb_repair, reading
from sasnet_core.structure.pdb_repair import clean_records
from tests.core.build import chain_lines, write_pdb


@given(
    number=st.sampled_from(
        ["   1.000", "-123.456", "9999.999", " 1.0    ", "1.000   ", "  1 .000", "  --1.00",
         "   1.0x0", "        ", "   1e+01", " 12.3456", "     nan"]
    ),
    tail=st.sampled_from(
        ["", " C", " C  ", "SE", "C ", " C1+", "1ABC", "12.3", " 1  ", " CA ", "  "]
    ),
    place=st.integers(0, 2),
)  # fmt: skip
def test_only_records_that_need_no_cleaning_are_passed_over(number, tail, place):
    fields = ["   1.000"] * 3
    fields[place] = number
    line = f"ATOM      1  CA  GLY A   1    {''.join(fields)}  1.00  0.00".ljust(76) + tail
    record, path = line.encode(), Path("x.pdb")
    codes = np.frombuffer(record.ljust(80), np.uint8)[None, pdb_repair._CHECKED_COLUMNS]
    try:
        cleaned = pdb_repair._clean_record(path, record)
    except StructureError:
        assert not pdb_repair._are_usual(codes)[0]
        with pytest.raises(StructureError):
            clean_records(path, record + b"\n")
        return
    if pdb_repair._are_usual(codes)[0]:
        assert cleaned == record
    other = b"REMARK   1\n" + record + b"\nTER"
    assert clean_records(path, other).splitlines() == [b"REMARK   1", cleaned, b"TER"]


@pytest.mark.parametrize("letter", ["Å", "Å".encode("latin-1"), "漢"])
@pytest.mark.parametrize("record", ["HEADER", "TITLE ", "EXPDTA", "REMARK"])
def test_letters_beyond_ascii_may_stand_at_any_column_of_a_header(tmp_path, record, letter):
    """gemmi cuts headers at columns, which cut a letter of two bytes in two."""
    bytes_of = letter if isinstance(letter, bytes) else letter.encode()
    atoms = write_pdb(tmp_path / "a.pdb", chain_lines("A", 2)).read_bytes()
    for column in (9, 10, 11, 48, 49, 50, 69, 70, 71, 79, 80):
        (tmp_path / "a.pdb").write_bytes(record.ljust(column).encode() + bytes_of + b"\n" + atoms)
        entry = reading.read(tmp_path / "a.pdb")
        assert (entry.protein().n_residues, entry.method.strip(" ?")) == (2, "")
        assert entry.plddt(["A"]) == {}
