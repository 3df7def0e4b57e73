import csv
from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.config import ModelConfig
from sasnet_core.evaluation.workbench import EvaluationSettings, Workbench
from tests.core.evaluation.fakes import RandomScorer, fake_weights, write_benchmark


@pytest.fixture
def bench(tmp_path):
    dataset = write_benchmark(tmp_path / "db5", ["DB3", "DB4U", "DB4U", "DB4U"])
    settings = EvaluationSettings(dataset, tmp_path / "docs", tmp_path / "kept", rotations=3)
    bench = Workbench(settings)
    bench.predictor = lambda folder, split: RandomScorer(folder)
    return bench


@pytest.fixture
def weights(tmp_path):
    return fake_weights(tmp_path / "w", ModelConfig())


def test_a_table_is_computed_once_and_written_as_csv(bench, weights):
    table = bench.table(weights, "DB4U")
    assert [row["id"] for row in table] == ["C1", "C2", "C3"]
    assert bench.table(weights, "DB4U") is table is bench.table(weights, "DB4U", "unbound", 3)
    (path,) = (bench.settings.output / "results").glob("complexes-*-DB4U-unbound-3rotations.csv")
    with path.open(newline="") as stream:
        written = list(csv.DictReader(stream))
    assert [float(row["auroc"]) for row in written] == bench.aurocs(weights, "DB4U")
    assert all(0.1 < float(row["mean_spread"]) < 0.4 for row in written)


def test_a_part_of_a_table_does_not_take_its_place(bench, weights):
    bench.table(weights, "DB4U")
    part = Workbench(replace(bench.settings, count=2, seed=5))
    part.predictor = bench.predictor
    assert len(part.table(weights, "DB4U")) == 2
    results = bench.settings.output / "results"
    assert len(list(results.glob("complexes-*-3rotations.csv"))) == 1
    assert len(list(results.glob("complexes-*-3rotations-2complexes-seed5.csv"))) == 1


def test_replicates_are_ranked_by_the_median_on_the_selection_splits(bench, weights):
    assert len(bench.table(weights, "DB3,DB4U", "unbound", 2)) == 4
    expected = np.median([row["auroc"] for row in bench.table(weights, "DB3,DB4U", "unbound", 2)])
    assert bench.selection(weights) == expected


def test_a_failed_complex_is_listed_with_its_reason(bench, weights):
    (bench.settings.dataset / "unbound" / "C2.npz").write_bytes(b"damaged")
    assert bench.aurocs(weights, "DB4U")[1] == 0
    (failure,) = bench.failures
    assert failure.startswith("C2 (DatasetError")
