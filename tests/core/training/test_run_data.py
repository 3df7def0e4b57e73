import json
import shutil

import pytest

from sasnet_core.errors import SettingError
from sasnet_core.training.run_data import DATA_FILE, settle_data
from sasnet_core.training.stream import Source
from tests.core.build import random_complex, write_benchmark, write_dataset


@pytest.fixture
def benchmark(tmp_path):
    return write_benchmark(tmp_path / "db5", {"1ABC": "DB3", "2ABC": "DB4U"})


@pytest.fixture
def run(tmp_path, benchmark):
    """A run that has begun without fold 1."""
    settle_data(tmp_path / "run", [Source(benchmark, "DB3,DB4U", leave_out=1)], begun=False)
    return tmp_path / "run"


def test_a_run_goes_on_with_the_same_wherever_it_lies_now(run, benchmark, tmp_path):
    moved = shutil.move(benchmark, tmp_path / "moved")
    settle_data(run, [Source(moved, "DB3,DB4U", leave_out=1)], begun=True)


@pytest.mark.parametrize("fold", [None, 2])
def test_a_run_without_a_fold_does_not_go_on_with_it(run, benchmark, fold):
    with pytest.raises(SettingError, match="without fold 1 of the dataset") as caught:
        settle_data(run, [Source(benchmark, "DB3,DB4U", leave_out=fold)], begun=True)
    assert "--start" in str(caught.value) and "\n" not in str(caught.value)


def test_other_complexes_are_refused_until_the_run_has_begun(run, tmp_path):
    other = [Source(write_dataset(tmp_path / "other", [random_complex(1)], ["1"]))]
    with pytest.raises(SettingError, match="must go on with the complexes"):
        settle_data(run, other, begun=True)
    settle_data(run, other, begun=False)
    settle_data(run, other, begun=True)
    assert json.loads((run / DATA_FILE).read_text()) == {"sources": [other[0].facts()]}


def test_one_machine_writes_it(benchmark, tmp_path):
    settle_data(tmp_path / "run", [Source(benchmark)], begun=False, chief=False)
    assert not (tmp_path / "run").exists()
