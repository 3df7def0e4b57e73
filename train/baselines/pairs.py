"""Complexes as pairs of graphs, as the networks read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from sasnet_core.dataset.complexes import load_complex
from sasnet_core.graph.residue_graph import Graph, kept_graph
from sasnet_core.structure.contacts import NOWHERE, contact_matrix
from sasnet_core.structure.protein import Protein

#: Reads the profile of a protein, shape (n_residues, 20).
Profiles = Callable[[Protein], np.ndarray]


@dataclass(frozen=True)
class GraphPair:
    """Two graphs in one list of residues, those of the left protein first."""

    name: str
    nodes: np.ndarray  # (n, n_features) float32
    neighbours: np.ndarray  # (n, neighbours) int32, rows of nodes
    edges: np.ndarray  # (n, neighbours, 2) float32
    n_left: int
    contacts: np.ndarray  # (n_contacts, 2) int32, rows (left residue, right residue)
    #: Rows of nodes that are poor non-contacts, because they touch third chains.
    spared: np.ndarray = field(default_factory=lambda: NOWHERE)

    @property
    def n_right(self) -> int:
        """Number of residues of the right protein."""
        return len(self.nodes) - self.n_left

    def labels(self) -> np.ndarray:
        """Return which residue pairs are contacts, shape (n_left, n_right), bool."""
        return contact_matrix(self.contacts, self.n_left, self.n_right)

    def inputs(self) -> list[np.ndarray]:
        """Return nodes, neighbours and edges as a batch of one."""
        return [self.nodes[None], self.neighbours[None], self.edges[None]]


@dataclass(frozen=True)
class Scale:
    """What makes features have mean 0 and standard deviation 1 over the training residues."""

    mean: np.ndarray  # (n_features,)
    deviation: np.ndarray  # (n_features,)

    @classmethod
    def of(cls, items: Sequence[GraphPair]) -> Scale:
        """Measure the residues of complexes."""
        nodes = np.concatenate([item.nodes for item in items]).astype(float)
        deviation = nodes.std(axis=0)
        return cls(nodes.mean(axis=0), np.where(deviation > 0, deviation, 1.0))

    def apply(self, item: GraphPair) -> GraphPair:
        """Return a complex with scaled features."""
        nodes = (item.nodes - self.mean) / self.deviation
        return replace(item, nodes=nodes.astype(np.float32))


def load_pairs(
    dataset: Path,
    rows: Sequence[dict[str, str]],
    features: Sequence[str],
    folder: Path,
    profiles: Profiles | None = None,
) -> list[GraphPair]:
    """Read complexes with the graphs of their proteins.

    Parameters
    ----------
    dataset : Path
        Made by `train.db5`.
    rows : sequence of dict
        Rows of its manifest.
    features : sequence of str
        Names of the features of residues, of `sasnet_core.graph.features.WIDTHS`.
    folder : Path
        Where graphs are kept.
    profiles : callable, optional
        Adds the 20 columns of a position-specific scoring matrix to the features.
    """
    found = []
    for row in tqdm(rows, desc="graphs", disable=None):
        item = load_complex(dataset / row["file"])
        graphs = [kept_graph(protein, folder) for protein in (item.left, item.right)]
        more = [profiles(protein) for protein in (item.left, item.right)] if profiles else None
        found.append(join(row["id"], graphs, item.contacts, features, more))
    return found


def join(
    name: str,
    graphs: Sequence[Graph],
    contacts: np.ndarray,
    features: Sequence[str],
    more: Sequence[np.ndarray] | None = None,
) -> GraphPair:
    """Put the graphs of two proteins into one list of residues.

    Parameters
    ----------
    name : str
        Of the complex.
    graphs : sequence of Graph
        The left and the right one.
    contacts : ndarray, shape (n_contacts, 2)
        Rows (left residue, right residue).
    features : sequence of str
        Names of the features to take.
    more : sequence of ndarray, optional
        Further features of the left and of the right protein, shape (n_residues, any).
    """
    left, right = graphs
    columns = [np.concatenate([g.features[name] for g in graphs]) for name in features]
    columns += [np.concatenate(more)] if more is not None else []
    n_left = len(left.neighbours)
    return GraphPair(
        name=name,
        nodes=np.concatenate(columns, axis=1, dtype=np.float32),
        neighbours=np.concatenate([left.neighbours, right.neighbours + n_left]),
        edges=np.concatenate([left.edges, right.edges]),
        n_left=n_left,
        contacts=contacts,
    )


def sample_pairs(
    item: GraphPair, negatives: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw non-contacts to go with all contacts.

    Parameters
    ----------
    item : GraphPair
        The complex.
    negatives : int
        Number of draws; the few that hit a contact, and those with a spared residue, are omitted,
        repeats are not.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    pairs : ndarray, shape (n_pairs, 2), int32
        Rows of nodes, contacts first.
    labels : ndarray, shape (n_pairs,), float32
        1 for contacts, 0 for non-contacts.
    """
    codes = item.contacts[:, 0].astype(np.int64) * item.n_right + item.contacts[:, 1]
    drawn = rng.integers(item.n_left * item.n_right, size=negatives)
    left, right = np.divmod(drawn, item.n_right)
    poor = np.isin(left, item.spared) | np.isin(right + item.n_left, item.spared)
    drawn = drawn[~(np.isin(drawn, codes) | poor)]
    pairs = np.stack(np.divmod(np.concatenate([codes, drawn]), item.n_right), axis=1)
    pairs[:, 1] += item.n_left
    return pairs.astype(np.int32), np.repeat(np.float32([1, 0]), [len(codes), len(drawn)])
