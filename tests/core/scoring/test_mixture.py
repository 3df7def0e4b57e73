import numpy as np

from sasnet_core.fitted import Mixture
from sasnet_core.scoring.log_odds import logistic
from sasnet_core.scoring.mixture import member_views, mixed

ONE, TWO = np.array([[-2.0, 1.0]]), np.array([[3.0, 0.5]])  # log odds of two members
MIXTURE = Mixture(slopes=(0.7, 0.4), intercept=-0.3)


def test_the_mixture_is_a_sigmoid_of_the_weighted_log_odds():
    found = mixed([logistic(ONE), logistic(TWO)], MIXTURE)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, logistic(0.7 * ONE + 0.4 * TWO - 0.3), rtol=1e-6)


def test_a_view_is_the_mixture_if_all_members_agreed():
    views = member_views([logistic(ONE), logistic(TWO)], MIXTURE)
    np.testing.assert_allclose(views[0], logistic(1.1 * ONE - 0.3), rtol=1e-6)
    np.testing.assert_allclose(views[1], logistic(1.1 * TWO - 0.3), rtol=1e-6)
