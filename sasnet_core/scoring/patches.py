"""Patches: likely residues that lie together on the surface of a protein, and their chances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.config import INTERFACE_SIZE, MOST_PATCHES, PATCH_REACH, PATCH_SHARE
from sasnet_core.scoring.log_odds import logistic, logit
from sasnet_core.structure.contacts import neighbouring_residues

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.fitted import PatchLaw
    from sasnet_core.structure.protein import Protein

#: Residues of a patch, at least.
FEWEST_RESIDUES = 3
#: The residues of the highest probability are tried as centres.
MOST_SEEDS = 300
#: No residue of a patch is farther from its centre along the surface (angstrom).
LONGEST_WAY = 40.0


@dataclass(frozen=True)
class Patch:
    """Residues that lie together on the surface of a protein.

    Attributes
    ----------
    rows : tuple of int
        Rows of its residues, the likeliest first.
    center : int
        Row of the residue around which they lie.
    mean : float
        Mean of their probabilities.
    """

    rows: tuple[int, ...]
    center: int
    mean: float


def patch_size(own: int, partner: int) -> int:
    """Return the number of residues of a patch, from the residues of both proteins.

    Examples
    --------
    >>> patch_size(100, 100), patch_size(500, 100)
    (12, 16)
    """
    intercept, by_own, by_partner = INTERFACE_SIZE
    size = np.exp(intercept + by_own * np.log(own) + by_partner * np.log(partner))
    return max(FEWEST_RESIDUES, round(float(PATCH_SHARE * size)))


def find_patches(
    protein: Protein,
    probability: np.ndarray,
    exposed: np.ndarray,
    size: int,
    most: int = MOST_PATCHES,
) -> list[Patch]:
    """Find the patches of a protein, the likeliest first.

    A patch is a residue and the residues that are nearest to it along the surface. The one with the
    highest sum of probabilities is found first, the next ones among the residues that remain.

    Parameters
    ----------
    protein : Protein
        The protein.
    probability : ndarray, shape (n_residues,)
        Of each residue.
    exposed : ndarray, shape (n_residues,), bool
        Residues on the surface; if there are none, all are taken.
    size : int
        Residues of a patch. The surface or a part of it that stands alone may have fewer.
    most : int
        Number of patches, at most. The last is not smaller than half of the size, unless it is the
        first.

    Returns
    -------
    list of Patch
        By falling mean probability.
    """
    free = exposed.copy() if exposed.any() else np.ones(len(exposed), bool)
    steps, found = _steps(protein), list[Patch]()
    while free.any() and len(found) < most:
        patch = _best_patch(steps, probability, np.flatnonzero(free), size)
        if found and len(patch.rows) < size / 2:
            break
        found.append(patch)
        free[list(patch.rows)] = False
    return sorted(found, key=lambda patch: -patch.mean)


def _steps(protein: Protein) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of neighbouring residues, and the distances of their mean atom positions."""
    pairs = neighbouring_residues(protein, PATCH_REACH)
    means = protein.residue_means()
    return pairs, np.linalg.norm(means[pairs[:, 0]] - means[pairs[:, 1]], axis=1)


def _best_patch(
    steps: tuple[np.ndarray, np.ndarray], probability: np.ndarray, rows: np.ndarray, size: int
) -> Patch:
    """Find the patch of the highest sum of probabilities among some residues."""
    values = probability[rows]
    seeds = np.argsort(-values, kind="stable")[:MOST_SEEDS]
    ways = _ways(steps, rows, seeds, len(probability))
    nearest = np.argsort(ways, axis=1, kind="stable")[:, :size]  # (n_seeds, size)
    reached = np.isfinite(np.take_along_axis(ways, nearest, axis=1))
    sums = np.where(reached, values[nearest], 0.0).sum(axis=1)
    best = int(np.argmax(sums))
    members = nearest[best][reached[best]]
    members = members[np.argsort(-values[members], kind="stable")]
    center = int(rows[seeds[best]])
    return Patch(tuple(rows[members].tolist()), center, float(values[members].mean()))


def _ways(
    steps: tuple[np.ndarray, np.ndarray], rows: np.ndarray, seeds: np.ndarray, n_residues: int
) -> np.ndarray:
    """Return the lengths of the shortest ways from seeds to rows, shape (n_seeds, n_rows)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    pairs, lengths = steps
    place = np.full(n_residues, -1)
    place[rows] = np.arange(len(rows))
    ends = place[pairs]
    among = (ends >= 0).all(axis=1)
    start, end = ends[among].T
    graph = coo_array((lengths[among], (start, end)), shape=(len(rows), len(rows))).tocsr()
    found: np.ndarray = dijkstra(graph, directed=False, indices=seeds, limit=LONGEST_WAY)
    return found


def patch_terms(means: Sequence[float]) -> np.ndarray:
    """Return the terms of the log odds of a protein's patches, shape (n_patches, 3).

    Parameters
    ----------
    means : sequence of float
        Mean probability of each patch.

    Returns
    -------
    ndarray
        Columns: log odds of the own mean, of the rival's (without one: of the own), and 1.
    """
    own = logit(np.asarray(means, float))
    rival = np.array([max(np.delete(own, k), default=value) for k, value in enumerate(own)])
    return np.column_stack([own, rival, np.ones(len(own))])


def chances(means: Sequence[float], law: PatchLaw) -> tuple[np.ndarray, np.ndarray]:
    """Return how likely a protein's patches are right.

    Parameters
    ----------
    means : sequence of float
        Mean probability of each patch.
    law : PatchLaw
        Fitted for the weights that gave the probabilities.

    Returns
    -------
    chance : ndarray, shape (n_patches,)
        That half of the residues or more are in the interface.
    share : ndarray, shape (n_patches,)
        Share of the residues that is expected in the interface.
    """
    terms = patch_terms(means)
    chance = terms @ [law.chance_own, law.chance_rival, law.chance_intercept]
    share = terms @ [law.share_own, law.share_rival, law.share_intercept]
    return logistic(chance), logistic(share)


def touch_chances(left: np.ndarray, right: np.ndarray, law: PatchLaw) -> np.ndarray:
    """Return the chances that left and right patches touch, from the chances of both.

    Returns
    -------
    ndarray, shape (n_left, n_right)
    """
    both = logit(left)[:, None] + logit(right)
    touching: np.ndarray = logistic(law.touch_slope * both + law.touch_intercept)
    return touching
