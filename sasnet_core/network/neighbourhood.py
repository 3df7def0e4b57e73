"""What the context layers read: each residue's make-up, which residues are around it, and where.

Only distances and angles, so that the place of a protein does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.config import (
    ATOM_DENSITY,
    CONTEXT_DISTANCE_WIDTH,
    CONTEXT_DISTANCES,
    CROWDING_RADII,
    HALF_SPHERE_RADIUS,
    LONG_SIDE_CHAIN,
    TYPICAL_ATOMS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.structure.protein import Protein

#: Numbers that describe where a neighbour is.
GEOMETRY_SIZE = 2 * len(CONTEXT_DISTANCES) + 3 + 1
#: Numbers that describe a residue itself.
MAKEUP_SIZE = len(TYPICAL_ATOMS) + 1 + len(CROWDING_RADII) + 2
#: Residues whose crowding is counted at a time, which bounds the memory.
CROWDING_BLOCK = 256


@dataclass(frozen=True)
class Surroundings:
    """What each residue of one or several proteins is made of, and its nearest residues."""

    neighbours: np.ndarray  # (n_residues, n_neighbours) int32, rows of residues
    geometry: np.ndarray  # (n_residues, n_neighbours, GEOMETRY_SIZE) float32, 0: no such neighbour
    makeup: np.ndarray  # (n_residues, MAKEUP_SIZE) float32; (n_residues, 0) if it is not read


def find_surroundings(
    protein: Protein,
    count: int,
    displacement: np.ndarray | None = None,
    makeup: bool = False,
) -> Surroundings:
    """Find the nearest residues of each residue, by CA distance, and perhaps its make-up.

    Parameters
    ----------
    protein : Protein
        Its atoms, and only its.
    count : int
        Neighbours of each residue. Where a protein has fewer, the rest of the geometry is 0.
    displacement : ndarray, shape (n_atoms, 3), optional
        Added to the atoms' positions, in angstrom (training noise).
    makeup : bool
        Whether to add the result of `find_makeup`.

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
    means = protein.residue_means(coords)
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
    own = find_makeup(protein) if makeup else np.zeros((len(centers), 0), np.float32)
    return Surroundings(neighbours.astype(np.int32), geometry.astype(np.float32), own)


def find_makeup(protein: Protein) -> np.ndarray:
    """Describe by atoms and elements what each residue is made of and how crowded its place is.

    Parameters
    ----------
    protein : Protein
        Its atoms, and only its.

    Returns
    -------
    ndarray, shape (n_residues, MAKEUP_SIZE), float32
        Atoms of each channel, which distinguish most amino acids; the farthest atom's distance from
        the CA, which distinguishes more; atoms of residues within each of `CROWDING_RADII` of its
        mean atom position; and those within `HALF_SPHERE_RADIUS` before and behind it, along its
        direction (CA to mean position). All at the scale of 1; distances from 1 A below a bound to
        1 A above it count less and less, so that nothing jumps.
    """
    count, rows = protein.n_residues, protein.atom_residues
    known = rows >= 0
    atoms = [
        np.bincount(rows[known & (protein.elements == channel)], minlength=count)
        for channel in range(len(TYPICAL_ATOMS))
    ]
    lengths = np.linalg.norm(protein.coords[known] - protein.centers[rows[known]], axis=1)
    reach = np.zeros(count)
    np.maximum.at(reach, rows[known], lengths)
    means = protein.residue_means()
    weights = np.bincount(rows[known], minlength=count).astype(np.float64)
    directions = means - protein.centers
    directions /= np.linalg.norm(directions, axis=1, keepdims=True) + 1e-3
    blocks = np.array_split(np.arange(count), -(-count // CROWDING_BLOCK))
    crowding = [_crowding(means[part], directions[part], means, weights) for part in blocks]
    numbers = [np.stack(atoms, axis=1) / TYPICAL_ATOMS, reach[:, None] / LONG_SIDE_CHAIN]
    return np.concatenate([*numbers, np.concatenate(crowding)], axis=1).astype(np.float32)


def _crowding(
    points: np.ndarray, directions: np.ndarray, others: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Count weights around some points: in balls, before them and behind; (n_points, 6)."""
    lines = others - points[:, None]
    distances = np.linalg.norm(lines, axis=-1)
    cosines = np.einsum("ijk,ik->ij", lines, directions) / np.maximum(distances, 1e-3)
    balls = [
        _within(distances, radius) @ weights / _atoms_in_ball(radius) for radius in CROWDING_RADII
    ]
    near = _within(distances, HALF_SPHERE_RADIUS) / _atoms_in_ball(HALF_SPHERE_RADIUS)
    halves = [(near * (1 + sign * cosines)) @ weights for sign in (1, -1)]
    return np.stack([*balls, *halves], axis=1)


def _within(distances: np.ndarray, radius: float) -> np.ndarray:
    """Say whether distances are within a radius: 1 or 0, and a slope of 2 A between."""
    return np.clip((radius + 1 - distances) / 2, 0, 1)


def _atoms_in_ball(radius: float) -> float:
    """Return how many atoms a ball within a protein holds."""
    return ATOM_DENSITY * 4 / 3 * float(np.pi) * radius**3


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
    steps = (distances[..., None] - np.array(CONTEXT_DISTANCES)) / CONTEXT_DISTANCE_WIDTH
    return np.exp(-(steps**2))


def join_surroundings(parts: Sequence[Surroundings]) -> Surroundings:
    """Put the surroundings of several proteins below one another, row numbers shifted."""
    sizes = [len(part.neighbours) for part in parts]
    firsts = np.cumsum(sizes) - sizes
    neighbours = [p.neighbours + np.int32(first) for p, first in zip(parts, firsts, strict=True)]
    return Surroundings(
        np.concatenate(neighbours),
        np.concatenate([part.geometry for part in parts]),
        np.concatenate([part.makeup for part in parts]),
    )
