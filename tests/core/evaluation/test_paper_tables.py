import csv

import numpy as np
import pytest

from sasnet_core.config import ModelConfig
from sasnet_core.errors import SettingError
from sasnet_core.evaluation import literature
from sasnet_core.evaluation.paper_tables import (
    find_entrants,
    settings_lines,
    table1,
    table2,
    table3,
    write_table_section,
)
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


def written(bench, name, section, splits=("DB4U",)):
    """Write a section; returns its text and the rows of its CSV file by their first cell."""
    text = write_table_section(bench, name, section, splits)
    with (bench.settings.output / "results" / f"{name}.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    return text, {row["CAUROC"]: row for row in rows}


def test_replicates_are_ranked_on_db4(bench, entrants):
    found = [selection for selection, _ in entrants.ranked]
    assert found == sorted(found, reverse=True) and len(set(found)) == 3
    assert bench.selection(entrants.best.folder) == found[0]


def test_the_same_replicate_twice_is_refused(bench, tmp_path):
    folder = fake_weights(tmp_path / "a", ModelConfig())
    with pytest.raises(SettingError, match="different weights"):
        find_entrants(bench, [folder, folder], None)
    with pytest.raises(SettingError, match="an ensemble is needed"):
        find_entrants(bench, [folder], folder)


def test_table_1_compares_sizes_with_the_paper(dataset, tmp_path):
    text = table1(dataset, dataset, tmp_path)
    assert "| DB5U | 1 | " in text and "| 44,828 | 5,892,422 |" in text
    assert (tmp_path / "results" / "table1.csv").is_file()


def test_table_2_reports_the_best_replicate_and_the_spread_of_all(bench, entrants):
    text, rows = written(bench, "table2", table2(bench, entrants))
    best = np.median(bench.aurocs(entrants.best.folder, "DB4U"))
    row = rows["**SASNet, replicate best on DB4**"]
    assert row["DB4U"].startswith(f"{best:.3f} (") and row["DB5U"] == "not looked at"
    assert row["DB4"] == f"{entrants.ranked[0][0]:.3f}" and row["DB5U (paper)"] == "0.899"
    medians = [np.median(bench.aurocs(info.folder, "DB4U")) for info in entrants.infos]
    expected = f"{np.mean(medians):.3f} +/- {np.std(medians, ddof=1):.3f}"
    mean = rows["SASNet, mean and standard deviation (replicates: 3)"]
    assert mean["DB4U"] == expected and mean["DB5U (paper)"] == "0.890 +/- 0.011"
    for name in literature.METHODS:
        assert rows[f"{name} (published)"]["DB4U"] == ""
    assert text.startswith("## Table 2") and "No ensemble was given." in text


def test_table_2_takes_further_networks_and_replicates_of_them(bench, tmp_path):
    a, b, c, d = (fake_weights(tmp_path / name, ModelConfig()) for name in "abcd")
    entrants = find_entrants(bench, [a], None, {"one": [b], "several": [c, d]})
    _, rows = written(bench, "table2", table2(bench, entrants))
    assert rows["one"]["DB4"] == f"{bench.selection(b):.3f}"
    better = max((c, d), key=bench.selection)
    best = f"{np.median(bench.aurocs(better, 'DB4U')):.3f} ("
    assert rows["several, replicate best on DB4"]["DB4U"].startswith(best)
    medians = [np.median(bench.aurocs(folder, "DB4U")) for folder in (c, d)]
    expected = f"{np.mean(medians):.3f} +/- {np.std(medians, ddof=1):.3f}"
    several = rows["several, mean and standard deviation (replicates: 2)"]
    assert several["DB4U"] == expected and not several["DB5U (paper)"]
    assert {info.folder for info in entrants.infos} == {a, b, c, d}


def test_table_3_has_the_difference_of_both_states(bench, entrants):
    _, rows = written(bench, "table3", table3(bench, entrants), ("DB4U", "DB5U"))
    folder = entrants.best.folder
    for split in ("DB4U", "DB5U"):
        bound, unbound = (np.median(bench.aurocs(folder, split, s)) for s in ("bound", "unbound"))
        cell = rows["best on DB4: bound minus unbound"][split]
        assert cell.startswith(f"{bound - unbound:+.3f} (")
    assert "DB4" not in rows["best on DB4: bound"], "no column of the ranking"


def test_the_settings_name_weights_accesses_and_failures(bench, entrants):
    bench.failures = {"C9 (reason)"}
    text = "\n".join(settings_lines(bench, ["DB4U"], [entrants.best], 7, "the command"))
    assert "DB4U: 2 complexes; 2 rotations, seed 0, float32." in text
    assert entrants.best.sha256[:12] in text and "looked at 7 times" in text
    assert "Failed, and count 0: C9 (reason)." in text and "Command: `the command`" in text
