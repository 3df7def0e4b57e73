"""The published numbers, compared with those that the design of the project quotes."""

import re

import pytest

from sasnet_core.evaluation import literature
from tests.conftest import SHARED

DESIGN = SHARED.parent / "design.md"


@pytest.fixture(scope="module")
def quoted():
    """Return the table "from the paper" of the design, by the first cell of each row."""
    if not DESIGN.is_file():
        pytest.skip(f"no design at {DESIGN}")
    rows = re.findall(r"^\| ([^|]+) \| (.+) \|$", DESIGN.read_text(), re.MULTILINE)
    return dict(rows)


def numbers(text):
    return [float(found.replace(",", "")) for found in re.findall(r"\d[\d,]*\.?\d*", text)]


def test_results_on_unbound_and_bound_complexes(quoted):
    text = quoted["results, structure only"].replace("DB5U", "")
    expected = [*literature.SASNET, literature.SASNET_ENSEMBLE, *literature.SASNET_BOUND[1:]]
    assert numbers(text) == expected
    assert literature.SASNET_BOUND.best is None


def test_sizes_of_the_datasets(quoted):
    assert numbers(quoted["complex-only set"])[-2:] == list(literature.DATASETS["complex-only"])
    assert numbers(quoted["DB5"].replace("docking benchmark 5", ""))[:2] == [
        *literature.DATASETS["DB5"]
    ]
    assert f"DB5U ({literature.DATASETS['DB5U'][0]} complexes)" in quoted["DB5"]


def test_settings_of_figure_3(quoted):
    text = quoted["scaling (figure 3)"]
    assert f"at {literature.FIGURE_PAIRS:,} pairs" in text
    assert f"at {literature.FIGURE_PAIRS_EDGE} A" in text
    assert {5: "five"}[literature.FIGURE_REPLICATES] in text


def test_every_method_is_worse_than_sasnet():
    assert len(literature.METHODS) == 5
    for method in literature.METHODS.values():
        assert 0.5 < method.best < literature.SASNET.best
        assert 0.5 < method.mean < literature.SASNET.mean and 0 < method.deviation < 0.02
