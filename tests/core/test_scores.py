import numpy as np
import pytest

from sasnet_core.config import Calibration
from sasnet_core.scores import best_pairs, logit, residue_probabilities


def test_log_odds_are_finite_at_both_ends():
    assert logit(np.array([0.5]))[0] == 0
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()
    assert logit(np.array([0.75]))[0] == pytest.approx(np.log(3))


def test_a_calibration_of_slope_one_leaves_scores_as_they_are():
    scores = np.array([0.1, 0.5, 0.9])
    same = residue_probabilities(scores, Calibration())
    np.testing.assert_allclose(same, scores)


def test_a_calibration_is_a_logistic_function_of_the_log_odds():
    (value,) = residue_probabilities(np.array([0.8]), Calibration(2.0, -1.0))
    assert value == pytest.approx(1 / (1 + np.exp(1 - 2 * np.log(4))))


def test_best_pairs_fall_and_equal_ones_keep_residue_order():
    matrix = np.array([[0.2, 0.9, 0.5], [0.5, 0.1, 0.9]])
    assert best_pairs(matrix, 4).tolist() == [[0, 1], [1, 2], [0, 2], [1, 0]]
    assert len(best_pairs(matrix, None)) == 6
    assert len(best_pairs(matrix, 99)) == 6
