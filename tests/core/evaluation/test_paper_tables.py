import csv

import numpy as np

from sasnet_core.config import ModelConfig
from sasnet_core.evaluation import literature
from sasnet_core.evaluation.entrants import find_entrants
from sasnet_core.evaluation.paper_tables import table1, table2, table3
from sasnet_core.evaluation.sections import write_table_section
from tests.core.evaluation.fakes import fake_weights


def written(bench, name, section, splits=("DB4U",)):
    """Write a section; returns its text and the rows of its CSV file by their first cell."""
    text = write_table_section(bench, name, section, splits)
    with (bench.settings.output / "results" / f"{name}.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    return text, {row["CAUROC"]: row for row in rows}


def test_table_1_compares_sizes_with_the_paper(dataset, tmp_path):
    text = table1(dataset, {"complex-only": dataset, "larger": dataset}, tmp_path)
    assert "| DB5U | 1 | " in text and "| 44,828 | 5,892,422 |" in text
    assert text.count("| larger | ") == 1
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
