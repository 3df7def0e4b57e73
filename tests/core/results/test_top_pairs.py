import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core.results.top_pairs import best_separate_pairs


@given(st.integers(0, 9999), st.integers(1, 9), st.integers(1, 9), st.integers(1, 12))
def test_pairs_fall_and_share_no_residue(seed, n_left, n_right, count):
    rng = np.random.default_rng(seed)
    scores = rng.random((n_left, n_right))
    left, right = rng.random(n_left) < 0.7, rng.random(n_right) < 0.7
    pairs = best_separate_pairs(scores, left, right, count)
    assert len(pairs) == min(count, left.sum(), right.sum())
    taken = [scores[pair] for pair in pairs]
    assert taken == sorted(taken, reverse=True)
    rows, columns = [i for i, _ in pairs], [j for _, j in pairs]
    assert len(set(rows)) == len(set(columns)) == len(pairs)
    assert left[rows].all() and right[columns].all()
    if pairs:
        assert taken[0] == scores[np.ix_(left, right)].max()


def test_a_worse_pair_of_free_residues_follows():
    scores = np.array([[0.9, 0.8], [0.7, 0.1]])
    assert best_separate_pairs(scores, np.ones(2, bool), np.ones(2, bool)) == [(0, 0), (1, 1)]


def test_residues_that_are_known_not_to_touch_are_in_no_pair():
    scores = np.array([[0.9, 0.0], [0.8, 0.0]])
    assert best_separate_pairs(scores, np.ones(2, bool), np.ones(2, bool)) == [(0, 0)]
