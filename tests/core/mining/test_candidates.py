import gzip
import os

import numpy as np
import pytest

pytest.importorskip("pyopal")

from sasnet_core.config import MiningConfig  # noqa: E402
from sasnet_core.mining.candidates import mine_entry  # noqa: E402
from sasnet_core.mining.entries import find_entries  # noqa: E402
from sasnet_core.mining.rules import EntryFacts, read_facts  # noqa: E402
from sasnet_core.structure.contacts import contacts  # noqa: E402
from tests.core.build import chain_lines, write_cif, write_pdb  # noqa: E402

XRAY = EntryFacts("X-RAY DIFFRACTION", 2.0)
LENIENT = {"min_residues": 5, "min_contacts": 3, "min_buried_area": 0.0}
#: A twofold axis along z through (x, y): what is at (0, 0, 0) comes to lie at (2x, 2y, 0).
TWOFOLD = """\
REMARK 350 BIOMOLECULE: {name}
REMARK 350 APPLY THE FOLLOWING TO CHAINS: {chains}
REMARK 350   BIOMT1   1  1.000000  0.000000  0.000000        0.00000
REMARK 350   BIOMT2   1  0.000000  1.000000  0.000000        0.00000
REMARK 350   BIOMT3   1  0.000000  0.000000  1.000000        0.00000
REMARK 350   BIOMT1   2 -1.000000  0.000000  0.000000     {x:10.5f}
REMARK 350   BIOMT2   2  0.000000 -1.000000  0.000000     {y:10.5f}
REMARK 350   BIOMT3   2  0.000000  0.000000  1.000000        0.00000"""


def mine(folder, facts=XRAY, identity=lambda sequence: 0.0, **settings):
    (entry,) = find_entries([folder])
    return mine_entry(entry, folder, MiningConfig(**LENIENT | settings), facts, identity)


def names(mined):
    return [found.complex.name for found in mined.complexes]


def reasons(mined):
    return [(r.candidate, r.rule, r.value) for r in mined.rejections]


def test_copies_under_one_name_are_mined(tmp_path):
    lines = [*chain_lines("A", 8, residue="LEU"), *chain_lines("A", 8, start=(0, 5, 0))]
    write_pdb(tmp_path / "1abc.pdb", lines)
    assert names(mine(tmp_path)) == ["1abc_A_A-2"]


def test_a_header_that_is_not_utf8_costs_no_entry(tmp_path):
    path = two_chains(tmp_path, head=["EXPDTA    X-RAY DIFFRACTION"]) / "1abc.pdb"
    path.write_bytes(path.read_bytes().replace(b"EXPDTA    ", b"EXPDTA    \xc5"))
    assert names(mine(tmp_path)) == ["1abc_A_B"]


def rejection(mined):
    assert mined.complexes == []
    (only,) = mined.rejections
    return only.rule, only.value


def chains(*places, length=8, residue="LEU"):
    """Write straight chains at the given heights y."""
    return [
        line
        for name, y in zip("ABCDEFGH", places, strict=False)
        for line in chain_lines(name, length, start=(0, y, 0), residue=residue)
    ]


def two_chains(folder, gap=5.0, lengths=(8, 8), head=(), name="1abc.pdb"):
    lines = [
        *head,
        *chain_lines("A", lengths[0], residue="LEU"),
        *chain_lines("B", lengths[1], start=(0, gap, 0), residue="VAL"),
    ]
    write_pdb(folder / name, lines)
    return folder


def test_chains_in_contact_become_a_complex(tmp_path):
    mined = mine(two_chains(tmp_path))
    (found,) = mined.complexes
    item = found.complex
    assert (item.name, found.assembly, mined.rejections) == ("1abc_A_B", "", [])
    np.testing.assert_array_equal(item.contacts, contacts(item.left, item.right))
    assert set(item.left.chain_ids) == {"A"} and set(item.right.chain_ids) == {"B"}


def test_residues_that_touch_third_chains_are_known(tmp_path):
    lines = [*chain_lines("A", 12), *chain_lines("B", 6, start=(0, 5, 0)),
             *chain_lines("C", 6, start=(22.8, -5, 0))]  # fmt: skip
    write_pdb(tmp_path / "1abc.pdb", lines)
    first, second = (found.complex for found in mine(tmp_path).complexes)
    assert (first.name, second.name) == ("1abc_A_B", "1abc_A_C")
    assert first.elsewhere[0].tolist() == sorted(set(second.contacts[:, 0].tolist()))
    assert second.elsewhere[0].tolist() == sorted(set(first.contacts[:, 0].tolist()))
    assert not set(first.elsewhere[0]) & {0, 1, 2} and len(first.elsewhere[0])
    assert [len(item.elsewhere[1]) for item in (first, second)] == [0, 0]


def test_chains_apart_are_no_candidate(tmp_path):
    mined = mine(two_chains(tmp_path, gap=30.0))
    assert (mined.complexes, mined.rejections) == ([], [])


