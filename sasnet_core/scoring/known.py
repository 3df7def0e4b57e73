"""What is known of some residues moves the probabilities of the others.

An interface is a patch on each side. So the pair scores are read as weights of where the centres of
both patches lie, and a residue is in its patch with a probability that falls with its distance from
the centre (`membership`). A residue that is known to be in the interface makes centres near it more
likely, one that is known to be outside makes them less likely (Bayes' rule), and the log odds of
every pair change by as much as the model's do. Where nothing is known, nothing changes.

Residues that cannot be in the interface have pair scores of exactly 0, and do not take part in the
smoothing of others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.network.neighbourhood import squared_distances
from sasnet_core.scoring.log_odds import logistic, logit
from sasnet_core.scoring.smoothing import Smoother

if TYPE_CHECKING:
    from sasnet_core.fitted import Smoothing
    from sasnet_core.scoring.smoothing import Barred, PairTerms
    from sasnet_core.structure.protein import Protein

#: Chosen on every second complex of DB4U (``python -m train.known``): power of the odds in the
#: weight of a centre; distance at which a residue is in the patch as often as not, and how fast
#: that changes (angstrom); probability far from the centre.
SHARPNESS, RADIUS, WIDTH, FLOOR = 2.0, 10.0, 3.0, 0.04

_NONE = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Known:
    """What is known of the residues of two partners; each a pair of arrays of rows, left and right.

    Attributes
    ----------
    included : tuple of ndarray
        Residues in the interface.
    excluded : tuple of ndarray
        Residues outside the interface; the interface is then less likely near them.
    masked : tuple of ndarray
        Residues that cannot be reached, such as those under a glycan, in a membrane or in a tag;
        this says nothing of residues near them.
    """

    included: tuple[np.ndarray, np.ndarray] = (_NONE, _NONE)
    excluded: tuple[np.ndarray, np.ndarray] = (_NONE, _NONE)
    masked: tuple[np.ndarray, np.ndarray] = (_NONE, _NONE)

    @property
    def barred(self) -> Barred:
        """Rows of both sides that cannot be in the interface."""
        both = zip(self.excluded, self.masked, strict=True)
        left, right = (np.union1d(*one).astype(np.int64) for one in both)
        return left, right


class InformedSmoother(Smoother):
    """Smooths scores, and changes them by what is known.

    Parameters
    ----------
    left, right : Protein
        The partners.
    smoothing : Smoothing
        As for `Smoother`.
    known : Known
        What is known.
    terms : PairTerms, optional
        As for `Smoother`.
    """

    def __init__(
        self,
        left: Protein,
        right: Protein,
        smoothing: Smoothing,
        known: Known,
        terms: PairTerms | None = None,
    ) -> None:
        self._barred = known.barred
        super().__init__(left, right, smoothing, self._barred, terms)
        self._members = tuple(membership(protein.centers) for protein in (left, right))
        self._evidence = tuple(
            evidence(members, known.included[side], known.excluded[side])
            for side, members in enumerate(self._members)
        )

    def smooth(self, scores: np.ndarray) -> np.ndarray:
        """Smooth a matrix of scores and apply what is known; shape (n_left, n_right), float32."""
        found = super().smooth(scores)
        if any(part.any() for part in self._evidence):
            found = self._informed(found)
        return _barred(found, self._barred)

    def _informed(self, scores: np.ndarray) -> np.ndarray:
        own = _barred_log_odds(logit(scores), self._barred)
        weights = np.exp(SHARPNESS * (own - own.max()))  # (n_left, n_right), of centres
        informed = np.log(weights + np.finfo(float).tiny)
        informed += self._evidence[0][:, None] + self._evidence[1]
        informed = np.exp(informed - informed.max())
        change = np.log(self._together(informed)) - np.log(self._together(weights))
        return logistic(logit(scores) + change).astype(np.float32)

    def _together(self, weights: np.ndarray) -> np.ndarray:
        """Return how likely both residues are in their patches, shape (n_left, n_right)."""
        return self._members[0] @ (weights / weights.sum()) @ self._members[1].T


def membership(centers: np.ndarray) -> np.ndarray:
    """Return how likely each residue is in a patch around another.

    Parameters
    ----------
    centers : ndarray, shape (n_residues, 3)
        CA positions in angstrom.

    Returns
    -------
    ndarray, shape (n_residues, n_residues)
        Row: the residue, column: the centre.
    """
    distances = np.sqrt(squared_distances(centers))
    return FLOOR + (1 - FLOOR) * logistic((RADIUS - distances) / WIDTH)


def evidence(members: np.ndarray, included: np.ndarray, excluded: np.ndarray) -> np.ndarray:
    """Return the log likelihood of what is known for each centre, shape (n_residues,)."""
    inside = np.log(members[included]).sum(axis=0)
    result: np.ndarray = inside + np.log1p(-members[excluded]).sum(axis=0)
    return result


def _barred_log_odds(log_odds: np.ndarray, barred: Barred) -> np.ndarray:
    """Give no weight to centres that are barred."""
    log_odds = log_odds.copy()
    log_odds[barred[0]], log_odds[:, barred[1]] = -np.inf, -np.inf
    return log_odds


def _barred(scores: np.ndarray, barred: Barred) -> np.ndarray:
    """Set the scores of barred residues to 0."""
    scores = scores.copy()
    scores[barred[0]], scores[:, barred[1]] = 0, 0
    return scores
