import dataclasses

import keras
import numpy as np
import pytest

from sasnet_core.config import ModelConfig
from sasnet_core.network.model import build_head, build_sasnet, build_tower
from tests.core.build import assert_alive, assert_close, tiny_model, tiny_network


def test_the_paper_has_17_million_parameters_in_the_tower_and_one_in_the_head():
    config = ModelConfig()
    tower, head = build_tower(config), build_head(config)
    assert tower.count_params() == 17_552_640
    assert head.count_params() == 791_041
    assert tower.input_shape == (None, 32, 32, 32, 4)


def test_shapes_of_a_small_network():
    model = build_sasnet(tiny_model(edge=23))
    assert model.input_shape == [(None, 20, 20, 20, 4)] * 2
    assert model.output_shape == (None, 1)
    assert model.get_layer("tower").output_shape == (None, 12)
    assert model.get_layer("head").input_shape == [(None, 12)] * 2


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_sasnet_is_one_tower_for_both_sides_and_the_head(normalization):
    network = tiny_network(tiny_model(16, normalization))
    model, tower, head = network.model, network.tower, network.head
    assert model.count_params() == tower.count_params() + head.count_params()
    rng = np.random.default_rng(0)
    left, right = ((rng.random((5, 16, 16, 16, 4)) < 0.05).astype(np.float32) for _ in range(2))
    logits = np.asarray(model([left, right]))
    assert_close(logits, np.asarray(head([tower(left), tower(right)])))
    assert_alive(logits)


def test_the_head_tells_left_from_right():
    config = tiny_model(16)
    head = tiny_network(config).head
    one, two = np.random.default_rng(0).random((2, 4, 12)).astype(np.float32)
    assert not np.allclose(head([one, two]), head([two, one]))


def layers_of(model, kind):
    return [layer for part in model.layers if part.name in ("tower", "head")
            for layer in part.layers if isinstance(layer, kind)]  # fmt: skip


def train(layer, rows):
    """Run a layer over rows in training mode; convolutions are followed by grids of one voxel."""
    grids = rows.reshape(len(rows), *[1] * (len(layer.input.shape) - 2), -1)
    return np.asarray(layer(grids, training=True))


def test_batch_normalization_keeps_95_percent_of_its_statistics_in_a_step():
    found = layers_of(build_sasnet(tiny_model(16)), keras.layers.BatchNormalization)
    assert len(found) == 4 + 1 + 2  # after each convolution and dense layer
    for layer in found:
        train(layer, np.full((2, layer.gamma.shape[0]), 10.0, np.float32))
        np.testing.assert_allclose(layer.moving_mean, 0.05 * 10.0, rtol=1e-5)
        np.testing.assert_allclose(layer.moving_variance, 0.95, rtol=1e-5)


@pytest.mark.parametrize(("normalization", "count"), [("batch", 7), ("layer", 3)])
def test_normalization_adds_a_thousandth_to_the_variance(normalization, count):
    kind = {"batch": keras.layers.BatchNormalization, "layer": keras.layers.LayerNormalization}
    config = dataclasses.replace(tiny_model(16, normalization), head_sizes=(10, 8))
    found = layers_of(build_sasnet(config), kind[normalization])
    assert len(found) == count
    x = np.array([[-0.01], [0.01]], np.float32)  # variance 0.0001
    for layer in found:
        size = layer.gamma.shape[0]
        rows = np.tile(x, size) if normalization == "batch" else np.tile(x.T, size // 2)
        normalized = train(layer, rows)
        np.testing.assert_allclose(np.abs(normalized), 0.01 / np.sqrt(0.0011), rtol=1e-3)