def test_short_proteins_are_rejected_with_their_length(tmp_path):
    assert rejection(mine(two_chains(tmp_path, lengths=(8, 4)))) == ("residues", "4")


def test_few_contacts_are_rejected_with_their_number(tmp_path):
    rule, value = rejection(mine(two_chains(tmp_path), min_contacts=1000))
    assert rule == "contacts" and 0 < int(value) < 1000


def test_small_buried_areas_are_rejected_with_their_value(tmp_path):
    rule, value = rejection(mine(two_chains(tmp_path), min_buried_area=1e5))
    assert rule == "buried_area" and 0 < float(value) < 1e5


def test_what_resembles_a_held_out_protein_is_rejected_whichever_side_it_is(tmp_path):
    folder = two_chains(tmp_path)
    for letter in "LV":
        mined = mine(folder, identity=lambda s, letter=letter: 0.8 * s.startswith(letter))
        assert rejection(mined) == ("identity", "0.800")


def test_the_file_itself_is_believed_before_the_table(tmp_path):
    folder = two_chains(tmp_path, head=["EXPDTA    SOLUTION NMR"])
    assert rejection(mine(folder)) == ("method", "SOLUTION NMR")


def test_an_unknown_entry_is_kept_on_demand(tmp_path):
    folder = two_chains(tmp_path)
    assert rejection(mine(folder, facts=None))[0] == "method_unknown"
    assert names(mine(folder, facts=None, keep_unknown=True)) == ["1abc_A_B"]


def test_a_copy_of_a_pair_is_found_once_unless_all_are_wanted(tmp_path):
    write_pdb(tmp_path / "a.pdb", chains(0, 5, 60, 65))
    mined = mine(tmp_path)
    assert names(mined) == ["a_A_B"]
    assert reasons(mined) == [("a_C_D", "copy", "a_A_B")]
    assert names(mine(tmp_path, all_copies=True)) == ["a_A_B", "a_C_D"]


def test_a_copy_that_lacks_a_residue_is_a_copy(tmp_path):
    lines = chains(0, 5, 60, 65, length=30)
    lines = [line for line in lines if (line[21], int(line[22:26])) != ("D", 30)]
    write_pdb(tmp_path / "a.pdb", lines)
    assert reasons(mine(tmp_path)) == [("a_C_D", "copy", "a_A_B")]


@pytest.mark.parametrize(("shift", "copy"), [(3.8, True), (7.6, False), (22, False)])
def test_a_pair_with_under_half_of_the_contacts_is_another_complex(tmp_path, shift, copy):
    # With the first pair it shares 15 of 21, 7 of 18, and no contacts.
    shifted = chain_lines("C", 8, start=(shift, -5, 0), residue="LEU")
    write_pdb(tmp_path / "a.pdb", [*chains(0, 5), *shifted])
    assert names(mine(tmp_path)) == ["a_A_B"] + ["a_A_C"] * (not copy)


def test_a_homodimer_of_crystal_symmetry_is_found_in_the_assembly(tmp_path):
    head = TWOFOLD.format(name=1, chains="A", x=26.6, y=5.0).splitlines()
    write_pdb(tmp_path / "1abc.pdb", [*head, *chains(0)])
    (found,) = mine(tmp_path).complexes
    assert (found.complex.name, found.assembly) == ("1abc_A_A-2", "1")
    assert mine(tmp_path, assembly="none").complexes == []


def test_a_file_without_assemblies_is_taken_as_deposited(tmp_path):
    for assembly in ("none", "1", "all"):
        (found,) = mine(two_chains(tmp_path), assembly=assembly).complexes
        assert found.assembly == ""


def test_all_assemblies_of_an_entry_give_each_pair_once(tmp_path):
    twofolds = [TWOFOLD.format(name=name, chains="A", x=26.6, y=5.0) for name in (1, 2)]
    head = "\n".join(twofolds).splitlines()
    write_pdb(tmp_path / "1abc.pdb", [*head, *chains(0)])
    mined = mine(tmp_path, assembly="all")
    assert names(mined) == ["1abc_A_A-2"]
    assert reasons(mined) == [("1abc.2_A_A-2", "copy", "1abc_A_A-2")]
    assert names(mine(tmp_path, assembly="1")) == ["1abc_A_A-2"]


def test_an_assembly_whose_chains_are_gone_is_as_good_as_none(tmp_path):
    head = TWOFOLD.format(name=1, chains="X", x=26.6, y=5.0).splitlines()
    write_pdb(tmp_path / "1abc.pdb", [*head, *chains(0, 5)])
    (found,) = mine(tmp_path).complexes
    assert (found.complex.name, found.assembly) == ("1abc_A_B", "")


def models(*groups):
    """Write groups of records as coordinate models, as the PDB's assembly files do."""
    return [
        line
        for number, group in enumerate(groups, 1)
        for line in (f"MODEL     {number:4d}", *group, "ENDMDL")
    ]


def test_the_models_of_an_assembly_file_are_copies(tmp_path):
    write_pdb(tmp_path / "1abc.pdb1", models(chains(0), chains(5.5)))
    (found,) = mine(tmp_path).complexes
    assert (found.complex.name, found.assembly) == ("1abc_A_A-2", "1")


