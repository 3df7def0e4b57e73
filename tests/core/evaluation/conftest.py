"""Three fake replicates on a small benchmark."""

import pytest

from sasnet_core.config import ModelConfig
from sasnet_core.evaluation.entrants import find_entrants
from sasnet_core.evaluation.workbench import EvaluationSettings, Workbench
from tests.core.evaluation.fakes import RandomScorer, fake_weights, write_benchmark

SPLITS = ("DB3", "DB4U", "DB4U", "DB5U")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_benchmark(tmp_path_factory.mktemp("db5"), SPLITS)


@pytest.fixture
def bench(dataset, tmp_path):
    bench = Workbench(EvaluationSettings(dataset, tmp_path / "docs", tmp_path, rotations=2))
    bench.predictor = lambda folder, split: RandomScorer(folder)
    return bench


@pytest.fixture
def entrants(bench, tmp_path):
    folders = [fake_weights(tmp_path / name, ModelConfig()) for name in ("a", "b", "c")]
    return find_entrants(bench, folders, None)
