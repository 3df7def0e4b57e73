import numpy as np
from scipy.stats import chisquare

from sasnet_core.structure.contacts import contact_matrix
from sasnet_core.training.negatives import all_negatives, sample_negatives

PAIRS = np.array([[0, 0], [1, 2], [2, 1]])


def test_negatives_are_never_contacts_and_all_others_come_alike():
    drawn = sample_negatives(PAIRS, 3, 4, 9000, np.random.default_rng(0))
    assert drawn.shape == (9000, 2) and drawn.dtype == np.int32
    counts = np.zeros((3, 4), int)
    np.add.at(counts, tuple(drawn.T), 1)
    touching = contact_matrix(PAIRS, 3, 4)
    assert counts[touching].sum() == 0
    assert chisquare(counts[~touching]).pvalue > 1e-3


def test_no_negatives_where_every_pair_touches():
    assert sample_negatives(np.array([[0, 0]]), 1, 1, 5, np.random.default_rng(0)).shape == (0, 2)


def test_all_negatives_are_the_other_pairs_in_order():
    found = all_negatives(PAIRS, 3, 3)
    assert found.dtype == np.int32
    assert found.tolist() == [[0, 1], [0, 2], [1, 0], [1, 1], [2, 0], [2, 2]]


def test_spared_residues_are_in_no_negative():
    spared = np.array([1]), np.array([0, 2])
    assert all_negatives(PAIRS, 3, 3, spared).tolist() == [[0, 1]]
    drawn = sample_negatives(PAIRS, 3, 3, 50, np.random.default_rng(0), spared)
    assert set(map(tuple, drawn.tolist())) == {(0, 1)}
