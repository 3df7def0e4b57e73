"""Networks on residue graphs with random weights."""

import numpy as np

from sasnet_core.graph import deep_tensor
from sasnet_core.graph.features import WIDTHS
from sasnet_core.graph.residue_network import EDGE_SIZE, LAYER_SHAPES, SHAPES, ResidueNetwork


def random_network(seed, width=6, dense=4, depth=2):
    """Make a network; the numbers are exact in half precision."""
    rng = np.random.default_rng(seed)
    sizes = {"n": sum(WIDTHS.values()), "w": width, "v": 2 * width, "e": EDGE_SIZE, "d": dense}
    shapes = SHAPES | {
        f"{number}/{name}": axes
        for number in range(1, depth + 1)
        for name, axes in LAYER_SHAPES.items()
    }
    arrays = {
        name: (rng.normal(size=[sizes[axis] for axis in axes]) / 3).astype(np.float16)
        for name, axes in shapes.items()
    }
    arrays = {name: values.astype(np.float32) for name, values in arrays.items()}
    return ResidueNetwork(arrays | {"deviation": np.full(sizes["n"], 2, np.float32)})


def random_tensor_network(seed, factors=5, dense=4):
    """Make a DTNN."""
    rng = np.random.default_rng(seed)
    sizes = {"n": sum(WIDTHS.values()), "2": 2, "f": factors, "d": dense}
    arrays = {
        name: rng.normal(size=[sizes[axis] for axis in axes]).astype(np.float32) / 3
        for name, axes in deep_tensor.SHAPES.items()
    }
    return deep_tensor.DeepTensor(arrays | {"deviation": np.full(sizes["n"], 2, np.float32)})


def assert_alike_in_both_orders(network, left, right):
    """Check that a network scores the pairs of two graphs alike whichever comes first."""
    found = network.logits(left, right)
    assert found.shape == (len(left.neighbours), len(right.neighbours))
    assert found.dtype == np.float32 and found.std() > 0.01
    np.testing.assert_allclose(network.logits(right, left).T, found, atol=1e-5)
