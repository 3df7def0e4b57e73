"""Uniform random rotations."""

from __future__ import annotations

import numpy as np


def random_rotation(rng: np.random.Generator) -> np.ndarray:
    """Draw a rotation uniformly on SO(3).

    A unit quaternion with normally distributed components is uniform on the 3-sphere, and so is
    its rotation (Shoemake 1992). scipy's `Rotation.random` differs in the last bit, which would
    change every prediction, and takes longer to import.

    Returns
    -------
    ndarray, shape (3, 3), float64
        Matrix with determinant 1; rotate points by ``points @ matrix.T``.
    """
    quaternion = rng.normal(size=4)
    x, y, z, w = quaternion / np.linalg.norm(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
