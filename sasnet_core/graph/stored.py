"""Files of networks on residue graphs, of either kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.errors import WeightsError
from sasnet_core.files import read_arrays, write_arrays
from sasnet_core.graph import deep_tensor, residue_network

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sasnet_core.graph.pair_layer import GraphNetwork


def save_networks(networks: Sequence[GraphNetwork], path: Path) -> None:
    """Write networks into one file.

    A `residue_network.ResidueNetwork` is written in half precision, a `deep_tensor.DeepTensor`,
    which is smaller, as it is.
    """
    arrays = {}
    for number, network in enumerate(networks, 1):
        half = isinstance(network, residue_network.ResidueNetwork)
        for name, values in network.arrays.items():
            kind = np.float16 if half and values.ndim > 1 else np.float32
            arrays[f"{number}/{name}"] = values.astype(kind)
    write_arrays(arrays, path)


def read_networks(path: Path) -> list[GraphNetwork]:
    """Read a file of `save_networks`.

    Raises
    ------
    WeightsError
        It is damaged, or an array is missing, left over, of another shape, or not of numbers.
    """
    try:
        found: dict[str, dict[str, np.ndarray]] = {}
        for name, values in read_arrays(path).items():
            number, _, own = name.partition("/")
            found.setdefault(number, {})[own] = values.astype(np.float32)
        if not found:
            raise ValueError("one network or more is needed")
        return [_made(found[number]) for number in sorted(found)]
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise WeightsError(
            f"{path}: networks on residue graphs are needed ({error}); fetch the file again"
        ) from None


def _made(arrays: dict[str, np.ndarray]) -> GraphNetwork:
    """Make a network of the kind that has such arrays."""
    kind = residue_network if "entry" in arrays else deep_tensor
    network: GraphNetwork = kind.checked(arrays)
    return network
