"""The tower over a lattice: the same weights, each voxel's features computed once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
from keras import layers, ops

from sasnet_core.network.folding import ONES, in_blocks, scale_and_shift, with_ones

if TYPE_CHECKING:
    from sasnet_core.config import ModelConfig
    from sasnet_core.network.lattice import Lattice

#: Most rows that a convolution works on at a time, which bounds the memory, and the number that
#: their count is a multiple of, so that few shapes occur: products are compiled for each shape.
ROW_BLOCK, ROW_UNIT = 4096, 128
#: Residues that the dense layer works on at a time, always as many: in bfloat16 its long sums round
#: differently in products of other sizes, and a residue's embedding must not depend on the others.
RESIDUE_BLOCK = 256


def lattice_tensors(lattice: Lattice) -> list[Any]:
    """Hand the arrays of a lattice to the backend, in the order of `lattice_features`."""
    arrays = [lattice.occupancy, *map(list, lattice.tables), lattice.windows, lattice.counts]
    tensors: list[Any] = keras.tree.map_structure(ops.convert_to_tensor, arrays)
    return tensors


def embed_lattice(tower: keras.Model, config: ModelConfig, lattice: Sequence[Any]) -> Any:
    """Run the tower over a lattice: the same weights, each voxel's features computed once.

    Parameters
    ----------
    tower, config, lattice
        As in `lattice_features`.

    Returns
    -------
    tensor, shape (n_residues, embedding_size)
    """
    voxels = lattice_voxels(tower, config, lattice)
    return in_blocks(
        lambda rows: embed_features(tower, _read(voxels, rows)),
        lattice[-2],
        RESIDUE_BLOCK,
        RESIDUE_BLOCK,
    )


def embed_features(tower: keras.Model, features: Any, training: bool = False) -> Any:
    """Run the tower's dense layer over what the convolutions gave.

    Parameters
    ----------
    tower : keras.Model
        From `build_tower`.
    features : tensor, shape (n_residues, output_voxels ** 3 * filters[-1])
        From `lattice_features`.
    training : bool
        Whether batch normalization uses the statistics of these residues.

    Returns
    -------
    tensor, shape (n_residues, embedding_size)
    """
    x = tower.get_layer("dense")(features)  # (n_residues, embedding_size)
    return ops.relu(tower.get_layer("dense_norm")(x, training=training))


def lattice_features(
    tower: keras.Model,
    config: ModelConfig,
    lattice: Sequence[Any],
    training: bool = False,
    inverses: Sequence[Any] = (),
    own: LatticeLayers | None = None,
) -> Any:
    """Run the tower's convolutions over a lattice and cut the residues' windows out.

    Parameters
    ----------
    tower : keras.Model
        From `build_tower`.
    config : ModelConfig
        The tower's.
    lattice : sequence of tensors
        occupancy, tables (three a layer)..., windows, counts of a `lattice.Lattice`.
    training : bool
        Whether batch normalization uses the statistics of this lattice (over rows in use, vacuum
        and padding aside).
    inverses : sequence of tensors
        Of the `lattice.Lattice`, if the layers need them.
    own : LatticeLayers, optional
        How the layers are computed in training (default: `KERAS`).

    Returns
    -------
    tensor, shape (n_residues, output_voxels ** 3 * filters[-1])
    """
    return _read(lattice_voxels(tower, config, lattice, training, inverses, own), lattice[-2])


def lattice_voxels(
    tower: keras.Model,
    config: ModelConfig,
    lattice: Sequence[Any],
    training: bool = False,
    inverses: Sequence[Any] = (),
    own: LatticeLayers | None = None,
) -> Any:
    """Run the tower's convolutions and poolings over a lattice.

    In inference a block of rows goes through a whole layer at a time: what the layer gathers is
    27 times as large as its output.

    Parameters
    ----------
    tower, config, lattice, training, inverses, own
        As in `lattice_features`.

    Returns
    -------
    tensor, shape (n_rows, filters[-1])
        Row 0 is vacuum.
    """
    own = own or KERAS
    occupancy, *tables, _, counts = lattice
    x = ops.cast(occupancy, tower.get_layer("dense").compute_dtype)  # (n_rows, 4)
    level = 0
    for number in range(1, len(config.filters) + 1):
        if training:
            kernel, bias = _kernel(tower, config, number, x.dtype)
            x = own.convolve(x, kernel, tables[level], inverses[number - 1] if inverses else ())
            if config.normalization == "batch":
                x = own.normalize(tower.get_layer(f"conv{number}_norm"), x, counts[level + 1])
            else:
                x = x + bias  # (n_rows_out, filters)
        else:
            x = _inferred(tower, config, number, x, tables[level])
        level += 1
        if number in config.pooled_layers:
            pool = own.pool if training else gather_pooling
            x = pool(x, tables[level])  # (n_rows_out, filters)
            level += 1
        if training:
            x = ops.relu(x)  # after pooling, which leaves fewer rows: the maximum is the same
    return x


def _kernel(tower: keras.Model, config: ModelConfig, number: int, dtype: Any) -> tuple[Any, Any]:
    """Return a convolution's kernel as a matrix (27 * channels, filters), and its bias or None."""
    layer = tower.get_layer(f"conv{number}")
    kernel = ops.reshape(layer.kernel, (-1, config.filters[number - 1]))  # (27 * channels, filters)
    bias = None if layer.bias is None else ops.cast(layer.bias, dtype)
    return ops.cast(kernel, dtype), bias


