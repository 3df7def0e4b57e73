from dataclasses import replace

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


@pytest.fixture(scope="module")
def filled(network, tmp_path_factory):
    """A folder with the embeddings of a complex, in one pose of seed 0."""
    folder, item = tmp_path_factory.mktemp("filled"), random_complex(2, 6, 5)
    EmbeddingCache(network, folder, poses=1, seed=0).add(item)
    return folder, item


def test_what_is_there_is_not_made_again(network, filled):
    folder, item = filled
    (file,) = folder.rglob("*.npy")
    before = file.stat().st_mtime_ns
    again = EmbeddingCache(network, folder, poses=1, seed=0)
    again.add(item)
    assert again.read(item).shape == (1, 11, 12) and file.stat().st_mtime_ns == before


@pytest.mark.parametrize("other", ["weights", "sizes", "precision", "poses", "seed"])
def test_embeddings_of_another_tower_or_other_poses_are_not_taken(network, filled, other):
    folder, item = filled
    networks = {
        "weights": lambda: tiny_network(MODEL, seed=9),
        "sizes": lambda: tiny_network(replace(MODEL, edge=20)),
        "precision": lambda: tiny_network(MODEL, dtype="mixed_bfloat16"),
    }
    poses, seed = 2 if other == "poses" else 1, int(other == "seed")
    cache = EmbeddingCache(networks.get(other, lambda: network)(), folder, poses, seed)
    with pytest.raises(FileNotFoundError):
        cache.read(item)


def test_two_states_of_one_complex_do_not_mix(network, tmp_path):
    cache = EmbeddingCache(network, tmp_path, poses=1, seed=0)
    for seed, size in ((1, 6), (2, 9)):
        cache.add(random_complex(seed, size, 5, name="same"))
    for seed, size in ((1, 6), (2, 9)):
        assert cache.read(random_complex(seed, size, 5, name="same")).shape[1] == size + 5
