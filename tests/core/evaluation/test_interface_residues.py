from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.evaluation.interface_residues import labels, probabilities, sites_of
from sasnet_core.fitted import Calibration
from sasnet_core.scoring.log_odds import logistic
from tests.core.build import random_complex

CONTACTS = np.array([[0, 1], [0, 2], [2, 1]], np.int32)


@pytest.fixture
def item():
    return replace(random_complex(1, 4, 3), contacts=CONTACTS)


def test_a_residue_has_the_score_of_its_best_pair_and_is_interface_if_any_pair_touches(item):
    matrix = np.arange(12, dtype=np.float32).reshape(4, 3)
    left, right = sites_of(item, matrix)
    assert left.best_scores.tolist() == [2, 5, 8, 11]
    assert right.best_scores.tolist() == [9, 10, 11]
    assert left.labels.tolist() == [True, False, True, False]
    assert right.labels.tolist() == [False, True, True]


def test_the_residues_of_several_proteins_are_joined_in_order(item):
    matrix = logistic(np.random.default_rng(0).normal(size=(4, 3)))
    sites = sites_of(item, matrix)
    assert labels(sites).tolist() == [*sites[0].labels, *sites[1].labels]
    calibration = Calibration(slope=2.0, own_mean=-1.0)
    expected = [site.probabilities(calibration) for site in sites]
    np.testing.assert_array_equal(probabilities(sites, calibration), np.concatenate(expected))
    alone = np.log(expected[0] / (1 - expected[0]))
    odds = np.log(sites[0].best_scores / (1 - sites[0].best_scores))
    np.testing.assert_allclose(alone, 2 * odds - odds.mean(), rtol=1e-5)
