"""From pair scores to residues: probabilities and the best pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.surroundings import squared_distances

if TYPE_CHECKING:
    from sasnet_core.fitted import Calibration, Smoothing
    from sasnet_core.protein import Protein


@dataclass(frozen=True)
class PairScores:
    """What the network says of every residue pair."""

    left: Protein
    right: Protein
    matrix: np.ndarray  # (n_left, n_right) float32, mean over rotations and orders, smoothed
    spread: np.ndarray  # (n_left, n_right) float32, standard deviation over rotations, members
    left_best: np.ndarray  # (rotations x members, n_left) float32, best pair score in each
    right_best: np.ndarray  # (rotations x members, n_right) float32


def logit(scores: np.ndarray) -> np.ndarray:
    """Return log odds, finite for scores of 0 and 1."""
    clipped = np.clip(np.asarray(scores, np.float64), 1e-7, 1 - 1e-7)
    return np.log(clipped) - np.log1p(-clipped)


def logistic(log_odds: np.ndarray) -> np.ndarray:
    """Turn log odds into scores, the inverse of `logit`."""
    result: np.ndarray = 1 / (1 + np.exp(-log_odds))
    return result


class Smoother:
    """Smooths the pair scores of two proteins over neighbouring residue pairs.

    A pair's log odds become ``(1 - share) * own + share * field``, where the field is a soft
    maximum over all pairs, ``log(sum(w * exp(sharpness * log odds))) / sharpness``, with weights
    ``w`` that fall with the distances of both residues to the pair's and sum to 1.

    Parameters
    ----------
    left, right : Protein
        The partners; only distances within each count.
    smoothing : Smoothing
        Width, sharpness and share.
    """

    def __init__(self, left: Protein, right: Protein, smoothing: Smoothing) -> None:
        self._smoothing = smoothing
        if smoothing.share:
            self._left = _neighbour_weights(left.centers, smoothing.width)
            self._right = _neighbour_weights(right.centers, smoothing.width)

    def smooth(self, scores: np.ndarray) -> np.ndarray:
        """Smooth a matrix of scores.

        Parameters
        ----------
        scores : ndarray, shape (n_left, n_right)
            0 to 1.

        Returns
        -------
        ndarray, the same shape, float32
        """
        share, sharpness = self._smoothing.share, self._smoothing.sharpness
        if not share:
            return scores.astype(np.float32, copy=False)
        own = logit(scores)
        highest = own.max()
        sums = self._left @ np.exp(sharpness * (own - highest)) @ self._right.T
        field = highest + np.log(sums + np.finfo(float).tiny) / sharpness
        return logistic((1 - share) * own + share * field).astype(np.float32)


def _neighbour_weights(centers: np.ndarray, width: float) -> np.ndarray:
    """Weigh residues by distance, shape (n_residues, n_residues), rows sum to 1."""
    weights: np.ndarray = np.exp(squared_distances(centers) / (-2 * width**2))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def mean_log_odds(best_scores: np.ndarray) -> float:
    """Say how high a protein scores all over: mean log odds of its residues' best pair scores."""
    return float(logit(best_scores).mean())


def residue_probabilities(
    best_scores: np.ndarray, calibration: Calibration, mean: float | None = None
) -> np.ndarray:
    """Turn each residue's best pair score into the probability that it is in the interface.

    Parameters
    ----------
    best_scores : ndarray, shape (..., n_residues)
        Maximum of the pair scores of each residue of a protein.
    calibration : Calibration
        The one fitted for the weights that gave the scores.
    mean : float, optional
        `mean_log_odds` of the protein, if not of these scores.

    Returns
    -------
    ndarray, the same shape, float64
    """
    log_odds = logit(best_scores)
    means = log_odds.mean(axis=-1, keepdims=True) if mean is None else mean
    protein = calibration.own_mean * means + calibration.own_size * np.log(best_scores.shape[-1])
    return logistic(calibration.slope * log_odds + protein + calibration.intercept)


def pair_log_odds(matrix: np.ndarray, calibration: Calibration) -> np.ndarray:
    """Turn pair scores into the log odds that the two residues touch.

    Parameters
    ----------
    matrix : ndarray, shape (n_left, n_right)
        Scores of all pairs.
    calibration : Calibration
        The one fitted for the weights that gave the scores.

    Returns
    -------
    ndarray, shape (n_left, n_right), float64
        Natural logarithm.
    """
    means = sum(mean_log_odds(matrix.max(axis=axis)) for axis in (0, 1))
    both = calibration.pair_means * means + calibration.pair_size * np.log(matrix.size)
    log_odds: np.ndarray = (
        calibration.pair_slope * logit(matrix) + both + calibration.pair_intercept
    )
    return log_odds


def best_pairs(matrix: np.ndarray, count: int | None) -> np.ndarray:
    """List pairs by falling score, equal ones in residue order.

    Parameters
    ----------
    matrix : ndarray, shape (n_left, n_right)
        Pair scores.
    count : int, optional
        How many; all when left out.

    Returns
    -------
    ndarray, shape (n, 2), int64
        Rows (left residue, right residue).
    """
    values = -matrix.ravel()
    among = np.arange(values.size)
    if count is not None and count < values.size:  # sorting millions takes seconds
        among = np.flatnonzero(values <= np.partition(values, count - 1)[count - 1])
    order = among[np.argsort(values[among], kind="stable")][:count]
    return np.stack(np.unravel_index(order, matrix.shape), axis=1)
