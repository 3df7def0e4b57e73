"""The network of `sasnet_core.graph.residue_network` in Keras, to be trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import layers, ops

from sasnet_core.config import NORMALIZATION_EPSILON
from sasnet_core.graph.residue_network import EDGE_SIZE, ResidueNetwork
from sasnet_core.settings import COUNT, UNDER_ONE, Settings
from train.baselines.methods import TakeRows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from train.baselines.pairs import Scale


@dataclass(frozen=True)
class Sizes(Settings):
    """What the shapes of a network depend on.

    Attributes
    ----------
    layers : int
        Times that residues exchange messages.
    width : int
        Numbers of a residue.
    dense : int
        Units of the dense layer that sees both residues of a pair.
    dropout : float
        Share of values that are dropped in training.
    """

    layers: int = 3
    width: int = 96
    dense: int = 128
    dropout: float = 0.2

    _rules = {"layers": COUNT, "width": COUNT, "dense": COUNT, "dropout": UNDER_ONE}


def build(sizes: Sizes, n_features: int, seed: int) -> keras.Model:
    """Build a network that scores pairs of residues, and residues alone.

    Parameters
    ----------
    sizes : Sizes
        Its sizes.
    n_features : int
        Features of a residue.
    seed : int
        Seed of weights and dropout.

    Returns
    -------
    keras.Model
        Inputs: scaled nodes (batch, n, n_features), neighbours (batch, n, n_neighbours) int32,
        edges (batch, n, n_neighbours, EDGE_SIZE) and pairs (batch, n_pairs, 2) int32, rows of
        residues. Outputs: logits of pairs (batch, n_pairs, 1), the mean of both orders, and of
        residues (batch, n, 1): in the interface or not.
    """
    keras.utils.set_random_seed(seed)
    nodes = keras.Input((None, n_features), name="nodes")
    neighbours = keras.Input((None, None), dtype="int32", name="neighbours")
    edges = keras.Input((None, None, EDGE_SIZE), name="edges")
    pairs = keras.Input((None, 2), dtype="int32", name="pairs")
    x = layers.Dense(sizes.width, name="entry")(nodes)
    for number in range(1, sizes.layers + 1):
        x = _exchange(x, neighbours, edges, sizes, f"{number}_")
    x = _norm("exit")(x)
    first = layers.Dense(sizes.dense, name="first")(x)
    second = layers.Dense(sizes.dense, use_bias=False, name="second")(x)
    score, drop = layers.Dense(1, name="score"), layers.Dropout(sizes.dropout)
    one, other = pairs[..., 0], pairs[..., 1]
    orders = [
        score(drop(ops.relu(TakeRows()(first, a) + TakeRows()(second, b))))
        for a, b in ((one, other), (other, one))
    ]
    outputs = [(orders[0] + orders[1]) / 2, layers.Dense(1, name="site")(x)]
    return keras.Model([nodes, neighbours, edges, pairs], outputs, name="residue_network")


def _exchange(x: Any, neighbours: Any, edges: Any, sizes: Sizes, prefix: str) -> Any:
    """Add the mean of the neighbours' gated messages, then each residue's own update."""

    def dense(width: int, name: str, **options: Any) -> layers.Layer:
        return layers.Dense(width, name=prefix + name, **options)

    width = sizes.width
    y = _norm(prefix)(x)
    sent = TakeRows()(dense(width, "told", use_bias=False)(y), neighbours)
    received = ops.expand_dims(dense(width, "asked")(y), 2)
    lie = dense(width, "lie", use_bias=False)(edges)
    messages = ops.relu(received + sent + lie) * dense(width, "gate", activation="sigmoid")(edges)
    heard = dense(width, "heard")(ops.mean(messages, axis=2))  # (batch, n, width)
    x = x + layers.Dropout(sizes.dropout)(heard)
    y = dense(2 * width, "wide", activation="relu")(_norm(f"{prefix}wide_")(x))
    return x + dense(width, "wide_out")(layers.Dropout(sizes.dropout)(y))


def _norm(prefix: str) -> layers.Layer:
    return layers.LayerNormalization(epsilon=NORMALIZATION_EPSILON, name=f"{prefix}norm")


def exported(model: keras.Model, scale: Scale) -> ResidueNetwork:
    """Take the arrays of a trained network for use without Keras.

    Parameters
    ----------
    model : keras.Model
        Made by `build`.
    scale : Scale
        Of its features.
    """
    arrays = {"mean": scale.mean, "deviation": scale.deviation}
    for name, variable in _variables(model).items():
        value = np.array(keras.ops.convert_to_numpy(variable))
        one_unit = name.startswith("score")
        arrays[name] = (
            value.ravel()[0] if name == "score_bias" else value[:, 0] if one_unit else value
        )
    return ResidueNetwork({name: np.asarray(v, np.float32) for name, v in arrays.items()})


def fill(model: keras.Model, arrays: Mapping[str, np.ndarray]) -> None:
    """Start a network from the arrays of another one of its sizes; the site layer stays as it is.

    Raises
    ------
    ValueError
        The sizes differ.
    """
    for name, variable in _variables(model).items():
        value = arrays[name]
        variable.assign(value.reshape(variable.shape) if name.startswith("score") else value)


def _variables(model: keras.Model) -> dict[str, Any]:
    """Name a network's variables as `residue_network.SHAPES` does, all but the site layer's."""
    endings = {"kernel": "", "bias": "_bias", "gamma": "scale", "beta": "shift"}
    found = {}
    for layer in model.layers:
        own = layer.name.removesuffix("norm")
        number, _, rest = own.partition("_")
        prefix = f"{number}/{rest}" if number.isdigit() else own + "_" * (own == "exit")
        for variable in layer.weights:
            name = variable.path.rpartition("/")[2]
            if layer.name != "site" and name in endings:
                found[prefix + endings[name]] = variable
    return found
