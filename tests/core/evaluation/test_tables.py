import numpy as np
import pytest

from sasnet_core.evaluation.literature import Published
from sasnet_core.evaluation.measures import BASELINES, MEASURES, interval, paired_interval
from sasnet_core.evaluation.tables import (
    CATEGORIES,
    difference,
    groups_table,
    measures_table,
    number,
    published,
    shown_command,
    sides,
    spread_of,
    values,
    with_interval,
)


def row(auroc, category="OX", difficulty="rigid", **others):
    """Make a row as `evaluate_rows` does, all measures alike."""
    names = ["", *(f"{name}_" for name in BASELINES)]
    found = {f"{name}{measure}": auroc for name in names for measure in MEASURES}
    bases = {"base_rate": 0.01, "left_site_base_rate": 0.2, "right_site_base_rate": 0.4}
    return {**found, **bases, "category": category, "difficulty": difficulty, **others}


def cells(text, name):
    """Return the cells of the table row of a name."""
    line = next(line for line in text.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_a_statistic_is_written_with_its_interval():
    numbers = np.random.default_rng(0).uniform(0.7, 1, 30).tolist()
    low, high = interval(numbers, np.mean)
    assert with_interval(numbers, np.mean) == f"{np.mean(numbers):.3f} ({low:.3f} to {high:.3f})"
    after = [value + 0.01 * k for k, value in enumerate(numbers)]
    low, high = paired_interval(after, numbers)
    middle = np.median(after) - np.median(numbers)
    assert difference(after, numbers) == f"{middle:+.3f} ({low:+.3f} to {high:+.3f})"


def test_the_deviation_over_replicates_is_that_of_a_sample():
    assert spread_of([0.8, 0.9]) == "0.850 +/- 0.071"
    assert spread_of([0.8]) == "0.800 (one replicate)"


def test_published_numbers_are_written_as_in_the_paper():
    assert published(Published(0.843, 0.851, 0.01)) == "0.843 (0.851 +/- 0.010)"
    assert published(Published(None, 0.919, 0.008)) == "0.919 +/- 0.008"
    assert number("5892422") == "5,892,422"


def test_a_site_measure_is_the_mean_of_both_proteins_and_omits_what_does_not_exist():
    table = [
        {"left_site_auroc": 0.6, "right_site_auroc": 0.8},
        {"left_site_auroc": float("nan"), "right_site_auroc": 0.9},
        {"left_site_auroc": float("nan"), "right_site_auroc": float("nan")},
        {"left_site_auroc": 0.0, "right_site_auroc": 0.0},  # a complex that failed
    ]
    assert sides(table, "site_auroc") == pytest.approx([0.7, 0.9, 0.0])
    assert sides(table[2:3], "site_auroc") == []


def test_groups_are_those_of_category_and_difficulty():
    table = [row(0.9, "AA"), row(0.8, "EI", "medium"), row(0.6, "OG"), row(0.5, "AB", "")]
    text = groups_table(table)
    assert cells(text, "all")[:1] == ["4"]
    assert cells(text, "antibody and antigen")[:1] == ["2"]
    assert cells(text, "all but antibodies")[0] == "2"
    assert cells(text, "all but antibodies")[1].startswith("0.700 (")
    assert cells(text, "rigid")[0] == "2" and cells(text, "difficulty not known")[0] == "1"
    assert cells(text, "medium")[1:3] == ["0.800 (0.800 to 0.800)", "0.800"]
    assert "difficult |" not in text, "an empty group has no row"


def test_a_group_leaves_out_the_relatives_of_complexes_that_networks_are_tuned_on():
    table = [
        row(value, "OG") | {"id": name} for name, value in zip("abc", (0.9, 0.8, 0.7), strict=True)
    ]
    text = groups_table(table, {"DB3": {"a", "c"}})
    assert cells(text, "without relatives of DB3")[:2] == ["1", "0.800 (0.800 to 0.800)"]


def test_each_category_of_the_benchmark_is_in_one_group():
    codes = [code for group in CATEGORIES.values() for code in group]
    assert sorted(codes) == ["AA", "AB", "AS", "EI", "ER", "ES", "OG", "OR", "OX"]


def test_all_measures_stand_beside_those_of_the_baselines_and_the_base_rate():
    text = measures_table([row(0.9, exposed_area_auroc=0.7), row(0.7, exposed_area_auroc=0.5)])
    median = cells(text, "CAUROC (median)")
    assert [cell.split()[0] for cell in median if cell] == ["0.800", "0.600", "0.800"]
    assert cells(text, "precision among the 10 best pairs")[-1] == "0.0100"
    assert cells(text, "AUPRC of sites")[-1] == "0.300" and cells(text, "AUROC of sites")[-1] == ""


def test_values_are_numbers_even_if_they_come_from_a_csv_file():
    assert values([{"auroc": "0.5"}, {"auroc": 1}]) == [0.5, 1.0]


def test_a_command_is_shown_without_folders():
    shown = shown_command("p", ["data/db5", "--kept", "a/b", "--weights", "r/best"], ["--kept"])
    assert shown == "p db5 --weights best"
