"""Averages of the scores of single rotations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.scoring.pair_scores import PairScores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.scoring.smoothing import Smoother
    from sasnet_core.structure.protein import Protein


class RotationSums:
    """Sums over rotations, from which scores can be computed at any time.

    Parameters
    ----------
    left, right : Protein
        The partners.
    smoother : Smoother
        Smoother of these partners.
    """

    def __init__(self, left: Protein, right: Protein, smoother: Smoother) -> None:
        shape = (left.n_residues, right.n_residues)
        self._partners = left, right
        self._smoother = smoother
        self._rotations = 0
        self._total, self._sums, self._squares = (np.zeros(shape) for _ in range(3))
        self._best: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])

    def add(self, raw: np.ndarray, views: Sequence[np.ndarray]) -> None:
        """Add a rotation.

        Parameters
        ----------
        raw : ndarray, shape (n_left, n_right)
            Scores of the rotation, not smoothed.
        views : sequence of ndarray, shape (n_left, n_right)
            Scores for the spread and the best scores, not smoothed: a matrix for each network.
        """
        self._rotations += 1
        self._total += raw
        for matrix in map(self._smoother.smooth, views):
            self._sums += matrix
            self._squares += matrix.astype(np.float64) ** 2
            self._best[0].append(matrix.max(axis=1))
            self._best[1].append(matrix.max(axis=0))

    def scores(self) -> PairScores:
        """Average the rotations so far."""
        count = len(self._best[0])
        variance = self._squares / count - (self._sums / count) ** 2
        return PairScores(
            *self._partners,
            self._smoother.smooth(self._total / self._rotations),
            np.sqrt(np.maximum(variance, 0.0)).astype(np.float32),
            np.stack(self._best[0]),
            np.stack(self._best[1]),
        )
