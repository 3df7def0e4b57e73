from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.errors import SettingError, WeightsError
from sasnet_core.network.pair_head import site_logits
from sasnet_core.scoring.predictor import Predictor
from sasnet_core.scoring.site_scores import score_sites
from tests.core.build import random_protein, tiny_model, tiny_network


@pytest.fixture(scope="module")
def predictor():
    config = replace(tiny_model(16, context_layers=1), site_terms=True)
    return Predictor(tiny_network(config))


def test_site_scores_are_the_mean_over_rotations(predictor):
    protein, calls = random_protein(1, 9), []
    found = score_sites(predictor, protein, rotations=3, progress=calls.append)
    assert found.each.shape == (3, 9) and found.scores.shape == (9,)
    np.testing.assert_allclose(found.scores, found.each.mean(axis=0), rtol=1e-6)
    assert 0 < found.each.min() and found.each.max() < 1
    assert found.each.std(axis=0).max() > 1e-4 and found.scores.std() > 1e-3
    assert calls == [1, 2, 3]


def test_site_scores_are_the_site_terms_of_the_embeddings(predictor):
    protein = random_protein(1, 9)
    found = score_sites(predictor, protein, rotations=1)
    rng = np.random.default_rng([0, 0, *protein.pose_key])
    logits = np.asarray(site_logits(predictor.network.head, predictor.embed(protein, rng)))
    np.testing.assert_allclose(found.scores, 1 / (1 + np.exp(-logits)), atol=1e-5)


def test_another_seed_gives_other_rotations(predictor):
    protein = random_protein(1, 9)
    one, two = (score_sites(predictor, protein, 1, seed).scores for seed in (0, 1))
    assert abs(one - two).max() > 1e-4
    again = score_sites(predictor, protein, 1, 0).scores
    np.testing.assert_array_equal(one, again)


def test_what_cannot_be_scored_alone_is_refused(predictor):
    protein = random_protein(1, 9)
    with pytest.raises(SettingError, match="rotations must be 1 or more, got 0"):
        score_sites(predictor, protein, rotations=0)
    without = Predictor(tiny_network(tiny_model(16)))
    with pytest.raises(WeightsError, match="site terms"):
        score_sites(without, protein)
