"""The context layers in pure Keras: residues exchange messages with the residues around them.

An embedding sees one surfacelet; an interface is a patch of many residues. Each layer sends every
residue the mean of its neighbours' messages, so that two layers see well beyond the cube. The
paper has no such layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import layers, ops

from sasnet_core.config import NORMALIZATION_EPSILON
from sasnet_core.network.neighbourhood import GEOMETRY_SIZE, MAKEUP_SIZE

if TYPE_CHECKING:
    from sasnet_core.config import ModelConfig
    from sasnet_core.network.neighbourhood import Surroundings


def build_context(config: ModelConfig, dtype: Any = None) -> keras.Model:
    """Build the context layers: the embeddings of proteins in, embeddings of patches out.

    Parameters
    ----------
    config : ModelConfig
        Sizes; at least one context layer.
    dtype : str or keras.DTypePolicy, optional
        Precision, like ``"mixed_bfloat16"``; by default Keras' own.

    Returns
    -------
    keras.Model
        Inputs (n_residues, embedding_size) and those of `surroundings_inputs`, output
        (n_residues, context_size). Residues are on the batch axis: a call takes whole proteins.
    """
    size = config.context_size
    embeddings = keras.Input((config.embedding_size,), name="embeddings")
    surroundings = surroundings_inputs(config)
    neighbours, geometry, *makeup = surroundings
    x = layers.Dropout(config.dropout, name="dropout", dtype=dtype)(embeddings)
    x = layers.Dense(size, name="entry", dtype=dtype)(x)  # (n_residues, context_size)
    for numbers in makeup:
        own = layers.Dense(size, name="makeup", dtype=dtype)(numbers)
        x = layers.Add(name="with_makeup", dtype=dtype)([x, own])
    for number in range(1, config.context_layers + 1):
        exchange = Exchange(size, config.dropout, name=f"layer{number}", dtype=dtype)
        x = exchange(x, neighbours, geometry)
    x = _norm(size, "exit_norm", dtype)(x)
    return keras.Model([embeddings, *surroundings], x, name="context")


def surroundings_inputs(config: ModelConfig, prefix: str = "") -> list[Any]:
    """Make the inputs for what the context layers read beside the embeddings.

    Parameters
    ----------
    config : ModelConfig
        Sizes; at least one context layer.
    prefix : str
        Put before the names of the inputs.

    Returns
    -------
    list of keras.KerasTensor
        (n_residues, neighbours), (n_residues, neighbours, GEOMETRY_SIZE) and, with
        `ModelConfig.makeup`, (n_residues, MAKEUP_SIZE).
    """
    count = config.neighbours
    inputs = [
        keras.Input((count,), dtype="int32", name=f"{prefix}neighbours"),
        keras.Input((count, GEOMETRY_SIZE), name=f"{prefix}geometry"),
    ]
    if config.makeup:
        inputs.append(keras.Input((MAKEUP_SIZE,), name=f"{prefix}own_makeup"))
    return inputs


@keras.saving.register_keras_serializable(package="sasnet")
class Exchange(layers.Layer):
    """One context layer: a residue takes in its neighbours' messages, then updates itself.

    Parameters
    ----------
    size : int
        Width of what comes in and goes out.
    dropout : float
        Share of the messages and of the update that is set to 0 in training.
    **kwargs
        As for every Keras layer.

    Notes
    -----
    Inputs (n_residues, size), neighbours (n_residues, n_neighbours) and geometry
    (n_residues, n_neighbours, GEOMETRY_SIZE), as `neighbourhood.find_surroundings` gives them;
    output (n_residues, size). Files of weights name the layers inside by the words in quotes.
    """

    def __init__(self, size: int, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.rate = size, dropout
        name, dtype = self.name, self.dtype_policy
        self.norm = _norm(size, f"{name}_norm", dtype)
        self.receiver = _dense(size, size, f"{name}_asked", dtype)
        self.sender = _dense(size, size, f"{name}_told", dtype, use_bias=False)
        self.placement = _dense(size, GEOMETRY_SIZE, f"{name}_lie", dtype, use_bias=False)
        self.gate = _dense(size, GEOMETRY_SIZE, f"{name}_gate", dtype, activation="sigmoid")
        self.message_out = _dense(size, size, f"{name}_heard_out", dtype)
        self.message_drop = layers.Dropout(dropout, name=f"{name}_heard_drop", dtype=dtype)
        self.update_norm = _norm(size, f"{name}_wide_norm", dtype)
        self.update = _dense(2 * size, size, f"{name}_wide", dtype, activation="relu")
        self.update_out = _dense(size, 2 * size, f"{name}_wide_out", dtype)
        self.update_drop = layers.Dropout(dropout, name=f"{name}_wide_drop", dtype=dtype)
        self.built = True

    def call(self, x: Any, neighbours: Any, geometry: Any, training: bool = False) -> Any:
        """Add the neighbours' messages, then the residue's own update."""
        messages = self._messages(x, neighbours, geometry)
        x = x + self.message_drop(messages, training=training)  # (n_residues, size)
        update = self.update(self.update_norm(x))  # (n_residues, 2 * size)
        update = self.update_out(update)  # (n_residues, size)
        return x + self.update_drop(update, training=training)

    def _messages(self, x: Any, neighbours: Any, geometry: Any) -> Any:
        """Average the neighbours' messages; the gate depends on where each neighbour is."""
        x = self.norm(x)
        sent = ops.take(self.sender(x), neighbours, axis=0)  # (n_residues, n_neighbours, size)
        received = ops.expand_dims(self.receiver(x), 1)  # (n_residues, 1, size)
        exists = geometry[..., -1:]  # (n_residues, n_neighbours, 1)
        gate = self.gate(geometry) * exists  # (n_residues, n_neighbours, size)
        messages = ops.relu(received + sent + self.placement(geometry)) * gate
        return self.message_out(ops.mean(messages, axis=1))  # (n_residues, size)

    def compute_output_shape(self, x_shape: Any, *_: Any) -> Any:
        """Return the shape of what the layer updates."""
        return x_shape

    def get_config(self) -> dict[str, Any]:
        """Return the arguments to make the layer again."""
        return {**super().get_config(), "size": self.size, "dropout": self.rate}


def _dense(size: int, width: int, name: str, dtype: Any, **arguments: Any) -> layers.Dense:
    """Make a dense layer that reads vectors of a width."""
    layer = layers.Dense(size, name=name, dtype=dtype, **arguments)
    layer.build((None, width))
    return layer


def _norm(width: int, name: str, dtype: Any) -> layers.LayerNormalization:
    layer = layers.LayerNormalization(epsilon=NORMALIZATION_EPSILON, name=name, dtype=dtype)
    layer.build((None, width))
    return layer


def surroundings_tensors(surroundings: Surroundings) -> list[Any]:
    """Hand the arrays of surroundings to the backend, in the order of `surroundings_inputs`."""
    arrays = (surroundings.neighbours, surroundings.geometry, surroundings.makeup)
    return [ops.convert_to_tensor(array) for array in arrays]
