"""Measures of rankings and of probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


def auroc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Compute the area under the ROC curve; ties count by mid-rank.

    Parameters
    ----------
    labels : ndarray of bool
        Any shape.
    scores : ndarray of float
        Same shape; higher means more likely positive.

    Returns
    -------
    float
        0 to 1; nan if only one class occurs, or a score is nan.

    Examples
    --------
    >>> auroc(np.array([True, False, False]), np.array([0.4, 0.4, 0.1]))
    0.75
    """
    labels, scores = np.ravel(labels).astype(bool), np.ravel(scores)
    positives, negatives = scores[labels], np.sort(scores[~labels])
    if not len(positives) or not len(negatives) or np.isnan(scores).any():
        return float("nan")
    # scipy.stats.rankdata does the same, but takes longer to import than all the rest of sasnet.
    wins = [np.searchsorted(negatives, positives, side) for side in ("left", "right")]
    return float(np.mean(wins) / len(negatives))


def cauroc(aurocs: Sequence[float]) -> float:
    """Take the median of the complexes' AUROC (paper, section 4); a failed complex counts 0.

    Examples
    --------
    >>> cauroc([0.9, 0.8, float("nan")])
    0.8
    """
    values = _counted(aurocs)
    return float(np.median(values)) if values.size else float("nan")


def mean_auroc(aurocs: Sequence[float]) -> float:
    """Take the mean of the complexes' AUROC; a failed complex counts 0."""
    values = _counted(aurocs)
    return float(values.mean()) if values.size else float("nan")


def _counted(aurocs: Sequence[float]) -> np.ndarray:
    return np.nan_to_num(np.asarray(aurocs, float), nan=0.0)


def precision_at(labels: np.ndarray, scores: np.ndarray, k: int) -> float:
    """Compute the share of positives among the k highest scores."""
    order = np.argsort(-np.ravel(scores), kind="stable")[:k]
    return float(np.ravel(labels)[order].mean())


def average_precision(labels: np.ndarray, scores: np.ndarray) -> float:
    """Compute the area under the precision-recall curve (average precision, ties together)."""
    labels, scores = np.ravel(labels).astype(bool), np.ravel(scores)
    order = np.argsort(-scores, kind="stable")
    labels, scores = labels[order], scores[order]
    last = np.append(np.flatnonzero(np.diff(scores)), labels.size - 1)
    found = np.cumsum(labels)[last]
    if not found[-1]:
        return float("nan")
    gains = np.diff(found, prepend=0)
    return float((gains * found / (last + 1)).sum() / found[-1])


def calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> float:
    """Compute the expected calibration error, in bins of equal mass.

    Parameters
    ----------
    labels : ndarray of bool, shape (n,)
        Outcomes.
    probabilities : ndarray of float, shape (n,)
        Predicted probabilities.
    bins : int
        Number of bins.

    Returns
    -------
    float
        Mean over all cases of the distance between the mean probability of a bin and its share of
        positives.

    Examples
    --------
    >>> calibration_error(np.array([True, False, False, False]), np.full(4, 0.5), bins=1)
    0.25
    """
    errors = [
        len(rows) * abs(float(probabilities[rows].mean()) - float(labels[rows].mean()))
        for rows in np.array_split(np.argsort(probabilities, kind="stable"), bins)
        if len(rows)
    ]
    return sum(errors) / len(labels)


def brier_skill(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Compute the Brier skill score: 1 is perfect, 0 as good as always predicting the base rate.

    Parameters
    ----------
    labels, probabilities
        As in `calibration_error`; both outcomes occur.

    Examples
    --------
    >>> brier_skill(np.array([True, False]), np.array([1.0, 0.0]))
    1.0
    >>> brier_skill(np.array([True, False]), np.array([0.5, 0.5]))
    0.0
    """
    error = np.mean((probabilities - labels) ** 2)
    return float(1 - error / np.mean((labels.mean() - labels) ** 2))
