import gzip

import numpy as np
import pytest

from sasnet_core.config import MiningConfig
from sasnet_core.interface import contacts
from sasnet_core.mining import (
    EntryFacts,
    entry_rejection,
    mine_entry,
    read_facts,
    structure_files,
)
from tests.core.build import chain_lines, write_pdb

XRAY = EntryFacts("X-RAY DIFFRACTION", 2.0)
LENIENT = MiningConfig(min_residues=5, min_contacts=3, min_buried_area=0.0)


def two_chains(tmp_path, gap=5.0, lengths=(8, 8), head=()):
    lines = [
        *head,
        *chain_lines("A", lengths[0], residue="LEU"),
        *chain_lines("B", lengths[1], start=(0, gap, 0), residue="VAL"),
    ]
    return write_pdb(tmp_path / "1abc.pdb", lines)


@pytest.mark.parametrize(
    ("method", "resolution", "broken"),
    [
        ("X-RAY DIFFRACTION", 3.5, None),
        ("X-RAY DIFFRACTION", 3.51, ("resolution", "3.51")),
        ("ELECTRON MICROSCOPY", 3.2, None),
        ("SOLUTION NMR", None, ("method", "SOLUTION NMR")),
        ("SOLID-STATE NMR", 1.0, ("method", "SOLID-STATE NMR")),
    ],
)
def test_method_and_resolution_rules_carry_the_value_that_broke_them(method, resolution, broken):
    assert entry_rejection(EntryFacts(method, resolution), MiningConfig()) == broken


def test_an_entry_without_resolution_is_rejected():
    broken = entry_rejection(EntryFacts("X-RAY DIFFRACTION", None), MiningConfig())
    assert broken is not None and broken[0] == "resolution"


def test_chains_in_contact_become_a_complex(tmp_path):
    (item,), rejections = mine_entry(two_chains(tmp_path), XRAY, LENIENT)
    assert (item.name, rejections) == ("1abc_A_B", [])
    np.testing.assert_array_equal(item.contacts, contacts(item.left, item.right))
    assert set(item.left.chain_ids) == {"A"} and set(item.right.chain_ids) == {"B"}


def test_chains_apart_are_no_complex(tmp_path):
    assert mine_entry(two_chains(tmp_path, gap=30.0), XRAY, LENIENT) == ([], [])


def rejection(found):
    complexes, rejections = found
    assert complexes == []
    (only,) = rejections
    return only.rule, only.value


def test_short_proteins_are_rejected_with_their_length(tmp_path):
    path = two_chains(tmp_path, lengths=(8, 4))
    assert rejection(mine_entry(path, XRAY, LENIENT)) == ("residues", "4")


def test_few_contacts_are_rejected_with_their_number(tmp_path):
    rule, value = rejection(mine_entry(two_chains(tmp_path), XRAY, MiningConfig(min_residues=5,
                                       min_contacts=1000)))  # fmt: skip
    assert rule == "contacts" and 0 < int(value) < 1000


def test_small_buried_areas_are_rejected_with_their_value(tmp_path):
    strict = MiningConfig(min_residues=5, min_contacts=3, min_buried_area=1e5)
    rule, value = rejection(mine_entry(two_chains(tmp_path), XRAY, strict))
    assert "area" in rule and 0 < float(value) < 1e5


def test_the_file_itself_is_believed_before_the_table(tmp_path):
    head = ["EXPDTA    SOLUTION NMR"]
    path = two_chains(tmp_path, head=head)
    assert rejection(mine_entry(path, XRAY, LENIENT)) == ("method", "SOLUTION NMR")


def test_a_copy_of_a_pair_is_left_out(tmp_path):
    lines = [
        line
        for k, chain in enumerate("ABCD")
        for line in chain_lines(chain, 8, start=(0, 5 * (k % 2) + 60 * (k // 2), 0))
    ]
    complexes, rejections = mine_entry(write_pdb(tmp_path / "a.pdb", lines), XRAY, LENIENT)
    assert [item.name for item in complexes] == ["a_A_B"]
    assert [(r.candidate, r.rule) for r in rejections] == [("a_C_D", "copy")]


def test_a_file_that_cannot_be_read_is_rejected_and_not_raised(tmp_path):
    path = tmp_path / "bad.pdb.gz"
    path.write_bytes(gzip.compress(b"ATOM  " * 99)[:30])
    rule, value = rejection(mine_entry(path, XRAY, LENIENT))
    assert rule == "readable" and "truncated" in value


def test_structure_files_are_found_whatever_their_ending(tmp_path):
    names = ["a.pdb", "b.ent.gz", "c.cif", "d.mmcif.gz", "pdb1abc.ent", "f.pdb1.gz", "E.PDB.GZ"]
    (tmp_path / "ab").mkdir()
    for name in [*names, "readme.txt", "table.csv"]:
        (tmp_path / "ab" / name).write_text("")
    assert sorted(path.name for path in structure_files(tmp_path)) == sorted(names)


def test_facts_are_read_and_blanks_stay_unknown(tmp_path):
    table = tmp_path / "facts.csv"
    table.write_text("id,method,resolution_angstrom\n1abc,X-RAY DIFFRACTION,2.5\n2xyz,,\n")
    facts = read_facts(table)
    assert facts["1abc"] == EntryFacts("X-RAY DIFFRACTION", 2.5)
    assert facts["2xyz"] == EntryFacts("", None)


def test_a_real_entry_is_mined(shared_data):
    path = shared_data / "complexes" / "0g" / "10gs.pdb.gz"
    facts = read_facts(shared_data / "complexes.csv")["10gs"]
    (item,), rejections = mine_entry(path, facts, MiningConfig())
    assert item.name == "10gs_A_B"
    assert item.left.n_residues > 200 and len(item.contacts) > 50
    assert rejections == []
