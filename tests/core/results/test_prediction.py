from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sasnet_core.fitted import Calibration, Smoothing
from sasnet_core.network.weights import WeightsInfo
from sasnet_core.results.prediction import Partner, Prediction, residue_key
from sasnet_core.results.summary import summary_lines
from sasnet_core.scoring.pair_scores import PairScores
from sasnet_core.structure import reading
from tests.core.build import chain_lines, random_protein, tiny_model, write_pdb

CALIBRATION = Calibration()
MATRIX = np.array([[0.1, 0.9], [0.6, 0.2], [0.3, 0.05]], np.float32)
SPREAD = np.array([[0.01, 0.02], [0.03, 0.04], [0.05, 0.06]], np.float32)


def predicted(left, right, calibration=CALIBRATION):
    scores = PairScores(
        left.protein,
        right.protein,
        MATRIX,
        SPREAD,
        np.stack([MATRIX.max(axis=1)] * 2),
        np.stack([MATRIX.max(axis=0), MATRIX.max(axis=0) / 2]),
    )
    info = WeightsInfo(Path("w"), tiny_model(), "0" * 64, calibration, Smoothing())
    settings = {"rotations": 2, "seed": 0, "precision": "float32"}
    return Prediction(left, right, scores, info, calibration, settings)


@pytest.fixture
def files(tmp_path):
    """Write one file with chains A (3 residues) and B (2), 5 A apart, and chain Z beside them."""
    lines = [
        *chain_lines("A", 3, first=51),
        *chain_lines("B", 2, first=-1, start=(0, 5, 0)),
        *chain_lines("Z", 2, start=(0, 50, 0)),
    ]
    return write_pdb(tmp_path / "pair.pdb", lines)


@pytest.fixture
def one_file(files):
    entry = reading.read(files)
    left = Partner("left", entry, entry.protein(["A"]), {"model": 1})
    return predicted(left, Partner("right", entry, entry.protein(["B"]), {"model": 1}))


@pytest.fixture
def two_files(files):
    entry, other = reading.read(files), reading.read(files)
    left = Partner("left", entry, entry.protein(["A"]))
    return predicted(left, Partner("right", other, other.protein(["B"])))


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


def test_contacts_of_the_input_are_compared_with_the_answer(one_file):
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
    left = Partner("left", entry, entry.protein(["A"]))
    assert predicted(left, Partner("right", entry, entry.protein(["Z"]))).observed() is None


def test_the_result_tells_what_was_read_and_what_was_ignored(one_file, two_files, files):
    left, right = one_file.to_dict(1)["inputs"]
    assert left["file"] == str(files)
    assert (left["chains"], left["residues"], left["model"]) == (["A"], 3, 1)
    assert left["ignored"]["chains"] == right["ignored"]["chains"] == ["Z"]
    assert two_files.to_dict(1)["inputs"][0]["ignored"]["chains"] == ["B", "Z"]


def test_warnings_of_both_sides_are_told(one_file):
    noisy = replace(
        one_file,
        left=replace(one_file.left, protein=replace(one_file.left.protein, warnings=("one",))),
        right=replace(one_file.right, protein=replace(one_file.right.protein, warnings=("two",))),
    )
    assert noisy.warnings() == ["one", "two"]


@pytest.mark.parametrize(
    ("residue_id", "number", "code"),
    [("52", 52, ""), ("52A", 52, "A"), ("-3", -3, ""), ("-3b", -3, "b"), ("7'", 7, "'")],
)
def test_residue_ids_are_split_into_number_and_insertion_code(residue_id, number, code):
    protein = replace(random_protein(1, 1), residue_ids=np.array([residue_id]))
    assert residue_key(protein, 0) == ("A", number, code, "CYS")


def test_the_summary_names_likely_residues_and_best_pairs(one_file):
    text = "\n".join(summary_lines(one_file))
    assert "left (chain A): 2 of 3 residues likely in the interface" in text
    assert "CYS A51 0.90, CYS A52 0.60" in text
    assert "CYS A51 - CYS B0  0.900 +/- 0.020" in text
    assert "residue pairs touch; AUROC over all pairs" in text


def test_likely_residues_are_above_the_average_of_small_proteins(one_file):
    low = replace(one_file.calibration, threshold=0.01, thresholds=(0.3,), precisions=(0.4,))
    raised = replace(one_file, calibration=low).above_average()
    mean = np.mean([row.probability for row in one_file.residue_rows()])
    assert raised.calibration.threshold == pytest.approx(mean, abs=1e-4)
    assert raised.calibration.precision == 0.4
    high = replace(one_file, calibration=replace(low, threshold=0.99))
    assert high.above_average() is high


def test_the_summary_says_when_nothing_is_likely(two_files):
    unsure = replace(two_files, calibration=Calibration(slope=1.0, intercept=-9.0))
    text = "\n".join(summary_lines(unsure))
    assert "no residue is likely in the interface; the highest are" in text
    assert "touch" not in text
