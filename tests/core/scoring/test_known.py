import numpy as np
import pytest

from sasnet_core.fitted import Calibration, Smoothing
from sasnet_core.scoring.calibration import residue_probabilities
from sasnet_core.scoring.known import InformedSmoother, Known, evidence, membership
from sasnet_core.scoring.log_odds import logit
from sasnet_core.scoring.smoothing import Smoother
from tests.core.build import random_protein

SMOOTHING = Smoothing(share=0.5)
NONE = np.zeros(0, np.int64)


@pytest.fixture
def partners():
    """Two straight chains of 20 residues, 3.8 A apart: distances follow the numbers."""
    found = []
    for seed in (1, 2):
        protein = random_protein(seed, 20)
        centers = np.zeros((20, 3), np.float32)
        centers[:, 0] = 3.8 * np.arange(20)
        found.append(protein.with_coordinates(protein.coords, centers))
    return found


@pytest.fixture
def scores():
    """Two patches on the left, each with its own on the right."""
    found = np.full((20, 20), 0.02, np.float32)
    found[2:5, 2:5] = found[15:18, 15:18] = 0.6
    return found


def informed(partners, scores, **known):
    return InformedSmoother(*partners, SMOOTHING, Known(**known)).smooth(scores)


def rows(*left):
    return np.array(left, np.int64), NONE


def test_nothing_known_changes_nothing(partners, scores):
    expected = Smoother(*partners, SMOOTHING).smooth(scores)
    np.testing.assert_array_equal(informed(partners, scores), expected)


def test_a_residue_of_one_patch_decides_for_it_and_for_its_partner(partners, scores):
    before = Smoother(*partners, SMOOTHING).smooth(scores)
    after = informed(partners, scores, included=rows(3))
    for axis in (1, 0):  # both sides follow: the pair scores tie the patches together
        change = logit(after.max(axis=axis)) - logit(before.max(axis=axis))
        assert change[3] > change[16] + 1


def test_an_excluded_residue_lowers_those_near_it(partners, scores):
    before = Smoother(*partners, SMOOTHING).smooth(scores)
    after = informed(partners, scores, excluded=rows(3))
    change = logit(after.max(axis=1)) - logit(before.max(axis=1))
    assert (after[3] == 0).all()
    assert change[4] < change[16] - 1


def test_a_masked_residue_says_nothing_of_the_others_but_takes_its_scores_away(partners, scores):
    far = informed(partners, scores, masked=rows(16))
    before = Smoother(*partners, SMOOTHING).smooth(scores)
    assert (far[16] == 0).all()
    np.testing.assert_allclose(far[:8], before[:8], rtol=0.01)  # its smoothing reached this far
    assert (far[[15, 17], 15:18] < before[[15, 17], 15:18]).all()


def test_what_is_known_of_the_right_side_acts_alike(partners, scores):
    left = informed(partners, scores, included=rows(3))
    right = informed(partners[::-1], scores.T, included=(NONE, np.array([3])))
    np.testing.assert_allclose(left, right.T, rtol=1e-4)


def test_barred_residues_get_no_probability_and_do_not_count(partners, scores):
    calibration = Calibration(own_mean=-1.0, own_size=-1.0)
    after = informed(partners, scores, masked=rows(*range(10, 20)))
    found = residue_probabilities(after.max(axis=1), calibration)
    assert (found[10:] == 0).all()
    np.testing.assert_allclose(
        found[:10], residue_probabilities(after[:10].max(axis=1), calibration)
    )


def test_membership_falls_with_distance_and_never_to_nothing(partners):
    members = membership(partners[0].centers)
    assert (np.diff(members[0]) < 0).all() and members[0, -1] > 0.03 and members[0, 0] > 0.9


def test_evidence_favours_centres_near_what_is_included_and_far_from_what_is_excluded(partners):
    members = membership(partners[0].centers)
    inside, outside = evidence(members, rows(5)[0], NONE), evidence(members, NONE, rows(5)[0])
    assert inside.argmax() == 5 == outside.argmin()
    assert not evidence(members, NONE, NONE).any()
