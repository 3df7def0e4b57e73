from dataclasses import replace

import pytest

from sasnet_core.fitted import Calibration, PatchLaw
from sasnet_core.results import summary
from sasnet_core.results.patches import patch_sentence
from sasnet_core.results.summary import (
    SUMMARY_COLUMNS,
    meaning,
    summary_lines,
    summary_row,
)
from sasnet_core.structure import reading
from sasnet_core.structure.antibody import ANTIBODY, ANTIGEN
from tests.core.build import chain_lines, random_prediction, write_pdb


def first_patch(prediction):
    """Return the first patch of the left side, and the side."""
    return prediction.patches["left"][0], prediction.left


def test_the_summary_leads_with_patches(one_file):
    lines = summary_lines(one_file)
    assert lines[:2] == ["left (chain A):", f"  {patch_sentence(*first_patch(one_file))}"]
    text = "\n".join(lines)
    assert "CYS A51 0.90, CYS A52 0.60, CYS A53 0.30" in text
    assert "  2 of 3 residues are likely, 75% of them expected right (residues.csv)" in lines
    assert "residue pairs touch; AUROC over all pairs" in text
    assert "touch, by chance" not in text and "at least half of the patch" not in text


def test_with_chances_the_summary_names_pairs_of_patches_and_says_what_they_mean(one_file):
    law = PatchLaw(fitted_on="two complexes")
    found = replace(one_file, weights=replace(one_file.weights, patches=law))
    text = "\n".join(summary_lines(found))
    chance = found.patches["left"][0].chance
    assert f"chance {chance:.2f}; expected right" in text
    assert f"by chance: left 1 - right 1 {found.patch_pairs[0].chance:.2f}" in text
    assert "both from two complexes" in text
    row = summary_row(found, [])
    assert (row["left_patch_chance"], row["left_patch_members"]) == (chance, "A:51 A:52 A:53")
    assert row["patches_touch_chance"] == found.patch_pairs[0].chance


def test_the_summary_says_when_nothing_is_likely(two_files):
    unsure = replace(two_files, calibration=Calibration(slope=1.0, intercept=-9.0))
    text = "\n".join(summary_lines(unsure))
    assert "  0 of 3 residues are likely" in text
    assert "touch" not in text


def test_the_summary_names_an_antibody_and_its_antigen(one_file):
    assert one_file.kinds == ("", "")
    vars(one_file)["kinds"] = (ANTIGEN, ANTIBODY)  # a cached property
    lines = summary_lines(one_file)
    assert "left (chain A; the antibody's antigen):" in lines
    assert "right (chain B; an antibody):" in lines
    (warning,) = one_file.warnings()
    assert warning.startswith("the left side is the antigen of an antibody:")


def test_a_residue_at_the_threshold_counts_as_likely(one_file):
    exact = replace(one_file, calibration=replace(one_file.calibration, threshold=0.6))
    assert "  2 of 3 residues are likely, 75% of them" in "\n".join(summary_lines(exact))
    assert summary_row(exact, [])["left_likely"] == 2
    above = replace(one_file, calibration=replace(one_file.calibration, threshold=0.6001))
    assert "  1 of 3 residues are likely, 90% of them" in "\n".join(summary_lines(above))
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


def test_a_large_patch_is_cut_short(tmp_path, monkeypatch):
    monkeypatch.setattr(summary, "MOST_RESIDUES", 4)
    lines = [*chain_lines("A", 23), *chain_lines("B", 3, start=(0, 5, 0))]
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    prediction = random_prediction((entry, ["A"]), (entry, ["B"]))
    size = len(prediction.patches["left"][0].rows)
    assert f"    and {size - 4} more in patches.csv" in summary_lines(prediction)


def test_what_likely_means_has_the_numbers_of_the_calibration():
    text = meaning(Calibration(threshold=0.25, precision=0.41, recall=0.62))
    assert "probability 0.25 or more" in text and "41% of such" in text and "62% of the" in text


@pytest.mark.parametrize("side", ["left", "right"])
def test_contacts_of_each_side_are_reported(one_file, side):
    counts = one_file.observed()[side]
    (line,) = (text for text in summary_lines(one_file) if text.startswith(f"  {side}: "))
    assert line.startswith(f"  {side}: {counts['residues_in_contact']} of ")
    assert f"in patch 1: {counts['patches_in_contact'][0]}" in line
    assert f"{counts['likely_and_in_contact']} of the {counts['residues_likely']} likely" in line


@pytest.mark.parametrize(("homologs", "said"), [(12, "structure and conservation"), (0, "only")])
def test_the_summary_says_whether_profiles_served(one_file, homologs, said):
    profiles = {"source": "database x", "homologs": {"left": {"A": homologs}, "right": {"B": 0}}}
    found = replace(one_file, settings={**one_file.settings, "conservation": profiles})
    (line,) = [line for line in summary_lines(found) if line.startswith("scores use")]
    assert said in line and "database x" in line
