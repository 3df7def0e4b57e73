"""Logistic functions fitted by maximum likelihood."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from sasnet_core.scoring.log_odds import logistic


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
    y = outcomes.astype(float)
    w = np.ones(len(y)) if weights is None else weights
    shrunk = np.r_[np.full(x.shape[1] - 1, penalty), 0.0]

    def loss(coefficients: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ coefficients
        value = np.average(np.logaddexp(0, z) - y * z, weights=w)
        value += float(shrunk @ coefficients**2)
        slope = (w * (logistic(z) - y)) @ x / w.sum() + 2 * shrunk * coefficients
        return float(value), slope

    result = minimize(loss, np.zeros(x.shape[1]), jac=True, method="BFGS")
    return [round(float(number), 4) for number in result.x]
