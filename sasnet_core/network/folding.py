"""What tower and head share in inference: blocks of few sizes, normalization as arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras import layers, ops

if TYPE_CHECKING:
    from collections.abc import Callable

#: Ones that follow a row's features, for the bias; an even number multiplies faster.
ONES = 2


def scale_and_shift(norm: layers.BatchNormalization) -> tuple[Any, Any]:
    """Return what batch normalization multiplies by and adds in inference, float32, (channels,)."""
    values = (norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance)
    gamma, beta, mean, variance = (ops.cast(value, "float32") for value in values)
    scale = gamma / ops.sqrt(variance + norm.epsilon)  # (channels,)
    return scale, beta - mean * scale


def with_bias(kernel: Any, bias: Any) -> Any:
    """Let a kernel read `ONES` ones after its inputs, the first of which it multiplies by a bias.

    The product then needs no bias added, which saves a pass over all rows.

    Parameters
    ----------
    kernel : tensor, shape (n_inputs, n_outputs)
    bias : tensor, shape (n_outputs,)

    Returns
    -------
    tensor, shape (n_inputs + ONES, n_outputs)
    """
    zeros = ops.zeros((ONES - 1, kernel.shape[1]), kernel.dtype)  # (ONES - 1, n_outputs)
    return ops.concatenate([kernel, bias[None], zeros])  # (n_inputs + ONES, n_outputs)


def with_ones(x: Any) -> Any:
    """Append the columns that a kernel `with_bias` reads."""
    return ops.pad(x, ((0, 0), (0, ONES)), constant_values=1)  # (n_rows, n_inputs + ONES)


def in_blocks(function: Callable[[Any], Any], table: Any, most: int, unit: int) -> Any:
    """Apply a function to the rows of a table block by block, and stack the results.

    Blocks are of equal size, a multiple of `unit` and at most `most`; rows of zeros fill the last.
    """
    count = ops.shape(table)[0]
    blocks = (count + most - 1) // most
    size = (count + blocks * unit - 1) // (blocks * unit) * unit
    padded = ops.pad(table, ((0, blocks * size - count), (0, 0)))  # (blocks * size, columns)
    if isinstance(count, int):
        results = ops.concatenate([function(part) for part in ops.split(padded, blocks)])
    else:  # being traced: the number of blocks is not known yet
        results = ops.map(function, ops.reshape(padded, (blocks, size, table.shape[1])))
        results = ops.reshape(results, (-1, results.shape[-1]))  # (blocks * size, n_outputs)
    return results[:count]
