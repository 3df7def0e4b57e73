import numpy as np
import pytest

from sasnet_core.scoring.log_odds import logistic, logit


def test_log_odds_are_finite_at_both_ends():
    assert logit(np.array([0.5]))[0] == 0
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()
    assert logit(np.array([0.75]))[0] == pytest.approx(np.log(3))


def test_the_logistic_function_is_the_inverse_of_the_logit():
    scores = np.array([0.01, 0.5, 0.999])
    np.testing.assert_allclose(logistic(logit(scores)), scores)
