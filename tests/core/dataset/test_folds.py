"""Folds: relatives stay together, antibody complexes are spread."""

import numpy as np
import pytest

from sasnet_core.dataset.folds import assign_folds
from tests.core.sequences import random_sequence

NEITHER, LEFT = (False, False), (True, False)


@pytest.fixture
def proteins():
    rng = np.random.default_rng(0)
    return [random_sequence(rng, 60) for _ in range(40)]


def test_each_fold_has_its_share_of_complexes(proteins):
    pairs = list(zip(proteins[:20], proteins[20:], strict=True))
    folds = assign_folds(pairs, [NEITHER] * 20, count=4)
    assert sorted(set(folds)) == [1, 2, 3, 4]
    assert set(np.bincount(folds)[1:]) == {5}


def test_relatives_are_in_one_fold_whichever_side_they_are_on(proteins):
    pairs = list(zip(proteins[:10], proteins[10:20], strict=True))
    known, other = proteins[0], proteins[30]
    pairs += [(other, known), (known, proteins[31]), (other, proteins[32])]
    folds = assign_folds(pairs, [NEITHER] * 13, count=5)
    assert len({folds[0], *folds[10:]}) == 1


def test_antibodies_do_not_join_complexes_but_their_antigens_do(proteins):
    antibody = proteins[0]
    pairs = [(antibody, antigen) for antigen in (*proteins[1:9], proteins[1])]
    folds = assign_folds(pairs, [LEFT] * 9, count=4)
    assert folds[0] == folds[8]
    assert min(np.bincount(folds)[1:]) >= 2
    together = assign_folds(pairs, [NEITHER] * 9, count=4)
    assert len(set(together)) == 1


def test_antibody_complexes_are_spread_over_all_folds(proteins):
    antibody = proteins[0]
    pairs = [(antibody, antigen) for antigen in proteins[1:6]]
    pairs += list(zip(proteins[6:16], proteins[16:26], strict=True))
    folds = assign_folds(pairs, [LEFT] * 5 + [NEITHER] * 10, count=5)
    assert sorted(folds[:5]) == [1, 2, 3, 4, 5]
    assert set(np.bincount(folds)[1:]) == {3}


def test_no_complexes_have_no_folds():
    assert assign_folds([], []) == []
