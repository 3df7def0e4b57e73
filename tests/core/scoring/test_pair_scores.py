import numpy as np

from sasnet_core.scoring.pair_scores import best_pairs


def test_best_pairs_fall_and_equal_ones_keep_residue_order():
    matrix = np.array([[0.2, 0.9, 0.5], [0.5, 0.1, 0.9]])
    assert best_pairs(matrix, 4).tolist() == [[0, 1], [1, 2], [0, 2], [1, 0]]
    assert len(best_pairs(matrix, None)) == 6
    assert len(best_pairs(matrix, 99)) == 6
    assert best_pairs(matrix, 2).tolist() == [[0, 1], [1, 2]]
