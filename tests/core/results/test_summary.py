from dataclasses import replace

import pytest

from sasnet_core.fitted import Calibration
from sasnet_core.results.summary import (
    MOST_RESIDUES,
    SUMMARY_COLUMNS,
    meaning,
    summary_lines,
    summary_row,
)
from sasnet_core.structure import reading
from tests.core.build import chain_lines, random_prediction, write_pdb


def test_the_summary_names_likely_residues_and_best_pairs(one_file):
    text = "\n".join(summary_lines(one_file))
    assert "left (chain A): 2 of 3 residues likely in the interface" in text
    assert "CYS A51 0.90, CYS A52 0.60" in text
    assert "CYS A51 - CYS B0  0.900 +/- 0.020" in text
    assert "residue pairs touch; AUROC over all pairs" in text


def test_the_summary_says_when_nothing_is_likely(two_files):
    unsure = replace(two_files, calibration=Calibration(slope=1.0, intercept=-9.0))
    text = "\n".join(summary_lines(unsure))
    assert "no residue is likely in the interface; the highest are" in text
    assert "touch" not in text


def test_a_residue_at_the_threshold_counts_as_likely(one_file):
    exact = replace(one_file, calibration=replace(one_file.calibration, threshold=0.6))
    assert "left (chain A): 2 of 3 residues likely" in summary_lines(exact)[0]
    assert summary_row(exact, [])["left_likely"] == 2
    above = replace(one_file, calibration=replace(one_file.calibration, threshold=0.6001))
    assert "left (chain A): 1 of 3 residues likely" in summary_lines(above)[0]
    assert summary_row(above, [])["left_likely"] == 1


def test_a_row_of_a_list_sums_a_prediction_up(one_file):
    row = summary_row(one_file, ["a note"])
    assert set(row) == set(SUMMARY_COLUMNS)
    assert (row["left_residues"], row["right_residues"]) == (3, 2)
    assert (row["left_highest"], row["right_highest"]) == (0.9, 0.9)
    assert (row["best_pair_left"], row["best_pair_right"]) == ("CYS A51", "CYS B0")
    assert row["best_pair_score"] == 0.9
    assert row["contacts_in_input"] == one_file.observed()["contacts"]
    assert row["warnings"] == "a note"


def test_a_row_of_two_files_has_no_contacts(two_files):
    row = summary_row(two_files, [])
    assert (row["contacts_in_input"], row["pair_auroc_in_input"]) == ("", "")


def test_many_likely_residues_are_cut_short(tmp_path):
    lines = [*chain_lines("A", MOST_RESIDUES + 3), *chain_lines("B", 3, start=(0, 5, 0))]
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    prediction = random_prediction((entry, ["A"]), (entry, ["B"]))
    low = replace(prediction, calibration=replace(prediction.calibration, threshold=1e-9))
    assert "  and 3 more in residues.csv" in summary_lines(low)


def test_what_likely_means_has_the_numbers_of_the_calibration():
    text = meaning(Calibration(threshold=0.25, precision=0.41, recall=0.62))
    assert "probability 0.25 or more" in text and "41% of such" in text and "62% of the" in text


@pytest.mark.parametrize("side", ["left", "right"])
def test_contacts_of_each_side_are_reported(one_file, side):
    counts = one_file.observed()[side]
    line = f"  {side}: {counts['likely_and_in_contact']} of the {counts['residues_likely']} likely"
    assert any(text.startswith(line) for text in summary_lines(one_file))
