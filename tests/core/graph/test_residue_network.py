"""The network on residue graphs without Keras; tests/train compares it with that of Keras."""

import numpy as np

from sasnet_core.graph.residue_network import EDGE_SIZE, LARGEST, scaled, with_itself
from tests.core.graph.build_networks import assert_alike_in_both_orders, random_network


def test_pairs_of_two_proteins_are_scored_alike_in_both_orders(two_graphs):
    assert_alike_in_both_orders(random_network(0), *two_graphs)


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
