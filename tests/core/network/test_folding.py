import keras
import numpy as np
import pytest

from sasnet_core.network.folding import ONES, in_blocks, scale_and_shift, with_bias, with_ones
from sasnet_core.network.tracing import compiled
from tests.core.build import assert_close


def test_scale_and_shift_are_batch_normalization_in_inference():
    layer = keras.layers.BatchNormalization(epsilon=0.25)
    layer.build((None, 6))
    rng = np.random.default_rng(0)
    for variable in layer.weights:
        variable.assign(rng.uniform(0.1, 0.9, 6))
    x = rng.normal(size=(4, 6)).astype(np.float32)
    scale, shift = scale_and_shift(layer)
    assert_close(np.asarray(x * scale + shift), np.asarray(layer(x, training=False)))


def test_a_kernel_with_bias_reads_rows_with_ones():
    rng = np.random.default_rng(1)
    x, kernel, bias = (rng.normal(size=s).astype(np.float32) for s in ((5, 3), (3, 4), (4,)))
    rows, wider = np.asarray(with_ones(x)), np.asarray(with_bias(kernel, bias))
    assert rows.shape == (5, 3 + ONES) and wider.shape == (3 + ONES, 4)
    assert_close(rows @ wider, x @ kernel + bias)


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize("count", [1, 4, 5, 8, 9, 23])
def test_blocks_give_what_one_call_gives_and_have_few_sizes(count, traced):
    sizes = []

    def double(rows):
        sizes.append(rows.shape[0])
        return keras.ops.cast(rows * 2, "float32")

    table = np.arange(3 * count, dtype=np.int32).reshape(count, 3)
    run = compiled if traced else lambda function: function
    found = run(lambda rows: in_blocks(double, rows, 8, 4))(keras.ops.convert_to_tensor(table))
    np.testing.assert_array_equal(np.asarray(found), table * 2.0)
    if not traced:
        assert len(sizes) == -(-count // 8) and len(set(sizes)) == 1
        assert sizes[0] <= 8 and sizes[0] % 4 == 0
