import numpy as np
import pytest

from sasnet_core.config import MiningConfig
from sasnet_core.errors import DatasetError
from sasnet_core.mining.rules import (
    ENTRY_RULES,
    SIZE_RULES,
    SURFACE_RULES,
    Candidate,
    EntryFacts,
    first_broken,
    read_facts,
)
from tests.core.build import random_complex

XRAY = "X-RAY DIFFRACTION"


def broken_by(facts, **settings):
    broken = first_broken("1abc", facts, MiningConfig(**settings), ENTRY_RULES)
    return broken and (broken.rule, broken.value)


@pytest.mark.parametrize(
    ("method", "resolution", "broken"),
    [
        (XRAY, 3.5, None),
        (XRAY, 3.51, ("resolution", "3.51")),
        ("ELECTRON MICROSCOPY", 3.2, None),
        ("SOLUTION NMR", None, ("method", "SOLUTION NMR")),
        ("Solid-state nmr", 1.0, ("method", "Solid-state nmr")),
        ("", 2.0, None),  # what has a resolution is not from NMR
        ("", 4.0, ("resolution", "4")),
        ("", None, ("method_unknown", "no method and no resolution")),
        (XRAY, None, ("resolution_unknown", f"{XRAY}, no resolution")),
    ],
)
def test_rules_on_method_and_resolution_carry_the_value_that_broke_them(method, resolution, broken):
    assert broken_by(EntryFacts(method, resolution)) == broken


def test_the_unknown_is_kept_on_demand_and_what_is_known_still_counts():
    assert broken_by(EntryFacts(), keep_unknown=True) is None
    assert broken_by(EntryFacts(XRAY, None), keep_unknown=True) is None
    assert broken_by(EntryFacts("SOLUTION NMR", None), keep_unknown=True) is not None
    assert broken_by(EntryFacts("", 4.0), keep_unknown=True) is not None


def candidate(identity=0.0):
    item = random_complex(1)
    return Candidate("pair", item.left, item.right, item.contacts, lambda sequence: identity)


def candidate_broken(rules, identity=0.0, **settings):
    lenient = {"min_residues": 1, "min_contacts": 1, "min_buried_area": 0.0}
    config = MiningConfig(**lenient | settings)
    broken = first_broken("pair", candidate(identity), config, rules)
    return broken and (broken.rule, broken.value)


def test_a_candidate_within_every_limit_breaks_none():
    pair = candidate()
    config = {"min_residues": 7, "min_contacts": len(pair.contacts),
              "min_buried_area": pair.buried_area}  # fmt: skip
    assert candidate_broken(SIZE_RULES, **config) is None
    assert candidate_broken(SURFACE_RULES, identity=0.25, **config) is None


def test_each_limit_is_broken_with_the_value_beyond_it():
    pair = candidate()
    count, area = len(pair.contacts), pair.buried_area
    assert candidate_broken(SIZE_RULES, min_residues=8) == ("residues", "7")
    assert candidate_broken(SIZE_RULES, min_contacts=count + 1) == ("contacts", str(count))
    broken = candidate_broken(SURFACE_RULES, min_buried_area=area + 1)
    assert broken == ("buried_area", f"{area:.1f}")
    assert candidate_broken(SURFACE_RULES, identity=0.2504) == ("identity", "0.250")


def test_the_paper_s_numbers_are_the_defaults():
    config = MiningConfig()
    assert (config.max_resolution, config.min_residues) == (3.5, 50)
    assert (config.min_buried_area, config.max_identity) == (500.0, 0.3)


def test_facts_complete_one_another():
    assert EntryFacts("", 2.0).completed_by(EntryFacts("A", 3.0)) == EntryFacts("A", 2.0)
    assert EntryFacts("B").completed_by(EntryFacts("A", 3.0)) == EntryFacts("B", 3.0)


def test_a_row_of_facts_that_ends_early_has_blanks(tmp_path):
    table = tmp_path / "facts.csv"
    table.write_text("id,method,resolution_angstrom\n1abc,X-RAY DIFFRACTION\n")
    assert read_facts(table)["1abc"] == EntryFacts("X-RAY DIFFRACTION", None)


def test_facts_are_read_and_blanks_stay_unknown(tmp_path):
    table = tmp_path / "facts.csv"
    table.write_text("id,method,resolution_angstrom\n1abc,X-RAY DIFFRACTION,2.5\n2xyz,,\n")
    facts = read_facts(table)
    assert facts["1abc"] == EntryFacts("X-RAY DIFFRACTION", 2.5)
    assert facts["2xyz"] == EntryFacts("", None)


def test_a_table_may_write_ids_in_any_way(tmp_path):
    table = tmp_path / "facts.csv"
    table.write_text("\ufeffid,method,resolution_angstrom\n1ABC,Ä,2\npdb_00002xyz,,3\n", "utf-8")
    assert read_facts(table) == {"1abc": EntryFacts("Ä", 2.0), "2xyz": EntryFacts("", 3.0)}


@pytest.mark.parametrize(
    "text",
    ["id,method\n", ""]
    + [f"id,method,resolution_angstrom\n1abc,X-RAY,{bad}\n" for bad in ("about 2", "nan", "-1")],
)
def test_a_table_of_facts_that_is_none_is_refused(tmp_path, text):
    table = tmp_path / "facts.csv"
    table.write_text(text)
    with pytest.raises(DatasetError, match="a table with the columns id, method"):
        read_facts(table)


def test_facts_that_are_not_there_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="No such file"):
        read_facts(tmp_path / "facts.csv")


def test_the_area_of_a_candidate_is_that_of_its_proteins():
    pair = candidate()
    assert pair.buried_area > 0
    assert np.isfinite(pair.buried_area)
