import numpy as np
import pytest

from sasnet_core.fitted import Smoothing
from sasnet_core.scoring.rotation_sums import RotationSums
from sasnet_core.scoring.smoothing import Smoother
from tests.core.build import random_protein


@pytest.fixture
def partners():
    return random_protein(1, 6), random_protein(2, 5)


def add_all(partners, rotations, smoothing):
    """Add rotations of one network, one after another."""
    smoother = Smoother(*partners, smoothing)
    sums = RotationSums(*partners, smoother)
    for raw in rotations:
        sums.add(raw, [raw])
    return sums.scores(), smoother


def test_mean_spread_and_best_scores_are_over_the_rotations(partners):
    rotations = np.random.default_rng(0).random((4, 6, 5)).astype(np.float32)
    scores, _ = add_all(partners, rotations, Smoothing())
    np.testing.assert_allclose(scores.matrix, rotations.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(scores.spread, rotations.std(axis=0), rtol=1e-5)
    np.testing.assert_array_equal(scores.left_best, rotations.max(axis=2))
    np.testing.assert_array_equal(scores.right_best, rotations.max(axis=1))


def test_the_mean_is_smoothed_after_averaging_and_the_spread_before(partners):
    rotations = np.random.default_rng(0).random((3, 6, 5)).astype(np.float32)
    scores, smoother = add_all(partners, rotations, Smoothing(8.0, 8.0, 0.5))
    mean = smoother.smooth(rotations.mean(axis=0))
    single = np.stack([smoother.smooth(raw) for raw in rotations])
    np.testing.assert_allclose(scores.matrix, mean, rtol=1e-5)
    np.testing.assert_allclose(scores.spread, single.std(axis=0), rtol=1e-4, atol=1e-7)
    np.testing.assert_array_equal(scores.left_best, single.max(axis=2))


def test_the_spread_of_an_ensemble_is_over_rotations_and_members(partners):
    views = np.random.default_rng(0).random((2, 3, 6, 5)).astype(np.float32)
    sums = RotationSums(*partners, Smoother(*partners, Smoothing()))
    for rotation in views:
        sums.add(rotation.mean(axis=0), list(rotation))
    np.testing.assert_allclose(sums.scores().matrix, views.mean(axis=(0, 1)), rtol=1e-6)
    np.testing.assert_allclose(sums.scores().spread, views.std(axis=(0, 1)), rtol=1e-5)
    assert sums.scores().left_best.shape == (6, 6)
