"""Pair scores smoothed over neighbouring pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.network.neighbourhood import squared_distances
from sasnet_core.scoring.log_odds import logistic, logit

if TYPE_CHECKING:
    from sasnet_core.fitted import Smoothing
    from sasnet_core.structure.protein import Protein


# Rows of residues, left and right, that cannot be in the interface.
Barred = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class PairTerms:
    """What is added to the smoothed log odds of pairs: ``slope * log odds + terms``."""

    slope: float
    terms: np.ndarray  # (n_left, n_right)

    def added(self, scores: np.ndarray) -> np.ndarray:
        """Add them to scores, shape (n_left, n_right), float32."""
        return logistic(self.slope * logit(scores) + self.terms).astype(np.float32)


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
    barred : tuple of ndarray, optional
        Residues whose pairs are not in the neighbourhood of others.
    terms : PairTerms, optional
        Added to the smoothed scores.
    """

    def __init__(
        self,
        left: Protein,
        right: Protein,
        smoothing: Smoothing,
        barred: Barred | None = None,
        terms: PairTerms | None = None,
    ) -> None:
        self._smoothing, self._terms = smoothing, terms
        without = barred or (None, None)
        if smoothing.share:
            self._left = _neighbour_weights(left.centers, smoothing.width, without[0])
            self._right = _neighbour_weights(right.centers, smoothing.width, without[1])

    def smooth(self, scores: np.ndarray) -> np.ndarray:
        """Smooth a matrix of scores, and add the terms.

        Parameters
        ----------
        scores : ndarray, shape (n_left, n_right)
            0 to 1.

        Returns
        -------
        ndarray, the same shape, float32
        """
        smoothed = self._over_neighbours(scores)
        return smoothed if self._terms is None else self._terms.added(smoothed)

    def _over_neighbours(self, scores: np.ndarray) -> np.ndarray:
        share, sharpness = self._smoothing.share, self._smoothing.sharpness
        if not share:
            return scores.astype(np.float32, copy=False)
        own = logit(scores)
        highest = own.max()
        sums = self._left @ np.exp(sharpness * (own - highest)) @ self._right.T
        field = highest + np.log(sums + np.finfo(float).tiny) / sharpness
        return logistic((1 - share) * own + share * field).astype(np.float32)


def _neighbour_weights(
    centers: np.ndarray, width: float, barred: np.ndarray | None = None
) -> np.ndarray:
    """Return weights of neighbours, shape (n_residues, n_residues); rows sum to 1.

    Barred residues are nobody's neighbours; the row of one may sum to 0.
    """
    weights: np.ndarray = np.exp(squared_distances(centers) / (-2 * width**2))
    if barred is not None:
        weights[:, barred] = 0
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), np.finfo(weights.dtype).tiny)
    return weights
