"""Networks on atoms and on residue graphs together."""

import numpy as np
import pytest

from sasnet_core.fitted import Smoothing
from sasnet_core.graph.residue_graph import build_graph
from sasnet_core.graph.stored import save_networks
from sasnet_core.network.weights import save_weights
from sasnet_core.network.weights_folder import GRAPH_FILE, read_info
from sasnet_core.network.weights_writing import add_graph
from sasnet_core.scoring import graph_terms
from sasnet_core.scoring.conserved import ConservedScorer
from sasnet_core.scoring.graph_terms import GraphTerms
from sasnet_core.scoring.known import Known
from sasnet_core.scoring.log_odds import logistic, logit
from sasnet_core.scoring.predictor import load_predictor
from sasnet_core.scoring.smoothing import Smoother
from tests.core.build import random_protein, tiny_model, tiny_network
from tests.core.conservation.build_profiles import laid_profile, plain_terms
from tests.core.graph.build_networks import random_network
from tests.core.shell.conftest import RandomScorer

LEFT, RIGHT, SMALL = random_protein(1, 24), random_protein(2, 22), random_protein(3, 20)
NETWORKS = [random_network(seed) for seed in (1, 2)]


class WithGraphs(RandomScorer):
    """Random scores, and what graphs add to them."""

    def terms(self, left, right, barred=None):
        return GraphTerms(NETWORKS, 0.5).of(left, right, self.smoothing, barred)


def atoms(smoothing, kind=RandomScorer):
    scorer = kind()
    scorer.smoothing = smoothing
    return scorer


@pytest.mark.parametrize("smoothing", [Smoothing(), Smoothing(share=0.5)])
def test_the_graphs_log_odds_are_smoothed_and_added(smoothing):
    graphs = build_graph(LEFT), build_graph(RIGHT)
    logits = np.mean([network.logits(*graphs) for network in NETWORKS], axis=0)
    theirs = Smoother(LEFT, RIGHT, smoothing).smooth(logistic(logits).astype(np.float32))
    alone = atoms(smoothing).score(LEFT, RIGHT, rotations=3)
    found = atoms(smoothing, WithGraphs).score(LEFT, RIGHT, rotations=3)
    expected = logistic(logit(alone.matrix) + 0.5 * logit(theirs))
    np.testing.assert_allclose(found.matrix, expected, atol=1e-5)
    assert np.abs(found.matrix - alone.matrix).max() > 0.01


def test_masked_residues_reach_others_neither_by_atoms_nor_by_graphs():
    """Networks of which one says that the masked residues touch give others the same scores."""
    smoothing, rows = Smoothing(share=0.7), np.arange(4, 9)
    known = Known(masked=(rows, np.zeros(0, np.int64)))

    class Lifted:
        """A network whose scores of the masked residues are changed."""

        def __init__(self, network, lift):
            self.embed, self._network, self._lift = network.embed, network, lift

        def pairs(self, one, other):
            found = np.array(self._network.pairs(one, other))
            found[rows] += self._lift
            return found

    class Scorer(RandomScorer):
        def terms(self, left, right, barred=None):
            networks = [Lifted(network, self.lift) for network in NETWORKS]
            return GraphTerms(networks, 0.5).of(left, right, self.smoothing, barred)

    found = []
    for Scorer.lift in (0.0, 5.0):
        found.append(atoms(smoothing, Scorer).score(LEFT, RIGHT, rotations=2, known=known).matrix)
    np.testing.assert_array_equal(*found)
    assert not found[0][rows].any() and found[0].any()


def test_a_protein_too_small_for_a_graph_is_scored_by_its_atoms():
    smoothing = Smoothing(share=0.5)
    found = atoms(smoothing, WithGraphs).score(LEFT, SMALL, rotations=2)
    alone = atoms(smoothing).score(LEFT, SMALL, rotations=2)
    np.testing.assert_array_equal(found.matrix, alone.matrix)


def test_a_protein_whose_chains_lie_far_apart_is_scored_by_its_atoms():
    coords = LEFT.coords + np.where(LEFT.atom_residues < 12, 0, 9000)[:, None]
    centers = LEFT.centers + np.where(np.arange(24) < 12, 0, 9000)[:, None]
    apart = LEFT.with_coordinates(coords, centers)
    assert GraphTerms(NETWORKS, 0.5).of(apart, RIGHT, Smoothing()) is None


def test_conservation_is_added_to_both():
    terms = plain_terms(exposure=1.5)
    scorer = atoms(Smoothing(), WithGraphs)
    profiles = {LEFT.content_hash: laid_profile(24), RIGHT.content_hash: laid_profile(22)}
    both, on_atoms = (
        ConservedScorer(one, terms, lambda protein: profiles[protein.content_hash]).score(
            LEFT, RIGHT, rotations=2
        )
        for one in (scorer, atoms(Smoothing()))
    )
    added = scorer.terms(LEFT, RIGHT).terms
    np.testing.assert_allclose(
        logit(both.matrix) - logit(on_atoms.matrix), terms.slope * added, atol=1e-3
    )


def test_a_graph_is_made_once_while_it_is_remembered(monkeypatch):
    made = []
    monkeypatch.setattr(graph_terms, "build_graph", lambda p: made.append(p) or build_graph(p))
    monkeypatch.setattr(graph_terms, "REMEMBERED", 2)
    graphs = GraphTerms(NETWORKS, 0.5)
    third = random_protein(4, 21)
    for partner in (RIGHT, third, RIGHT):
        graphs.of(LEFT, partner, Smoothing())
    assert [protein.n_residues for protein in made] == [24, 22, 21, 22]


def test_weights_of_both_are_loaded_as_one(tmp_path):
    save_weights(tmp_path / "one", tiny_network(tiny_model()))
    (tmp_path / "both").mkdir()
    save_networks(NETWORKS, tmp_path / "both" / GRAPH_FILE)
    info = add_graph(read_info(tmp_path / "one"), 0.5, tmp_path / "both")
    alone = load_predictor(tmp_path / "one").score(LEFT, RIGHT, rotations=1)
    both = load_predictor(info.folder).score(LEFT, RIGHT, rotations=1)
    added = GraphTerms(NETWORKS, 0.5).of(LEFT, RIGHT, Smoothing()).terms
    np.testing.assert_allclose(logit(both.matrix), logit(alone.matrix) + added, atol=1e-3)
    atoms_alone = load_predictor(info.folder, graphs=False).score(LEFT, RIGHT, rotations=1)
    np.testing.assert_array_equal(atoms_alone.matrix, alone.matrix)
