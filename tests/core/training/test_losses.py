import numpy as np
import pytest
from keras import ops

from sasnet_core.training.losses import auxiliary_loss, cross_entropy


def test_the_cross_entropy_of_a_pair_is_the_textbook_one_and_stays_finite():
    labels = np.array([0.0, 1.0, 1.0, 0.0], np.float32)
    logits = np.array([0.3, -1.2, 2.0, -3.0], np.float32)
    chance = 1 / (1 + np.exp(-logits))
    expected = -labels * np.log(chance) - (1 - labels) * np.log(1 - chance)
    np.testing.assert_allclose(cross_entropy(labels, logits), expected, rtol=1e-5)
    extreme = np.asarray(cross_entropy(labels, np.array([200, 200, -200, -200], np.float32)))
    np.testing.assert_allclose(extreme, [200, 0, 200, 0], atol=1e-5)


def test_residue_questions_cost_nothing_when_answered_right():
    targets = {
        "amino_acids": ops.array([3, -1, 0]),
        "exposed_areas": ops.array([0.5, 1.0, 0.0]),
        "in_interface": ops.array([1.0, 0.0, 1.0]),
        "weights": ops.array([0.25, 0.5, 0.25]),
    }
    right = np.zeros((3, 22), np.float32)
    right[0, 3] = right[2, 0] = 30.0
    right[:, 20] = targets["exposed_areas"]
    right[:, 21] = [30.0, -30.0, 30.0]
    assert float(auxiliary_loss(ops.array(right), targets)) == pytest.approx(0, abs=1e-5)
    for column in (3, 20, 21):
        wrong = right.copy()
        wrong[0, column] -= 60.0
        assert float(auxiliary_loss(ops.array(wrong), targets)) > 1
