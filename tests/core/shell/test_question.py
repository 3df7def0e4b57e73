import pytest

from sasnet_core.errors import SelectionError
from sasnet_core.shell.fetch import make_sources
from sasnet_core.shell.question import (
    Question,
    demo_question,
    demo_structure,
    read_partners,
    split_chains,
)
from sasnet_core.structure import read as read_file
from sasnet_core.structure.contacts import contacts
from tests.core.build import chain_lines, write_pdb


@pytest.fixture
def read(work, tmp_path):
    """Read the partners of a question about files in a folder."""
    sources = make_sources({}, tmp_path / "cache", work)
    return lambda *arguments, **named: read_partners(Question(*arguments, **named), sources)


def test_one_file_has_both_partners(read):
    left, right = read(("both.pdb",), "A", "B")
    assert left.structure is right.structure
    assert [(p.side, p.chain_ids) for p in (left, right)] == [("left", ["A"]), ("right", ["B"])]
    assert (left.protein.n_residues, right.protein.n_residues) == (4, 3)
    assert left.settings == {"model": 1, "assembly": None}


def test_two_files_need_no_chains(read):
    left, right = read(("left.pdb", "right.pdb"))
    assert left.structure is not right.structure
    assert (left.chain_ids, right.chain_ids) == (["A"], ["B"])


def test_chains_of_each_file_are_chosen(read):
    left, right = read(("both.pdb", "both.pdb"), "B", "A,B")
    assert (left.chain_ids, right.chain_ids) == (["B"], ["A", "B"])


def test_the_same_file_twice_is_a_homodimer(read):
    left, right = read(("left.pdb", "left.pdb"))
    assert left.structure is not right.structure
    assert left.chain_ids == right.chain_ids == ["A"]


@pytest.mark.parametrize(
    ("structures", "chains", "message"),
    [
        (("both.pdb",), ("", ""), "needs both --left and --right; its protein chains: A, B"),
        (("both.pdb",), ("A", ""), "needs both --left and --right"),
        (("both.pdb",), ("A,B", "B"), "chain B is on both sides"),
        (("both.pdb",), ("A", "Q"), "choose among A, B"),
        (("left.pdb", "right.pdb"), ("B", ""), "choose among A"),
    ],
)
def test_chains_that_cannot_be_used_are_refused(read, structures, chains, message):
    with pytest.raises(SelectionError, match=message):
        read(structures, *chains)


def test_an_underscore_is_the_chain_without_a_name(read, work):
    write_pdb(work / "blank.pdb", [*chain_lines(" ", 3), *chain_lines("B", 2, start=(0, 5, 0))])
    left, right = read(("blank.pdb",), "_", "B")
    assert (left.chain_ids, right.chain_ids) == ([""], ["B"])


def test_a_chain_that_is_named_underscore_wins(read, work):
    write_pdb(work / "named.pdb", [*chain_lines("_", 3), *chain_lines("B", 2, start=(0, 5, 0))])
    assert read(("named.pdb",), "_", "B")[0].chain_ids == ["_"]


def test_an_entry_says_where_it_came_from(work, tmp_path):
    (tmp_path / "mirror").mkdir()
    (work / "both.pdb").rename(tmp_path / "mirror" / "1abc.pdb")
    sources = make_sources({"the PDB": [str(tmp_path / "mirror")]}, tmp_path / "cache", work)
    left, _ = read_partners(Question(("1abc",), "A", "B", model=1), sources)
    origin = str(tmp_path / "mirror" / "1abc.pdb")
    assert left.settings == {"model": 1, "assembly": None, "id": "1abc", "origin": origin}


def test_chains_are_split_at_commas():
    assert split_chains(" H, L,,") == ["H", "L"]
    assert split_chains("") == []


def test_the_demo_comes_with_sasnet():
    place = demo_structure()
    assert demo_question(1, "1") == Question((str(place),), "A", "B", 1, "1")
    left, right = (read_file(place).protein([chain]) for chain in "AB")
    assert (left.n_residues, right.n_residues) == (163, 93)
    assert not left.warnings and not right.warnings
    assert len(contacts(left, right)) == 92
