import numpy as np
import pytest

from sasnet_core.docking.agreement import Judge
from sasnet_core.fitted import Calibration

CALIBRATION = Calibration(slope=1.0, pair_slope=1.0)


def judge(matrix, left=None, right=None):
    ones = np.ones(len(matrix)), np.ones(matrix.shape[1])
    return Judge(matrix, CALIBRATION, (ones[0] if left is None else left, ones[1]))


def grid(rows, columns):
    return np.array([(i, j) for i in rows for j in columns])


@pytest.fixture
def matrix():
    found = np.full((6, 5), 0.01, np.float32)
    found[:2, :2] = 0.5
    return found


def test_contacts_where_the_prediction_is_high_score_more(matrix):
    good, bad = (judge(matrix).judge(grid(*rows)) for rows in (((0, 1), (0, 1)), ((4, 5), (3, 4))))
    assert good.score > 0 > bad.score
    assert good.pairs > bad.pairs and good.sites > bad.sites
    assert (good.contacts, good.left, good.right) == (4, 2, 2)


def test_contacts_everywhere_score_as_chance_does(matrix):
    found = judge(matrix).judge(grid(range(6), range(5)))
    assert found.score == pytest.approx(0, abs=1e-9)


def test_a_flat_prediction_says_nothing():
    flat = judge(np.full((6, 5), 0.2, np.float32))
    assert flat.judge(grid((0, 1), (0, 1, 2))).score == pytest.approx(0, abs=1e-9)


def test_chance_counts_exposed_residues_only(matrix):
    buried = np.array([1.0, 1, 0, 0, 0, 0])
    contacts = grid((0, 1), (0, 1))
    among_all, among_exposed = judge(matrix), judge(matrix, left=buried)
    assert among_exposed.judge(contacts).score < among_all.judge(contacts).score


def test_no_contacts_score_nothing(matrix):
    found = judge(matrix).judge(np.zeros((0, 2), np.int32))
    assert (found.score, found.contacts) == (0.0, 0)


def test_residues_that_cannot_be_reached_change_no_other_pose(matrix):
    contacts = grid((0, 1), (0, 1))
    masked = matrix.copy()
    masked[5] = 0
    before, after = judge(matrix[:5]).judge(contacts), judge(masked).judge(contacts)
    assert after.score == pytest.approx(before.score)


def test_each_side_is_judged_as_what_it_is(matrix):
    calibration = Calibration(slope=1.0, antibody_slope=1.0, antigen_slope=-1.0)
    ones = np.ones(6), np.ones(5)
    plain, known = (
        Judge(matrix, calibration, ones, kinds).judge(grid((0, 1), (0, 1)))
        for kinds in (("", ""), ("antibody", "antigen"))
    )
    assert known.pairs == plain.pairs and known.sites != pytest.approx(plain.sites)


def test_what_is_known_of_residues_counts(matrix):
    flat = np.full(6, 0.1), np.full(5, 0.1)
    known = flat[0].copy()
    known[4] = 1.0
    contacts = grid((4,), (3,))
    ones = np.ones(6), np.ones(5)
    without, with_it = (
        Judge(matrix, CALIBRATION, ones, probabilities=found).judge(contacts)
        for found in (flat, (known, flat[1]))
    )
    assert with_it.sites > without.sites + 1 and np.isfinite(with_it.score)
