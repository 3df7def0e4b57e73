"""Surfacelets: the atoms around a residue as a voxel grid, the paper's way (section 3).

Cells are half-open, 1 A wide, index = floor; a cell holds 1 where an atom of the channel's
element is, also for two atoms in one cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.structure.chemistry import CHANNELS, NO_CHANNEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.structure.protein import Protein


def occupied_cells(
    coords: np.ndarray, elements: np.ndarray, origin: np.ndarray, shape: tuple[int, int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Find the cell and channel of every atom that lies in a box.

    Parameters
    ----------
    coords : ndarray, shape (n_atoms, 3)
        Angstrom.
    elements : ndarray, shape (n_atoms,)
        Rows of `chemistry.CHANNELS`, -1 for none.
    origin : ndarray, shape (3,)
        Lower corner of the box in angstrom.
    shape : tuple of int
        Voxels per axis.

    Returns
    -------
    cells : ndarray, shape (n_inside, 3), int64
    channels : ndarray, shape (n_inside,), int8
    """
    cells = np.floor(coords.astype(np.float64) - origin).astype(np.int64)
    inside = (elements != NO_CHANNEL) & (cells >= 0).all(axis=1) & (cells < shape).all(axis=1)
    return cells[inside], elements[inside]


def voxelize(
    coords: np.ndarray, elements: np.ndarray, origin: np.ndarray, shape: tuple[int, int, int]
) -> np.ndarray:
    """Turn atoms into a voxel grid.

    Parameters
    ----------
    coords, elements, origin, shape
        As in `occupied_cells`.

    Returns
    -------
    ndarray, shape (x, y, z, 4), float32
        Of that shape; channels C, O, N, S.

    Examples
    --------
    A carbon, and an oxygen 2.4 A along x:

    >>> coords = np.array([[0.5, 0.5, 0.5], [2.9, 0.5, 0.5]])
    >>> grid = voxelize(coords, np.array([0, 1]), np.zeros(3), (4, 4, 4))
    >>> np.argwhere(grid).tolist()  # x, y, z, channel
    [[0, 0, 0, 0], [2, 0, 0, 1]]
    """
    cells, channels = occupied_cells(coords, elements, origin, shape)
    grid = np.zeros((*shape, len(CHANNELS)), np.float32)
    grid[(*cells.T, channels)] = 1.0
    return grid


def surfacelet(protein: Protein, residue: int, edge: int) -> np.ndarray:
    """Cut the voxel grid around a residue, its CA in the centre.

    Parameters
    ----------
    protein : Protein
        Only its own atoms are in the grid.
    residue : int
        Row of the residue.
    edge : int
        Voxels of 1 A per axis. The CA lies in the middle of cell ``edge // 2`` when the edge is
        odd, on that cell's lower corner when it is even.

    Returns
    -------
    ndarray, shape (edge, edge, edge, 4), float32
    """
    origin = protein.centers[residue].astype(np.float64) - edge / 2
    return voxelize(protein.coords, protein.elements, origin, (edge, edge, edge))


def atoms_around(
    protein: Protein, residue: int, edge: int, displacement: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Find the atoms that a residue's surfacelet can hold, however it is rotated.

    Parameters
    ----------
    protein : Protein
        Only its own atoms are found.
    residue : int
        Row of the residue.
    edge : int
        Voxels of 1 A per axis.
    displacement : ndarray, shape (n_atoms, 3), optional
        Added to the atoms' positions, in angstrom (training noise).

    Returns
    -------
    points : ndarray, shape (n_found, 3), float64
        Angstrom, the CA at the origin.
    channels : ndarray, shape (n_found,), int8
        Rows of `chemistry.CHANNELS`.
    """
    center = protein.centers[residue].astype(np.float64)
    reach = edge / 2 * np.sqrt(3)
    further = 0 if displacement is None else np.abs(displacement).max() * np.sqrt(3)
    # A hair more than the reach: distances are rounded.
    near = np.array(protein.tree.query_ball_point(center, reach + further + 1e-3), np.int64)
    near = near[protein.elements[near] != NO_CHANNEL]
    points = protein.coords[near] - center
    return points if displacement is None else points + displacement[near], protein.elements[near]


def stack_atoms(
    found: Sequence[tuple[np.ndarray, np.ndarray]], unit: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Put the atoms around several residues into one array each for points and channels.

    Parameters
    ----------
    found : sequence of tuple
        From `atoms_around`.
    unit : int
        The number of atoms is filled up to a multiple of it.

    Returns
    -------
    points : ndarray, shape (n_residues, n_atoms, 3), float32
    channels : ndarray, shape (n_residues, n_atoms), int32
        Padding is at the origin and in no channel.
    """
    size = max(len(points) for points, _ in found)
    size += -size % unit
    points = np.zeros((len(found), size, 3), np.float32)
    channels = np.full((len(found), size), NO_CHANNEL, np.int32)
    for row, (near, elements) in enumerate(found):
        points[row, : len(near)] = near
        channels[row, : len(near)] = elements
    return points, channels
