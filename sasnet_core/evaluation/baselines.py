"""Predictors without learning, to measure against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.structure.surface import exposed_area

if TYPE_CHECKING:
    from sasnet_core.structure.protein import Protein


def exposed_area_product(left: Protein, right: Protein) -> np.ndarray:
    """Score a pair by the product of its residues' solvent-exposed areas.

    Returns
    -------
    ndarray, shape (n_left, n_right), A^4
    """
    return np.outer(exposed_area(left), exposed_area(right))


def distance_from_centre_product(left: Protein, right: Protein) -> np.ndarray:
    """Score a pair by the product of its residues' distances from their protein's centre.

    Returns
    -------
    ndarray, shape (n_left, n_right), A^2
    """
    sides = []
    for protein in (left, right):
        middle = protein.coords.mean(axis=0, dtype=np.float64)
        sides.append(np.linalg.norm(protein.centers - middle, axis=1))
    return np.outer(*sides)
