"""Scores of a network on atoms and of networks on residue graphs together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.graph.residue_graph import NEIGHBOURS, build_graph
from sasnet_core.scoring.log_odds import logistic, logit
from sasnet_core.scoring.scorer import Scorer
from sasnet_core.scoring.smoothing import PairTerms, Smoother

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sasnet_core.graph.deep_tensor import DeepTensor
    from sasnet_core.graph.residue_graph import Graph
    from sasnet_core.scoring.embedding_cache import EmbeddingCache
    from sasnet_core.scoring.memory import Sizes
    from sasnet_core.structure.protein import Protein

#: Scores closer to 0 and 1 than this have no log odds to add to.
MARGIN = 1e-6
#: Graphs of the last proteins that are remembered: one protein often meets many others.
REMEMBERED = 32


def graph_log_odds(
    logits: np.ndarray, left: Protein, right: Protein, smoother: Smoother
) -> np.ndarray:
    """Smooth what networks on graphs say of pairs as the scores of a network on atoms are.

    Parameters
    ----------
    logits : ndarray, shape (n_left, n_right)
        Mean of the networks.
    left, right : Protein
        The partners.
    smoother : Smoother
        Of these partners.

    Returns
    -------
    ndarray, shape (n_left, n_right), float64
        Log odds.
    """
    smoothed = smoother.smooth(logistic(logits).astype(np.float32)).astype(np.float64)
    odds: np.ndarray = logit(np.clip(smoothed, MARGIN, 1 - MARGIN))
    return odds


class GraphScorer(Scorer):
    """Adds what networks on residue graphs say to the scores of a network on atoms.

    Log odds of a pair: those of the atoms, smoothed, plus `share` times those of the graphs,
    smoothed alike. A protein of 20 residues or fewer has no graph; then the atoms decide alone.

    Parameters
    ----------
    scorer : Scorer
        Scores by atoms; its smoothing is used.
    networks : sequence of DeepTensor
        Their logits are averaged.
    share : float
        Weight of the graphs.
    """

    def __init__(self, scorer: Scorer, networks: Sequence[DeepTensor], share: float) -> None:
        super().__init__(scorer.smoothing)
        self._scorer, self._networks, self._share = scorer, tuple(networks), share
        self._graphs: dict[str, Graph] = {}

    @property
    def precision(self) -> str:
        """What is computed in: "float32" or "bfloat16"."""
        return self._scorer.precision

    def use_cache(self, cache: EmbeddingCache | None, member: int = 0) -> None:
        """Store embeddings of proteins that occur again in a cache, from now on."""
        self._scorer.use_cache(cache, member)

    def limit_sizes(self, sizes: Sizes) -> None:
        """Limit how much the scorer works on at once."""
        self._scorer.limit_sizes(sizes)

    def _rotations(
        self, left: Protein, right: Protein, rotations: int, seed: int
    ) -> Iterator[tuple[np.ndarray, Sequence[np.ndarray]]]:
        """Yield the atoms' scores of each rotation, and the views of its spread."""
        return self._scorer._rotations(left, right, rotations, seed)

    def _terms(self, left: Protein, right: Protein) -> PairTerms | None:
        """Return what the graphs say of each pair."""
        if min(left.n_residues, right.n_residues) <= NEIGHBOURS:
            return None
        one, other = self._graph(left), self._graph(right)
        logits = np.mean([network.logits(one, other) for network in self._networks], axis=0)
        odds = graph_log_odds(logits, left, right, Smoother(left, right, self.smoothing))
        return PairTerms(1.0, self._share * odds)

    def _graph(self, protein: Protein) -> Graph:
        """Return the graph of a protein, made once while it is among the last ones."""
        key = f"{protein.content_hash} {protein.sequence}"
        graph = self._graphs.pop(key, None) or build_graph(protein)
        self._graphs[key] = graph  # last in order
        if len(self._graphs) > REMEMBERED:
            del self._graphs[next(iter(self._graphs))]
        return graph
