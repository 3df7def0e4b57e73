from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.results.partner import (
    MOST_RANGES,
    PLACE_COLUMNS,
    InputPartner,
    PredictedPartner,
    residue_key,
    residue_labels,
)
from sasnet_core.structure import reading
from tests.core.build import chain_lines, random_protein, residue_lines, write_pdb

TITLE = "TITLE     ALPHAFOLD MONOMER V2.0 PREDICTION FOR X"


@pytest.mark.parametrize(
    ("residue_id", "number", "code"),
    [("52", 52, ""), ("52A", 52, "A"), ("-3", -3, ""), ("-3b", -3, "b"), ("7'", 7, "'")],
)
def test_residue_ids_are_split_into_number_and_insertion_code(residue_id, number, code):
    protein = replace(random_protein(1, 1), residue_ids=np.array([residue_id]))
    assert residue_key(protein, 0) == ("A", number, code, "CYS")


@pytest.fixture
def entry(tmp_path):
    """Chain A with an insertion code, chain B."""
    lines = [
        *chain_lines("A", 2, first=51),
        *residue_lines("A", 52, (7.6, 0, 0), icode="A", residue="TYR"),
        *chain_lines("B", 2, start=(0, 9, 0)),
    ]
    return reading.read(write_pdb(tmp_path / "pair.pdb", lines))


def test_residues_are_named_with_their_insertion_code(entry):
    partner = InputPartner("left", entry, entry.protein(["A", "B"]))
    assert partner.chain_ids == ["A", "B"]
    assert [partner.label(row) for row in (1, 2)] == ["CYS A52", "TYR A52A"]
    assert residue_labels(partner.protein).tolist()[1:4] == ["A:52:CYS", "A:52A:TYR", "B:1:CYS"]


def test_a_place_has_the_segment_of_the_input(entry):
    protein = entry.protein(["A"])
    partner = PredictedPartner("right", entry, protein, ("S", "T", "U"), np.ones(3), np.ones(3))
    assert partner.place(2) == dict(
        zip(PLACE_COLUMNS, ("right", "A", 52, "A", "TYR", "U"), strict=True)
    )


def model_of(values, path):
    """A predicted model: one residue for each pLDDT."""
    lines = [
        line[:60] + f"{value:6.2f}" + line[66:]
        for number, value in enumerate(values, 1)
        for line in residue_lines("A", number, (3.8 * number, 0, 0))
    ]
    entry = reading.read(write_pdb(path, [TITLE, *lines]))
    return InputPartner("left", entry, entry.protein(["A"]))


def test_stretches_of_low_plddt_are_named_in_the_warning(tmp_path):
    partner = model_of([90, 69.9, 50, 70, 30], tmp_path / "model.pdb")
    assert partner.low_plddt.tolist() == [1, 2, 4]
    (warning,) = partner.warnings()
    assert "3 of 5 residues of pLDDT under 70 (A2-3, A5)" in warning
    assert [row["number"] for row in partner.predicted_model()["low"]] == [2, 3, 5]


def test_only_a_few_stretches_are_named(tmp_path):
    partner = model_of([50, 90] * (MOST_RANGES + 2), tmp_path / "model.pdb")
    assert "A9, and 2 stretches more)" in partner.warnings()[0]


def test_an_experimental_structure_has_no_plddt(entry):
    partner = InputPartner("left", entry, replace(entry.protein(["A"]), warnings=("one",)))
    assert partner.plddt is None and partner.predicted_model() is None
    assert not len(partner.low_plddt)
    assert partner.warnings() == ["one"]
