"""A deep tensor network (DTNN, Schütt et al. 2017) on residue graphs, in NumPy.

`train.baselines.methods` has the same network in Keras and trains it. It is so small that it needs
neither Keras nor a GPU to score two proteins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.errors import WeightsError
from sasnet_core.files import read_arrays, write_arrays
from sasnet_core.graph.features import WIDTHS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sasnet_core.graph.residue_graph import Graph

#: Arrays of a network and their axes: features, factors, the two edge features, dense units.
SHAPES = {
    "mean": "n", "deviation": "n", "nodes": "nf", "nodes_bias": "f", "edges": "2f",
    "edges_bias": "f", "factors": "fn", "first": "nd", "first_bias": "d", "second": "nd",
    "score": "d", "score_bias": "",
}  # fmt: skip


@dataclass(frozen=True)
class DeepTensor:
    """One trained network.

    Attributes
    ----------
    arrays : mapping
        Those that `SHAPES` names, float32.
    """

    arrays: Mapping[str, np.ndarray]

    def embed(self, graph: Graph) -> tuple[np.ndarray, np.ndarray]:
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

    def logits(self, left: Graph, right: Graph) -> np.ndarray:
        """Score all pairs of two proteins, both orders averaged.

        Returns
        -------
        ndarray, shape (n_left, n_right), float32
        """
        (one, two), (three, four) = self.embed(left), self.embed(right)
        score, bias = self.arrays["score"], self.arrays["score_bias"]
        rows = [
            np.maximum(first + four, 0) @ score + np.maximum(second + three, 0) @ score
            for first, second in zip(one, two, strict=True)
        ]
        result: np.ndarray = np.stack(rows).astype(np.float32) / 2 + bias
        return result


def save_networks(networks: Sequence[DeepTensor], path: Path) -> None:
    """Write networks into one file."""
    write_arrays(
        {
            f"{number}/{name}": values.astype(np.float32)
            for number, network in enumerate(networks, 1)
            for name, values in network.arrays.items()
        },
        path,
    )


def read_networks(path: Path) -> list[DeepTensor]:
    """Read a file of `save_networks`.

    Raises
    ------
    WeightsError
        It is damaged, or an array is missing, of another shape, or not of numbers.
    """
    try:
        arrays = read_arrays(path)
        numbers = sorted({int(name.partition("/")[0]) for name in arrays})
        if len(arrays) != len(numbers) * len(SHAPES) or not numbers:
            raise ValueError(f"{len(SHAPES)} arrays for each network are needed")
        return [
            DeepTensor(_checked({name: arrays[f"{number}/{name}"] for name in SHAPES}))
            for number in numbers
        ]
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(
            f"{path}: networks on residue graphs are needed ({error}); fetch the file again"
        ) from None


def _checked(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return arrays whose shapes fit together; raise ValueError if they do not."""
    sizes = {"n": sum(WIDTHS.values()), "2": 2}
    sizes |= {"f": arrays["nodes"].shape[-1], "d": arrays["first"].shape[-1]}
    for name, axes in SHAPES.items():
        shape = tuple(sizes[axis] for axis in axes)
        if arrays[name].shape != shape or not np.isfinite(arrays[name]).all():
            raise ValueError(f"{name} must hold numbers, shape {shape}")
    return arrays
