import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from sasnet_core.config import ModelConfig
from sasnet_core.network.lattice import build_lattice, join_lattices, pad_lattice, place_windows
from sasnet_core.network.lattice import random_pose as draw_pose
from sasnet_core.network.lattice_tower import (
    embed_features,
    embed_lattice,
    lattice_features,
    lattice_tensors,
)
from sasnet_core.network.voxels import voxelize
from tests.core.build import (
    assert_alive,
    assert_close,
    cubes,
    random_protein,
    tiny_model,
    tiny_network,
)


def dense_windows(protein, config, pose):
    """Cut each residue's window out of the whole lattice, the slow way."""
    coords = protein.coords.astype(float) @ pose.rotation.T
    centers = protein.centers.astype(float) @ pose.rotation.T
    origin, starts, _ = place_windows(centers, config, pose)
    shape = (config.edge_read,) * 3
    return np.stack([voxelize(coords, protein.elements, origin + start, shape) for start in starts])


def embed_lattice_of(lattice, config, seed=0):
    tower = tiny_network(config, seed).tower
    return np.asarray(embed_lattice(tower, config, lattice_tensors(lattice)))


@given(
    seed=st.integers(0, 1000),
    edge=st.sampled_from([11, 14, 16, 20, 22]),
    normalization=st.sampled_from(["batch", "layer"]),
)
def test_a_lattice_gives_what_the_tower_gives_on_windows_cut_from_it(seed, edge, normalization):
    config = tiny_model(edge, normalization)
    protein, pose = random_protein(seed, 6), draw_pose(np.random.default_rng(seed))
    tower = tiny_network(config, seed).tower
    expected = np.asarray(tower(dense_windows(protein, config, pose)))
    found = np.asarray(
        embed_lattice(tower, config, lattice_tensors(build_lattice(protein, config, pose)))
    )
    assert_close(found, expected)
    assert_alive(expected)


@pytest.mark.parametrize("poolings", [0, 1, 2])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_that_holds_for_other_depths_and_poolings(count, poolings):
    config = ModelConfig(
        edge=20, filters=(3,) * count, poolings=poolings, embedding_size=6, head_sizes=(4,)
    )
    tower = tiny_network(config, count).tower
    protein, pose = random_protein(count, 3), draw_pose(np.random.default_rng(1))
    expected = np.asarray(tower(dense_windows(protein, config, pose)))
    found = np.asarray(
        embed_lattice(tower, config, lattice_tensors(build_lattice(protein, config, pose)))
    )
    assert_close(found, expected)
    assert_alive(expected)


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_joining_and_padding_change_no_embedding(normalization):
    config, rng = tiny_model(20, normalization), np.random.default_rng(3)
    lattices = [build_lattice(random_protein(k, 4), config, draw_pose(rng)) for k in range(3)]
    apart = np.concatenate([embed_lattice_of(lattice, config) for lattice in lattices])
    joined = join_lattices(lattices)
    assert_close(embed_lattice_of(joined, config), apart)
    assert_close(embed_lattice_of(pad_lattice(joined, 256), config), apart)
    assert_alive(apart)


def test_bfloat16_stays_near_float32():
    config, pose = tiny_model(20), draw_pose(np.random.default_rng(0))
    lattice = build_lattice(random_protein(1), config, pose)
    exact = embed_lattice_of(lattice, config)
    tower = tiny_network(config, 0, "mixed_bfloat16").tower
    rough = embed_lattice(tower, config, lattice_tensors(lattice))
    assert keras.backend.standardize_dtype(rough.dtype) == "bfloat16"
    np.testing.assert_allclose(np.asarray(ops.cast(rough, "float32")), exact, atol=0.1)


def embed_in_training(tower, config, lattice):
    features = lattice_features(tower, config, lattice_tensors(lattice), training=True)
    return embed_features(tower, features, training=True)


def training_step(lattice, config):
    """Return embeddings in training mode and the moving statistics they leave."""
    tower = tiny_network(config).tower
    embeddings = np.asarray(embed_in_training(tower, config, lattice))
    moving = {v.path: np.asarray(v) for v in tower.non_trainable_variables}
    return embeddings, moving


def test_padding_changes_neither_a_batch_norm_step_nor_its_moving_statistics():
    config = tiny_model(20)
    lattice = build_lattice(random_protein(1), config, draw_pose(np.random.default_rng(0)))
    plain, plain_moving = training_step(lattice, config)
    padded, padded_moving = training_step(pad_lattice(lattice, 2048), config)
    assert_close(plain, padded)
    assert_alive(plain)
    start = {v.path: np.asarray(v) for v in tiny_network(config).tower.non_trainable_variables}
    assert len(start) == 10
    for path, value in plain_moving.items():
        assert not np.allclose(value, start[path]), f"{path} did not move"
        assert_close(value, padded_moving[path])


def test_batch_norm_in_training_reads_rows_in_use_and_no_vacuum():
    config = tiny_model(20)
    lattice = build_lattice(random_protein(1), config, draw_pose(np.random.default_rng(0)))
    tower = tiny_network(config).tower
    layer = tower.get_layer("conv1_norm")
    before = np.asarray(layer.moving_mean)
    embed_in_training(tower, config, pad_lattice(lattice, 2048))
    kernel = np.asarray(tower.get_layer("conv1").kernel).reshape(-1, config.filters[0])
    rows = lattice.occupancy[cubes(lattice.tables[0])[1:]].reshape(-1, len(kernel)) @ kernel
    expected = layer.momentum * before + (1 - layer.momentum) * rows.mean(axis=0)
    np.testing.assert_allclose(np.asarray(layer.moving_mean), expected, rtol=1e-4, atol=1e-5)
