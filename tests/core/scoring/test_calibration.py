import numpy as np
import pytest

from sasnet_core.fitted import Calibration
from sasnet_core.scoring.calibration import mean_log_odds, pair_log_odds, residue_probabilities
from sasnet_core.scoring.log_odds import logistic, logit


def test_the_mean_is_that_of_the_log_odds_not_of_the_scores():
    assert mean_log_odds(logistic(np.array([-1.0, 3.0]))) == pytest.approx(1.0)


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


def test_antibodies_and_antigens_have_terms_of_their_own():
    log_odds = np.array([-1.0, 0.0, 4.0])
    calibration = Calibration(slope=2.0, own_mean=-1.5, antigen=-0.5, antigen_slope=-0.7)
    plain = logit(residue_probabilities(logistic(log_odds), calibration))
    for kind in ("", "antibody"):
        same = logit(residue_probabilities(logistic(log_odds), calibration.of_kind(kind)))
        np.testing.assert_allclose(same, plain)
    found = logit(residue_probabilities(logistic(log_odds), calibration.of_kind("antigen")))
    np.testing.assert_allclose(found, plain - 0.5 - 0.7 * (log_odds - 1))


def test_the_log_odds_of_pairs_know_how_many_there_are():
    matrix = np.array([[0.5, 0.75]])
    calibration = Calibration(pair_slope=2.0, pair_size=-1.0, pair_intercept=-3.0)
    expected = [[-3 - np.log(2), 2 * np.log(3) - 3 - np.log(2)]]
    np.testing.assert_allclose(pair_log_odds(matrix, calibration), expected)


def test_the_log_odds_of_pairs_know_how_high_both_proteins_score():
    log_odds = np.array([[0.0, 1.0], [-2.0, 3.0]])  # best: 1 and 3, 0 and 3
    found = pair_log_odds(logistic(log_odds), Calibration(pair_means=-0.5))
    np.testing.assert_allclose(found, log_odds - 0.5 * (2.0 + 1.5))
