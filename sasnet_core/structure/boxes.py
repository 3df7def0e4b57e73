"""Boxes around atoms: most atoms of two proteins are too far apart to be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sasnet_core.structure.protein import Protein


#: Boxes are larger by this much, so that rounding loses no atom (angstrom).
BOX_SLACK = 0.01


def overlap(left: Protein, right: Protein, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of the box that holds every atom within a reach of the other side.

    Both are in angstrom. If there is no such box, the first corner lies beyond the second.
    """
    low = np.maximum(left.tree.mins, right.tree.mins) - reach - BOX_SLACK
    high = np.minimum(left.tree.maxes, right.tree.maxes) + reach + BOX_SLACK
    return low, high


def in_box(coords: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the rows of the positions in a box."""
    return np.flatnonzero(((coords >= low) & (coords <= high)).all(axis=1))
