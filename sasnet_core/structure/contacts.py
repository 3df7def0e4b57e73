"""Where two proteins touch: pairs of residues in contact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.config import CONTACT_CUTOFF
from sasnet_core.structure.boxes import overlap

if TYPE_CHECKING:
    from sasnet_core.structure.protein import Protein

#: An empty list of residues.
NOWHERE = np.zeros(0, np.int32)


def contacts(left: Protein, right: Protein, cutoff: float = CONTACT_CUTOFF) -> np.ndarray:
    """Find the residue pairs in contact.

    A pair is in contact when any two of its heavy atoms lie within the cutoff (paper, section 3).

    Parameters
    ----------
    left, right : Protein
        The partners, as they lie in the complex.
    cutoff : float
        Angstrom, inclusive.

    Returns
    -------
    ndarray, shape (n_contacts, 2), int32
        Rows (left residue, right residue), sorted.
    """
    low, high = overlap(left, right, cutoff)
    if (low > high).any():
        return np.zeros((0, 2), np.int32)
    near = left.tree.sparse_distance_matrix(right.tree, cutoff, output_type="ndarray")
    rows = left.atom_residues[near["i"]].astype(np.int64), right.atom_residues[near["j"]]
    with_center = (rows[0] >= 0) & (rows[1] >= 0)
    codes = np.unique((rows[0] * right.n_residues + rows[1])[with_center])
    return np.stack(np.divmod(codes, right.n_residues), axis=1).astype(np.int32)


def contact_matrix(contact_pairs: np.ndarray, n_left: int, n_right: int) -> np.ndarray:
    """Return contacts as a boolean matrix, shape (n_left, n_right)."""
    matrix = np.zeros((n_left, n_right), bool)
    matrix[contact_pairs[:, 0], contact_pairs[:, 1]] = True
    return matrix


def neighbouring_residues(protein: Protein, cutoff: float) -> np.ndarray:
    """Find the residue pairs of one protein with two heavy atoms within a cutoff (angstrom).

    Returns
    -------
    ndarray, shape (n, 2), int64
        Rows of residues, the smaller first, each pair once.
    """
    near = protein.tree.query_pairs(cutoff, output_type="ndarray")
    rows = np.sort(protein.atom_residues[near].astype(np.int64), axis=1)
    apart = (rows[:, 0] >= 0) & (rows[:, 0] < rows[:, 1])
    codes = np.unique(rows[apart, 0] * protein.n_residues + rows[apart, 1])
    return np.stack(np.divmod(codes, protein.n_residues), axis=1)
