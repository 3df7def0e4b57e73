import numpy as np
import pytest

from sasnet_core.config import ModelConfig
from sasnet_core.network.model import build_head, build_sasnet, build_tower
from sasnet_core.network.pair_head import finish_head, split_head
from tests.core.build import assert_alive, assert_close, tiny_model, tiny_network


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
    assert_close(logits, np.asarray(head([tower(left), tower(right)])))
    assert_alive(logits)
    first, second = split_head(head, tower(left), tower(right))
    assert_close(logits[:, 0], np.asarray(finish_head(head, config, first + second)))


def test_the_head_tells_left_from_right():
    config = tiny_model(16)
    head = tiny_network(config).head
    one, two = np.random.default_rng(0).random((2, 4, 12)).astype(np.float32)
    assert not np.allclose(head([one, two]), head([two, one]))
