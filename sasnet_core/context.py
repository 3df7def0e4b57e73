"""The context layers in pure Keras: residues hear from the residues around them.

An embedding sees one surfacelet; an interface is a patch of many residues. Each layer sends every
residue the mean of its neighbours' messages, so that two layers see well beyond the cube. The
paper has no such layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import layers, ops

from sasnet_core.surroundings import GEOMETRY_SIZE

if TYPE_CHECKING:
    from sasnet_core.config import ModelConfig
    from sasnet_core.surroundings import Surroundings


def build_context(config: ModelConfig, dtype: Any = None) -> keras.Model:
    """Build the context layers: the embeddings of a protein in, embeddings of patches out.

    Parameters
    ----------
    config : ModelConfig
        Sizes; at least one context layer.
    dtype : str or keras.DTypePolicy, optional
        Precision, like ``"mixed_bfloat16"``; Keras' own default when left out.

    Returns
    -------
    keras.Model
        Inputs (n_residues, embedding_size), (n_residues, neighbours) and
        (n_residues, neighbours, GEOMETRY_SIZE), as `surroundings.find_surroundings` gives them,
        output (n_residues, context_size). Residues stand on the batch axis: a call takes whole
        proteins.
    """
    embedding = keras.Input((config.embedding_size,), name="embedding")
    neighbours = keras.Input((config.neighbours,), dtype="int32", name="neighbours")
    geometry = keras.Input((config.neighbours, GEOMETRY_SIZE), name="geometry")
    x = layers.Dropout(config.dropout, name="dropout", dtype=dtype)(embedding)
    x = layers.Dense(config.context_size, name="entry", dtype=dtype)(x)
    for number in range(1, config.context_layers + 1):
        block = _Block(f"layer{number}", config, dtype)
        x = layers.Add(name=f"layer{number}_heard", dtype=dtype)(
            [x, block.messages(x, neighbours, geometry)]
        )
        x = layers.Add(name=f"layer{number}_thought", dtype=dtype)([x, block.thoughts(x)])
    x = layers.LayerNormalization(epsilon=1e-3, name="exit_norm", dtype=dtype)(x)
    return keras.Model([embedding, neighbours, geometry], x, name="context")


class _Block:
    """Names and sizes of one context layer's parts."""

    def __init__(self, name: str, config: ModelConfig, dtype: Any) -> None:
        self._name, self._size, self._dtype = name, config.context_size, dtype
        self._dropout = config.dropout

    def _dense(self, size: int, name: str, **arguments: Any) -> layers.Dense:
        return layers.Dense(size, name=f"{self._name}_{name}", dtype=self._dtype, **arguments)

    def _norm(self, name: str) -> layers.LayerNormalization:
        return layers.LayerNormalization(
            epsilon=1e-3, name=f"{self._name}_{name}", dtype=self._dtype
        )

    def _drop(self, name: str) -> layers.Dropout:
        return layers.Dropout(self._dropout, name=f"{self._name}_{name}", dtype=self._dtype)

    def messages(self, x: Any, neighbours: Any, geometry: Any) -> Any:
        """Average what the neighbours say, weighed by how they lie."""
        x = self._norm("norm")(x)
        told = ops.take(self._dense(self._size, "told", use_bias=False)(x), neighbours, axis=0)
        asked = ops.expand_dims(self._dense(self._size, "asked")(x), 1)
        lie = self._dense(self._size, "lie", use_bias=False)(geometry)
        gate = self._dense(self._size, "gate", activation="sigmoid")(geometry)
        there = ops.cast(geometry[..., -1:], gate.dtype)
        heard = ops.mean(ops.relu(asked + told + lie) * gate * there, axis=1)
        return self._drop("heard_drop")(self._dense(self._size, "heard_out")(heard))

    def thoughts(self, x: Any) -> Any:
        """Let each residue work on what it has."""
        x = self._dense(2 * self._size, "wide", activation="relu")(self._norm("wide_norm")(x))
        return self._drop("wide_drop")(self._dense(self._size, "wide_out")(x))


def surroundings_tensors(surroundings: Surroundings) -> list[Any]:
    """Hand the arrays of surroundings to the backend, in the order of `build_context`."""
    arrays = (surroundings.neighbours, surroundings.geometry)
    return [ops.convert_to_tensor(array) for array in arrays]
