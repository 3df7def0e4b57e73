"""A deep tensor network (DTNN, Schütt et al. 2017) on residue graphs, in NumPy.

`train.baselines.methods` has the same network in Keras and trains it. It is so small that it needs
neither Keras nor a GPU to score two proteins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.graph.features import WIDTHS
from sasnet_core.graph.pair_layer import GraphNetwork, Halves, check_arrays

if TYPE_CHECKING:
    from sasnet_core.graph.residue_graph import Graph

#: Arrays of a network and their axes: features, factors, the two edge features, dense units.
SHAPES = {
    "mean": "n", "deviation": "n", "nodes": "nf", "nodes_bias": "f", "edges": "2f",
    "edges_bias": "f", "factors": "fn", "first": "nd", "first_bias": "d", "second": "nd",
    "score": "d", "score_bias": "",
}  # fmt: skip


class DeepTensor(GraphNetwork):
    """One trained network.

    Attributes
    ----------
    arrays : mapping
        Those that `SHAPES` names, float32.
    """

    def embed(self, graph: Graph) -> Halves:
        """Compute what the pair layer reads of each residue, in either place of a pair.

        Returns
        -------
        tuple of ndarray, shape (n_residues, dense units), float32
        """
        a = self.arrays
        nodes = np.concatenate([graph.features[name] for name in WIDTHS], axis=1)
        nodes = ((nodes - a["mean"]) / a["deviation"]).astype(np.float32)  # (n_residues, n)
        told = (nodes @ a["nodes"] + a["nodes_bias"])[graph.neighbours]
        factors = told * (graph.edges @ a["edges"] + a["edges_bias"])  # (n_residues, 20, f)
        x = nodes + np.tanh(factors @ a["factors"]).mean(axis=1)  # (n_residues, n)
        return x @ a["first"] + a["first_bias"], x @ a["second"]


def checked(arrays: dict[str, np.ndarray]) -> DeepTensor:
    """Make a network of arrays.

    Raises
    ------
    KeyError, ValueError
        One is missing, left over, of another shape, or not of numbers.
    """
    sizes = {"n": sum(WIDTHS.values()), "2": 2}
    sizes |= {"f": arrays["nodes"].shape[-1], "d": arrays["first"].shape[-1]}
    check_arrays(arrays, SHAPES, sizes)
    return DeepTensor(arrays)
