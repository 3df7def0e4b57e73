import numpy as np
import pytest

from sasnet_core.fitted import Calibration, Smoothing
from sasnet_core.scoring.calibration import pair_log_odds, residue_probabilities
from sasnet_core.scoring.log_odds import logistic, logit
from sasnet_core.scoring.pair_scores import best_pairs
from sasnet_core.scoring.smoothing import Smoother
from sasnet_core.structure.rotations import random_rotation
from tests.core.build import random_complex


def test_log_odds_are_finite_at_both_ends():
    assert logit(np.array([0.5]))[0] == 0
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()
    assert logit(np.array([0.75]))[0] == pytest.approx(np.log(3))


def test_a_calibration_of_slope_one_leaves_scores_as_they_are():
    scores = np.array([0.1, 0.5, 0.9])
    same = residue_probabilities(scores, Calibration())
    np.testing.assert_allclose(same, scores)


def test_a_calibration_is_a_logistic_function_of_the_log_odds():
    (value,) = residue_probabilities(np.array([0.8]), Calibration(slope=2.0, intercept=-1.0))
    assert value == pytest.approx(1 / (1 + np.exp(1 - 2 * np.log(4))))


def test_a_residue_of_a_large_protein_is_less_likely_in_the_interface():
    calibration = Calibration(own_size=-1.0)
    small, large = (
        residue_probabilities(np.full((2, n), 0.5), calibration)[0, 0] for n in (10, 100)
    )
    assert logit(small) - logit(large) == pytest.approx(np.log(10))


def test_what_raises_all_residues_of_a_protein_may_count_less():
    log_odds = np.array([[-1.0, 0.0, 4.0], [1.0, 2.0, 6.0]])
    calibration = Calibration(slope=2.0, own_mean=-1.5)
    found = logit(residue_probabilities(logistic(log_odds), calibration))
    np.testing.assert_allclose(found, 2 * log_odds - 1.5 * np.array([[1.0], [3.0]]))
    given = logit(residue_probabilities(logistic(log_odds), calibration, mean=-2.0))
    np.testing.assert_allclose(given, 2 * log_odds + 3.0)


def test_the_log_odds_of_pairs_know_how_many_there_are():
    matrix = np.array([[0.5, 0.75]])
    calibration = Calibration(pair_slope=2.0, pair_size=-1.0, pair_intercept=-3.0)
    expected = [[-3 - np.log(2), 2 * np.log(3) - 3 - np.log(2)]]
    np.testing.assert_allclose(pair_log_odds(matrix, calibration), expected)


def test_the_log_odds_of_pairs_know_how_high_both_proteins_score():
    log_odds = np.array([[0.0, 1.0], [-2.0, 3.0]])  # best: 1 and 3, 0 and 3
    found = pair_log_odds(logistic(log_odds), Calibration(pair_means=-0.5))
    np.testing.assert_allclose(found, log_odds - 0.5 * (2.0 + 1.5))


def test_best_pairs_fall_and_equal_ones_keep_residue_order():
    matrix = np.array([[0.2, 0.9, 0.5], [0.5, 0.1, 0.9]])
    assert best_pairs(matrix, 4).tolist() == [[0, 1], [1, 2], [0, 2], [1, 0]]
    assert len(best_pairs(matrix, None)) == 6
    assert len(best_pairs(matrix, 99)) == 6
    assert best_pairs(matrix, 2).tolist() == [[0, 1], [1, 2]]


@pytest.fixture
def scored():
    item = random_complex(3, 12, 9)
    return item.left, item.right, np.random.default_rng(0).random((12, 9)).astype(np.float32)


STRONG = Smoothing(width=8.0, sharpness=8.0, share=0.9)


def test_no_share_leaves_scores_as_they_are(scored):
    left, right, scores = scored
    same = Smoother(left, right, Smoothing()).smooth(scores)
    np.testing.assert_allclose(same, scores, atol=1e-6)


def test_equal_scores_stay_equal(scored):
    left, right, scores = scored
    flat = Smoother(left, right, STRONG).smooth(np.full_like(scores, 0.3))
    np.testing.assert_allclose(flat, 0.3, rtol=1e-5)


def test_smoothing_is_the_sum_over_all_pairs_that_it_says(scored):
    left, right, scores = scored
    smooth = Smoother(left, right, STRONG).smooth(scores)
    i, j, total, weights = 4, 7, 0.0, 0.0
    for a in range(12):
        for b in range(9):
            squared = ((left.centers[i] - left.centers[a]) ** 2).sum()
            squared += ((right.centers[j] - right.centers[b]) ** 2).sum()
            weight = np.exp(-squared / (2 * 8.0**2))
            odds = float(scores[a, b]) / (1 - float(scores[a, b]))
            weights += weight
            total += weight * odds**8
    field = np.log(total / weights) / 8
    wanted = 0.1 * logit(scores[i, j]) + 0.9 * field
    assert logit(smooth[i, j]) == pytest.approx(wanted, abs=1e-4)


def test_smoothing_knows_no_sides_and_no_places(scored):
    left, right, scores = scored
    here = Smoother(left, right, STRONG).smooth(scores)
    turned = Smoother(right, left, STRONG).smooth(scores.T).T
    np.testing.assert_allclose(here, turned, rtol=1e-5)
    rotation = random_rotation(np.random.default_rng(1)).T
    away = left.with_coordinates(left.coords @ rotation + 50, left.centers @ rotation + 50)
    np.testing.assert_allclose(here, Smoother(away, right, STRONG).smooth(scores), rtol=1e-3)
