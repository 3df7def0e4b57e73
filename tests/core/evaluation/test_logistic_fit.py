import numpy as np
import pytest

from sasnet_core.evaluation.logistic_fit import fit_logistic
from sasnet_core.scoring.log_odds import logistic


def made(count=4000):
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(size=count), np.ones(count)])
    return x, rng.random(count) < logistic(x @ [1.5, -1.0])


def test_the_coefficients_that_made_the_outcomes_are_found():
    assert fit_logistic(*made()) == pytest.approx([1.5, -1.0], abs=0.15)


def test_shares_are_fitted_like_repeated_outcomes():
    x = np.array([[1.0, 1.0], [-1.0, 1.0]])
    found = fit_logistic(x, np.array([0.8, 0.3]))
    assert logistic(x @ found) == pytest.approx([0.8, 0.3], abs=1e-3)


def test_a_weight_counts_like_copies():
    x, y = made(50)
    weights = np.arange(1, 51)
    copies = np.repeat(np.arange(50), weights)
    assert fit_logistic(x, y, weights) == pytest.approx(
        fit_logistic(x[copies], y[copies]), abs=1e-2
    )


def test_a_penalty_keeps_the_fit_of_outcomes_without_exception_finite():
    x = np.array([[-1.0, 1.0], [1.0, 1.0]])
    slope, _ = fit_logistic(x, np.array([False, True]), penalty=1e-3)
    assert 1 < slope < 10
