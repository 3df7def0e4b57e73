import json
import subprocess
import sys

import numpy as np
import pytest

import sasnet_core
from sasnet_core.errors import ResultError, SettingError
from sasnet_core.results.formats import boltz_chai
from sasnet_core.shell import one_call
from tests.core.build import contents, table


@pytest.fixture
def found(work, plain_weights, scorer, monkeypatch):
    """Predict with the random scorer."""
    from sasnet_core.shell import cli

    monkeypatch.setattr(one_call, "loaded", cli.loaded)
    return sasnet_core.predict_interface(
        "left.pdb", "right.pdb", rotations=1, weights=plain_weights
    )


def test_one_call_gives_the_answer_of_the_command(found, command, work):
    assert command("left.pdb", "right.pdb", "--no-report") == 0
    files = found.save(work / "own", report=False)
    assert contents(work / "own") == contents(work / "out")
    assert sorted(file.name for file in files) == sorted(contents(work / "out"))


def test_json_is_the_result_file(found, work):
    found.save(work / "own")
    text = found.to_json(work / "result.json")
    assert (work / "result.json").read_text() == text
    assert json.loads(text) == json.loads((work / "own/result.json").read_text())


def test_tables_are_those_of_the_files(found, work, monkeypatch):
    monkeypatch.setattr(one_call, "as_table", lambda rows: rows)
    found.save(work / "own")
    for name in ("patches", "patch_pairs", "residues", "pairs"):
        rows = getattr(found, name)
        written = table(work / "own" / f"{name}.csv")
        assert [{key: str(value) for key, value in row.items()} for row in rows] == written, name
    assert found.scores.shape == (4, 3) and found.scores.dtype == np.float32
    assert str(found).startswith("left (chain A):\n  Patch 1 of chain A: ")


def test_without_pandas_a_table_is_a_list(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert one_call.as_table([{"a": 1}]) == [{"a": 1}]


def test_with_pandas_a_table_is_a_data_frame():
    pandas = pytest.importorskip("pandas")
    frame = one_call.as_table([{"a": 1}, {"a": 2}])
    assert isinstance(frame, pandas.DataFrame) and frame["a"].tolist() == [1, 2]


def test_one_file_needs_chains_and_a_threshold_is_a_share(work, plain_weights):
    with pytest.raises(SettingError, match="threshold must be between 0 and 1, got 2"):
        sasnet_core.predict_interface("left.pdb", "right.pdb", threshold=2.0)
    with pytest.raises(sasnet_core.errors.SelectionError, match="one file needs both"):
        sasnet_core.predict_interface("both.pdb", weights=plain_weights)


def test_an_export_that_fails_is_an_error_and_the_rest_is_written(found, work, monkeypatch):
    with pytest.raises(SettingError, match="formats must be among"):
        found.save(work / "own", "nonsense")
    monkeypatch.setattr(boltz_chai, "LETTERS", "A")
    with pytest.raises(ResultError, match="not every export"):
        found.save(work / "own", "boltz")
    assert (work / "own/result.json").is_file()


def test_importing_sasnet_is_light():
    code = (
        "import sasnet_core, sys; print('numpy' in sys.modules, 'sasnet_core.shell' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = sasnet_core.nothing


def test_known_residues_are_those_of_the_command(work, plain_weights, scorer, monkeypatch, command):
    from sasnet_core.shell import cli

    monkeypatch.setattr(one_call, "loaded", cli.loaded)
    found = sasnet_core.predict_interface(
        "left.pdb", "right.pdb", rotations=1, weights=plain_weights, include="A:2", mask="B:1-2"
    )
    found.save(work / "own", report=False)
    options = ["--include", "A:2", "--mask", "right:B:1-2"]
    assert command("left.pdb", "right.pdb", "--no-report", *options) == 0
    assert contents(work / "own") == contents(work / "out")
