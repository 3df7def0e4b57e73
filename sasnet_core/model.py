"""The network in pure Keras: tower, head, and the siamese model of both."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import keras
from keras import layers, ops

from sasnet_core.chemistry import CHANNELS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sasnet_core.config import ModelConfig
    from sasnet_core.lattice import Lattice

#: Most rows that are worked on at a time in inference, which bounds the memory, and what their
#: number is a multiple of, so that few shapes occur: matrix products are compiled for each shape.
ROW_BLOCK, ROW_UNIT = 4096, 128
RESIDUE_BLOCK, RESIDUE_UNIT = 512, 16
PAIR_BLOCK, PAIR_UNIT = 8192, 256
#: Ones that stand after three voxels' features, for the bias; an even number multiplies faster.
ONES = 2


def build_tower(config: ModelConfig, dtype: Any = None) -> keras.Model:
    """Build the tower: a surfacelet in, an embedding out.

    Parameters
    ----------
    config : ModelConfig
        Sizes.
    dtype : str or keras.DTypePolicy, optional
        Precision, like ``"mixed_bfloat16"``; Keras' own default when left out.

    Returns
    -------
    keras.Model
        Input (batch, edge_read, edge_read, edge_read, 4), output (batch, embedding_size).
    """
    edge = config.edge_read
    grid = keras.Input((edge, edge, edge, len(CHANNELS)), name="surfacelet")
    x = grid
    for number, filters in enumerate(config.filters, start=1):
        normalized = config.normalization == "batch"
        x = layers.Conv3D(
            filters,
            3,
            use_bias=not normalized,
            kernel_initializer="glorot_uniform" if normalized else "he_normal",
            name=f"conv{number}",
            dtype=dtype,
        )(x)
        if normalized:
            x = _normalization(config, f"conv{number}_norm", dtype)(x)
        x = layers.ReLU(name=f"conv{number}_relu", dtype=dtype)(x)
        if number in config.pooled_layers:
            x = layers.MaxPooling3D(2, name=f"pool{number}", dtype=dtype)(x)
    x = layers.Flatten(name="flatten", dtype=dtype)(x)
    x = _dense_block(x, config, config.embedding_size, "dense", dtype)
    return keras.Model(grid, x, name="tower")


def build_head(config: ModelConfig, dtype: Any = None) -> keras.Model:
    """Build the head: two embeddings, concatenated, in; one logit out.

    Returns
    -------
    keras.Model
        Inputs two times (batch, head_input), output (batch, 1), float32.
    """
    left = keras.Input((config.head_input,), name="left_embedding")
    right = keras.Input((config.head_input,), name="right_embedding")
    x = layers.Concatenate(name="concatenate", dtype=dtype)([left, right])
    for number, size in enumerate(config.head_sizes, start=1):
        x = _dense_block(x, config, size, f"dense{number}", dtype)
    logit = layers.Dense(1, name="logit", dtype="float32")(x)
    return keras.Model([left, right], logit, name="head")


def build_sasnet(tower: keras.Model, head: keras.Model) -> keras.Model:
    """Join tower and head: both surfacelets go through the same tower (tied weights).

    Returns
    -------
    keras.Model
        Inputs two surfacelets, output (batch, 1): the logit of a contact.
    """
    left = keras.Input(tower.input_shape[1:], name="left_surfacelet")
    right = keras.Input(tower.input_shape[1:], name="right_surfacelet")
    return keras.Model([left, right], head([tower(left), tower(right)]), name="sasnet")


def _normalization(config: ModelConfig, name: str, dtype: Any) -> layers.Layer:
    if config.normalization == "layer":
        return layers.LayerNormalization(epsilon=1e-3, name=name, dtype=dtype)
    together = keras.backend.backend() == "tensorflow"  # one device's result on several devices
    return layers.BatchNormalization(momentum=0.95, synchronized=together, name=name, dtype=dtype)


def _dense_block(x: Any, config: ModelConfig, size: int, name: str, dtype: Any) -> Any:
    x = layers.Dense(size, use_bias=False, name=name, dtype=dtype)(x)
    x = _normalization(config, f"{name}_norm", dtype)(x)
    return layers.ReLU(name=f"{name}_relu", dtype=dtype)(x)


def lattice_tensors(lattice: Lattice) -> list[Any]:
    """Hand the arrays of a lattice to the backend, in the order of `lattice_features`."""
    arrays = [lattice.occupancy, *map(list, lattice.tables), lattice.windows, lattice.counts]
    tensors: list[Any] = keras.tree.map_structure(ops.convert_to_tensor, arrays)
    return tensors


def embed_lattice(
    tower: keras.Model, config: ModelConfig, lattice: Sequence[Any], training: bool = False
) -> Any:
    """Run the tower over a lattice: the same weights, each voxel's features computed once.

    Parameters
    ----------
    tower, config, lattice, training
        As in `lattice_features`.

    Returns
    -------
    tensor, shape (n_residues, embedding_size)
    """
    windows = lattice[-2]
    voxels = lattice_voxels(tower, config, lattice, training)
    if training:
        return embed_features(tower, _read(voxels, windows), training)
    return _in_blocks(
        lambda rows: embed_features(tower, _read(voxels, rows)),
        windows,
        RESIDUE_BLOCK,
        RESIDUE_UNIT,
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
    x = tower.get_layer("dense")(features)
    return ops.relu(tower.get_layer("dense_norm")(x, training=training))


def lattice_features(
    tower: keras.Model,
    config: ModelConfig,
    lattice: Sequence[Any],
    training: bool = False,
    convolve: Callable[[Any, Any, Any, int], Any] | None = None,
    normalize: Callable[[layers.Layer, Any, Any], Any] | None = None,
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
    convolve : callable, optional
        Takes rows, kernel, tables and level to convolved rows; `gather_convolution` when left out.
    normalize : callable, optional
        Takes batch normalization layer, rows and the number of rows in use to normalized rows in
        training; the layer itself with a mask when left out.

    Returns
    -------
    tensor, shape (n_residues, output_voxels ** 3 * filters[-1])
    """
    return _read(lattice_voxels(tower, config, lattice, training, convolve, normalize), lattice[-2])


