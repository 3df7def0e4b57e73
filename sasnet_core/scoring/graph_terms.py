"""What networks on residue graphs add to the scores of a network on atoms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.graph.residue_graph import build_graph, has_graph
from sasnet_core.scoring.log_odds import logistic, logit
from sasnet_core.scoring.smoothing import PairTerms, Smoother

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.fitted import Smoothing
    from sasnet_core.graph.pair_layer import GraphNetwork, Halves
    from sasnet_core.scoring.smoothing import Barred
    from sasnet_core.structure.protein import Protein

#: Scores closer to 0 and 1 than this have no log odds to add to.
MARGIN = 1e-6
#: Last proteins whose embeddings are remembered: one protein often meets many others.
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


class GraphTerms:
    """What networks on residue graphs add to the scores of a network on atoms.

    Log odds of a pair: those of the atoms, smoothed, plus `share` times those of the graphs,
    smoothed alike. A very small or large protein has no graph (`residue_graph.has_graph`); then the
    atoms decide alone.

    Parameters
    ----------
    networks : sequence of GraphNetwork
        Their logits are averaged.
    share : float
        Weight of the graphs.
    """

    def __init__(self, networks: Sequence[GraphNetwork], share: float) -> None:
        self._networks, self._share = tuple(networks), share
        self._embedded: dict[str, list[Halves]] = {}

    def of(
        self, left: Protein, right: Protein, smoothing: Smoothing, barred: Barred | None = None
    ) -> PairTerms | None:
        """Return what the graphs say of each pair of two proteins; None if one has no graph.

        Barred residues do not take part in the smoothing of others.
        """
        if not (has_graph(left) and has_graph(right)):
            return None
        each = zip(self._networks, self._embed(left), self._embed(right), strict=True)
        logits = np.mean([network.pairs(one, other) for network, one, other in each], axis=0)
        odds = graph_log_odds(logits, left, right, Smoother(left, right, smoothing, barred))
        return PairTerms(1.0, self._share * odds)

    def _embed(self, protein: Protein) -> list[Halves]:
        """Embed a protein by each network, once while it is among the last ones."""
        key = f"{protein.content_hash} {protein.sequence}"
        found = self._embedded.pop(key, None)
        if found is None:
            graph = build_graph(protein)
            found = [network.embed(graph) for network in self._networks]
        self._embedded[key] = found  # last in order
        if len(self._embedded) > REMEMBERED:
            del self._embedded[next(iter(self._embedded))]
        return found
