"""A network on residue graphs, in NumPy.

Residues exchange messages with their neighbours on the graph, as the context layers of the network
on atoms do; it reads features of residues in place of surfacelets. `train.graphs.network` has the
same network in Keras and trains it. It is so small that it needs neither Keras nor a GPU to score
two proteins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.config import NORMALIZATION_EPSILON
from sasnet_core.graph.features import WIDTHS
from sasnet_core.graph.pair_layer import GraphNetwork, Halves, check_arrays

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sasnet_core.graph.residue_graph import Graph

#: Scaled features beyond this are cut off: a rare value must not drown the others.
LARGEST = 8.0
#: Powers of the closeness of two residues (`residue_graph.edge_features`) that an edge shows.
POWERS = (1, 2, 4, 8)
#: Numbers of an edge: the powers, and the angle of the planes.
EDGE_SIZE = len(POWERS) + 1
#: Arrays of a network and their axes: n features, w width, v twice the width, e numbers of an edge,
#: d dense units; those of a layer carry its number and a slash before their names.
SHAPES = {
    "mean": "n", "deviation": "n", "entry": "nw", "entry_bias": "w", "exit_scale": "w",
    "exit_shift": "w", "first": "wd", "first_bias": "d", "second": "wd", "score": "d",
    "score_bias": "",
}  # fmt: skip
LAYER_SHAPES = {
    "scale": "w", "shift": "w", "asked": "ww", "asked_bias": "w", "told": "ww", "lie": "ew",
    "gate": "ew", "gate_bias": "w", "heard": "ww", "heard_bias": "w", "wide_scale": "w",
    "wide_shift": "w", "wide": "wv", "wide_bias": "v", "wide_out": "vw", "wide_out_bias": "w",
}  # fmt: skip


class ResidueNetwork(GraphNetwork):
    """One trained network.

    Attributes
    ----------
    arrays : mapping
        Those that `SHAPES` and, for each layer, `LAYER_SHAPES` name, float32.
    """

    def embed(self, graph: Graph) -> Halves:
        """Compute what the pair layer reads of each residue, in either place of a pair.

        Returns
        -------
        tuple of ndarray, shape (n_residues, dense units), float32
        """
        a = self.arrays
        nodes = np.concatenate([graph.features[name] for name in WIDTHS], axis=1)
        neighbours, edges = with_itself(graph.neighbours, graph.edges)
        x = scaled(nodes, a["mean"], a["deviation"]) @ a["entry"] + a["entry_bias"]
        number = 1
        while f"{number}/asked" in a:
            layer = {name: a[f"{number}/{name}"] for name in LAYER_SHAPES}
            x = _exchanged(x, neighbours, edges, layer)  # (n_residues, width)
            number += 1
        x = _normalized(x, a["exit_scale"], a["exit_shift"])
        return x @ a["first"] + a["first_bias"], x @ a["second"]


def scaled(nodes: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Scale features of residues and cut large ones off, shape (n_residues, n_features)."""
    values: np.ndarray = ((nodes - mean) / deviation).clip(-LARGEST, LARGEST).astype(np.float32)
    return values


def with_itself(neighbours: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Make each residue its own first neighbour, and write out the numbers of the edges.

    Parameters
    ----------
    neighbours, edges : ndarray, shape (n, n_neighbours) and (n, n_neighbours, 2)
        See `residue_graph.Graph`.

    Returns
    -------
    neighbours : ndarray, shape (n, n_neighbours + 1), int32
    edges : ndarray, shape (n, n_neighbours + 1, EDGE_SIZE), float32
    """
    own = np.arange(len(neighbours), dtype=np.int32)[:, None]
    to_itself = np.broadcast_to(
        np.array([1, 0], np.float32), (len(edges), 1, 2)
    )  # at no distance, no angle
    edges = np.concatenate([to_itself, edges], axis=1)
    numbers = [edges[..., 0] ** power for power in POWERS]
    return (
        np.concatenate([own, neighbours], axis=1),
        np.stack([*numbers, edges[..., 1]], axis=-1).astype(np.float32),
    )


def _exchanged(
    x: np.ndarray, neighbours: np.ndarray, edges: np.ndarray, layer: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Add the mean of the neighbours' gated messages, then each residue's own update."""
    y = _normalized(x, layer["scale"], layer["shift"])
    sent = (y @ layer["told"])[neighbours]  # (n, n_neighbours + 1, width)
    received = (y @ layer["asked"] + layer["asked_bias"])[:, None]
    gate = 1 / (1 + np.exp(-(edges @ layer["gate"] + layer["gate_bias"])))
    messages = (np.maximum(received + sent + edges @ layer["lie"], 0) * gate).mean(axis=1)
    x = x + messages @ layer["heard"] + layer["heard_bias"]
    y = _normalized(x, layer["wide_scale"], layer["wide_shift"])
    y = np.maximum(y @ layer["wide"] + layer["wide_bias"], 0)
    exchanged: np.ndarray = x + y @ layer["wide_out"] + layer["wide_out_bias"]
    return exchanged


def _normalized(x: np.ndarray, scale: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Normalize each residue's numbers to mean 0 and variance 1, then scale and shift them."""
    centred = x - x.mean(axis=1, keepdims=True)
    variance = np.square(centred).mean(axis=1, keepdims=True)
    normalized: np.ndarray = centred / np.sqrt(variance + NORMALIZATION_EPSILON) * scale + shift
    return normalized


def checked(arrays: dict[str, np.ndarray]) -> ResidueNetwork:
    """Make a network of arrays.

    Raises
    ------
    KeyError, ValueError
        One is missing, left over, of another shape, or not of numbers.
    """
    depth = sum(name.endswith("/asked") for name in arrays)
    shapes = SHAPES | {
        f"{number}/{name}": axes
        for number in range(1, depth + 1)
        for name, axes in LAYER_SHAPES.items()
    }
    width = arrays["entry"].shape[1]
    sizes = {"n": sum(WIDTHS.values()), "w": width, "v": 2 * width, "e": EDGE_SIZE}
    sizes["d"] = arrays["first"].shape[1]
    check_arrays(arrays, shapes, sizes)
    return ResidueNetwork(arrays)
