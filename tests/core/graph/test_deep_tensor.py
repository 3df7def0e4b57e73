"""DTNN without Keras; tests/train compares it with that of Keras."""

from tests.core.graph.build_networks import assert_alike_in_both_orders, random_tensor_network


def test_pairs_of_two_proteins_are_scored_alike_in_both_orders(two_graphs):
    assert_alike_in_both_orders(random_tensor_network(0), *two_graphs)
