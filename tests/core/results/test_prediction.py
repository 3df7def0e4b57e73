from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.results.partner import InputPartner
from sasnet_core.structure import reading
from tests.core.build import chain_lines, random_prediction, write_pdb
from tests.core.results.conftest import predicted


def test_a_residue_has_the_probability_of_its_best_pair(one_file):
    rows = one_file.residue_rows()
    assert [(r.side, r.chain, r.number) for r in rows] == [
        ("left", "A", 51), ("left", "A", 52), ("left", "A", 53),
        ("right", "B", -1), ("right", "B", 0),
    ]  # fmt: skip
    assert [r.max_pair_score for r in rows] == [0.9, 0.6, 0.3, 0.6, 0.9]
    assert [r.probability for r in rows] == [0.9, 0.6, 0.3, 0.6, 0.9]


def test_the_spread_is_over_the_rotations_own_probabilities(one_file):
    rows = one_file.residue_rows()
    assert [r.spread for r in rows] == [0, 0, 0, 0.15, 0.225]


def test_pairs_come_best_first_with_both_residues(one_file):
    first, second = one_file.pair_rows(2)
    assert (first.left_number, first.right_number, first.score, first.spread) == (51, 0, 0.9, 0.02)
    assert (second.left_number, second.right_number, second.score) == (52, -1, 0.6)
    assert len(one_file.pair_rows(None)) == 6


def test_rows_have_the_segments_of_their_side(tmp_path):
    lines = [
        *chain_lines("A", 2, segment="SEG1"),
        *chain_lines("B", 2, start=(0, 5, 0), segment="SEG2"),
    ]
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    prediction = random_prediction((entry, ["A"]), (entry, ["B"]))
    pairs = {(row.left_segment, row.right_segment) for row in prediction.pair_rows(None)}
    assert pairs == {("SEG1", "SEG2")}
    residues = {(row.side, row.segment) for row in prediction.residue_rows()}
    assert residues == {("left", "SEG1"), ("right", "SEG2")}


def test_contacts_of_the_input_are_compared_with_the_prediction(one_file):
    observed = one_file.observed()
    assert observed["contacts"] > 0
    assert observed["left"]["residues_likely"] == 2
    assert observed["right"]["residues_likely"] == 2
    assert 0 <= observed["pair_auroc"] <= 1


def test_two_files_are_compared_with_nothing(two_files):
    assert two_files.observed() is None
    assert two_files.to_dict(1)["observed_in_input"] is None


def test_partners_apart_are_compared_with_nothing(files):
    entry = reading.read(files)
    left = InputPartner("left", entry, entry.protein(["A"]))
    assert predicted(left, InputPartner("right", entry, entry.protein(["Z"]))).observed() is None


def test_the_result_says_what_was_read_and_what_was_ignored(one_file, two_files, files):
    left, right = one_file.to_dict(1)["inputs"]
    assert left["file"] == str(files)
    assert (left["chains"], left["residues"], left["model"]) == (["A"], 3, 1)
    assert left["ignored"]["chains"] == right["ignored"]["chains"] == ["Z"]
    assert two_files.to_dict(1)["inputs"][0]["ignored"]["chains"] == ["B", "Z"]


def test_warnings_of_both_sides_are_listed(one_file):
    noisy = replace(
        one_file,
        left=replace(one_file.left, protein=replace(one_file.left.protein, warnings=("one",))),
        right=replace(one_file.right, protein=replace(one_file.right.protein, warnings=("two",))),
    )
    assert noisy.warnings() == ["one", "two"]


def test_likely_residues_are_above_the_average_of_small_proteins(one_file):
    low = replace(one_file.calibration, threshold=0.01, thresholds=(0.3,), precisions=(0.4,))
    raised = replace(one_file, calibration=low).above_average()
    mean = np.mean([row.probability for row in one_file.residue_rows()])
    assert raised.calibration.threshold == pytest.approx(mean, abs=1e-4)
    assert raised.calibration.precision == 0.4
    high = replace(one_file, calibration=replace(low, threshold=0.99))
    assert high.above_average() is high


@pytest.mark.parametrize(
    ("done", "words"), [(1, "preliminary: 1 rotation averaged"), (2, "2 rotations averaged")]
)
def test_fewer_rotations_than_the_calibration_had_are_a_warning(one_file, done, words):
    calibration = replace(one_file.calibration, rotations=3)
    prediction = replace(one_file, calibration=calibration, settings={"rotations": done})
    (warning,) = prediction.warnings()
    assert words in warning and warning.endswith("the probabilities were fitted for 3")
    enough = replace(prediction, settings={"rotations": 3})
    assert enough.warnings() == []


def test_a_residue_at_the_threshold_is_likely(one_file):
    threshold = float(one_file.probabilities("left")[0][1])
    prediction = replace(one_file, calibration=replace(one_file.calibration, threshold=threshold))
    assert prediction.observed()["left"]["residues_likely"] == 2
