"""How far the contacts of a pose agree with a prediction.

Each pair of residues in contact counts with the log odds that the two touch, and each residue in
contact with the log odds that it is in the interface, both less what contacts at random places
would have. A sum over contacts favours poses with many of them, a mean favours poses with few. So
the mean is multiplied by a power of the number of contacts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.scoring.calibration import pair_log_odds, residue_probabilities
from sasnet_core.scoring.log_odds import logit

if TYPE_CHECKING:
    from sasnet_core.fitted import Calibration

#: Power of the number of contacts, and weight of the residues; chosen on docked poses of DB4U
#: (``python -m benchmarks.docked``).
POWER, SITE_WEIGHT = 0.75, 0.5
#: What a residue that is known to be in the interface counts as; probabilities end near it.
SUREST = 0.99


@dataclass(frozen=True)
class Agreement:
    """What the score of a pose consists of.

    Attributes
    ----------
    score : float
        Higher is better; 0 is what contacts at random places have.
    pairs, sites : float
        Mean log odds of the pairs in contact, and of the residues in contact (mean of both sides),
        less those of random places.
    contacts : int
        Pairs of residues in contact.
    left, right : int
        Residues of each side in contact.
    """

    score: float
    pairs: float
    sites: float
    contacts: int
    left: int
    right: int


class Judge:
    """Scores the contacts of poses by a prediction.

    Parameters
    ----------
    matrix : ndarray, shape (n_left, n_right)
        Pair scores.
    calibration : Calibration
        Of the weights that gave them.
    exposure : tuple of ndarray, shape (n_left,) and (n_right,)
        How much of each residue is exposed; random contacts hit residues in this proportion.
        Residues that cannot be in the interface (`scoring.known`: their scores are 0) are not hit.
    kinds : tuple of str
        Kinds of the partners (`structure.antibody.kinds_of`).
    probabilities : tuple of ndarray, shape (n_left,) and (n_right,), optional
        Of the residues, if more is known of them than scores say; default: as the scores are
        calibrated. None counts more than `SUREST`.
    """

    def __init__(
        self,
        matrix: np.ndarray,
        calibration: Calibration,
        exposure: tuple[np.ndarray, np.ndarray],
        kinds: tuple[str, str] = ("", ""),
        probabilities: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        self._pairs = pair_log_odds(matrix, calibration)
        best = [matrix.max(axis=axis) for axis in (1, 0)]
        found = probabilities or tuple(
            residue_probabilities(side, calibration.of_kind(kind))
            for side, kind in zip(best, kinds, strict=True)
        )
        self._sites = tuple(logit(np.minimum(side, SUREST)) for side in found)
        reached = [area * (side > 0) for area, side in zip(exposure, best, strict=True)]
        left, right = (area / (area.sum() or 1.0) for area in reached)
        self._random_pair = float(left @ self._pairs @ right)
        self._random_sites = float(left @ self._sites[0]), float(right @ self._sites[1])

    def judge(self, contacts: np.ndarray) -> Agreement:
        """Score a pose by its contacts, shape (n_contacts, 2), rows (left, right residue)."""
        if not len(contacts):
            return Agreement(0.0, 0.0, 0.0, 0, 0, 0)
        pairs = float(self._pairs[contacts[:, 0], contacts[:, 1]].mean()) - self._random_pair
        touching = [np.unique(contacts[:, side]) for side in (0, 1)]
        sites = np.mean([
            own[rows].mean() - random
            for own, rows, random in zip(self._sites, touching, self._random_sites, strict=True)
        ])  # fmt: skip
        score = len(contacts) ** POWER * (pairs + SITE_WEIGHT * sites)
        sizes = (len(contacts), *(len(rows) for rows in touching))
        return Agreement(float(score), pairs, float(sites), *sizes)
