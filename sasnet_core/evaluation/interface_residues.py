"""The residues of each protein of a complex: their scores, and whether they are interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.scoring.calibration import residue_probabilities
from sasnet_core.structure.antibody import kinds_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.dataset.complexes import Complex
    from sasnet_core.fitted import Calibration


@dataclass(frozen=True)
class Site:
    """The residues of one protein of a complex."""

    best_scores: np.ndarray  # (n_residues,) float32, of each residue's best pair
    labels: np.ndarray  # (n_residues,) bool, whether in the interface
    kind: str = ""  # of the protein, see `structure.antibody.kinds_of`

    def probabilities(self, calibration: Calibration) -> np.ndarray:
        """Return each residue's probability, shape (n_residues,)."""
        return residue_probabilities(self.best_scores, calibration.of_kind(self.kind))


def sites_of(item: Complex, matrix: np.ndarray) -> tuple[Site, Site]:
    """Reduce pair scores to the left and the right residues.

    Parameters
    ----------
    item : Complex
        The complex.
    matrix : ndarray, shape (n_left, n_right)
        Scores of its pairs.
    """
    truth = item.labels()
    left, right = (
        Site(matrix.max(axis=axis), np.asarray(truth.any(axis=axis)), kind)
        for axis, kind in zip((1, 0), kinds_of(item.left, item.right), strict=True)
    )
    return left, right


def probabilities(sites: Sequence[Site], calibration: Calibration) -> np.ndarray:
    """Return the probabilities of the residues of several proteins, concatenated."""
    return np.concatenate([site.probabilities(calibration) for site in sites])


def labels(sites: Sequence[Site]) -> np.ndarray:
    """Return the labels of the residues of several proteins, concatenated."""
    return np.concatenate([site.labels for site in sites])
