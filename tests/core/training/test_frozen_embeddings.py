import numpy as np
import pytest

from sasnet_core.network.lattice import build_lattice, random_pose
from sasnet_core.network.lattice_tower import embed_lattice, lattice_tensors
from sasnet_core.training.frozen_embeddings import EmbeddingCache
from tests.core.build import random_complex, tiny_model, tiny_network

MODEL = tiny_model(16, "layer", context_layers=1)


@pytest.fixture(scope="module")
def network():
    return tiny_network(MODEL)


def test_poses_are_what_the_tower_gives_left_residues_first(network, tmp_path):
    item = random_complex(1, 6, 5)
    cache = EmbeddingCache(network, tmp_path, poses=2, seed=4)
    cache.add(item)
    found = cache.read(item)
    assert found.shape == (2, 11, 12) and found.dtype == np.float16
    rng = np.random.default_rng([4, *item.name.encode()])
    lattice = build_lattice(item.left, MODEL, random_pose(rng))
    expected = np.asarray(embed_lattice(network.tower, MODEL, lattice_tensors(lattice)))
    np.testing.assert_allclose(found[0, :6], expected, atol=5e-3)
    assert np.abs(found[0] - found[1]).max() > 0.01


def test_what_is_there_is_not_made_again(network, tmp_path):
    item = random_complex(2, 6, 5)
    cache = EmbeddingCache(network, tmp_path, poses=1, seed=0)
    cache.add(item)
    before = cache.read(item)
    EmbeddingCache(tiny_network(MODEL, seed=9), tmp_path, poses=1, seed=0).add(item)
    np.testing.assert_array_equal(cache.read(item), before)


def test_two_states_of_one_complex_do_not_mix(network, tmp_path):
    cache = EmbeddingCache(network, tmp_path, poses=1, seed=0)
    for seed, size in ((1, 6), (2, 9)):
        cache.add(random_complex(seed, size, 5, name="same"))
    for seed, size in ((1, 6), (2, 9)):
        assert cache.read(random_complex(seed, size, 5, name="same")).shape[1] == size + 5
