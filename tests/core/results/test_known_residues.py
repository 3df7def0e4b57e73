import numpy as np
import pytest

from sasnet_core.errors import SelectionError
from sasnet_core.results.known_residues import find_known, known_lines, known_values
from sasnet_core.results.partner import InputPartner
from sasnet_core.structure import reading
from tests.core.build import chain_lines, residue_lines, write_pdb


@pytest.fixture
def sides(tmp_path):
    lines = [
        *chain_lines("A", 5, first=-1),
        *residue_lines("A", 3, (19, 0, 0), icode="A"),
        *residue_lines("A", 3, (23, 0, 0), icode="B"),
        *residue_lines("A", 4, (27, 0, 0)),
        *chain_lines("B", 6, start=(0, 8, 0)),
    ]
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    return tuple(
        InputPartner(side, entry, entry.protein([chain]))
        for side, chain in (("left", "A"), ("right", "B"))
    )


def ids(sides, **named):
    known = find_known(named, sides)
    return [
        [str(partner.protein.residue_ids[row]) for row in rows]
        for partner, rows in zip(sides, known.included, strict=True)
    ]


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        ("left:A:3A", ["3A"], []),
        ("A:3", ["3"], []),
        ("A:-1-1", ["-1", "0", "1"], []),
        ("A:3-4", ["3", "3A", "3B", "4"], []),
        ("A:2-3", ["2", "3", "3A", "3B"], []),
        ("A:3A-3B", ["3A", "3B"], []),
        ("A:2,right:B:5-9,A:2-2", ["2"], ["5", "6"]),
    ],
)
def test_residues_are_found_by_chain_number_and_insertion_code(sides, text, left, right):
    assert ids(sides, include=text) == [left, right]


def test_nothing_named_is_nothing_known(sides):
    assert find_known({"include": "", "exclude": "", "mask": ""}, sides) is None


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"include": "A5"}, "A:52A"),
        ({"include": "top:A:5"}, "needs residues|no 'top:A:5'"),
        ({"mask": "right:A:3"}, "no 'right:A:3' on the right"),
        ({"exclude": "A:90-99"}, "no 'A:90-99'"),
        ({"include": "A:3", "mask": "A:2-4"}, "one of --include and --mask"),
        ({"exclude": "A:-1-2", "mask": "A:3-4"}, "name all"),
    ],
)
def test_what_cannot_be_meant_is_refused(sides, named, message):
    with pytest.raises(SelectionError, match=message):
        find_known(named, sides)


def test_a_chain_on_both_sides_needs_the_side(sides):
    twice = sides[0], InputPartner("right", sides[0].structure, sides[0].protein)
    with pytest.raises(SelectionError, match="left:A:3A or right:A:3A"):
        find_known({"include": "A:3A"}, twice)
    known = find_known({"include": "right:A:3A"}, twice)
    assert not len(known.included[0]) and len(known.included[1]) == 1


def test_names_come_out_as_they_went_in(sides):
    known = find_known({"include": "A:3A,B:2-4", "mask": "A:-1"}, sides)
    values = known_values(known, sides)
    assert values["include"][0] == {
        "side": "left", "chain": "A", "number": 3, "insertion_code": "A", "name": "CYS",
    }  # fmt: skip
    assert values["mask"][0]["number"] == -1 and values["exclude"] == []
    assert known_lines(known, sides) == [
        "taken as in the interface (left): A:3A",
        "taken as in the interface (right): B:2-4",
        "taken as out of reach (left): A:-1",
    ]


def test_rows_are_numbers_of_residues(sides):
    known = find_known({"exclude": "B:1"}, sides)
    assert known.excluded[1].dtype == np.int64 and known.excluded[1].tolist() == [0]
