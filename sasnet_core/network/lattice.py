"""A whole protein on one voxel lattice: which voxels matter, and who neighbours whom.

Unpadded convolutions commute with translation, so the features of every surfacelet on a common
lattice are computed once. Most of a lattice is empty, and all empty surroundings give one and the
same feature vector: row 0, "vacuum". Only voxels within reach of an atom get a row of their own.
A layer is then a table: for each row of its output, the rows of its input that it reads. A cube of
neighbours is read axis by axis, three along z, three of these along y, three of those along x:
9 numbers a row instead of 27, and 9 pieces of memory to gather instead of 27.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.network.voxels import occupied_cells
from sasnet_core.structure.chemistry import CHANNELS
from sasnet_core.structure.rotations import random_rotation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.config import ModelConfig
    from sasnet_core.structure.protein import Protein

# How a layer reads cubes: along z, y and x, a table each, shape (n_rows, 3 or 2) int32. The first
# names rows of the level before, each other one rows of the table before it; row 0 is vacuum.
Reads = tuple[np.ndarray, ...]

#: Rows of a table are padded to a multiple of this, so that few shapes occur.
ROW_BUCKET = 1024
#: The order in which cubes are read: neighbours along z are together in memory.
AXES = (2, 1, 0)
#: Voxels of a lattice that is worked on at once: a cube of 128 A, most proteins in one.
TILE_VOXELS = 128**3


@dataclass(frozen=True)
class Lattice:
    """The tables of one or several proteins, in one pose each; row 0 is vacuum everywhere."""

    occupancy: np.ndarray  # (n_rows_0, 4) float32, channels of the voxels that hold atoms
    tables: tuple[Reads, ...]  # per layer; rows of the last table of each are the next level
    windows: np.ndarray  # (n_residues, config.window_rows) int32, rows of the last level
    counts: np.ndarray  # (1 + n_layers,) int32, rows in use at each level, vacuum included
    inverses: tuple[Reads, ...] = ()  # per convolution: which output rows read each input row


@dataclass(frozen=True)
class Pose:
    """The place of a protein: coordinates and lattice depend on it alone."""

    rotation: np.ndarray  # (3, 3) float64
    offset: np.ndarray  # (3,) float64, fraction of a window step


# A protein and its place.
Posed = tuple["Protein", Pose]


def random_pose(rng: np.random.Generator) -> Pose:
    """Draw a uniform rotation and a uniform lattice offset."""
    return Pose(random_rotation(rng), rng.random(3))


def build_lattice(
    protein: Protein,
    config: ModelConfig,
    pose: Pose,
    residues: np.ndarray | None = None,
    displacement: np.ndarray | None = None,
    inverses: bool = False,
) -> Lattice:
    """Lay a protein on a lattice.

    Parameters
    ----------
    protein : Protein
        Its atoms, and only its.
    config : ModelConfig
        Layers and cube edge.
    pose : Pose
        Rotation and lattice offset.
    residues : ndarray of int, optional
        Rows of the residues that get windows; by default all.
    displacement : ndarray, shape (n_atoms, 3), optional
        Added to the atoms' positions, in angstrom (training noise).
    inverses : bool
        Also make the convolutions' inverse tables: column k of what they read for input row i is
        the output row that reads it in column k, 0 where there is none (and in row 0: vacuum has
        too many readers to list). Gradients then flow by gathering, which uses all cores.

    Returns
    -------
    Lattice
        Windows in the order of `residues`; each is the same whatever the others are.
    """
    coords = protein.coords if displacement is None else protein.coords + displacement
    coords = coords.astype(np.float64) @ pose.rotation.T
    centers = _turned_centers(protein, pose)
    origin, starts, shape = place_windows(centers, config, pose)
    if residues is not None:
        corner = starts[residues].min(axis=0)
        origin, starts = origin + corner, starts[residues] - corner
        shape = _box(starts, config)
    cells, channels = occupied_cells(coords, protein.elements, origin, shape)
    index, occupancy = _occupancy(cells, channels, shape)
    tables, counts, inverse = [], [len(occupancy)], []
    stride = 1
    for size, step in layer_reach(config):
        table, output = _neighbours(index, size, step)
        if inverses and size == 3:
            inverse.append(_readers(index, output))
        index = output
        tables.append(table)
        counts.append(len(table[-1]))
        stride *= step
    places = starts // stride @ _strides(index.shape)
    windows = _gather(index, places, window_offsets(config))
    if not is_convolution(tables[-1]):
        tables[-1], windows = _only_read(tables[-1], windows)
        counts[-1] = len(tables[-1][-1])
    return Lattice(occupancy, tuple(tables), windows, np.array(counts, np.int32), tuple(inverse))


def place_windows(
    centers: np.ndarray, config: ModelConfig, pose: Pose
) -> tuple[np.ndarray, np.ndarray, tuple[int, int, int]]:
    """Choose the lattice's box and the lower corner of each residue's window in it.

    Parameters
    ----------
    centers : ndarray, shape (n_residues, 3)
        Rotated CA positions in angstrom.
    config : ModelConfig
        Gives the window's edge and the step of its corners.
    pose : Pose
        Gives the lattice offset.

    Returns
    -------
    origin : ndarray, shape (3,)
        Lower corner of the lattice in angstrom.
    starts : ndarray, shape (n_residues, 3), int64
        Lower corners of the windows in voxels, multiples of `ModelConfig.window_step`; a CA is at
        most half a step off its window's centre on each axis.
    shape : tuple of int
        Voxels per axis.
    """
    step, edge = config.window_step, config.edge_read
    origin = centers.min(axis=0) - edge / 2 - step * pose.offset
    starts = step * np.round((centers - edge / 2 - origin) / step).astype(np.int64)
    return origin, starts, _box(starts, config)


def _box(starts: np.ndarray, config: ModelConfig) -> tuple[int, int, int]:
    """Return the voxels per axis of a lattice that holds all windows and can be pooled."""
    size = starts.max(axis=0) + config.edge_read
    size += -size % (2 * config.window_step)
    return int(size[0]), int(size[1]), int(size[2])


def tiles(
    protein: Protein, config: ModelConfig, pose: Pose, voxels: int = TILE_VOXELS
) -> list[np.ndarray]:
    """Deal a protein's residues out to boxes that are small enough to be worked on at once.

    Parameters
    ----------
    protein, config, pose
        As in `build_lattice`, whose `residues` each tile is meant for.
    voxels : int
        Most voxels in the lattice of a tile; a single residue's may have more.

    Returns
    -------
    list of ndarray of int
        Rows of residues, each row once: neighbours are together, and their windows overlap
        those of the next tile.
    """
    starts = place_windows(_turned_centers(protein, pose), config, pose)[1]
    return _split(np.arange(protein.n_residues), starts, config, voxels)


def fit_together(posed: Sequence[Posed], config: ModelConfig, voxels: int = TILE_VOXELS) -> bool:
    """Tell whether the lattices of proteins in their poses are small enough to be one.

    Parameters
    ----------
    posed : sequence of (Protein, Pose)
    config : ModelConfig
        As in `build_lattice`.
    voxels : int
        Most voxels in all of them.
    """
    boxes = (place_windows(_turned_centers(*each), config, each[1])[2] for each in posed)
    return sum(map(math.prod, boxes)) <= voxels


def _turned_centers(protein: Protein, pose: Pose) -> np.ndarray:
    """Rotate the CA positions, shape (n_residues, 3), float64, angstrom."""
    return protein.centers.astype(np.float64) @ pose.rotation.T


def _split(
    rows: np.ndarray, starts: np.ndarray, config: ModelConfig, voxels: int
) -> list[np.ndarray]:
    """Halve a group of residues across its longest side until each part's box is small."""
    extent = np.ptp(starts[rows], axis=0)
    if len(rows) == 1 or np.prod(extent + config.edge_read) <= voxels:
        return [rows]
    ranked = rows[np.argsort(starts[rows, extent.argmax()], kind="stable")]
    middle = len(rows) // 2
    halves = np.sort(ranked[:middle]), np.sort(ranked[middle:])
    return [part for half in halves for part in _split(half, starts, config, voxels)]


