"""The benchmarks' own parts: tables, sections, comparison of results."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import memory, mining, report, rotations
from sasnet_core.fitted import Calibration
from tests.core.build import random_complex

ROOT = Path(__file__).parents[1]


def result(seconds, contacts, areas):
    steps = dict(zip(mining.STEPS, seconds, strict=True))
    return {"seconds": steps, "contacts": contacts, "areas": areas}


def test_a_section_replaces_its_earlier_self_and_leaves_the_others(tmp_path):
    document = tmp_path / "docs" / "benchmarks.md"
    for name, text in (("one", "first"), ("two", "other"), ("one", r"second \1")):
        report.write_section(name, text, document)
    text = document.read_text()
    assert text.startswith("# Benchmarks")
    assert r"second \1" in text and "first" not in text
    assert text.index("second") < text.index("other")
    assert text.count("<!-- one -->") == text.count("<!-- end of one -->") == 1


def test_costs_are_per_structure_and_areas_per_pair():
    found = {
        "a": result((0.1, 0.02, 3.0), {}, {"A B": 1.0, "A C": 1.0}),
        "b": result((0.3, 0.04, 1.0), {}, {"A B": 1.0, "B C": 1.0}),
    }
    assert mining.costs(found) == pytest.approx({"reading": 200, "contacts": 30, "area": 1000})


def test_a_differing_contact_and_a_missing_pair_are_seen():
    ours = {"a": result((1, 1, 1), {"A B": [["1", "2"]], "A C": [["1", "1"]]}, {"A B": 1000.0})}
    same = mining.agreement(ours, ours)
    assert "same in 2 of 2 pairs" in same and "differ by 0.00%" in same
    theirs = {"a": result((1, 1, 1), {"A B": [["1", "3"]]}, {"A B": 1015.0})}
    other = mining.agreement(ours, theirs)
    assert "same in 0 of 2 pairs" in other and "differ by 1.50%" in other


def test_a_real_structure_goes_through_all_steps(shared_data):
    found = mining.measure(shared_data / "complexes" / "0g" / "10gs.pdb.gz")
    assert len(found["contacts"]["A B"]) == 131
    assert found["areas"]["A B"] > 500
    assert all(seconds > 0 for seconds in found["seconds"].values())


def test_two_runs_that_are_alike_share_their_first_patches():
    item = random_complex(n_left=30, n_right=30)
    rng = np.random.default_rng(0)
    one, other = (rng.random((30, 30)).astype(np.float32) for _ in range(2))
    same = rotations.compare(item, [one, one], Calibration())
    np.testing.assert_array_equal(same, [[1, 0, 0]] * 2)
    apart = rotations.compare(item, [one, other], Calibration())
    assert (apart[:, 0] < 1).all() and (0 < apart[:, 1]).all() and (apart[:, 1] < apart[:, 2]).all()


def test_the_peers_script_asks_for_nothing_of_sasnet():
    code = (
        "import sys; sys.path.insert(0, 'benchmarks'); import mining_peers\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('sasnet_core', 'gemmi')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.slow
@pytest.mark.sweep  # tests/core/scoring/test_memory.py has a smaller one
def test_two_thousand_residues_a_side_stay_under_four_gib():
    # The paper's sizes take longer: `python -m benchmarks.memory`.
    found = memory.in_child("shipped", "float32", 2000)
    assert found["peak"] < 4
