"""The network in pure Keras, as the paper has it: one model of tower, context layers and head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import layers, ops

from sasnet_core.config import BATCH_NORMALIZATION_MOMENTUM, NORMALIZATION_EPSILON
from sasnet_core.network.context import build_context, surroundings_inputs
from sasnet_core.structure.chemistry import CHANNELS

if TYPE_CHECKING:
    from sasnet_core.config import ModelConfig


def build_tower(config: ModelConfig, dtype: Any = None) -> keras.Model:
    """Build the tower: a surfacelet in, an embedding out.

    Parameters
    ----------
    config : ModelConfig
        Sizes.
    dtype : str or keras.DTypePolicy, optional
        Precision, like ``"mixed_bfloat16"``; by default Keras' own.

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
    if config.site_terms:
        site = layers.Dense(1, kernel_initializer="zeros", name="site", dtype="float32")
        logit = layers.Add(name="with_sites", dtype="float32")([logit, site(left), site(right)])
    return keras.Model([left, right], logit, name="head")


def build_sasnet(config: ModelConfig, dtype: Any = None) -> keras.Model:
    """Build the whole network: both sides go through the same tower (tied weights), then the head.

    Parameters
    ----------
    config : ModelConfig
        Sizes.
    dtype : str or keras.DTypePolicy, optional
        Precision, like ``"mixed_bfloat16"``; by default Keras' own.

    Returns
    -------
    keras.Model
        Inputs two times (n_pairs, edge_read, edge_read, edge_read, 4), output (n_pairs, 1): the
        logit of a contact. With context layers a side is a whole protein: its surfacelets are
        followed by what `context.surroundings_inputs` makes, and the last input are the pairs,
        (n_pairs, 2), rows of left and right residues. Its parts are the models "tower", "context"
        (with context layers) and "head".
    """
    context = build_context(config, dtype) if config.context_layers else None
    tower, head = build_tower(config, dtype), build_head(config, dtype)
    inputs, sides = [], []
    for side in ("left", "right"):
        grid = keras.Input(tower.input_shape[1:], name=f"{side}_surfacelet")
        around = surroundings_inputs(config, f"{side}_") if context else []
        embedding = tower(grid)  # (n_residues, embedding_size)
        sides.append(context([embedding, *around]) if context else embedding)
        inputs += [grid, *around]
    if context:
        pairs = keras.Input((2,), dtype="int32", name="pairs")
        sides = [ops.take(x, pairs[:, k], axis=0) for k, x in enumerate(sides)]  # (n_pairs, size)
        inputs.append(pairs)
    return keras.Model(inputs, head(sides), name="sasnet")


def _normalization(config: ModelConfig, name: str, dtype: Any) -> layers.Layer:
    if config.normalization == "layer":
        return layers.LayerNormalization(epsilon=NORMALIZATION_EPSILON, name=name, dtype=dtype)
    together = keras.backend.backend() == "tensorflow"  # one device's result on several devices
    return layers.BatchNormalization(
        momentum=BATCH_NORMALIZATION_MOMENTUM,
        epsilon=NORMALIZATION_EPSILON,
        synchronized=together,
        name=name,
        dtype=dtype,
    )


def _dense_block(x: Any, config: ModelConfig, size: int, name: str, dtype: Any) -> Any:
    x = layers.Dense(size, use_bias=False, name=name, dtype=dtype)(x)
    x = _normalization(config, f"{name}_norm", dtype)(x)
    return layers.ReLU(name=f"{name}_relu", dtype=dtype)(x)
