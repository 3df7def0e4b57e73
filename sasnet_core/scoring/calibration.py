"""Calibrated probabilities of residues and log odds of pairs, from pair scores."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.scoring.log_odds import logistic, logit

if TYPE_CHECKING:
    from sasnet_core.fitted import Calibration


def mean_log_odds(best_scores: np.ndarray) -> float:
    """Return the mean log odds of the best pair scores of a protein's residues.

    Residues whose best score is 0 cannot be in the interface (`known`) and do not count.
    """
    possible = best_scores[best_scores > 0]
    return float(logit(possible).mean()) if possible.size else 0.0


def residue_probabilities(
    best_scores: np.ndarray, calibration: Calibration, mean: float | None = None
) -> np.ndarray:
    """Turn each residue's best pair score into the probability that it is in the interface.

    Parameters
    ----------
    best_scores : ndarray, shape (..., n_residues)
        Highest pair score of each residue of a protein. Residues with a score of 0 cannot be in
        the interface (`known`): they get 0 and do not count in means and sizes.
    calibration : Calibration
        Fitted for the weights that gave the scores.
    mean : float, optional
        `mean_log_odds` of the protein. Default: that of these scores.

    Returns
    -------
    ndarray, the same shape, float64
    """
    log_odds, possible = logit(best_scores), best_scores > 0
    counts = np.maximum(possible.sum(axis=-1, keepdims=True), 1)
    means = (log_odds * possible).sum(axis=-1, keepdims=True) / counts if mean is None else mean
    protein = calibration.own_mean * means + calibration.own_size * np.log(counts)
    return possible * logistic(calibration.slope * log_odds + protein + calibration.intercept)


def pair_log_odds(matrix: np.ndarray, calibration: Calibration) -> np.ndarray:
    """Turn pair scores into the log odds that the two residues touch.

    Parameters
    ----------
    matrix : ndarray, shape (n_left, n_right)
        Scores of all pairs. Residues that have only scores of 0 cannot be in the interface
        (`known`) and do not count in means and sizes.
    calibration : Calibration
        Fitted for the weights that gave the scores.

    Returns
    -------
    ndarray, shape (n_left, n_right), float64
        Natural logarithm.
    """
    best = [matrix.max(axis=axis) for axis in (0, 1)]
    possible = max(math.prod(int((side > 0).sum()) for side in best), 1)
    means = sum(map(mean_log_odds, best))
    both = calibration.pair_means * means + calibration.pair_size * np.log(possible)
    log_odds: np.ndarray = (
        calibration.pair_slope * logit(matrix) + both + calibration.pair_intercept
    )
    return log_odds