def _inferred(tower: keras.Model, config: ModelConfig, number: int, x: Any, tables: Any) -> Any:
    """Convolve, normalize by the moving statistics and rectify, block by block."""
    kernel, bias = _kernel(tower, config, number, "float32")
    if config.normalization == "batch":
        scale, bias = scale_and_shift(tower.get_layer(f"conv{number}_norm"))
        kernel = kernel * scale  # (27 * channels, filters)
    kernel = _with_bias_in_lines(kernel, bias)  # (9 * (3 * channels + ONES), filters)
    kernel = ops.cast(kernel, x.dtype)
    along_z, along_y, along_x = tables
    lines = with_ones(_read(x, along_z))  # (n_lines, 3 * channels + ONES)

    def convolved(rows: Any) -> Any:  # not all cubes at once: they take 27 times as much memory
        planes = ops.reshape(ops.take(along_y, rows, axis=0), (-1, 9))  # (n_rows, 9 lines)
        return ops.relu(ops.matmul(_read(lines, planes), kernel))  # (n_rows, filters)

    return in_blocks(convolved, along_x, ROW_BLOCK, ROW_UNIT)


def _with_bias_in_lines(kernel: Any, bias: Any) -> Any:
    """Let a convolution's kernel read `ONES` ones after each three voxels along z.

    As `folding.with_bias`: the first of all these ones is multiplied by the bias, the others by 0.
    """
    filters = kernel.shape[1]
    lines = ops.reshape(kernel, (9, -1, filters))  # (9, 3 * channels, filters)
    zeros = ops.zeros((9 * ONES - 1, filters), kernel.dtype)
    ones = ops.reshape(ops.concatenate([bias[None], zeros]), (9, ONES, filters))
    lines = ops.concatenate([lines, ones], axis=1)  # (9, 3 * channels + ONES, filters)
    return ops.reshape(lines, (-1, filters))


def gather_convolution(x: Any, kernel: Any, tables: Sequence[Any], inverse: Sequence[Any]) -> Any:
    """Convolve rows: gather what each output row reads, then one matrix product.

    Parameters
    ----------
    x : tensor, shape (n_rows_in, channels)
    kernel : tensor, shape (27 * channels, filters)
    tables : sequence of tensors
        One of `lattice.Lattice.tables`.
    inverse : sequence of tensors
        One of `lattice.Lattice.inverses`; this convolution does not need it.

    Returns
    -------
    tensor, shape (n_rows_out, filters)
    """
    return ops.matmul(read_cubes(x, tables), kernel)


def read_cubes(x: Any, tables: Sequence[Any]) -> Any:
    """Gather the cube of neighbours of each voxel, axis by axis.

    Parameters
    ----------
    x : tensor, shape (n_rows_in, channels)
    tables : sequence of tensors
        One of `lattice.Lattice.tables` or `inverses`.

    Returns
    -------
    tensor, shape (n_rows_out, 27 * channels)
        The kernel's order: x, y, z, channel.
    """
    return functools.reduce(_read, tables, x)


def gather_pooling(x: Any, tables: Sequence[Any]) -> Any:
    """Keep the maximum of each voxel's cube of neighbours, axis by axis."""
    for table in tables:
        read = (ops.take(x, table[:, column], axis=0) for column in range(table.shape[1]))
        x = functools.reduce(ops.maximum, read)  # (n_rows of the table, channels)
    return x


def _read(x: Any, table: Any) -> Any:
    """Gather rows by a table, shape (n_rows, n_read * channels)."""
    width = table.shape[1] * x.shape[1]
    return ops.reshape(ops.take(x, table, axis=0), (-1, width))


def _masked_normalization(layer: layers.Layer, x: Any, count: Any) -> Any:
    """Normalize rows in training mode by the statistics of the rows in use."""
    rows = ops.arange(ops.shape(x)[0])
    in_use = ops.logical_and(rows > 0, rows < count)  # (n_rows,)
    grids = ops.reshape(x, (-1, 1, 1, 1, x.shape[-1]))  # each row is a grid of one voxel
    normalized = layer(grids, training=True, mask=ops.reshape(in_use, (-1, 1, 1, 1)))
    return ops.reshape(normalized, (-1, x.shape[-1]))


@dataclass(frozen=True)
class LatticeLayers:
    """How the layers of the tower are computed over a lattice in training.

    Attributes
    ----------
    convolve : callable
        Takes rows, kernel, tables and inverse tables to convolved rows.
    normalize : callable
        Takes a layer of batch normalization, rows and the number of rows in use to normalized rows.
    pool : callable
        Takes rows and tables to pooled rows.
    """

    convolve: Callable[[Any, Any, Sequence[Any], Sequence[Any]], Any]
    normalize: Callable[[layers.Layer, Any, Any], Any]
    pool: Callable[[Any, Sequence[Any]], Any]


#: Every backend can differentiate these.
KERAS = LatticeLayers(gather_convolution, _masked_normalization, gather_pooling)
