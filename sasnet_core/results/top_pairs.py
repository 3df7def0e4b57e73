"""The best residue pairs as restraints: few, and spread over the interface."""

from __future__ import annotations

import numpy as np

from sasnet_core.scoring.pair_scores import best_pairs

#: Pairs handed on to programs that take single pairs.
MOST_PAIRS = 10


def best_separate_pairs(
    scores: np.ndarray, left: np.ndarray, right: np.ndarray, count: int = MOST_PAIRS
) -> list[tuple[int, int]]:
    """Take pairs by falling score, each residue in at most one of them.

    Neighbouring pairs have similar scores, so the first pairs of the list are nearly the same.

    Parameters
    ----------
    scores : ndarray, shape (n_left, n_right)
        Pair scores.
    left, right : ndarray, shape (n_left,) and (n_right,), bool
        Residues that may be taken. Pairs with a score of 0 are not: one of their residues is known
        not to touch.
    count : int
        At most so many.

    Returns
    -------
    list of (int, int)
        Rows of the left and the right residue, best first.
    """
    rows, columns = np.flatnonzero(left), np.flatnonzero(right)
    chosen: list[tuple[int, int]] = []
    free_left, free_right = set(range(len(rows))), set(range(len(columns)))
    for i, j in best_pairs(scores[np.ix_(rows, columns)], None).tolist():
        full = len(chosen) == min(count, len(rows), len(columns))
        if full or scores[rows[i], columns[j]] <= 0:
            break
        if i in free_left and j in free_right:
            free_left.remove(i)
            free_right.remove(j)
            chosen.append((int(rows[i]), int(columns[j])))
    return chosen
