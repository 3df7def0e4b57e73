"""What all networks on residue graphs share: the layer that sees pairs, and the check of arrays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sasnet_core.graph.residue_graph import Graph

# What the layer reads of each residue as the first and as the second of a pair, each an array of
# shape (n_residues, dense units), float32.
Halves = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class GraphNetwork(ABC):
    """One trained network on residue graphs.

    Attributes
    ----------
    arrays : mapping
        Names and values of its weights, float32.
    """

    arrays: Mapping[str, np.ndarray]

    @abstractmethod
    def embed(self, graph: Graph) -> Halves:
        """Compute what the pair layer reads of each residue, in either place of a pair.

        Returns
        -------
        tuple of ndarray, shape (n_residues, dense units), float32
        """

    def pairs(self, left: Halves, right: Halves) -> np.ndarray:
        """Score all pairs of two proteins from what `embed` returned; as `logits`."""
        return pair_logits(left, right, self.arrays)

    def logits(self, left: Graph, right: Graph) -> np.ndarray:
        """Score all pairs of two proteins, both orders averaged.

        Returns
        -------
        ndarray, shape (n_left, n_right), float32
        """
        return self.pairs(self.embed(left), self.embed(right))


def pair_logits(left: Halves, right: Halves, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Score all pairs of two proteins, both orders averaged.

    Parameters
    ----------
    left, right : tuple of ndarray, shape (n_left or n_right, dense units)
        Each residue as the first and as the second of a pair.
    arrays : mapping
        Of the network: score, shape (dense units,), and score_bias.

    Returns
    -------
    ndarray, shape (n_left, n_right), float32
    """
    score, bias = arrays["score"], arrays["score_bias"]
    rows = [
        np.maximum(first + right[1], 0) @ score + np.maximum(second + right[0], 0) @ score
        for first, second in zip(*left, strict=True)
    ]
    result: np.ndarray = np.stack(rows).astype(np.float32) / 2 + bias
    return result


def check_arrays(
    arrays: Mapping[str, np.ndarray], shapes: Mapping[str, str], sizes: Mapping[str, int]
) -> None:
    """Compare arrays with the shapes that a network needs.

    Parameters
    ----------
    arrays : mapping
        Name -> values.
    shapes : mapping
        Name -> a letter for each axis.
    sizes : mapping
        Letter -> length of the axis.

    Raises
    ------
    ValueError
        One is missing, left over, of another shape, or not of numbers.
    """
    if set(arrays) != set(shapes):
        raise ValueError(f"arrays do not fit at {sorted(set(arrays) ^ set(shapes))[:3]}")
    for name, axes in shapes.items():
        shape = tuple(sizes[axis] for axis in axes)
        if arrays[name].shape != shape or not np.isfinite(arrays[name]).all():
            raise ValueError(f"{name} must hold numbers, shape {shape}")
