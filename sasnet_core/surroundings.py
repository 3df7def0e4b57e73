"""Which residues lie around each residue, and how: what the context layers read.

Only distances and angles, so that a protein may lie anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.protein import Protein

#: Distances are told by how near they are to each of these (angstrom) ...
DISTANCES = np.linspace(2.0, 24.0, 12)
#: ... on a bell curve this wide.
DISTANCE_WIDTH = 2.0
#: Numbers that describe how a neighbour lies.
GEOMETRY_SIZE = 2 * len(DISTANCES) + 3 + 1


@dataclass(frozen=True)
class Surroundings:
    """The nearest residues of each residue of one or several proteins."""

    neighbours: np.ndarray  # (n_residues, n_neighbours) int32, rows of residues
    geometry: np.ndarray  # (n_residues, n_neighbours, GEOMETRY_SIZE) float32, 0: no such neighbour


def find_surroundings(
    protein: Protein, count: int, displacement: np.ndarray | None = None
) -> Surroundings:
    """Find the nearest residues of each residue, by CA distance.

    Parameters
    ----------
    protein : Protein
        Its atoms, and only its.
    count : int
        Neighbours of each residue. Where a protein has fewer, the rest of the geometry is 0.
    displacement : ndarray, shape (n_atoms, 3), optional
        Added to the atoms' positions, in angstrom (training noise).

    Returns
    -------
    Surroundings
        For each neighbour: bell curves of the CA distance and of the distance of the residues'
        mean atom positions, and the cosines between the line of the CAs and both residues'
        directions (CA to mean position), and between these directions; last, 1 for a neighbour
        and 0 for none.
    """
    coords = protein.coords if displacement is None else protein.coords + displacement
    centers = protein.centers.astype(np.float64)
    means = _mean_positions(coords, protein.atom_residues, protein.n_residues)
    neighbours, known = _nearest(centers, count)
    lines = centers[neighbours] - centers[:, None]
    directions = means - centers
    directions /= np.linalg.norm(directions, axis=1, keepdims=True) + 1e-3  # glycine: nearly none
    distances = np.linalg.norm(lines, axis=-1)
    along = lines / np.maximum(distances, 1e-3)[..., None]
    apart = np.linalg.norm(means[neighbours] - means[:, None], axis=-1)
    cosines = [
        (along * directions[:, None]).sum(axis=-1),
        -(along * directions[neighbours]).sum(axis=-1),
        (directions[:, None] * directions[neighbours]).sum(axis=-1),
    ]
    numbers = [_bells(distances), _bells(apart), np.stack([*cosines, known], axis=-1)]
    geometry = np.concatenate(numbers, axis=-1) * known[..., None]
    return Surroundings(neighbours.astype(np.int32), geometry.astype(np.float32))


def _mean_positions(coords: np.ndarray, residues: np.ndarray, count: int) -> np.ndarray:
    """Average the atoms of each residue, shape (n_residues, 3)."""
    has_center = residues >= 0
    rows = residues[has_center]
    sums = [np.bincount(rows, column[has_center], count) for column in coords.T]
    return np.stack(sums, axis=1) / np.maximum(np.bincount(rows, minlength=count), 1)[:, None]


def _nearest(centers: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """List the nearest other points of each point, and which entries are known."""
    found = min(count, len(centers) - 1)
    neighbours = np.zeros((len(centers), count), np.int64)
    if found:
        # scipy's search tree takes longer to import than this takes for thousands of residues.
        squares = squared_distances(centers)
        np.fill_diagonal(squares, np.inf)
        nearest = np.argpartition(squares, found - 1, axis=1)[:, :found]
        order = np.take_along_axis(squares, nearest, axis=1).argsort(axis=1)
        neighbours[:, :found] = np.take_along_axis(nearest, order, axis=1)
    return neighbours, np.broadcast_to(np.arange(count) < found, neighbours.shape)


def squared_distances(points: np.ndarray) -> np.ndarray:
    """Return the squared distances of all points, shape (n, n), float64."""
    squares = np.zeros((len(points), len(points)))
    for axis in points.T.astype(np.float64):
        squares += (axis[:, None] - axis) ** 2
    return squares


def _bells(distances: np.ndarray) -> np.ndarray:
    return np.exp(-(((distances[..., None] - DISTANCES) / DISTANCE_WIDTH) ** 2))


def join_surroundings(parts: Sequence[Surroundings]) -> Surroundings:
    """Put the surroundings of several proteins below one another, row numbers shifted."""
    sizes = [len(part.neighbours) for part in parts]
    firsts = np.cumsum(sizes) - sizes
    neighbours = [p.neighbours + np.int32(first) for p, first in zip(parts, firsts, strict=True)]
    return Surroundings(
        np.concatenate(neighbours), np.concatenate([part.geometry for part in parts])
    )
