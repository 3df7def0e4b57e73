"""From where molecules are looked at: rotations that show what matters."""

from __future__ import annotations

import numpy as np


def likely_direction(points: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Point from the centre of a partner's points to the likely ones, shape (3,), length 1.

    Parameters
    ----------
    points : ndarray, shape (n_points, 3)
        Atoms or residues, angstrom.
    probabilities : ndarray, shape (n_points,)
        Of each.
    """
    weights = probabilities**2 + 1e-6
    return unit(np.average(points, axis=0, weights=weights) - points.mean(axis=0))


def unit(direction: np.ndarray) -> np.ndarray:
    """Bring a direction to length 1; one of no length points along z."""
    length = np.linalg.norm(direction)
    return direction / length if length > 1e-3 else np.array([0.0, 0.0, 1.0])


def facing_rotation(direction: np.ndarray) -> np.ndarray:
    """Make a rotation, shape (3, 3), whose third row (towards the viewer) is a direction."""
    helper = np.eye(3)[np.abs(direction).argmin()]
    across = np.cross(helper, direction)
    across /= np.linalg.norm(across)
    return np.stack([across, np.cross(direction, across), direction])


def upright_rotation(direction: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Make a rotation that turns a direction to the viewer and the longest extent upright.

    Parameters
    ----------
    direction : ndarray, shape (3,)
        Of length 1.
    points : ndarray, shape (n_points, 3)
        What is seen.

    Returns
    -------
    ndarray, shape (3, 3)
        Rows point to the right, up, and towards the viewer.
    """
    across, up, towards = facing_rotation(direction)
    flat = (points - points.mean(axis=0)) @ np.stack([across, up]).T
    first, second = np.linalg.eigh(flat.T @ flat)[1][:, -1]  # of the largest eigenvalue
    sign = -1.0 if second < 0 else 1.0
    up = sign * (first * across + second * up)
    return np.stack([np.cross(up, towards), up, towards])


def lying_rotation(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Make a rotation that shows a complex, the left partner on the left.

    Parameters
    ----------
    left, right : ndarray, shape (n_points, 3)
        Atoms or residues of each.

    Returns
    -------
    ndarray, shape (3, 3)
        Rows point to the right, up, and towards the viewer.
    """
    across = unit(right.mean(axis=0) - left.mean(axis=0))
    towards, up, _ = upright_rotation(across, np.concatenate([left, right]))
    return np.stack([across, up, -towards])
