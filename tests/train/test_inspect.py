"""train.inspect as a user runs it."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from sasnet_core.dataset.complexes import MANIFEST, save_complex
from sasnet_core.errors import DatasetError
from sasnet_core.files import write_table
from tests.core.build import random_complex
from train import inspect

ROOT = Path(__file__).parents[2]


@pytest.fixture
def dataset(tmp_path):
    rows = []
    for k in range(3):
        item = random_complex(k, name=f"c{k}")
        save_complex(item, tmp_path / f"c{k}.npz")
        rows.append(
            {"id": item.name, "n_left": 8, "n_right": 7, "n_contacts": len(item.contacts),
             "cluster": f"{k}-{k}", "split": "train", "file": f"c{k}.npz"}
        )  # fmt: skip
    write_table(rows, tmp_path / MANIFEST, list(rows[0]))
    return tmp_path


@pytest.mark.pymol
def test_inspect_prints_counts_and_writes_a_picture_with_the_chosen_complex(dataset):
    pytest.importorskip("pymol2")
    done = subprocess.run(
        [sys.executable, "-m", "train.inspect", str(dataset), "--complex", "c2"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "3 complexes" in done.stdout
    assert "no complex is drawn" not in done.stdout
    with Image.open(dataset / "overview.png") as image:
        assert image.height > 900, "histograms and a complex"
    assert not list(dataset.glob("*.tmp*")) and not list(dataset.glob(".*"))


def test_without_pymol_the_picture_lacks_only_the_complex(dataset, monkeypatch, capsys):
    monkeypatch.setattr(inspect.importlib.util, "find_spec", lambda name: None)
    assert inspect.main([str(dataset), "-o", str(dataset / "new" / "o.png")]) == 0
    assert "PyMOL is not installed" in capsys.readouterr().out
    assert (dataset / "new" / "o.png").stat().st_size > 10_000


def test_an_unknown_complex_and_a_damaged_one_are_named(dataset):
    with pytest.raises(DatasetError, match="no complex 'zzz'"):
        inspect.main([str(dataset), "--complex", "zzz"])
    (dataset / "c1.npz").write_bytes(b"nothing")
    with pytest.raises(DatasetError, match=r"c1\.npz"):
        inspect.main([str(dataset), "--complex", "c1"])


def test_a_folder_without_a_manifest_is_one_line(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "train.inspect", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "manifest.csv" in done.stderr and done.stderr.count("\n") == 1
