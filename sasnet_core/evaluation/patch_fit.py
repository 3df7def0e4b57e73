"""How often patches are right: their law, fitted and compared with complexes left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.config import EXPOSED_SHARE
from sasnet_core.evaluation.interface_residues import sites_of
from sasnet_core.evaluation.logistic_fit import fit_logistic
from sasnet_core.fitted import PatchLaw
from sasnet_core.scoring.log_odds import logit
from sasnet_core.scoring.patches import (
    chances,
    find_patches,
    patch_size,
    patch_terms,
    touch_chances,
)
from sasnet_core.structure.surface import relative_exposure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sasnet_core.dataset.complexes import Complex
    from sasnet_core.evaluation.interface_residues import Site
    from sasnet_core.fitted import Calibration
    from sasnet_core.structure.protein import Protein

#: A patch is right if this share of its residues or more is in the interface.
RIGHT = 0.5
#: Parts into which the complexes are divided; each part is left out of one fit.
PARTS = 8
#: Names of the columns of `patch_terms` in a `PatchLaw`.
TERMS = ("own", "rival", "intercept")
#: Of squared coefficients: too little to change a fit on 50 complexes.
PENALTY = 1e-3


@dataclass(frozen=True)
class SidePatches:
    """The patches of one protein of a complex, the likeliest first."""

    means: np.ndarray  # (n_patches,), mean probability
    shares: np.ndarray  # (n_patches,), share of the residues that is in the interface


@dataclass(frozen=True)
class ComplexPatches:
    """The patches of a complex."""

    left: SidePatches
    right: SidePatches
    touching: np.ndarray  # (n_left, n_right) bool, whether a residue of one touches the other


@dataclass(frozen=True)
class Outcomes:
    """What was said of patches and pairs of patches, and what is true; one row for each."""

    rank: np.ndarray  # (n_patches,) from 1
    chance: np.ndarray  # (n_patches,)
    right: np.ndarray  # (n_patches,) bool
    share: np.ndarray  # (n_patches,), expected
    found: np.ndarray  # (n_patches,), share that is true
    pair_rank: np.ndarray  # (n_pairs,), the larger rank of both
    pair_chance: np.ndarray  # (n_pairs,)
    touching: np.ndarray  # (n_pairs,) bool


def collect_patches(item: Complex, matrix: np.ndarray, calibration: Calibration) -> ComplexPatches:
    """Find the patches of a complex and compare them with its interface.

    Parameters
    ----------
    item : Complex
        The complex.
    matrix : ndarray, shape (n_left, n_right)
        Scores of its pairs.
    calibration : Calibration
        Of the weights that gave the scores.
    """
    rows, sides = [], []
    for site, protein, other in zip(
        sites_of(item, matrix), (item.left, item.right), (item.right, item.left), strict=True
    ):
        size = patch_size(protein.n_residues, other.n_residues)
        found, side = side_patches(protein, site, calibration, size)
        rows.append(found)
        sides.append(side)
    truth = item.labels()
    touching = [[truth[np.ix_(i, j)].any() for j in rows[1]] for i in rows[0]]
    return ComplexPatches(sides[0], sides[1], np.array(touching))


def side_patches(
    protein: Protein, site: Site, calibration: Calibration, size: int
) -> tuple[list[list[int]], SidePatches]:
    """Find the patches of a protein, and compare them with its interface.

    Parameters
    ----------
    protein, site : Protein, Site
        The protein; scores and labels of its residues.
    calibration : Calibration
        Of the weights that gave the scores.
    size : int
        Residues of a patch.

    Returns
    -------
    rows : list of list of int
        Rows of the residues of each patch.
    patches : SidePatches
        Their probabilities and their truth.
    """
    exposed = relative_exposure(protein) >= EXPOSED_SHARE
    found = find_patches(protein, site.probabilities(calibration), exposed, size)
    rows = [list(patch.rows) for patch in found]
    shares = [site.labels[part].mean() for part in rows]
    return rows, SidePatches(np.array([patch.mean for patch in found]), np.array(shares))


def fit_law(complexes: Sequence[ComplexPatches]) -> PatchLaw:
    """Fit the chances of patches and of their pairs."""
    alone = fit_side_law([side for item in complexes for side in (item.left, item.right)])
    both = np.concatenate([_pair_log_odds(item, alone) for item in complexes])
    touching = np.concatenate([item.touching.ravel() for item in complexes])
    touch = fit_logistic(np.column_stack([both, np.ones(len(both))]), touching, penalty=PENALTY)
    slope, intercept = touch
    return replace(alone, touch_slope=slope, touch_intercept=intercept)


def fit_side_law(sides: Sequence[SidePatches]) -> PatchLaw:
    """Fit the chances of single patches."""
    terms = np.concatenate([patch_terms(side.means.tolist()) for side in sides])
    shares = np.concatenate([side.shares for side in sides])
    chance = fit_logistic(terms, shares >= RIGHT, penalty=PENALTY)
    share = fit_logistic(terms, shares, penalty=PENALTY)
    names = [f"{what}_{term}" for what in ("chance", "share") for term in TERMS]
    law = PatchLaw.from_dict(dict(zip(names, chance + share, strict=True)))
    return replace(law, patches=len(shares))


def _pair_log_odds(item: ComplexPatches, law: PatchLaw) -> np.ndarray:
    """Return the sum of the log odds of both chances of each pair, shape (n_pairs,)."""
    left, right = (logit(chances(s.means.tolist(), law)[0]) for s in (item.left, item.right))
    return np.asarray(left[:, None] + right).ravel()


def outcomes(complexes: Sequence[ComplexPatches], law: PatchLaw) -> Outcomes:
    """Compare what a law says of patches with what is true."""
    return _joined([_outcomes(item, law) for item in complexes])


def held_out_outcomes(complexes: Sequence[ComplexPatches]) -> Outcomes:
    """Compare what a law fitted on the other parts says of each part with what is true."""
    parts = np.arange(len(complexes)) % min(PARTS, len(complexes))
    found = []
    for part in np.unique(parts):
        law = fit_law([complexes[k] for k in np.flatnonzero(parts != part).tolist()])
        found += [_outcomes(complexes[k], law) for k in np.flatnonzero(parts == part).tolist()]
    return _joined(found)


def _outcomes(item: ComplexPatches, law: PatchLaw) -> Outcomes:
    left, right = item.left, item.right
    (chance_left, share_left), (chance_right, share_right) = (
        chances(side.means.tolist(), law) for side in (left, right)
    )
    ranks = [np.arange(1, len(side.means) + 1) for side in (left, right)]
    found = np.concatenate([left.shares, right.shares])
    return Outcomes(
        rank=np.concatenate(ranks),
        chance=np.concatenate([chance_left, chance_right]),
        right=found >= RIGHT,
        share=np.concatenate([share_left, share_right]),
        found=found,
        pair_rank=np.maximum.outer(*ranks).ravel(),
        pair_chance=touch_chances(chance_left, chance_right, law).ravel(),
        touching=item.touching.ravel(),
    )


def _joined(parts: Sequence[Outcomes]) -> Outcomes:
    return Outcomes(
        **{name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])}
    )


def interface_sizes(complexes: Iterable[Complex]) -> np.ndarray:
    """Count the exposed residues in each protein's interface.

    Returns
    -------
    ndarray, shape (n_proteins, 3)
        Residues of the protein, of its partner, and exposed ones in the interface; proteins that
        have any.
    """
    rows = []
    for item in complexes:
        truth = item.labels()
        for own, other, axis in ((item.left, item.right, 1), (item.right, item.left, 0)):
            labels = np.asarray(truth.any(axis))
            rows.append([own.n_residues, other.n_residues, _exposed_count(own, labels)])
    table = np.array(rows)
    return table[table[:, 2] > 0]


def _exposed_count(protein: Protein, labels: np.ndarray) -> int:
    return int(((relative_exposure(protein) >= EXPOSED_SHARE) & labels).sum())


def fit_sizes(table: np.ndarray) -> tuple[tuple[float, float, float], float]:
    """Fit `config.INTERFACE_SIZE` to the result of `interface_sizes`.

    Returns
    -------
    coefficients : tuple of float
        Intercept, power of the own size, power of the partner's.
    residual : float
        Standard deviation of the logarithm of the number of residues.
    """
    own, partner, found = np.log(table.T.astype(float))
    x = np.column_stack([np.ones(len(own)), own, partner])
    coefficients = np.linalg.lstsq(x, found, rcond=None)[0]
    residual = float((found - x @ coefficients).std())
    first, second, third = (round(float(value), 3) for value in coefficients)
    return (first, second, third), residual
