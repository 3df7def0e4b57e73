import numpy as np
import pytest
from keras import ops

from sasnet_core.network.linear_pairs import build_linear_pairs, last_hidden
from sasnet_core.network.pair_head import pair_scores
from tests.core.build import tiny_model, tiny_network


def test_the_model_is_one_linear_layer():
    model = build_linear_pairs(9, 100)
    assert [tuple(x.shape) for x in model.inputs] == [(None, 9), (None, 100), (None, 100)]
    assert model.count_params() == 9 + 200 + 1


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_the_heads_own_last_layer_on_the_hidden_layer_gives_its_logits(normalization):
    network = tiny_network(tiny_model(normalization=normalization))
    rng = np.random.default_rng(0)
    left, right = (rng.normal(size=(n, 12)).astype(np.float32) for n in (4, 5))
    pairs = np.array([[0, 0], [3, 4], [2, 1]], np.int32)
    both = [ops.convert_to_tensor(x) for x in (left, right, pairs)]
    itself = ops.convert_to_tensor(np.array([[1, 1]], np.int32))
    one = last_hidden(network, both[0], both[0], itself)
    layer = network.head.get_layer("logit")
    scores = pair_scores(network.head, network.config, both[0], both[0], itself)
    np.testing.assert_allclose(ops.sigmoid(layer(one))[:, 0], scores, atol=1e-5)
    swapped = last_hidden(network, both[1], both[0], ops.convert_to_tensor(pairs[:, ::-1].copy()))
    np.testing.assert_allclose(last_hidden(network, *both), swapped, atol=1e-5)
