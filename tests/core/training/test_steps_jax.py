"""Training steps on JAX."""

import pytest

from tests.core.training.backend_steps import assert_trains_alike


@pytest.mark.slow
def test_jax_scores_and_trains_as_tensorflow_does(by_tensorflow):
    assert_trains_alike("jax", by_tensorflow)
