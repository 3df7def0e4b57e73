"""Calibrated probabilities of residues and log odds of pairs, from pair scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.scoring.log_odds import logistic, logit

if TYPE_CHECKING:
    from sasnet_core.fitted import Calibration


def mean_log_odds(best_scores: np.ndarray) -> float:
    """Return the mean log odds of the best pair scores of a protein's residues."""
    return float(logit(best_scores).mean())


def residue_probabilities(
    best_scores: np.ndarray, calibration: Calibration, mean: float | None = None
) -> np.ndarray:
    """Turn each residue's best pair score into the probability that it is in the interface.

    Parameters
    ----------
    best_scores : ndarray, shape (..., n_residues)
        Highest pair score of each residue of a protein.
    calibration : Calibration
        Fitted for the weights that gave the scores.
    mean : float, optional
        `mean_log_odds` of the protein. Default: that of these scores.

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
        Fitted for the weights that gave the scores.

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
