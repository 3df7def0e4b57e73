"""Commands run in this process, on a scorer that needs no TensorFlow."""

from contextlib import contextmanager

import numpy as np
import pytest

from sasnet_core.files import write_arrays
from sasnet_core.fitted import Calibration
from sasnet_core.network.weights import write_config
from sasnet_core.scoring.scorer import Scorer
from sasnet_core.shell import cli
from tests.core.build import chain_lines, tiny_model, write_pdb


class RandomScorer(Scorer):
    """Random scores, the same for the same proteins, seed and rotation."""

    precision = "float32"

    def __init__(self):
        super().__init__()
        self.scored, self.limits, self.caches = [], [], []

    def use_cache(self, cache, member=0):
        self.caches.append(cache)

    def limit_sizes(self, sizes):
        self.limits.append(sizes)

    def _rotations(self, left, right, rotations, seed):
        sizes = left.n_residues, right.n_residues
        self.scored.append(sizes)
        for rotation in range(rotations):
            rng = np.random.default_rng([seed, rotation, *sizes])
            raw = rng.uniform(0.01, 0.99, sizes).astype(np.float32)
            yield raw, [raw]


@pytest.fixture
def plain_weights(tmp_path_factory):
    """Weights with a configuration and a calibration, but without a network."""
    folder = tmp_path_factory.mktemp("plain_weights")
    write_arrays({"none": np.zeros(1)}, folder / "weights.npz")
    write_config(folder, tiny_model(), Calibration())
    return folder


@pytest.fixture
def scorer(monkeypatch):
    """Let the commands take a `RandomScorer` instead of loading a network."""
    scorer = RandomScorer()

    @contextmanager
    def loaded(settings, info):
        yield scorer

    monkeypatch.setattr(cli, "loaded", loaded)
    return scorer


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A folder with two chains in one file and each chain in a file of its own."""
    monkeypatch.chdir(tmp_path)
    left, right = chain_lines("A", 4), chain_lines("B", 3, start=(0, 5, 0))
    write_pdb(tmp_path / "both.pdb", [*left, *right])
    write_pdb(tmp_path / "left.pdb", left)
    write_pdb(tmp_path / "right.pdb", right)
    return tmp_path


@pytest.fixture
def command(work, plain_weights, scorer):
    """Run sasnet_predict with the random scorer and one rotation, unless the arguments differ."""

    def run(*arguments):
        given = set(arguments)
        more = [] if "--weights" in given else ["--weights", str(plain_weights)]
        more += [] if "--rotations" in given else ["--rotations", "1"]
        more += [] if given & {"-o", "--output"} else ["-o", "out"]
        return cli.main([*arguments, *more, "--no-picture"])

    return run
