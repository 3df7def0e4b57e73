"""The layer that sees pairs, against the formula pair by pair; arrays that do not fit."""

import numpy as np
import pytest

from sasnet_core.graph.pair_layer import check_arrays, pair_logits


def test_each_pair_is_the_mean_of_both_orders():
    rng = np.random.default_rng(0)
    left, right = (tuple(rng.normal(size=(2, n, 3)).astype(np.float32)) for n in (4, 2))
    arrays = {"score": rng.normal(size=3), "score_bias": np.float32(0.3)}
    found = pair_logits(left, right, arrays)
    for i in range(4):
        for j in range(2):
            orders = left[0][i] + right[1][j], right[0][j] + left[1][i]
            expected = sum(np.maximum(x, 0) @ arrays["score"] for x in orders) / 2 + 0.3
            assert found[i, j] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [({}, "do not fit at"), ({"a": np.zeros(2), "b": np.zeros(2)}, "do not fit at"),
     ({"a": np.zeros(3)}, "must hold numbers, shape"), ({"a": np.array([1, np.nan])}, "numbers")],
)  # fmt: skip
def test_arrays_that_do_not_fit_are_refused(arrays, words):
    check_arrays({"a": np.zeros(2)}, {"a": "n"}, {"n": 2})
    with pytest.raises(ValueError, match=words):
        check_arrays(arrays, {"a": "n"}, {"n": 2})
