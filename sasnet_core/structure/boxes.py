"""Boxes around atoms, which spare the comparison of most of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sasnet_core.structure.protein import Protein


#: Boxes are this much larger than need be, so that rounding loses no atom (angstrom).
BOX_SLACK = 0.01


def overlap(left: Protein, right: Protein, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Corners of the box that holds every atom within a reach of the other side, in angstrom.

    The first corner lies beyond the second where there is no such box.
    """
    low = np.maximum(left.tree.mins, right.tree.mins) - reach - BOX_SLACK
    high = np.minimum(left.tree.maxes, right.tree.maxes) + reach + BOX_SLACK
    return low, high


def in_box(coords: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Rows of the positions in a box."""
    return np.flatnonzero(((coords >= low) & (coords <= high)).all(axis=1))
