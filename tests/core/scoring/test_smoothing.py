import numpy as np
import pytest

from sasnet_core.fitted import Smoothing
from sasnet_core.scoring.log_odds import logit
from sasnet_core.scoring.smoothing import Smoother
from sasnet_core.structure.rotations import random_rotation
from tests.core.build import random_complex


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


def test_smoothing_is_the_weighted_sum_over_all_pairs(scored):
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
    expected = 0.1 * logit(scores[i, j]) + 0.9 * field
    assert logit(smooth[i, j]) == pytest.approx(expected, abs=1e-4)


def test_sides_and_positions_do_not_matter(scored):
    left, right, scores = scored
    here = Smoother(left, right, STRONG).smooth(scores)
    turned = Smoother(right, left, STRONG).smooth(scores.T).T
    np.testing.assert_allclose(here, turned, rtol=1e-5)
    rotation = random_rotation(np.random.default_rng(1)).T
    away = left.with_coordinates(left.coords @ rotation + 50, left.centers @ rotation + 50)
    np.testing.assert_allclose(here, Smoother(away, right, STRONG).smooth(scores), rtol=1e-3)
