"""Pair scores smoothed over neighbouring pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.network.neighbourhood import squared_distances
from sasnet_core.scoring.log_odds import logistic, logit

if TYPE_CHECKING:
    from sasnet_core.fitted import Smoothing
    from sasnet_core.structure.protein import Protein


class Smoother:
    """Smooths the pair scores of two proteins over neighbouring residue pairs.

    A pair's log odds become ``(1 - share) * own + share * field``, where the field is a soft
    maximum over all pairs, ``log(sum(w * exp(sharpness * log odds))) / sharpness``, with weights
    ``w`` that fall with the distances of both residues to the pair's and sum to 1.

    Parameters
    ----------
    left, right : Protein
        The partners. Only distances within each partner matter.
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
    """Return weights of neighbours, shape (n_residues, n_residues); rows sum to 1."""
    weights: np.ndarray = np.exp(squared_distances(centers) / (-2 * width**2))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights
