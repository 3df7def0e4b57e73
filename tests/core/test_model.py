import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from sasnet_core.config import ModelConfig
from sasnet_core.lattice import build_lattice, join_lattices, pad_lattice, place_windows
from sasnet_core.lattice import random_pose as draw_pose
from sasnet_core.model import (
    build_head,
    build_sasnet,
    build_tower,
    embed_lattice,
    finish_head,
    lattice_tensors,
    split_head,
)
from sasnet_core.voxels import voxelize
from tests.core.build import cubes, random_protein, tiny_model, tiny_network


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


def assert_alive(embeddings):
    assert embeddings.std(axis=0).max() > 1e-3, "a dead network would make any two equal"


def close(one, two):
    np.testing.assert_allclose(one, two, rtol=2e-4, atol=2e-4)


def test_the_paper_has_17_million_parameters_in_the_tower_and_one_in_the_head():
    config = ModelConfig()
    tower, head = build_tower(config), build_head(config)
    assert tower.count_params() == 17_552_640
    assert head.count_params() == 791_041
    assert tower.input_shape == (None, 32, 32, 32, 4)


def test_shapes_of_a_small_network():
    config = tiny_model(edge=23)
    network = tiny_network(config)
    tower, head = network.tower, network.head
    assert tower.input_shape == (None, 20, 20, 20, 4)
    assert tower.output_shape == (None, 12)
    assert head.output_shape == (None, 1)


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_sasnet_is_one_tower_for_both_sides_and_the_head(normalization):
    config = tiny_model(16, normalization)
    network = tiny_network(config)
    tower, head = network.tower, network.head
    model = build_sasnet(tower, head)
    assert model.count_params() == tower.count_params() + head.count_params()
    rng = np.random.default_rng(0)
    left, right = ((rng.random((5, 16, 16, 16, 4)) < 0.05).astype(np.float32) for _ in range(2))
    logits = np.asarray(model([left, right]))
    close(logits, np.asarray(head([tower(left), tower(right)])))
    assert_alive(logits)
    first, second = split_head(head, tower(left), tower(right))
    close(logits[:, 0], np.asarray(finish_head(head, config, first + second)))


def test_the_head_tells_left_from_right():
    config = tiny_model(16)
    head = tiny_network(config).head
    one, two = np.random.default_rng(0).random((2, 4, 12)).astype(np.float32)
    assert not np.allclose(head([one, two]), head([two, one]))


@settings(max_examples=20)
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
    close(found, expected)
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
    close(found, expected)
    assert_alive(expected)


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_joining_and_padding_change_no_embedding(normalization):
    config, rng = tiny_model(20, normalization), np.random.default_rng(3)
    lattices = [build_lattice(random_protein(k, 4), config, draw_pose(rng)) for k in range(3)]
    apart = np.concatenate([embed_lattice_of(lattice, config) for lattice in lattices])
    joined = join_lattices(lattices)
    close(embed_lattice_of(joined, config), apart)
    close(embed_lattice_of(pad_lattice(joined, 256), config), apart)
    assert_alive(apart)


def test_bfloat16_stays_near_float32():
    config, pose = tiny_model(20), draw_pose(np.random.default_rng(0))
    lattice = build_lattice(random_protein(1), config, pose)
    exact = embed_lattice_of(lattice, config)
    tower = tiny_network(config, 0, "mixed_bfloat16").tower
    rough = embed_lattice(tower, config, lattice_tensors(lattice))
    assert keras.backend.standardize_dtype(rough.dtype) == "bfloat16"
    np.testing.assert_allclose(np.asarray(ops.cast(rough, "float32")), exact, atol=0.1)


def training_step(lattice, config):
    """Return embeddings in training mode and the moving statistics they leave."""
    tower = tiny_network(config).tower
    embeddings = np.asarray(embed_lattice(tower, config, lattice_tensors(lattice), training=True))
    moving = {v.path: np.asarray(v) for v in tower.non_trainable_variables}
    return embeddings, moving


def test_padding_changes_neither_a_batch_norm_step_nor_its_moving_statistics():
    config = tiny_model(20)
    lattice = build_lattice(random_protein(1), config, draw_pose(np.random.default_rng(0)))
    plain, plain_moving = training_step(lattice, config)
    padded, padded_moving = training_step(pad_lattice(lattice, 2048), config)
    close(plain, padded)
    assert_alive(plain)
    start = {v.path: np.asarray(v) for v in tiny_network(config).tower.non_trainable_variables}
    assert len(start) == 10
    for path, value in plain_moving.items():
        assert not np.allclose(value, start[path]), f"{path} did not move"
        close(value, padded_moving[path])


def test_batch_norm_in_training_reads_rows_in_use_and_no_vacuum():
    config = tiny_model(20)
    lattice = build_lattice(random_protein(1), config, draw_pose(np.random.default_rng(0)))
    tower = tiny_network(config).tower
    layer = tower.get_layer("conv1_norm")
    before = np.asarray(layer.moving_mean)
    embed_lattice(tower, config, lattice_tensors(pad_lattice(lattice, 2048)), training=True)
    kernel = np.asarray(tower.get_layer("conv1").kernel).reshape(-1, config.filters[0])
    rows = lattice.occupancy[cubes(lattice.tables[0])[1:]].reshape(-1, len(kernel)) @ kernel
    expected = layer.momentum * before + (1 - layer.momentum) * rows.mean(axis=0)
    np.testing.assert_allclose(np.asarray(layer.moving_mean), expected, rtol=1e-4, atol=1e-5)
