"""The layers over a lattice on TensorFlow, with gradients written by hand.

TensorFlow would differentiate a gather by adding up rows one by one. With the tables of who reads a
row, the gradient is a gather too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf

from sasnet_core.network.folding import scale_and_shift
from sasnet_core.network.lattice_tower import ROW_BLOCK, LatticeLayers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras

#: Rows whose part of a kernel's gradient is added up at a time.
SUM_BLOCK = 2048


def convolution(x: Any, kernel: Any, tables: Sequence[Any], inverse: Sequence[Any]) -> Any:
    """Compute `lattice_tower.gather_convolution`.

    Parameters
    ----------
    x : tensor, shape (n_rows_in, channels)
    kernel : tensor, shape (27 * channels, filters)
    tables, inverse : sequence of tensors
        Of one convolution, from `lattice.build_lattice`.

    Returns
    -------
    tensor, shape (n_rows_out, filters)
    """
    channels, filters = x.shape[1], kernel.shape[1]

    @tf.custom_gradient
    def convolve(x: Any, kernel: Any) -> Any:
        table = _whole(tables)

        def gradient(upstream: Any) -> tuple[Any, Any]:
            turned = tf.transpose(tf.reshape(kernel, (27, channels, filters)), (0, 2, 1))
            turned = tf.reshape(turned, (27 * filters, channels))
            known = tf.concat([tf.zeros_like(upstream[:1]), upstream[1:]], axis=0)
            by_row = _read_and_multiply(known, _whole(inverse), turned)
            vacuum = tf.matmul(tf.cast(table == 0, upstream.dtype), upstream, transpose_a=True)
            by_vacuum = tf.matmul(tf.reshape(vacuum, (1, 27 * filters)), turned)
            by_kernel = tf.cast(_by_kernel(x, table, upstream), kernel.dtype)
            return tf.concat([by_vacuum, by_row[1:]], axis=0), by_kernel

        return _read_and_multiply(x, table, kernel), gradient

    return convolve(x, kernel)


def _read_and_multiply(x: Any, table: Any, kernel: Any) -> Any:
    """Multiply the rows that a table names, side by side, by a kernel; shape (n_rows, filters)."""
    found = tf.map_fn(
        lambda rows: tf.matmul(tf.reshape(tf.gather(x, rows), (-1, kernel.shape[0])), kernel),
        _in_blocks(table, ROW_BLOCK),
        fn_output_signature=x.dtype,
    )
    return tf.reshape(found, (-1, kernel.shape[1]))[: tf.shape(table)[0]]


def _by_kernel(x: Any, table: Any, upstream: Any) -> Any:
    """Sum over rows what each says of the kernel, shape (27 * channels, filters), float32."""
    width, filters = table.shape[1] * x.shape[1], upstream.shape[1]
    rows, upstream = _in_blocks(table, SUM_BLOCK), _in_blocks(upstream, SUM_BLOCK)

    def add(block: Any, total: Any) -> tuple[Any, Any]:
        read = tf.reshape(tf.gather(x, rows[block]), (-1, width))
        product = tf.matmul(tf.transpose(upstream[block]), read)  # turning the small one is cheap
        return block + 1, total + tf.cast(product, tf.float32)

    count = tf.shape(rows)[0]
    start = 0, tf.zeros((filters, width))
    return tf.transpose(tf.while_loop(lambda block, _: block < count, add, start)[1])


def _in_blocks(rows: Any, size: int) -> Any:
    """Divide rows into blocks, the last filled with zeros: (n_blocks, size, n_columns).

    What a block reads is 27 times as large as the block, and is used while it is in the cache. All
    blocks are of one size: matrix products are compiled for each shape.
    """
    padded = tf.pad(rows, ((0, -tf.shape(rows)[0] % size), (0, 0)))
    return tf.reshape(padded, (-1, size, rows.shape[1]))


def pooling(x: Any, tables: Sequence[Any]) -> Any:
    """Compute `lattice_tower.gather_pooling`.

    Parameters
    ----------
    x : tensor, shape (n_rows_in, channels)
    tables : sequence of tensors, shape (n_rows, 2)
        Of one pooling, from `lattice.build_lattice`.

    Returns
    -------
    tensor, shape (n_rows_out, channels)
    """
    for table in tables:
        x = _greater_of_two(x, table)
    return x


def _greater_of_two(x: Any, table: Any) -> Any:
    """Keep the greater one of the two rows that a table names; of equal ones the first."""

    @tf.custom_gradient
    def pool(x: Any) -> Any:
        first, second = tf.gather(x, table[:, 0]), tf.gather(x, table[:, 1])
        first_won = first >= second  # (n_rows_out, channels)
        count = tf.shape(x)[0]

        def gradient(upstream: Any) -> Any:
            zeros = tf.zeros_like(upstream)
            to_first = tf.where(first_won, upstream, zeros)
            parts = to_first, upstream - to_first
            found, vacuum = [], []
            for column, part in enumerate(parts):
                rows = table[:, column]  # no row but vacuum is named twice in a column
                known = tf.concat([zeros[:1], part[1:]], axis=0)
                found.append(tf.gather(known, _owners(rows, count)))
                of_vacuum = tf.gather(part, tf.where(rows == 0)[:, 0])
                vacuum.append(tf.reduce_sum(tf.cast(of_vacuum, tf.float32), axis=0, keepdims=True))
            by_vacuum = tf.cast(tf.add_n(vacuum), upstream.dtype)
            return tf.concat([by_vacuum, tf.add_n(found)[1:]], axis=0)

        return tf.maximum(first, second), gradient

    return pool(x)


def _owners(rows: Any, count: Any) -> Any:
    """Invert a column of a table: which row reads each of `count` rows, 0 where none does."""
    owners = tf.tensor_scatter_nd_max(
        tf.zeros((count,), rows.dtype), rows[:, None], tf.range(tf.shape(rows)[0])
    )
    return owners * tf.cast(tf.range(count) > 0, rows.dtype)


def normalization(layer: keras.layers.BatchNormalization, x: Any, count: Any) -> Any:
    """Normalize rows by the statistics of a whole step, all devices together.

    Keras' layer does the same on one device, with several more passes over the rows; with a mask
    it does not look at the other devices.

    Parameters
    ----------
    layer : keras.layers.BatchNormalization
        Its moving statistics are updated; if it is not trainable they are used and stay.
    x : tensor, shape (n_rows, channels)
        Row 0 is vacuum; it and padding are normalized but play no part in the statistics.
    count : tensor, scalar int32
        Rows in use.

    Returns
    -------
    tensor, shape (n_rows, channels)
    """
    if not layer.trainable:
        scale, shift = scale_and_shift(layer)
        return x * tf.cast(scale, x.dtype) + tf.cast(shift, x.dtype)
    used = tf.cast(tf.stop_gradient(x)[1:count], tf.float32)
    size = tf.cast(tf.shape(used)[0], tf.float32)
    sums = tf.stack([tf.fill(tf.shape(used)[1:], size), *_column_sums(used, used * used)])
    sums = _over_devices(sums)
    size, mean = sums[0], sums[1] / sums[0]
    variance = tf.maximum(sums[2] / size - mean * mean, 0.0)
    keep = layer.momentum
    layer.moving_mean.assign(keep * layer.moving_mean + (1 - keep) * mean)
    layer.moving_variance.assign(keep * layer.moving_variance + (1 - keep) * variance)

    @tf.custom_gradient
    def normalize(x: Any, gamma: Any, beta: Any) -> Any:
        inverse = tf.math.rsqrt(variance + layer.epsilon)  # (channels,)
        scale = gamma * inverse

        def gradient(upstream: Any) -> tuple[Any, Any, Any]:
            by_beta, by_product = _column_sums(
                tf.cast(upstream, tf.float32), tf.cast(upstream * x, tf.float32)
            )
            by_gamma = (by_product - mean * by_beta) * inverse
            shared = _over_devices(tf.stack([by_beta, by_gamma]))
            # A row moves mean and variance, and so all rows: constant, and in its own proportion.
            slope = -scale * inverse * shared[1] / size
            constant = -scale * shared[0] / size - slope * mean
            moved = x * tf.cast(slope, x.dtype) + tf.cast(constant, x.dtype)
            rows = tf.range(tf.shape(x)[0])
            counted = tf.logical_and(rows > 0, rows < count)[:, None]  # (n_rows, 1)
            by_x = upstream * tf.cast(scale, x.dtype) + moved * tf.cast(counted, x.dtype)
            return by_x, by_gamma, by_beta

        y = x * tf.cast(scale, x.dtype) + tf.cast(beta - mean * scale, x.dtype)
        return y, gradient

    return normalize(x, tf.convert_to_tensor(layer.gamma), tf.convert_to_tensor(layer.beta))


def _column_sums(*arrays: Any) -> list[Any]:
    """Add up the rows of arrays.

    On a CPU as a matrix product, which takes half the time; a GPU would round the factors (TF32).
    """
    if tf.config.list_logical_devices("GPU"):
        return [tf.reduce_sum(array, axis=0) for array in arrays]
    ones = tf.ones((1, tf.shape(arrays[0])[0]), arrays[0].dtype)
    return [tf.matmul(ones, array)[0] for array in arrays]


def _over_devices(sums: Any) -> Any:
    """Add up what the devices of a step have."""
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return sums
    return context.all_reduce(tf.distribute.ReduceOp.SUM, sums)


def _whole(tables: Sequence[Any]) -> Any:
    """Compose a layer's three tables: all that each row reads at once, shape (n_rows, 27)."""
    along_z, along_y, along_x = tables
    return tf.reshape(tf.gather(along_z, tf.gather(along_y, along_x)), (-1, 27))


#: The layers of `lattice_tower.KERAS`, whose results are the same.
FAST = LatticeLayers(convolution, normalization, pooling)
