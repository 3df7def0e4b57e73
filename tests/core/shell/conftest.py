"""Commands run in this process, on a scorer that needs no TensorFlow; mirrors of structures."""

from contextlib import contextmanager

import numpy as np
import pytest

from sasnet_core.files import write_arrays
from sasnet_core.fitted import Calibration
from sasnet_core.network.weights_writing import write_config
from sasnet_core.shell import cli, download
from sasnet_core.shell.archives import ALPHAFOLD, PDB
from sasnet_core.shell.fetch import CACHE_VARIABLE, make_sources
from tests.core.build import chain_lines, tiny_model, write_cif, write_pdb
from tests.core.shell.mirror import Mirror
from tests.random_scorer import RandomScorer


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


@pytest.fixture
def entry(tmp_path):
    """An mmCIF file with chains A and D."""
    lines = [*chain_lines("A", 6), *chain_lines("D", 5, start=(0, 5, 0))]
    return write_cif(tmp_path / "made.cif", lines).read_bytes()


@pytest.fixture
def mirror(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "RETRIES", 0)
    made = Mirror()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Make sources with mirrors of the PDB, a cache and a folder of their own."""
    for variable in (CACHE_VARIABLE, PDB.variable, ALPHAFOLD.variable):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "here").mkdir()

    def build(*places, archive=PDB):
        return make_sources({archive.title: places}, tmp_path / "cache", tmp_path / "here")

    return build
