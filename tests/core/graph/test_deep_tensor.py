"""DTNN without Keras; tests/train compares it with that of Keras."""

import numpy as np
import pytest

from sasnet_core.graph.residue_graph import build_graph
from tests.core.build import random_protein
from tests.core.graph.build_networks import random_tensor_network


@pytest.fixture(scope="module")
def graphs():
    return [build_graph(random_protein(seed, size)) for seed, size in ((1, 25), (2, 22))]


def test_pairs_of_two_proteins_are_scored_alike_in_both_orders(graphs):
    left, right = graphs
    network = random_tensor_network(0)
    found = network.logits(left, right)
    assert found.shape == (25, 22) and found.dtype == np.float32
    np.testing.assert_allclose(network.logits(right, left).T, found, atol=1e-5)
    assert found.std() > 0.01
