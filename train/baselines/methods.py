"""The five compared networks as functional Keras models.

Each network turns the features of residues into embeddings by convolutions over residue graphs. A
pair is scored by dense layers on both embeddings, as in Fout et al. 2017 (NIPS, "Protein Interface
Prediction using Graph Convolutional Networks"), whose setup all methods share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers, ops

#: Called with nodes, neighbours and edges, their inputs, and the number of filters.
Convolution = Callable[[Any, Any, Any, int], Any]


@dataclass(frozen=True)
class Sizes:
    """What the shapes of a network depend on.

    Attributes
    ----------
    method : str
        One of `METHODS`.
    n_features : int
        Features of a residue.
    filters : tuple of int
        Filters of each convolution (Fout et al.: 256 for one, 256 and 512 for two).
    dense : int
        Units of the dense layer that sees both residues (Fout et al.: 512).
    dropout : float
        Share of values that are dropped after each layer (Fout et al.: 0.5).
    neighbours, edge_features : int
        Of a residue and of an edge.
    """

    method: str
    n_features: int
    filters: tuple[int, ...] = (256,)
    dense: int = 512
    dropout: float = 0.5
    neighbours: int = 20
    edge_features: int = 2


class TakeRows(layers.Layer):
    """Takes rows: (batch, n, width) and indices (batch, ...) -> (batch, ..., width)."""

    def call(self, rows: Any, indices: Any) -> Any:
        """Take them."""
        batch, count = ops.shape(rows)[0], ops.shape(rows)[1]
        shifts = ops.reshape(ops.arange(batch) * count, (-1,) + (1,) * (len(indices.shape) - 1))
        flat = ops.reshape(rows, (-1, rows.shape[-1]))
        return ops.take(flat, indices + ops.cast(shifts, indices.dtype), axis=0)

    def compute_output_shape(
        self, rows_shape: tuple[int | None, ...], indices_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        """Return the shape of the rows taken."""
        return (*indices_shape, rows_shape[-1])


def mean(values: Any) -> Any:
    """Average over neighbours: (batch, n, neighbours, width) -> (batch, n, width)."""
    return ops.mean(values, axis=2)


def flat(values: Any) -> Any:
    """Join the neighbours' values in their order: -> (batch, n, neighbours * width)."""
    _, count, neighbours, width = values.shape
    return layers.Reshape((count or -1, neighbours * width))(values)


def node_average(nodes: Any, neighbours: Any, edges: Any, filters: int) -> Any:
    """Node Average (Fout et al. 2017): one matrix for the residue, one for its neighbours' mean."""
    around = mean(TakeRows()(nodes, neighbours))
    return ops.relu(layers.Dense(filters)(nodes) + layers.Dense(filters, use_bias=False)(around))


def node_edge_average(nodes: Any, neighbours: Any, edges: Any, filters: int) -> Any:
    """Node+Edge Average (Fout et al. 2017): `node_average` and a matrix for the edges' mean."""
    around = ops.concatenate([mean(TakeRows()(nodes, neighbours)), mean(edges)], axis=-1)
    return ops.relu(layers.Dense(filters)(nodes) + layers.Dense(filters, use_bias=False)(around))


def order_dependent(nodes: Any, neighbours: Any, edges: Any, filters: int) -> Any:
    """Order Dependent (Fout et al. 2017): a matrix of its own for each neighbour, nearest first."""
    around = ops.concatenate([TakeRows()(nodes, neighbours), edges], axis=-1)
    return ops.relu(
        layers.Dense(filters)(nodes) + layers.Dense(filters, use_bias=False)(flat(around))
    )


def neural_fingerprint(nodes: Any, neighbours: Any, edges: Any, filters: int) -> Any:
    """Neural graph fingerprints (Duvenaud et al. 2015): one matrix for a residue and neighbours.

    Duvenaud's matrix depends on the number of neighbours, which is always the same here, and the
    sum over atoms into one fingerprint is left out, because residues are scored.
    """
    return layers.Dense(filters, "relu")(nodes + mean(TakeRows()(nodes, neighbours)))


def deep_tensor(nodes: Any, neighbours: Any, edges: Any, filters: int) -> Any:
    """DTNN (Schütt et al. 2017): neighbours and edges meet in a product of factors.

    The residue's own features are carried on; the filters are the factors.
    """
    factors = TakeRows()(layers.Dense(filters)(nodes), neighbours) * layers.Dense(filters)(edges)
    width = nodes.shape[-1]
    return nodes + mean(layers.Dense(width, "tanh", use_bias=False)(factors))


METHODS: dict[str, Convolution] = {
    "ngf": neural_fingerprint,
    "dtnn": deep_tensor,
    "node_edge_average": node_edge_average,
    "order_dependent": order_dependent,
    "node_average": node_average,
}


def build(sizes: Sizes, seed: int = 0) -> keras.Model:
    """Build a network that scores pairs of residues.

    Parameters
    ----------
    sizes : Sizes
        Its method and sizes.
    seed : int
        Seed of weights and dropout.

    Returns
    -------
    keras.Model
        Inputs: nodes (batch, n, n_features), neighbours (batch, n, neighbours) int32, edges
        (batch, n, neighbours, edge_features), pairs (batch, n_pairs, 2) int32, rows of the
        residues. Output: logits (batch, n_pairs, 1), the mean of both orders of a pair. Layers
        "first", "second" and "score" are the dense layers that see pairs.
    """
    keras.utils.set_random_seed(seed)
    nodes = keras.Input((None, sizes.n_features), name="nodes")
    neighbours = keras.Input((None, sizes.neighbours), dtype="int32", name="neighbours")
    edges = keras.Input((None, sizes.neighbours, sizes.edge_features), name="edges")
    pairs = keras.Input((None, 2), dtype="int32", name="pairs")
    embeddings = nodes
    for filters in sizes.filters:
        embeddings = METHODS[sizes.method](embeddings, neighbours, edges, filters)
        embeddings = layers.Dropout(sizes.dropout)(embeddings)
    # One dense layer on both embeddings, computed once for each residue: W [a; b] = Wa a + Wb b.
    first = layers.Dense(sizes.dense, name="first")(embeddings)
    second = layers.Dense(sizes.dense, use_bias=False, name="second")(embeddings)
    score = layers.Dense(1, name="score")
    one, other = pairs[..., 0], pairs[..., 1]
    orders = []
    for a, b in ((one, other), (other, one)):
        hidden = ops.relu(TakeRows()(first, a) + TakeRows()(second, b))
        orders.append(score(layers.Dropout(sizes.dropout)(hidden)))
    logits = (orders[0] + orders[1]) / 2
    return keras.Model([nodes, neighbours, edges, pairs], logits, name=sizes.method)
