import numpy as np
import pytest

from sasnet_core.scoring.predictor import Predictor, load_predictor
from sasnet_core.scoring.score_cache import ScoreCache
from tests.core.build import random_protein, tiny_model, tiny_network


class Counting:
    """Stands for a network: rotation k gives scores of k everywhere, and is written down."""

    def __init__(self):
        self.asked = []

    def __call__(self, left, right, seed, rotations):
        for rotation in rotations:
            self.asked.append(rotation)
            yield np.full((left.n_residues, right.n_residues), rotation, np.float32)


@pytest.fixture
def partners():
    return random_protein(1, 6), random_protein(2, 5)


def found(kept, partners, count, compute, seed=0):
    return [matrix[0, 0] for matrix in kept.rotations(*partners, seed, count, compute)]


def test_only_what_is_missing_is_computed(tmp_path, partners):
    kept, compute = ScoreCache(tmp_path, ["net"]), Counting()
    assert found(kept, partners, 3, compute) == [0, 1, 2]
    assert found(kept, partners, 5, compute) == [0, 1, 2, 3, 4]
    assert found(kept, partners, 2, compute) == [0, 1]
    assert compute.asked == [0, 1, 2, 3, 4]


def test_networks_proteins_seeds_and_sides_are_kept_apart(tmp_path, partners):
    compute = Counting()
    found(ScoreCache(tmp_path, ["net"]), partners, 1, compute)
    found(ScoreCache(tmp_path, ["other"]), partners, 1, compute)
    found(ScoreCache(tmp_path, ["net"]), partners, 1, compute, seed=1)
    found(ScoreCache(tmp_path, ["net"]), partners[::-1], 1, compute)
    left = partners[0].with_coordinates(partners[0].coords + 1, partners[0].centers + 1)
    found(ScoreCache(tmp_path, ["net"]), (left, partners[1]), 1, compute)
    assert compute.asked == [0] * 5
    assert found(ScoreCache(tmp_path, ["net"]), partners, 1, compute) == [0]
    assert compute.asked == [0] * 5


def test_what_was_stopped_or_damaged_is_computed_again(tmp_path, partners):
    kept, compute = ScoreCache(tmp_path, ["net"]), Counting()
    stopped = kept.rotations(*partners, 0, 3, compute)
    next(stopped)
    stopped.close()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert found(kept, partners, 2, compute) == [0, 1]
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    file.write_bytes(file.read_bytes()[:100])
    assert found(kept, partners, 2, compute) == [0, 1]
    assert compute.asked == [0, 0, 1, 0, 1]


def test_a_predictor_scores_the_same_from_what_was_kept(tmp_path, partners):
    network = tiny_network(tiny_model(16))
    scores = [
        Predictor(network, score_cache=ScoreCache(tmp_path, ["net"])).score(*partners, rotations)
        for rotations in (1, 3, 3)
    ]
    plain = Predictor(network).score(*partners, 3)
    np.testing.assert_array_equal(scores[1].matrix, scores[2].matrix)
    np.testing.assert_array_equal(scores[1].spread, scores[2].spread)
    np.testing.assert_allclose(scores[1].matrix, plain.matrix, atol=1e-5)


def test_scores_of_one_engine_are_not_taken_for_those_of_another(
    tmp_path, weights_folder, partners
):
    for engine in ("lattice", "windows"):
        load_predictor(weights_folder, "float32", engine, tmp_path).score(*partners, rotations=1)
    assert len(list(tmp_path.rglob("*.npy"))) == 2


def test_fewer_rotations_do_not_replace_more_of_another_process(tmp_path, partners):
    slow = ScoreCache(tmp_path, ["net"]).rotations(*partners, 0, 2, Counting())
    next(slow)
    found(ScoreCache(tmp_path, ["net"]), partners, 5, Counting())
    assert len(list(slow)) == 1
    compute = Counting()
    assert found(ScoreCache(tmp_path, ["net"]), partners, 5, compute) == [0, 1, 2, 3, 4]
    assert compute.asked == []