def test_the_models_of_another_file_are_not(tmp_path):
    write_pdb(tmp_path / "1abc.pdb", models(chains(0), chains(5.5)))
    assert mine(tmp_path, assembly="none").complexes == []


def test_models_in_the_same_place_are_conformers_even_there(tmp_path):
    write_pdb(tmp_path / "1abc.pdb1", models(chains(0, 5), chains(1, 6)))
    assert names(mine(tmp_path)) == ["1abc_A_B"]


def test_files_of_one_entry_give_each_pair_once(tmp_path):
    lines = chains(0, 5)
    for name in ("pdb1abc.ent", "1abc.pdb1", "1abc.pdb2"):
        write_pdb(tmp_path / name, lines)
    mined = mine(tmp_path)
    assert (names(mined), mined.complexes[0].assembly) == (["1abc_A_B"], "1")
    mined = mine(tmp_path, assembly="all")
    assert names(mined) == ["1abc_A_B"]
    assert reasons(mined) == [("1abc.2_A_B", "copy", "1abc_A_B")]
    mined = mine(tmp_path, assembly="none")
    assert (names(mined), mined.complexes[0].assembly) == (["1abc_A_B"], "")


def test_assembly_files_without_a_header_take_it_from_the_deposited_file(tmp_path):
    write_pdb(tmp_path / "1abc.pdb1", chains(0, 5))
    write_pdb(tmp_path / "1abc.ent", ["EXPDTA    SOLUTION NMR", *chains(0, 5)])
    assert rejection(mine(tmp_path, facts=None)) == ("method", "SOLUTION NMR")


def test_of_two_files_with_the_same_content_the_sound_one_is_used(tmp_path):
    two_chains(tmp_path, name="1abc.pdb")
    (tmp_path / "1abc.cif").write_text("data_1ABC\n_atom_site.id\n")
    mined = mine(tmp_path)
    assert names(mined) == ["1abc_A_B"]
    assert [r[:2] for r in reasons(mined)] == [("1abc.cif", "readable")]


def test_a_second_file_of_the_same_content_is_left(tmp_path):
    two_chains(tmp_path, name="1abc.pdb")
    write_cif(tmp_path / "1abc.cif", chains(0, 5))
    mined = mine(tmp_path)
    assert names(mined) == ["1abc_A_B"]
    assert reasons(mined) == [("1abc.pdb", "duplicate", "1abc.cif")]


def test_chains_that_differ_by_case_are_different_chains(tmp_path):
    lines = [
        *chain_lines("A", 8, residue="LEU"),
        *chain_lines("a", 8, start=(0, 5, 0), residue="VAL"),
    ]
    write_pdb(tmp_path / "1abc.pdb", lines)
    (found,) = mine(tmp_path).complexes
    assert found.complex.name == "1abc_A_+a"
    assert set(found.complex.right.chain_ids) == {"a"}


def test_chains_of_several_letters_keep_their_names(tmp_path):
    write_cif(tmp_path / "1abc.cif", chains(0, 5), rename={"A": "AA", "B": "AB"})
    (found,) = mine(tmp_path).complexes
    assert found.complex.name == "1abc_AA_AB"


def test_a_file_that_cannot_be_read_is_rejected_and_not_raised(tmp_path):
    (tmp_path / "bad.pdb.gz").write_bytes(gzip.compress(b"ATOM  " * 99)[:30])
    rule, value = rejection(mine(tmp_path))
    assert rule == "readable" and value.startswith("the gzip file is truncated")


def test_a_chain_that_cannot_be_used_costs_itself_alone(tmp_path):
    lines = [line for line in chain_lines("C", 8, start=(0, 10, 0)) if line[12:16] != " CA "]
    write_pdb(tmp_path / "a.pdb", [*chains(0, 5), *lines])
    mined = mine(tmp_path)
    assert names(mined) == ["a_A_B"]
    assert [r[:2] for r in reasons(mined)] == [("a:C", "readable")]


def test_a_real_entry_is_mined(shared_data):
    folder = shared_data / "complexes" / "0g"
    (entry,) = (e for e in find_entries([folder]) if e.id == "10gs")
    facts = read_facts(shared_data / "complexes.csv")["10gs"]
    mined = mine_entry(entry, folder, MiningConfig(), facts)
    assert names(mined) == ["10gs_A_B"]
    assert mined.complexes[0].complex.left.n_residues > 200
    assert mined.rejections == []


def resident_bytes():
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGESIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="no /proc")
def test_memory_stays_flat_over_hundreds_of_entries(tmp_path):
    head = TWOFOLD.format(name=1, chains="A, B", x=26.6, y=5.0).splitlines()
    write_pdb(tmp_path / "1abc.pdb", [*head, *chains(0, 5, length=30)])
    after = {}
    for count in range(1, 401):
        assert mine(tmp_path).complexes
        after[count] = resident_bytes()
    assert after[400] - after[100] < 4e6
