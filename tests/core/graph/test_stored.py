"""Networks on residue graphs without Keras, and their files; tests/train compares with Keras."""

import numpy as np
import pytest

from sasnet_core.errors import WeightsError
from sasnet_core.files import read_arrays, write_arrays
from sasnet_core.graph.stored import read_networks, save_networks
from tests.core.graph.build_networks import random_network, random_tensor_network

KINDS = [random_network, random_tensor_network]


def test_networks_come_back_from_their_file(two_graphs, tmp_path):
    networks = [random_network(1), random_tensor_network(2), random_network(3)]
    save_networks(networks, tmp_path / "graph.npz")
    again = read_networks(tmp_path / "graph.npz")
    for one, other in zip(networks, again, strict=True):
        np.testing.assert_array_equal(one.logits(*two_graphs), other.logits(*two_graphs))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spoil", [
    lambda arrays: arrays.pop("1/score"),
    lambda arrays: arrays.update({"1/mean": np.zeros(3, np.float32)}),
    lambda arrays: arrays["1/first"].fill(np.nan),
    lambda arrays: arrays.update({"1/other": np.zeros(3, np.float32)}),
    lambda arrays: arrays.clear(),
])  # fmt: skip
def test_a_file_that_does_not_fit_is_refused(tmp_path, spoil, kind):
    path = tmp_path / "graph.npz"
    save_networks([kind(1)], path)
    arrays = read_arrays(path)
    spoil(arrays)
    write_arrays(arrays, path)
    with pytest.raises(WeightsError, match="networks on residue graphs are needed"):
        read_networks(path)


def test_no_file_is_one_line(tmp_path):
    (tmp_path / "graph.npz").write_bytes(b"no archive")
    for name in ("graph.npz", "missing.npz"):
        with pytest.raises(WeightsError, match="fetch the file again"):
            read_networks(tmp_path / name)
