"""The context layers in pure Keras: residues hear from the residues around them.

An embedding sees one surfacelet; an interface is a patch of many residues. Each layer sends every
residue the mean of its neighbours' messages, so that two layers see well beyond the cube. The
paper has no such layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import layers, ops

from sasnet_core.network.neighbourhood import GEOMETRY_SIZE, MAKEUP_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.config import ModelConfig
    from sasnet_core.network.neighbourhood import Surroundings


class Context(keras.Model):
    """The context layers: the embeddings of a protein in, embeddings of patches out.

    Parameters
    ----------
    config : ModelConfig
        Sizes; at least one context layer.
    dtype : str or keras.DTypePolicy, optional
        Precision, like ``"mixed_bfloat16"``; Keras' own default when left out.

    Notes
    -----
    Inputs (n_residues, embedding_size), and as `surroundings.find_surroundings` gives them
    (n_residues, neighbours), (n_residues, neighbours, GEOMETRY_SIZE) and
    (n_residues, MAKEUP_SIZE), the last (n_residues, 0) and not read without `ModelConfig.makeup`;
    output (n_residues, context_size). Residues stand on the batch axis: a call takes whole
    proteins. The layers are built at once, not by a symbolic call, which starts twice as fast.
    """

    def __init__(self, config: ModelConfig, dtype: Any = None) -> None:
        super().__init__(name="context", dtype=dtype)
        size = config.context_size
        self.dropout = layers.Dropout(config.dropout, name="dropout", dtype=dtype)
        self.entry = _dense(size, config.embedding_size, "entry", dtype)
        self.makeup = _dense(size, MAKEUP_SIZE, "makeup", dtype) if config.makeup else None
        self.exchanges = [
            _Exchange(config, f"layer{number}", dtype)
            for number in range(1, config.context_layers + 1)
        ]
        self.exit_norm = _norm(size, "exit_norm", dtype)
        self.built = True

    def call(self, inputs: Sequence[Any], training: bool = False) -> Any:
        """Run the layers."""
        embeddings, neighbours, geometry, makeup = inputs
        x = self.entry(self.dropout(embeddings, training=training))
        if self.makeup is not None:
            x = x + self.makeup(makeup)
        for exchange in self.exchanges:
            x = exchange(x, neighbours, geometry, training=training)
        return self.exit_norm(x)


class _Exchange(layers.Layer):
    """One context layer: every residue hears its neighbours, then works on what it has."""

    def __init__(self, config: ModelConfig, name: str, dtype: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        size = config.context_size
        self.norm = _norm(size, f"{name}_norm", dtype)
        self.asked = _dense(size, size, f"{name}_asked", dtype)
        self.told = _dense(size, size, f"{name}_told", dtype, use_bias=False)
        self.lie = _dense(size, GEOMETRY_SIZE, f"{name}_lie", dtype, use_bias=False)
        self.gate = _dense(size, GEOMETRY_SIZE, f"{name}_gate", dtype, activation="sigmoid")
        self.heard_out = _dense(size, size, f"{name}_heard_out", dtype)
        self.heard_drop = layers.Dropout(config.dropout, name=f"{name}_heard_drop", dtype=dtype)
        self.wide_norm = _norm(size, f"{name}_wide_norm", dtype)
        self.wide = _dense(2 * size, size, f"{name}_wide", dtype, activation="relu")
        self.wide_out = _dense(size, 2 * size, f"{name}_wide_out", dtype)
        self.wide_drop = layers.Dropout(config.dropout, name=f"{name}_wide_drop", dtype=dtype)
        self.built = True

    def call(self, x: Any, neighbours: Any, geometry: Any, training: bool = False) -> Any:
        """Add what the neighbours say, then the residue's own thoughts."""
        x = x + self.heard_drop(self._messages(x, neighbours, geometry), training=training)
        thoughts = self.wide_out(self.wide(self.wide_norm(x)))
        return x + self.wide_drop(thoughts, training=training)

    def _messages(self, x: Any, neighbours: Any, geometry: Any) -> Any:
        """Average what the neighbours say, weighed by how they lie."""
        x = self.norm(x)
        told = ops.take(self.told(x), neighbours, axis=0)
        asked = ops.expand_dims(self.asked(x), 1)
        gate = self.gate(geometry) * geometry[..., -1:]
        heard = ops.mean(ops.relu(asked + told + self.lie(geometry)) * gate, axis=1)
        return self.heard_out(heard)


def _dense(size: int, width: int, name: str, dtype: Any, **arguments: Any) -> layers.Dense:
    """Make a dense layer that reads vectors of a width."""
    layer = layers.Dense(size, name=name, dtype=dtype, **arguments)
    layer.build((None, width))
    return layer


def _norm(width: int, name: str, dtype: Any) -> layers.LayerNormalization:
    layer = layers.LayerNormalization(epsilon=1e-3, name=name, dtype=dtype)
    layer.build((None, width))
    return layer


def surroundings_tensors(surroundings: Surroundings) -> list[Any]:
    """Hand the arrays of surroundings to the backend, in the order of `Context`."""
    arrays = (surroundings.neighbours, surroundings.geometry, surroundings.makeup)
    return [ops.convert_to_tensor(array) for array in arrays]