def lattice_voxels(
    tower: keras.Model,
    config: ModelConfig,
    lattice: Sequence[Any],
    training: bool = False,
    convolve: Callable[[Any, Any, Any, int], Any] | None = None,
    normalize: Callable[[layers.Layer, Any, Any], Any] | None = None,
) -> Any:
    """Run the tower's convolutions and poolings over a lattice.

    In inference a block of rows goes through a whole layer at a time: what the layer gathers is
    27 times as large as what it gives.

    Parameters
    ----------
    tower, config, lattice, training, convolve, normalize
        As in `lattice_features`.

    Returns
    -------
    tensor, shape (n_rows, filters[-1])
        Row 0 is vacuum.
    """
    occupancy, *tables, _, counts = lattice
    x = ops.cast(occupancy, tower.get_layer("dense").compute_dtype)
    level = 0
    for number in range(1, len(config.filters) + 1):
        if training:
            kernel, bias = _kernel(tower, config, number, x.dtype)
            x = (convolve or gather_convolution)(x, kernel, tables[level], level)
            if config.normalization == "batch":
                norm = tower.get_layer(f"conv{number}_norm")
                x = (normalize or _masked_normalization)(norm, x, counts[level + 1])
            else:
                x = x + bias
            x = ops.relu(x)
        else:
            x = _inferred(tower, config, number, x, tables[level])
        level += 1
        if number in config.pooled_layers:
            x = _pooled(x, tables[level])
            level += 1
    return x


def _kernel(tower: keras.Model, config: ModelConfig, number: int, dtype: Any) -> tuple[Any, Any]:
    """Return a convolution's kernel as a matrix (27 * channels, filters), and its bias or None."""
    layer = tower.get_layer(f"conv{number}")
    kernel = ops.reshape(layer.kernel, (-1, config.filters[number - 1]))
    bias = None if layer.bias is None else ops.cast(layer.bias, dtype)
    return ops.cast(kernel, dtype), bias


def _inferred(tower: keras.Model, config: ModelConfig, number: int, x: Any, tables: Any) -> Any:
    """Convolve, normalize by the moving statistics and rectify, block by block."""
    kernel, bias = _kernel(tower, config, number, "float32")
    if config.normalization == "batch":
        scale, bias = _scale_and_shift(tower.get_layer(f"conv{number}_norm"))
        kernel = kernel * scale
    kernel = ops.cast(_with_bias(kernel, bias), x.dtype)
    along_z, along_y, along_x = tables
    lines = ops.pad(_read(x, along_z), ((0, 0), (0, ONES)), constant_values=1)

    def convolved(rows: Any) -> Any:  # not all cubes at once: they take 27 times as much memory
        planes = ops.reshape(ops.take(along_y, rows, axis=0), (-1, 9))
        return ops.relu(ops.matmul(_read(lines, planes), kernel))

    return _in_blocks(convolved, along_x, ROW_BLOCK, ROW_UNIT)


