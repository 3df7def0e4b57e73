"""The order of training: how often a cluster is seen."""

from collections import Counter

import pytest

from sasnet_core.training.stream import ComplexStream
from tests.core.build import random_complex, write_dataset


@pytest.fixture
def dataset(tmp_path):
    complexes = [random_complex(seed, name=f"pair{seed}") for seed in range(3)]
    return write_dataset(tmp_path, complexes, ["4-4", "4-7", "9-12"])


@pytest.mark.parametrize("repeats", [1, 3])
def test_a_round_shows_unlike_partners_as_often_as_asked(dataset, repeats):
    stream = ComplexStream(dataset, seed=0, unlike_repeats=repeats)
    seen = Counter(stream.complex_at(place).name for place in range(len(stream)))
    assert seen == {"pair0": 1, "pair1": repeats, "pair2": repeats}
