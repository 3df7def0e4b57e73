"""Scores of the residues of one protein alone: where any other protein would bind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.config import ROTATIONS
from sasnet_core.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sasnet_core.scoring.scorer import Scorer
    from sasnet_core.structure.protein import Protein


@dataclass(frozen=True)
class SiteScores:
    """The network's scores of the residues of one protein."""

    protein: Protein
    scores: np.ndarray  # (n_residues,) float32, 0 to 1, mean over rotations
    each: np.ndarray  # (rotations, n_residues) float32, of every rotation


def score_sites(
    scorer: Scorer,
    protein: Protein,
    rotations: int = ROTATIONS,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> SiteScores:
    """Score every residue of a protein by its site term alone, averaged over random rotations.

    Parameters
    ----------
    scorer : Scorer
        One network with `ModelConfig.site_terms`.
    protein : Protein
        The protein.
    rotations : int
        Rotations to average.
    seed : int
        Seed of the rotations.
    progress : callable, optional
        Called with the number of rotations done, after each.

    Raises
    ------
    SettingError
        There is no rotation.
    WeightsError
        The network has no site terms, or there are several networks.
    """
    if rotations < 1:
        raise SettingError(f"rotations must be 1 or more, got {rotations}")
    each = []
    for number, scores in enumerate(scorer.site_rotations(protein, rotations, seed), 1):
        each.append(scores)
        if progress is not None:
            progress(number)
    stacked = np.stack(each)  # (rotations, n_residues)
    return SiteScores(protein, np.asarray(stacked.mean(axis=0)), stacked)