def _with_bias(kernel: Any, bias: Any) -> Any:
    """Let a convolution's kernel read `ONES` ones after each three voxels along z.

    Its bias then is what it multiplies the first of them by: adding it costs nothing.
    """
    filters = kernel.shape[1]
    lines = ops.reshape(kernel, (9, -1, filters))
    ones = ops.zeros((9 * ONES - 1, filters), kernel.dtype)
    ones = ops.reshape(ops.concatenate([bias[None], ones]), (9, ONES, filters))
    return ops.reshape(ops.concatenate([lines, ones], axis=1), (-1, filters))


def _scale_and_shift(norm: layers.BatchNormalization) -> tuple[Any, Any]:
    """Return what batch normalization multiplies by and adds in inference, float32."""
    values = (norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance)
    gamma, beta, mean, variance = (ops.cast(value, "float32") for value in values)
    scale = gamma / ops.sqrt(variance + norm.epsilon)
    return scale, beta - mean * scale


def _in_blocks(function: Callable[[Any], Any], table: Any, most: int, unit: int) -> Any:
    """Apply a function to the rows of a table block by block, and stack the results.

    Blocks are of equal size, a multiple of `unit` and at most `most`; rows of zeros fill the last.
    """
    count = ops.shape(table)[0]
    blocks = (count + most - 1) // most
    size = (count + blocks * unit - 1) // (blocks * unit) * unit
    padded = ops.pad(table, ((0, blocks * size - count), (0, 0)))
    if isinstance(count, int):
        results = ops.concatenate([function(part) for part in ops.split(padded, blocks)])
    else:  # being traced: the number of blocks is not known yet
        results = ops.map(function, ops.reshape(padded, (blocks, size, table.shape[1])))
        results = ops.reshape(results, (-1, results.shape[-1]))
    return results[:count]


def gather_convolution(x: Any, kernel: Any, tables: Sequence[Any], level: int) -> Any:
    """Convolve rows: gather what each output row reads, then one matrix product.

    Parameters
    ----------
    x : tensor, shape (n_rows_in, channels)
    kernel : tensor, shape (27 * channels, filters)
    tables : sequence of tensors
        One of `lattice.Lattice.tables`.
    level : int
        Which one it is; this convolution does not need it.

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


def _pooled(x: Any, tables: Sequence[Any]) -> Any:
    """Keep the maximum of each voxel's cube of neighbours, axis by axis."""
    for table in tables:
        read = (ops.take(x, table[:, column], axis=0) for column in range(table.shape[1]))
        x = functools.reduce(ops.maximum, read)
    return x


def _read(x: Any, table: Any) -> Any:
    """Gather rows by a table, shape (n_rows, n_read * channels)."""
    width = table.shape[1] * x.shape[1]
    return ops.reshape(ops.take(x, table, axis=0), (-1, width))


def _masked_normalization(layer: layers.Layer, x: Any, count: Any) -> Any:
    """Normalize rows in training mode by the statistics of the rows in use."""
    rows = ops.arange(ops.shape(x)[0])
    in_use = ops.logical_and(rows > 0, rows < count)
    grids = ops.reshape(x, (-1, 1, 1, 1, x.shape[-1]))  # each row stands as a grid of one voxel
    normalized = layer(grids, training=True, mask=ops.reshape(in_use, (-1, 1, 1, 1)))
    return ops.reshape(normalized, (-1, x.shape[-1]))


def split_head(head: keras.Model, left: Any, right: Any) -> tuple[Any, Any]:
    """Apply each half of the head's first dense layer to its side.

    W [a; b] = Wa a + Wb b, so the work of the first layer is done per residue, not per pair.

    Parameters
    ----------
    head : keras.Model
        From `build_head`.
    left, right : tensor, shape (n_left, embedding_size), (n_right, embedding_size)
        Embeddings.

    Returns
    -------
    tuple of tensor, shape (n_left, head_sizes[0]), (n_right, head_sizes[0])
        A pair's sum is its input to `finish_head`.
    """
    layer = head.get_layer("dense1")
    half = layer.kernel.shape[0] // 2
    kernel = ops.cast(layer.kernel, layer.compute_dtype)
    return ops.matmul(left, kernel[:half]), ops.matmul(right, kernel[half:])


