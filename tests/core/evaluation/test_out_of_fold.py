"""Each complex is scored by the network that was trained without it."""

from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.errors import DatasetError, WeightsError
from sasnet_core.evaluation.out_of_fold import OutOfFold, described, load_scorer
from sasnet_core.files import write_table
from sasnet_core.fitted import Smoothing
from sasnet_core.network.network import build_network
from sasnet_core.network.weights import save_weights
from sasnet_core.network.weights_folder import read_info
from sasnet_core.network.weights_writing import write_fitted
from sasnet_core.scoring.predictor import load_predictor
from tests.core.build import random_complex, table, tiny_model, write_benchmark
from tests.random_scorer import RandomScorer

SMOOTHING = Smoothing(6.0, 4.0, 0.5)


@pytest.fixture
def scorers():
    return {1: RandomScorer(), 2: RandomScorer()}


@pytest.fixture
def complexes():
    return [random_complex(seed, name=f"c{seed}") for seed in range(4)]


def pair(item):
    return item.left.content_hash, item.right.content_hash


def test_the_scorer_of_the_fold_scores_a_complex_smoothed(scorers, complexes):
    folds = {pair(complexes[0]): 2, pair(complexes[1]): 1}
    scorer = OutOfFold(scorers, folds, SMOOTHING)
    item = complexes[0]
    found = scorer.score(item.left, item.right, rotations=2).matrix
    assert len(scorers[2].scored) == 1
    assert not scorers[1].scored
    alone = RandomScorer()
    alone.smoothing = SMOOTHING
    assert np.array_equal(found, alone.score(item.left, item.right, rotations=2).matrix)


def test_a_wrong_partner_is_scored_by_the_fold_of_the_left_protein(scorers, complexes):
    one, other, *_ = complexes
    scorer = OutOfFold(scorers, {pair(one): 1, pair(other): 2}, SMOOTHING)
    scorer.score(other.left, one.right, rotations=1)
    assert scorers[2].scored
    assert not scorers[1].scored


def test_a_protein_of_no_fold_is_refused(scorers, complexes):
    one, other, *_ = complexes
    scorer = OutOfFold(scorers, {pair(one): 1}, SMOOTHING)
    with pytest.raises(DatasetError, match="is in no fold"):
        scorer.score(other.left, other.right, rotations=1)


@pytest.fixture
def dataset(tmp_path):
    """Write a benchmark of two folds and a complex of the test set."""
    folder = write_benchmark(tmp_path / "db5", {"1ABC": "DB3", "2ABC": "DB4U", "3ABC": "DB5U"})
    folds = {"1ABC": "1", "2ABC": "2", "3ABC": ""}
    rows = [{**row, "fold": folds[row["id"]]} for row in table(folder / "manifest.csv")]
    write_table(rows, folder / "manifest.csv", list(rows[0]))
    return folder


@pytest.fixture
def folds(tmp_path):
    """Write a network for each fold, with different weights."""
    for fold in (1, 2):
        network = build_network(replace(tiny_model(), site_terms=True))
        for variable in network.head.trainable_variables:
            variable.assign(np.random.default_rng(fold).normal(size=variable.shape))
        save_weights(tmp_path / "folds" / str(fold), network)
    info = read_info(tmp_path / "folds" / "1")
    write_fitted(info, None, SMOOTHING)
    return tmp_path / "folds"


def test_weights_of_folds_are_loaded_for_their_complexes(dataset, folds):
    info = read_info(folds / "1")
    scorer = load_scorer(info, dataset, folds)
    for seed, fold in ((0, 1), (1, 2)):
        item = random_complex(seed, 6)
        expected = load_predictor(folds / str(fold))
        expected.smoothing = SMOOTHING
        both = [one.score(item.left, item.right, 1).matrix for one in (scorer, expected)]
        assert np.array_equal(*both)
        sites = [list(one.site_rotations(item.left, 1, 0)) for one in (scorer, expected)]
        assert np.array_equal(*sites)
    test = random_complex(2, 6)
    with pytest.raises(DatasetError, match="is in no fold"):
        scorer.score(test.left, test.right, 1)


def test_without_folds_the_weights_themselves_score(dataset, folds):
    info = read_info(folds / "2")
    scorer = load_scorer(info, dataset, None)
    item = random_complex(2, 6)
    expected = load_predictor(folds / "2").score(item.left, item.right, 1).matrix
    assert np.array_equal(scorer.score(item.left, item.right, 1).matrix, expected)


def test_a_fold_without_weights_is_named(dataset, folds):
    (folds / "2").rename(folds / "9")
    with pytest.raises(WeightsError, match="2"):
        load_scorer(read_info(folds / "1"), dataset, folds)


def test_what_is_fitted_says_that_scores_are_out_of_fold(folds):
    assert described("2 complexes", folds) == "2 complexes, out of fold"
    assert described("2 complexes", None) == "2 complexes"
