import numpy as np
import pytest

from sasnet_core.errors import SettingError
from sasnet_core.fitted import Smoothing
from sasnet_core.scoring.scorer import Scorer
from sasnet_core.scoring.smoothing import Smoother
from tests.core.build import random_protein


class RandomScorer(Scorer):
    """Scores pairs at random, without a network."""

    precision = "float32"

    def use_cache(self, cache, member=0): ...

    def limit_sizes(self, sizes): ...

    def _rotations(self, left, right, rotations, seed):
        rng = np.random.default_rng(seed)
        for _ in range(rotations):
            raw = rng.random((left.n_residues, right.n_residues)).astype(np.float32)
            yield raw, [raw]


@pytest.fixture
def partners():
    return random_protein(1, 6), random_protein(2, 5)


def test_the_first_scores_are_those_of_one_rotation_and_come_before_the_progress(partners):
    calls = []
    scores = RandomScorer().score(
        *partners, 3, progress=calls.append, first=lambda found: calls.append(found.matrix)
    )
    (first,) = RandomScorer().rotation_scores(*partners, 1, 0)
    np.testing.assert_array_equal(calls[0], first)
    assert calls[1:] == [1, 2, 3]
    assert not np.allclose(scores.matrix, first)


def test_a_single_rotation_is_not_shown_twice(partners):
    shown = []
    RandomScorer().score(*partners, 1, first=shown.append)
    assert not shown


def test_scores_are_smoothed_unless_asked_otherwise(partners):
    smoothing = Smoothing(8.0, 8.0, 0.9)
    scorer = RandomScorer(smoothing)
    single = np.stack(list(scorer.rotation_scores(*partners, 3, 0)))
    np.testing.assert_allclose(scorer.unsmoothed(*partners, 3), single.mean(axis=0), rtol=1e-6)
    smooth = Smoother(*partners, smoothing).smooth(single.mean(axis=0))
    np.testing.assert_allclose(scorer.score(*partners, 3).matrix, smooth, rtol=1e-5)
    assert np.abs(smooth - single.mean(axis=0)).max() > 0.05


@pytest.mark.parametrize("rotations", [0, -1])
def test_rotations_must_be_one_or_more(partners, rotations):
    with pytest.raises(SettingError, match=f"rotations must be 1 or more, got {rotations}"):
        RandomScorer().score(*partners, rotations)