def layer_reach(config: ModelConfig) -> list[tuple[int, int]]:
    """List the layers before the windows as (voxels read per axis, step).

    A pooling after the last convolution takes steps of one voxel, because windows start at odd
    voxels as well as at even ones; each window then reads every other voxel of it.
    """
    layers = []
    last = len(config.filters)
    for number in range(1, last + 1):
        layers.append((3, 1))
        if number in config.pooled_layers:
            layers.append((2, 1 if number == last else 2))
    return layers


def window_offsets(config: ModelConfig) -> np.ndarray:
    """List the voxels of a window from its corner, shape (config.window_rows, 3)."""
    return _cube(np.arange(config.output_voxels) * config.last_pooling)


def _cube(reach: np.ndarray) -> np.ndarray:
    """List the points of a cube, last axis fastest, shape (len(reach) ** 3, 3)."""
    return np.stack(np.meshgrid(reach, reach, reach, indexing="ij"), axis=-1).reshape(-1, 3)


def _occupancy(
    cells: np.ndarray, channels: np.ndarray, shape: tuple[int, int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Give each voxel that holds atoms a row: index volume (0: vacuum) and channels."""
    active = np.zeros(shape, bool)
    active[tuple(cells.T)] = True
    index = _number(active)
    occupancy = np.zeros((index.max() + 1, len(CHANNELS)), np.float32)
    occupancy[index[tuple(cells.T)], channels] = 1.0
    return index, occupancy


def _number(active: np.ndarray) -> np.ndarray:
    """Count active voxels from 1 in memory order; the others get 0."""
    index = np.zeros(active.shape, np.int32)
    index[active] = np.arange(1, np.count_nonzero(active) + 1, dtype=np.int32)
    return index


def _neighbours(index: np.ndarray, size: int, step: int) -> tuple[Reads, np.ndarray]:
    """Make a layer's tables and the index volume of its output.

    Output voxel p reads the input voxels from p * step to p * step + size - 1 on each axis.
    """
    tables = []
    for axis in AXES:
        active = functools.reduce(np.bitwise_or, _spans(index > 0, axis, size, step))
        tables.append(_listed(_spans(index, axis, size, step), active))
        index = _number(active)
    return tuple(tables), index


def _only_read(reads: Reads, windows: np.ndarray) -> tuple[Reads, np.ndarray]:
    """Drop the rows of a layer's tables that no window reads; the tables, and the windows anew.

    A pooling in steps of one voxel gives voxels between those that the windows take of it.
    """
    readers, kept = windows, []
    for table in reversed(reads):
        read = np.zeros(len(table), bool)
        read[0] = read[readers] = True
        kept.append((np.cumsum(read, dtype=np.int32) - 1)[readers])
        readers = table[read]
    return (readers, *reversed(kept[1:])), kept[0]


def _spans(volume: np.ndarray, axis: int, size: int, step: int) -> list[np.ndarray]:
    """Lay a volume over itself: what all outputs along an axis read first, second and so on."""
    stop = (volume.shape[axis] - size) // step * step + 1
    before = [slice(None)] * axis
    return [volume[(*before, slice(k, k + stop, step))] for k in range(size)]


def _listed(spans: list[np.ndarray], active: np.ndarray) -> np.ndarray:
    """List what active voxels read, below a row of vacuum."""
    table = np.zeros((1 + np.count_nonzero(active), len(spans)), np.int32)
    for column, span in enumerate(spans):
        table[1:, column] = span[active]
    return table


def _readers(index: np.ndarray, output: np.ndarray) -> Reads:
    """Make the inverse tables of a convolution from the index volumes of its two ends.

    Input voxel v is read in column d by output voxel v - d, so columns run backwards.
    """
    volume, tables = np.pad(output, 2), []
    for axis in AXES:
        if axis == AXES[-1]:
            active = index > 0
        else:
            active = functools.reduce(np.bitwise_or, _spans(volume > 0, axis, 3, 1))
        tables.append(_listed(_spans(volume, axis, 3, 1)[::-1], active))
        volume = _number(active)
    return tuple(tables)


def _gather(index: np.ndarray, places: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Read an index volume at flat places + offsets, shape (n_places, n_offsets)."""
    steps = offsets @ _strides(index.shape)
    # "wrap" never happens, but without it numpy checks every place first.
    return index.ravel().take(places[:, None] + steps, mode="wrap")


def _strides(shape: tuple[int, ...]) -> np.ndarray:
    """Return how far apart neighbours on each axis lie in a flat volume."""
    return np.array([shape[1] * shape[2], shape[2], 1])


def join_lattices(lattices: Sequence[Lattice]) -> Lattice:
    """Put several lattices into one: they share the vacuum row, and no padding parts them."""
    counts = np.stack([lattice.counts for lattice in lattices])
    shifts = np.cumsum(counts - 1, axis=0) - (counts - 1)
    first = lattices[0]
    convolutions = [level for level, reads in enumerate(first.tables) if is_convolution(reads)]
    occupancy = [first.occupancy[:1], *(lattice.occupancy[1:] for lattice in lattices)]
    tables = [
        _join_reads([lattice.tables[level] for lattice in lattices], shifts[:, level])
        for level in range(len(first.tables))
    ]
    inverses = [
        _join_reads([lattice.inverses[place] for lattice in lattices], shifts[:, level + 1])
        for place, level in enumerate(convolutions[: len(first.inverses)])
    ]
    windows = [
        _shifted(lattice.windows, shift)
        for lattice, shift in zip(lattices, shifts[:, -1], strict=True)
    ]
    total = (1 + (counts - 1).sum(axis=0)).astype(np.int32)
    return Lattice(
        np.concatenate(occupancy),
        tuple(tables),
        np.concatenate(windows),
        total,
        tuple(inverses),
    )


def is_convolution(reads: Reads) -> bool:
    """Tell a convolution's tables from a pooling's."""
    return bool(reads[0].shape[1] == 3)


def _join_reads(reads: Sequence[Reads], shifts: np.ndarray) -> Reads:
    """Join one layer's tables; `shifts` says where each lattice's rows of the level before go."""
    joined = []
    for tables in zip(*reads, strict=True):
        joined.append(_stack(tables, shifts))
        rows = np.array([len(table) - 1 for table in tables])
        shifts = np.cumsum(rows) - rows
    return tuple(joined)


def _stack(tables: Sequence[np.ndarray], shifts: np.ndarray) -> np.ndarray:
    """Put tables below one another: one vacuum row, row numbers shifted."""
    rows = [_shifted(table[1:], shift) for table, shift in zip(tables, shifts, strict=True)]
    return np.concatenate([tables[0][:1], *rows])


def _shifted(rows: np.ndarray, shift: int) -> np.ndarray:
    """Add to row numbers, leaving vacuum alone."""
    return rows + (rows > 0) * np.int32(shift) if shift else rows


def pad_lattice(lattice: Lattice, bucket: int = ROW_BUCKET) -> Lattice:
    """Pad every level with vacuum to a multiple of a bucket; windows stay as they are."""
    return Lattice(
        _pad(lattice.occupancy, bucket),
        _pad_all(lattice.tables, bucket),
        lattice.windows,
        lattice.counts,
        _pad_all(lattice.inverses, bucket),
    )


def _pad_all(layers: tuple[Reads, ...], bucket: int) -> tuple[Reads, ...]:
    return tuple(tuple(_pad(table, bucket) for table in reads) for reads in layers)


def _pad(rows: np.ndarray, bucket: int) -> np.ndarray:
    return np.pad(rows, ((0, -len(rows) % bucket), (0, 0)))
