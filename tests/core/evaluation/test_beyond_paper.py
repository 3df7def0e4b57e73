import csv

import numpy as np
import pytest

from sasnet_core.config import ModelConfig
from sasnet_core.errors import DatasetError
from sasnet_core.evaluation.beyond_paper import beyond, partner_table, rotation_table
from sasnet_core.evaluation.workbench import EvaluationSettings, Workbench
from tests.core.evaluation.fakes import RandomScorer, fake_weights, write_benchmark


@pytest.fixture
def weights(tmp_path):
    return fake_weights(tmp_path / "w", ModelConfig())


@pytest.fixture
def bench(tmp_path):
    dataset = write_benchmark(tmp_path / "db5", ["DB3", "DB4U", "DB4U", "DB4U"])
    bench = Workbench(EvaluationSettings(dataset, tmp_path / "docs", tmp_path, rotations=3))
    bench.predictor = lambda folder, split: RandomScorer(folder)
    return bench


def results(bench, name):
    with (bench.settings.output / "results" / f"{name}.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_partner_matters_only_if_the_scores_depend_on_it(bench, weights):
    class Alone(RandomScorer):
        """A residue's scores do not depend on the partner."""

        def _rotations(self, left, right, rotations, seed):
            one, two = (np.linspace(0.1, 0.9, p.n_residues) for p in (left, right))
            raw = np.outer(one, two).astype(np.float32)
            yield raw, [raw]

    bench.predictor = lambda folder, split: Alone(folder)
    text = partner_table(bench, weights, "DB4U", 1)
    assert "| what the own partner adds to residues | +0.000 (+0.000 to +0.000) |" in text
    rows = results(bench, "partners-DB4U")
    assert [row["alone_auroc"] for row in rows] == [row["wrong_auroc"] for row in rows]
    bench.predictor = lambda folder, split: RandomScorer(folder)
    partner_table(bench, weights, "DB4U", 1)
    rows = results(bench, "partners-DB4U")
    assert [row["alone_auroc"] for row in rows] != [row["wrong_auroc"] for row in rows]


def test_one_complex_has_no_wrong_partner(bench, weights):
    with pytest.raises(DatasetError, match="two complexes or more are needed"):
        partner_table(bench, weights, "DB3", 1)


def test_rotations_are_the_first_ones_of_one_run(bench, weights):
    text = rotation_table(bench, weights, "DB4U")
    assert [line.split("|")[1].strip() for line in text.splitlines()[2:]] == ["1", "2", "3"]
    rows = results(bench, "rotations-DB4U")
    assert [float(row["3_auroc"]) for row in rows] == bench.aurocs(weights, "DB4U")
    assert rows[0]["1_auroc"] != rows[0]["3_auroc"]


def test_all_parts_are_written(bench, weights):
    text = "\n\n".join(beyond(bench, weights, "DB4U", 1))
    assert text.startswith("## Beyond the paper: DB4U")
    for title in ("All measures", "By difficulty and category", "How much the partner matters"):
        assert f"### {title}" in text
    (row, *_) = results(bench, "beyond-DB4U")
    assert 0 < float(row["exposed_area_auroc"]) < 1 and 0 < float(row["mean_spread"]) < 1
