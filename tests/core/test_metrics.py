import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core.metrics import (
    auroc,
    average_precision,
    brier_skill,
    calibration_error,
    cauroc,
    mean_auroc,
    precision_at,
)

ranked = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=30)


@given(ranked)
def test_auroc_is_the_share_of_pairs_in_the_right_order_with_ties_half(items):
    positives = [score for label, score in items if label]
    negatives = [score for label, score in items if not label]
    value = auroc(np.array([i[0] for i in items]), np.array([i[1] for i in items], float))
    if not positives or not negatives:
        assert math.isnan(value)
        return
    wins = sum((p > n) + 0.5 * (p == n) for p in positives for n in negatives)
    assert value == pytest.approx(wins / (len(positives) * len(negatives)))


@given(ranked)
def test_average_precision_is_its_definition_threshold_by_threshold(items):
    labels = np.array([i[0] for i in items])
    scores = np.array([i[1] for i in items], float)
    value = average_precision(labels, scores)
    if not labels.any():
        assert math.isnan(value)
        return
    expected = before = 0.0
    for threshold in sorted(set(scores), reverse=True):
        chosen = scores >= threshold
        recall = labels[chosen].sum() / labels.sum()
        expected += (recall - before) * labels[chosen].mean()
        before = recall
    assert value == pytest.approx(expected)


def test_auroc_takes_matrices_and_constant_scores_are_chance():
    labels = np.array([[True, False], [False, False]])
    assert auroc(labels, np.array([[0.9, 0.1], [0.2, 0.3]])) == 1.0
    assert auroc(labels, np.zeros((2, 2))) == 0.5


def test_auroc_does_not_round_scores():
    assert auroc(np.array([1, 0]), np.array([0.50001, 0.50000])) == 1.0


def test_scores_that_are_no_numbers_fail_the_complex():
    value = auroc(np.array([1, 0, 0]), np.array([np.nan, 0.1, 0.2]))
    assert cauroc([value, 0.9, 0.8]) == 0.8


def test_cauroc_is_the_median_and_a_failed_complex_counts_zero():
    assert cauroc([0.9, 0.7, 0.8]) == 0.8
    assert cauroc([0.9, float("nan"), 0.8]) == 0.8
    assert cauroc([float("nan"), float("nan"), 0.8]) == 0.0
    assert math.isnan(cauroc([]))


def test_the_mean_counts_a_failed_complex_as_zero():
    assert mean_auroc([0.9, float("nan"), 0.6]) == pytest.approx(0.5)
    assert math.isnan(mean_auroc([]))


def test_precision_at_counts_the_highest():
    labels, scores = np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1])
    assert precision_at(labels, scores, 1) == 1.0
    assert precision_at(labels, scores, 2) == 0.5
    assert precision_at(labels, scores, 3) == pytest.approx(2 / 3)


def test_calibration_error_is_of_bins_of_similar_probability():
    """Of probabilities 0.1 and 0.9 in turn, half each, 0.3 and 0.8 are true."""
    probabilities = np.tile([0.1, 0.9], 100)
    labels = np.zeros(200, bool)
    labels[0:60:2], labels[1:160:2] = True, True
    assert calibration_error(labels, probabilities, bins=2) == pytest.approx((0.2 + 0.1) / 2)
    order = np.random.default_rng(0).permutation(200)
    again = calibration_error(labels[order], probabilities[order], bins=2)
    assert again == pytest.approx((0.2 + 0.1) / 2)


def test_honest_probabilities_have_no_calibration_error():
    rng = np.random.default_rng(0)
    probabilities = rng.random(20_000)
    labels = rng.random(20_000) < probabilities
    assert calibration_error(labels, probabilities) < 0.015
    assert calibration_error(labels, np.sqrt(probabilities)) > 0.1
    assert brier_skill(labels, probabilities) == pytest.approx(1 - (1 / 6) / (1 / 4), abs=0.02)
