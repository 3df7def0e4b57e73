"""Logistic functions fitted by maximum likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from sasnet_core.scoring.log_odds import logistic

if TYPE_CHECKING:
    from collections.abc import Sequence


def fit_logistic(
    x: np.ndarray, outcomes: np.ndarray, weights: np.ndarray | None = None, penalty: float = 0.0
) -> list[float]:
    """Fit coefficients of log odds by maximum likelihood.

    Parameters
    ----------
    x : ndarray, shape (n, n_coefficients)
        Terms of the log odds.
    outcomes : ndarray, shape (n,)
        Outcomes: bool, or shares from 0 to 1.
    weights : ndarray, shape (n,), optional
        Cases that each row represents.
    penalty : float
        Of the squared coefficients, all but the last; keeps them finite where few cases, or cases
        without exception, would not.

    Returns
    -------
    list of float
        Coefficients, to four decimals.
    """
    penalties = np.r_[np.full(x.shape[1] - 1, penalty), 0.0]
    found = most_likely(x, outcomes, weights, penalties, np.zeros(x.shape[1]))
    return [round(float(number), 4) for number in found]


def most_likely(
    x: np.ndarray,
    outcomes: np.ndarray,
    weights: np.ndarray | None,
    penalties: np.ndarray,
    start: np.ndarray,
    bounds: Sequence[tuple[float | None, float | None]] | None = None,
) -> np.ndarray:
    """Find the coefficients of log odds with the highest penalized likelihood.

    Parameters
    ----------
    x, outcomes, weights
        As in `fit_logistic`.
    penalties : ndarray, shape (n_coefficients,)
        Of the square of each coefficient.
    start : ndarray, shape (n_coefficients,)
        Where the search begins.
    bounds : sequence of (float or None, float or None), optional
        Lowest and highest value of each coefficient.

    Returns
    -------
    ndarray, shape (n_coefficients,)
    """
    y = outcomes.astype(float)
    w = np.ones(len(y)) if weights is None else weights

    def loss(coefficients: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ coefficients
        value = np.average(np.logaddexp(0, z) - y * z, weights=w)
        value += float(penalties @ coefficients**2)
        slope = (w * (logistic(z) - y)) @ x / w.sum() + 2 * penalties * coefficients
        return float(value), slope

    method = "BFGS" if bounds is None else "L-BFGS-B"
    return np.asarray(minimize(loss, start, jac=True, method=method, bounds=bounds).x)
