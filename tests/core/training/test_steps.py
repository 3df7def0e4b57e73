"""What the backends share: clipped gradients, batches made ahead."""

import itertools
import threading

import numpy as np
import pytest
from keras import ops

from sasnet_core.config import RunConfig
from sasnet_core.training.steps import AHEAD, OneDevice, clipped

GRADIENTS = [np.array([3.0, 0.0]), np.array([[0.0], [4.0]])]  # of norm 5 together


@pytest.mark.parametrize(
    ("norm", "scale"), [(1.0, 0.2), (10.0, 1.0), (0.0, 1.0)], ids=["over", "under", "no norm"]
)
def test_gradients_are_scaled_down_together_to_a_norm(norm, scale):
    found = clipped([ops.convert_to_tensor(g) for g in GRADIENTS], norm)
    for gradient, original in zip(found, GRADIENTS, strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(gradient), scale * original)


def test_batches_come_in_order_and_are_made_ahead_in_a_thread():
    makers, made = set(), []

    def produce(here):
        assert list(here) == [0]
        for number in itertools.count():
            makers.add(threading.current_thread())
            made.append(number)
            yield number

    batches = OneDevice().batches(produce, RunConfig())
    assert [next(batches) for _ in range(3)] == [0, 1, 2]
    assert threading.main_thread() not in makers
    assert len(made) <= 3 + AHEAD
    batches.close()
