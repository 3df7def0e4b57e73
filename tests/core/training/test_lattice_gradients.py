"""Gradients written by hand beside those that TensorFlow derives from the plain layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sasnet_core.network import lattice_tower
from sasnet_core.network.lattice import build_lattice, join_lattices, pad_lattice, random_pose
from sasnet_core.training import lattice_gradients
from tests.core.build import random_complex, tiny_model

CHANNELS, FILTERS = 3, 5


@pytest.fixture(scope="module")
def lattice():
    """Two proteins on one lattice, padded: most of what is read is vacuum."""
    rng = np.random.default_rng(0)
    item = random_complex([7], 9, 6)
    lattices = [
        build_lattice(protein, tiny_model(20), random_pose(rng), inverses=True)
        for protein in (item.left, item.right)
    ]
    return pad_lattice(join_lattices(lattices), 64)


def rows_of(count, channels=CHANNELS):
    """Rows of small whole numbers, so that many are equal."""
    return tf.constant(np.random.default_rng(1).integers(-2, 3, (count, channels)), tf.float32)


def compared(one, other, *inputs):
    """Compute two functions and the gradients of a random sum of what they give."""
    found = []
    for function in (one, other):
        with tf.GradientTape() as tape:
            for value in inputs:
                tape.watch(value)
            y = function(*inputs)
            weights = np.random.default_rng(2).normal(size=y.shape).astype(np.float32)
            total = tf.reduce_sum(y * weights)
        found.append([y, *tape.gradient(total, inputs)])
    for left, right in zip(*found, strict=True):
        left, right = map(tf.convert_to_tensor, (left, right))
        np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-4 * np.abs(right).max())


@pytest.mark.parametrize("block", [7, 4096])
def test_convolutions_in_blocks_are_those_at_once(lattice, monkeypatch, block):
    monkeypatch.setattr(lattice_gradients, "ROW_BLOCK", block)
    monkeypatch.setattr(lattice_gradients, "SUM_BLOCK", block)
    tables, inverse = lattice.tables[1], lattice.inverses[1]
    kernel = tf.random.stateless_normal((27 * CHANNELS, FILTERS), (1, 2))
    compared(
        lambda x, kernel: lattice_gradients.convolution(x, kernel, tables, inverse),
        lambda x, kernel: lattice_tower.gather_convolution(x, kernel, tables, inverse),
        rows_of(len(lattice.tables[0][-1])),
        kernel,
    )


@pytest.mark.parametrize("level", [2, -1])
def test_the_gradient_of_a_maximum_goes_to_the_row_that_was_kept(lattice, level):
    tables = lattice.tables[level]
    assert tables[0].shape[1] == 2
    compared(
        lambda x: lattice_gradients.pooling(x, tables),
        lambda x: lattice_tower.gather_pooling(x, tables),
        rows_of(len(lattice.tables[level - 1][-1])),
    )


@pytest.mark.parametrize("trainable", [True, False])
def test_batch_normalization_is_that_of_keras_over_the_rows_in_use(trainable):
    x, count = rows_of(50), tf.constant(41)
    layers = [keras.layers.BatchNormalization(epsilon=1e-3, momentum=0.9) for _ in range(2)]
    for layer in layers:
        layer.build((None, 1, 1, 1, CHANNELS))
        layer.trainable = trainable
        layer.moving_mean.assign([0.5, -0.5, 0.1])
    fast, plain = layers
    gamma, beta = tf.constant([1.5, -0.5, 2.0]), tf.constant([0.1, 0.2, -0.3])

    def with_variables(function, layer):
        layer.gamma.assign(gamma)
        layer.beta.assign(beta)
        return lambda x: function(layer, x, count)

    compared(
        with_variables(lattice_gradients.normalization, fast),
        with_variables(lattice_tower.KERAS.normalize, plain),
        x,
    )
    for name in ("moving_mean", "moving_variance"):
        np.testing.assert_allclose(getattr(fast, name), getattr(plain, name), rtol=1e-5)


def test_scale_and_shift_of_batch_normalization_learn_as_in_keras():
    found = []
    for function in (lattice_gradients.normalization, lattice_tower.KERAS.normalize):
        layer = keras.layers.BatchNormalization()
        layer.build((None, 1, 1, 1, CHANNELS))
        with tf.GradientTape() as tape:
            y = function(layer, rows_of(50), tf.constant(41))
            total = tf.reduce_sum(y * np.linspace(-1, 2, 150, dtype=np.float32).reshape(50, 3))
        found.append(tape.gradient(total, [layer.gamma.value, layer.beta.value]))
    for left, right in zip(*found, strict=True):
        assert np.abs(right).max() > 0.1
        np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-4)
