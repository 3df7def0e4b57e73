"""The network on residue graphs without Keras; tests/train compares it with that of Keras."""

import numpy as np
import pytest

from sasnet_core.graph.residue_graph import build_graph
from sasnet_core.graph.residue_network import EDGE_SIZE, LARGEST, scaled, with_itself
from tests.core.build import random_protein
from tests.core.graph.build_networks import random_network


@pytest.fixture(scope="module")
def graphs():
    return [build_graph(random_protein(seed, size)) for seed, size in ((1, 25), (2, 22))]


def test_pairs_of_two_proteins_are_scored_alike_in_both_orders(graphs):
    left, right = graphs
    network = random_network(0)
    found = network.logits(left, right)
    assert found.shape == (25, 22) and found.dtype == np.float32
    np.testing.assert_allclose(network.logits(right, left).T, found, atol=1e-5)
    assert found.std() > 0.01


def test_a_residue_is_its_own_nearest_neighbour():
    neighbours = np.array([[1, 2], [0, 2], [0, 1]], np.int32)
    edges = np.full((3, 2, 2), 0.5, np.float32)
    found, numbers = with_itself(neighbours, edges)
    assert found[:, 0].tolist() == [0, 1, 2] and found[:, 1:].tolist() == neighbours.tolist()
    assert numbers.shape == (3, 3, EDGE_SIZE)
    assert numbers[0, 0].tolist() == [1, 1, 1, 1, 0]
    np.testing.assert_allclose(numbers[0, 1], [0.5, 0.25, 0.5**4, 0.5**8, 0.5])


def test_rare_features_are_cut_off():
    found = scaled(np.array([[1.0, 100.0]]), np.zeros(2), np.array([2.0, 1.0]))
    assert found.tolist() == [[0.5, LARGEST]]
