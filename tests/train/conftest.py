"""A benchmark of three real complexes and weights of a tiny network, for the scripts."""

import csv
import shutil

import pytest

from sasnet_core.config import ModelConfig
from sasnet_core.network import tracing
from sasnet_core.network.network import build_network
from sasnet_core.network.weights import save_weights
from sasnet_core.scoring import predictor
from tests.conftest import SHARED
from train import db5

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"no structures at {SHARED}")

TINY = {"edge": 16, "filters": [4, 4, 8, 8], "embedding_size": 16, "head_sizes": [16, 16],
        "normalization": "layer"}  # fmt: skip


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory):
    """Three complexes of DB4U as a benchmark of their own."""
    folder = tmp_path_factory.mktemp("db5")
    rows = [r for r in csv.DictReader((SHARED / "db5" / "db5.csv").open()) if r["split"] == "DB4U"]
    rows = rows[:3]
    with (folder / "db5.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        for name in ("r_u", "l_u", "r_b", "l_b"):
            file = f"{row['code']}_{name}.pdb.gz"
            (folder / file).symlink_to(SHARED / "db5" / file)
    return folder


@pytest.fixture(scope="module")
def dataset(benchmark, tmp_path_factory):
    output = tmp_path_factory.mktemp("dataset")
    assert db5.main([str(benchmark), "-o", str(output)]) == 0
    return output


@pytest.fixture(autouse=True)
def untraced(monkeypatch):
    """Score a few rotations without tracing, which takes longer; the bits are the same."""
    monkeypatch.setattr(predictor, "UNTRACED", 10**9)
    monkeypatch.setattr(tracing, "UNTRACED_ROWS", 10**9)


@pytest.fixture(scope="module")
def tiny_weights(tmp_path_factory):
    """Weights that no test may change."""
    folder = tmp_path_factory.mktemp("tiny") / "weights"
    save_weights(folder, build_network(ModelConfig.from_dict(TINY)))
    return folder


@pytest.fixture(scope="module")
def kept_scores(tmp_path_factory):
    """Folder for the scores that the tests of a file compute again and again."""
    return str(tmp_path_factory.mktemp("kept_scores"))


@pytest.fixture
def weights(tiny_weights, tmp_path):
    """Weights of the test's own: the same in all tests of a file."""
    return shutil.copytree(tiny_weights, tmp_path / "weights")
