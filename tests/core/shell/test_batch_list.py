import csv

import pytest

from sasnet_core.errors import BatchError
from sasnet_core.shell.batch_list import COLUMNS, read_list

HEAD = ",".join(COLUMNS)
BAD_LISTS = {
    "no columns": ("", "got none"),
    "a column missing": ("id,right\na,b\n", "got id, right"),
    "an unknown column": (f"{HEAD},note\n", "right_chains, note"),
    "a column twice": ("id,left,left\n", "got id, left, left"),
    "no rows": (f"{HEAD}\n", "got only column names"),
    "not text": (b"\xff\xfe\x00", "as CSV is needed"),
}
BAD_LINES = {
    "too many cells": ("a,b,c", "a row needs as many cells"),
    "too few cells": ("a", "a row needs as many cells"),
    "no id": (",b", "an id must be letters"),
    "an id that climbs": ("../a,b", "'../a'"),
    "the folder above": ("..,b", "'..'"),
    "an id that hides": (".a,b", "'.a'"),
    "a long id": ("a" * 201 + ",b", "at most 200"),
    "an id of a table": ("Summary.csv,b", "name of a table"),
    "no structure": ("a,", "a structure is needed"),
    "an id twice": ("GOOD,c", "line 2 has 'GOOD' already"),
    "a NUL": ("a,b\0", "text in UTF-8 without control characters"),
    "Latin-1": (b"a,caf\xe9", "text in UTF-8 without control characters"),
    "a line break in a cell": ('a,"b\nc"', "without control characters"),
    "a wrong quote": ('a,"b"c', "no CSV"),
    "an open quote": ('a,"b', "no CSV"),
}


@pytest.mark.parametrize("name", BAD_LISTS)
def test_a_list_that_cannot_be_used_is_refused(tmp_path, name):
    text, message = BAD_LISTS[name]
    path = tmp_path / "list.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BatchError, match=message) as caught:
        read_list(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_line_that_cannot_be_used_is_one_row_with_a_problem(tmp_path, name):
    line, message = BAD_LINES[name]
    path = tmp_path / "list.csv"
    line = line if isinstance(line, bytes) else line.encode()
    path.write_bytes(b"id,left\ngood,b\n" + line + b"\nlast,d\n")
    good, bad, last = read_list(path)
    assert (good.id, good.problem, last.id, last.problem) == ("good", "", "last", "")
    assert bad.problem.startswith("line 3 of the list: ") and message in bad.problem
    assert "\n" not in bad.problem


def test_the_right_structure_is_not_taken_for_the_left_one(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(f"{HEAD}\na,,c.pdb,A,B\n")
    (row,) = read_list(path)
    assert "needed in the column left" in row.problem and row.columns["left"] == ""


@pytest.mark.parametrize("place", ["none.csv", "/dev/zero", "."])
def test_what_is_no_file_is_refused(tmp_path, place):
    with pytest.raises(BatchError, match="No such file|not a plain file"):
        read_list(tmp_path / place)


def test_columns_may_stand_in_any_order_and_spreadsheets_marks_do_not_matter(tmp_path):
    path = tmp_path / "list.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as stream:
        csv.writer(stream).writerows([["left", "id"], [" a b.pdb ", "x"]])
    (row,) = read_list(path)
    assert row.columns == dict(zip(COLUMNS, ("x", "a b.pdb", "", "", ""), strict=True))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way_and_empty_ones_do_not_count(tmp_path, end):
    path = tmp_path / "list.csv"
    path.write_bytes(end.join(["id,left", "", "x,'=a.pdb", "y,b", ""]).encode())
    assert [(row.id, row.columns["left"]) for row in read_list(path)] == [
        ("x", "=a.pdb"), ("y", "b"),
    ]  # fmt: skip
