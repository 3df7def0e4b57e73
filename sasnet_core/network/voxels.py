"""Surfacelets: the atoms around a residue as a voxel grid, the paper's way (section 3).

Cells are half-open, 1 A wide, index = floor; a cell holds 1 where an atom of the channel's
element lies, two atoms in one cell still 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.structure.chemistry import CHANNELS, NO_CHANNEL

if TYPE_CHECKING:
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
