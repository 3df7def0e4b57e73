"""Scores of residue pairs, and the best among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sasnet_core.structure.protein import Protein


@dataclass(frozen=True)
class PairScores:
    """The network's scores of all residue pairs."""

    left: Protein
    right: Protein
    matrix: np.ndarray  # (n_left, n_right) float32, mean over rotations and orders, smoothed
    spread: np.ndarray  # (n_left, n_right) float32, standard deviation over rotations, members
    left_best: np.ndarray  # (rotations x members, n_left) float32, best pair score in each
    right_best: np.ndarray  # (rotations x members, n_right) float32


def best_pairs(matrix: np.ndarray, count: int | None) -> np.ndarray:
    """List pairs by falling score, pairs of equal score in residue order.

    Parameters
    ----------
    matrix : ndarray, shape (n_left, n_right)
        Pair scores.
    count : int, optional
        How many. Default: all.

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
