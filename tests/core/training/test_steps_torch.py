"""Training steps on PyTorch."""

from importlib.util import find_spec

import pytest

from tests.core.training.backend_steps import assert_trains_alike

pytestmark = pytest.mark.skipif(not find_spec("torch"), reason="torch is not installed")


@pytest.mark.slow
def test_pytorch_scores_and_trains_as_tensorflow_does(by_tensorflow):
    assert_trains_alike("torch", by_tensorflow)
