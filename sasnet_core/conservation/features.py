"""What conservation says of each residue: numbers that a linear term of its scores reads.

Interfaces are patches of the surface, so beside a residue's own row of the profile there are means
over the exposed residues around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.conservation.profile import COLUMNS
from sasnet_core.structure.surface import relative_exposure

if TYPE_CHECKING:
    from sasnet_core.conservation.residues import ResidueProfile
    from sasnet_core.structure.protein import Protein

#: Shares of amino acids (Robinson and Robinson 1991, as BLAST uses them), in `COLUMNS`' order.
BACKGROUND = np.array(
    [0.07805, 0.05129, 0.04487, 0.05364, 0.01925, 0.04264, 0.06295, 0.07377, 0.02199, 0.05142,
     0.09019, 0.05744, 0.02243, 0.03856, 0.05203, 0.07120, 0.05841, 0.01330, 0.03216, 0.06441]
)  # fmt: skip
#: Natural units of a score: Lambda of psiblast's ungapped scores.
LAMBDA = 0.3176
#: Widths of the normal weights of neighbours by CA-CA distance, in angstrom; the main one last.
WIDTHS = (5.0, 12.0, 8.0)
#: Share of the largest area from which a residue counts as exposed.
EXPOSED = 0.2

#: Names of the features, in the order of `site_features`.
FEATURES = (
    "exposure", "exposure_around", "information", "relative_information",
    "relative_information_by_exposure", "relative_information_if_exposed",
    *(f"information_around_{width:g}" for width in WIDTHS),
    *(f"score_{letter}" for letter in COLUMNS),
    *(f"score_around_{letter}" for letter in COLUMNS),
)  # fmt: skip


def implied_information(scores: np.ndarray) -> np.ndarray:
    """Compute how much the amino acids that scores imply differ from the background.

    ASCII files may lack the information that psiblast computes; the scores are always there.

    Parameters
    ----------
    scores : ndarray, shape (n_residues, 20)
        Half bits.

    Returns
    -------
    ndarray, shape (n_residues,), float64
        Relative entropy in bits, 0 or more.
    """
    shares = BACKGROUND * np.exp(LAMBDA * scores.astype(np.float64))  # (n_residues, 20)
    shares /= shares.sum(axis=1, keepdims=True)
    bits: np.ndarray = (shares * np.log2(shares / BACKGROUND)).sum(axis=1)
    return bits


def site_features(protein: Protein, profile: ResidueProfile) -> np.ndarray:
    """Describe each residue by the profile and the surface around it.

    Parameters
    ----------
    protein : Protein
        The protein, alone.
    profile : ResidueProfile
        Its profiles. Residues that are not ``found`` count as neither conserved nor variable.

    Returns
    -------
    ndarray, shape (n_residues, len(FEATURES)), float64
    """
    exposure = np.clip(relative_exposure(protein), 0, 1)
    information = np.where(profile.found, implied_information(profile.scores), 0.0)
    relative = _relative(information, profile.found)
    squares = _squared_distances(protein.centers)
    kernels = [np.exp(squares / (-2 * width**2)) for width in WIDTHS]
    exposed = [kernel * exposure for kernel in kernels]  # (n_residues, n_residues)
    around = [_mean(weights, relative[:, None]) for weights in exposed]
    own = [
        exposure,
        _mean(kernels[-1], exposure[:, None])[:, 0],
        information,
        relative,
        relative * exposure,
        relative * (exposure > EXPOSED),
    ]
    scores = profile.scores.astype(np.float64)
    return np.hstack([np.stack(own, axis=1), *around, scores, _mean(exposed[-1], scores)])


def _relative(information: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Standardize information within a protein; 0 for residues without a profile."""
    if not found.any():
        return np.zeros(len(found))
    known = information[found]
    return np.where(found, (information - known.mean()) / (known.std() + 1e-6), 0.0)


def _squared_distances(centers: np.ndarray) -> np.ndarray:
    """Return squared CA-CA distances, shape (n_residues, n_residues), square angstrom."""
    x = centers.astype(np.float64) - centers.mean(axis=0)
    squares = (x**2).sum(axis=1)
    return np.maximum(squares[:, None] + squares - 2 * x @ x.T, 0.0)


def _mean(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Average rows with weights; shape (n_residues, n_columns)."""
    total: np.ndarray = weights @ values / np.maximum(weights.sum(axis=1, keepdims=True), 1e-6)
    return total
