"""The head on many pairs: what is linear in a residue is done once for each residue."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import keras
from keras import layers, ops

from sasnet_core.network.folding import ONES, in_blocks, scale_and_shift, with_bias, with_ones

if TYPE_CHECKING:
    from collections.abc import Callable

    from sasnet_core.config import ModelConfig

#: Most pairs that inference works on at a time, and the number that their count is a multiple of
#: (`lattice_tower.ROW_BLOCK` says why).
PAIR_BLOCK, PAIR_UNIT = 2048, 256


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
    kernel = ops.cast(layer.kernel, layer.compute_dtype)  # (2 * head_input, head_sizes[0])
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
    x = finish_hidden(head, config, x, training)
    return ops.squeeze(head.get_layer("logit")(ops.cast(x, "float32")), -1)


def finish_hidden(head: keras.Model, config: ModelConfig, x: Any, training: bool = False) -> Any:
    """Run the head from the output of its first dense layer to its last hidden layer.

    Returns
    -------
    tensor, shape (n_pairs, head_sizes[-1])
        What the layer "logit" reads; parameters as for `finish_head`.
    """
    for number in range(1, len(config.head_sizes) + 1):
        if number > 1:
            x = head.get_layer(f"dense{number}")(x)  # (n_pairs, head_sizes[number - 1])
        x = ops.relu(head.get_layer(f"dense{number}_norm")(x, training=training))
    return x


def site_logits(head: keras.Model, embeddings: Any) -> Any:
    """Compute the log odds that each residue is in any interface, whoever the partner is.

    Parameters
    ----------
    head : keras.Model
        From `build_head`, with `ModelConfig.site_terms`.
    embeddings : tensor, shape (n_residues, head_input)
        What the head reads.

    Returns
    -------
    tensor, shape (n_residues,), float32
    """
    return ops.squeeze(head.get_layer("site")(ops.cast(embeddings, "float32")), -1)


def pair_scores(head: keras.Model, config: ModelConfig, left: Any, right: Any, pairs: Any) -> Any:
    """Score pairs of residues, both orders of the head averaged, block by block.

    As `split_head` and `finish_head`, with the linear part of the normalizations multiplied into
    the kernels.

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
    kernel, bias, finish = _dense_inference(head, 1)
    half = kernel.shape[0] // 2
    first, second = kernel[:half], kernel[half:]  # (head_input, head_sizes[0])
    one = [ops.matmul(left, first), ops.matmul(left, second)]  # (n_left, head_sizes[0])
    other = [ops.matmul(right, second), ops.matmul(right, first)]  # (n_right, head_sizes[0])
    if bias is not None:
        one = [part + bias for part in one]
        if len(config.head_sizes) > 1:  # the sums end in ones, which the next layer reads
            one = [with_ones(part) for part in one]  # (n_left, head_sizes[0] + ONES)
            other = [ops.pad(part, ((0, 0), (0, ONES))) for part in other]
    left_sums, right_sums = ops.concatenate(one, 1), ops.concatenate(other, 1)
    width = one[0].shape[1]  # of one order; the sums hold both orders side by side
    sites = [site_logits(head, side) for side in (left, right)] if config.site_terms else None

    def both_orders(rows: Any) -> Any:
        sums = ops.take(left_sums, rows[:, 0], 0) + ops.take(right_sums, rows[:, 1], 0)
        x = finish(ops.reshape(sums, (-1, width)))  # (2 * n_pairs, width)
        logits = ops.reshape(_infer_rest(head, config, x), (-1, 2))  # (n_pairs, 2 orders)
        if sites is not None:
            terms = ops.take(sites[0], rows[:, 0]) + ops.take(sites[1], rows[:, 1])  # (n_pairs,)
            logits = logits + ops.expand_dims(terms, 1)
        return ops.mean(ops.sigmoid(logits), axis=1, keepdims=True)

    return in_blocks(both_orders, pairs, PAIR_BLOCK, PAIR_UNIT)[:, 0]


def _infer_rest(head: keras.Model, config: ModelConfig, x: Any) -> Any:
    """Run the head from its first layer's output on; logits (n_pairs, 1), float32."""
    last = len(config.head_sizes)
    for number in range(2, last + 1):
        kernel, bias, finish = _dense_inference(head, number)
        kernel = kernel if bias is None else with_bias(kernel, bias)
        x = finish(ops.matmul(x, kernel))  # (n_pairs, head_sizes[number - 1])
        if bias is not None and number < last:
            x = with_ones(x)
    return head.get_layer("logit")(ops.cast(x, "float32"))


def _dense_inference(
    head: keras.Model, number: int
) -> tuple[Any, Any | None, Callable[[Any], Any]]:
    """Return a dense layer of the head, the linear part of its normalization multiplied into it.

    Returns
    -------
    kernel : tensor
        In the layer's precision. Batch normalization is all in it and in the bias; of layer
        normalization the mean is: a kernel whose rows sum to 0 gives outputs whose mean is 0.
    bias : tensor or None
        In the layer's precision; None: there is none.
    finish : callable
        What follows: the rest of the normalization, and the rectifier.
    """
    layer, norm = head.get_layer(f"dense{number}"), head.get_layer(f"dense{number}_norm")
    kernel = ops.cast(layer.kernel, "float32")  # (n_inputs, n_outputs)
    if isinstance(norm, layers.BatchNormalization):
        scale, bias = scale_and_shift(norm)
        kernel, bias = kernel * scale, ops.cast(bias, layer.compute_dtype)
        return ops.cast(kernel, layer.compute_dtype), bias, ops.relu
    kernel = kernel - ops.mean(kernel, axis=1, keepdims=True)
    return ops.cast(kernel, layer.compute_dtype), None, functools.partial(_scaled, norm)


def _scaled(norm: layers.LayerNormalization, x: Any) -> Any:
    """Finish a layer normalization of rows whose mean is 0, and rectify."""
    y = ops.cast(x, "float32")  # (n_pairs, size)
    y = y * ops.rsqrt(ops.mean(ops.square(y), axis=-1, keepdims=True) + norm.epsilon)
    gamma, beta = (ops.cast(value, "float32") for value in (norm.gamma, norm.beta))
    return ops.cast(ops.relu(y * gamma + beta), x.dtype)
