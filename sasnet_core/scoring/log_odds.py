"""Scores as log odds, and back."""

from __future__ import annotations

import numpy as np


def logit(scores: np.ndarray) -> np.ndarray:
    """Return log odds, finite for scores of 0 and 1."""
    clipped = np.clip(np.asarray(scores, np.float64), 1e-7, 1 - 1e-7)
    return np.log(clipped) - np.log1p(-clipped)


def logistic(log_odds: np.ndarray) -> np.ndarray:
    """Turn log odds into scores, the inverse of `logit`."""
    result: np.ndarray = 1 / (1 + np.exp(-log_odds))
    return result