def finish_head(head: keras.Model, config: ModelConfig, x: Any, training: bool = False) -> Any:
    """Run the head from the output of its first dense layer on.

    Parameters
    ----------
    head : keras.Model
        From `build_head`.
    config : ModelConfig
        The head's.
    x : tensor, shape (n_pairs, head_sizes[0])
        Sums of the two sides of `split_head`.
    training : bool
        Whether batch normalization uses the statistics of these pairs.

    Returns
    -------
    tensor, shape (n_pairs,), float32
        Logits.
    """
    for number in range(1, len(config.head_sizes) + 1):
        if number > 1:
            x = head.get_layer(f"dense{number}")(x)
        x = ops.relu(head.get_layer(f"dense{number}_norm")(x, training=training))
    return ops.squeeze(head.get_layer("logit")(ops.cast(x, "float32")), -1)


def pair_scores(head: keras.Model, config: ModelConfig, left: Any, right: Any, pairs: Any) -> Any:
    """Score pairs of residues, both orders of the head averaged, block by block.

    As `split_head` and `finish_head`, with what is linear in the normalizations drawn into the
    kernels.

    Parameters
    ----------
    head : keras.Model
        From `build_head`.
    config : ModelConfig
        The head's.
    left, right : tensor, shape (n_left, head_input), (n_right, head_input)
        What the head reads of each residue.
    pairs : tensor, shape (n_pairs, 2), int32
        Rows (left, right).

    Returns
    -------
    tensor, shape (n_pairs,), float32
        0 to 1.
    """
    kernel, bias, _ = _dense_inference(head, 1)
    half = kernel.shape[0] // 2
    first, second = kernel[:half], kernel[half:]
    one = ops.concatenate([ops.matmul(left, first) + bias, ops.matmul(left, second) + bias], 1)
    other = ops.concatenate([ops.matmul(right, second), ops.matmul(right, first)], 1)

    def both_orders(rows: Any) -> Any:
        sums = ops.take(one, rows[:, 0], 0) + ops.take(other, rows[:, 1], 0)
        scores = ops.sigmoid(_infer_rest(head, config, ops.reshape(sums, (-1, kernel.shape[1]))))
        return ops.mean(ops.reshape(scores, (-1, 2)), axis=1, keepdims=True)

    return _in_blocks(both_orders, pairs, PAIR_BLOCK, PAIR_UNIT)[:, 0]


def _infer_rest(head: keras.Model, config: ModelConfig, x: Any) -> Any:
    """Run the head from the sums of its first layer's halves on; logits (n_pairs, 1), float32."""
    for number in range(1, len(config.head_sizes) + 1):
        kernel, bias, finish = _dense_inference(head, number)
        x = finish(x if number == 1 else ops.matmul(x, kernel) + bias)
    return head.get_layer("logit")(ops.cast(x, "float32"))


def _dense_inference(head: keras.Model, number: int) -> tuple[Any, Any, Callable[[Any], Any]]:
    """Return a dense layer of the head with its normalization drawn into it where that is linear.

    Returns
    -------
    kernel, bias : tensor
        In the layer's precision. Batch normalization is all in them; of layer normalization the
        mean is: a kernel whose rows sum to 0 gives outputs whose mean is 0.
    finish : callable
        What follows: the rest of the normalization, and the rectifier.
    """
    layer, norm = head.get_layer(f"dense{number}"), head.get_layer(f"dense{number}_norm")
    kernel = ops.cast(layer.kernel, "float32")
    if isinstance(norm, layers.BatchNormalization):
        scale, bias = _scale_and_shift(norm)
        kernel, finish = kernel * scale, ops.relu
    else:
        kernel = kernel - ops.mean(kernel, axis=1, keepdims=True)
        bias, finish = ops.zeros(kernel.shape[1]), functools.partial(_scaled, norm)
    dtype = layer.compute_dtype
    return ops.cast(kernel, dtype), ops.cast(bias, dtype), finish


def _scaled(norm: layers.LayerNormalization, x: Any) -> Any:
    """Finish a layer normalization of rows whose mean is 0, and rectify."""
    y = ops.cast(x, "float32")
    y = y * ops.rsqrt(ops.mean(ops.square(y), axis=-1, keepdims=True) + norm.epsilon)
    gamma, beta = (ops.cast(value, "float32") for value in (norm.gamma, norm.beta))
    return ops.cast(ops.relu(y * gamma + beta), x.dtype)
