"""Networks on residue graphs with random weights."""

import numpy as np

from sasnet_core.graph.deep_tensor import SHAPES, DeepTensor
from sasnet_core.graph.features import WIDTHS


def random_network(seed, factors=5, dense=4):
    """Make a network."""
    rng = np.random.default_rng(seed)
    sizes = {"n": sum(WIDTHS.values()), "2": 2, "f": factors, "d": dense}
    arrays = {
        name: rng.normal(size=[sizes[axis] for axis in axes]).astype(np.float32) / 3
        for name, axes in SHAPES.items()
    }
    return DeepTensor(arrays | {"deviation": np.full(sizes["n"], 2, np.float32)})
