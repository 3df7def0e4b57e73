import keras
import numpy as np
import pytest

from sasnet_core.network import tracing
from sasnet_core.network.tracing import ROUNDING_REWRITES, compiled

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="other backends trace nothing here"
)


def rows(count):
    return keras.ops.convert_to_tensor(np.arange(2.0 * count, dtype=np.float32).reshape(count, 2))


def test_a_function_is_traced_once_for_all_lengths():
    runs = []
    double = compiled(lambda x: runs.append(1) or 2 * x)
    for count in (1, 7, 100):
        np.testing.assert_array_equal(double(rows(count)), 2 * np.asarray(rows(count)))
    assert double.traces == 1 and len(runs) == 1


def test_arguments_may_be_sequences_of_tensors():
    total = compiled(lambda parts, x: keras.ops.sum(parts[0]) + keras.ops.sum(parts[1]) + x[0, 0])
    assert float(total([rows(2), rows(3)], rows(1))) == 6 + 15


def test_the_first_calls_run_untraced():
    double = compiled(lambda x: 2 * x, untraced=2)
    for traces in (0, 0, 1, 1):
        double(rows(3))
        assert double.traces == traces


def test_a_long_call_is_traced_at_once(monkeypatch):
    monkeypatch.setattr(tracing, "UNTRACED_ROWS", 10)
    double = compiled(lambda x: 2 * x, untraced=2)
    double(rows(10))
    assert double.traces == 0
    double(rows(11))
    assert double.traces == 1


def test_rewrites_that_change_rounding_are_off_during_a_call_and_as_before_after_it():
    from tensorflow.config import optimizer

    before, during = optimizer.get_experimental_options(), []
    function = compiled(
        lambda x: during.append(optimizer.get_experimental_options()) or x  # while it is traced
    )
    with tracing._SAME_ROUNDING:
        function(rows(2))
    assert [during[0][name] for name in ROUNDING_REWRITES] == [False, False]
    assert optimizer.get_experimental_options() == before
