from dataclasses import replace

import numpy as np
import pytest
from keras import ops

from sasnet_core.training.losses import (
    TrainingLoss,
    auxiliary_loss,
    build_auxiliary,
    cross_entropy,
    pair_loss,
)
from tests.core.build import tiny_model, tiny_network


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


def test_site_terms_are_part_of_a_pairs_logit_and_answer_whether_a_residue_is_interface():
    config = replace(tiny_model(16), site_terms=True)
    network = tiny_network(config)
    rng = np.random.default_rng(1)
    embeddings = rng.normal(size=(6, config.head_input)).astype(np.float32)
    values = {
        "embeddings": embeddings,
        "surroundings": (),
        "pairs": np.array([[0, 3], [1, 4], [2, 5]], np.int32),
        "labels": np.array([1, 0, 1], np.float32),
        "weights": np.full(3, 1 / 3, np.float32),
        "residues": {
            "amino_acids": np.full(6, -1, np.int32),
            "exposed_areas": np.zeros(6, np.float32),
            "in_interface": np.array([1, 0, 1, 0, 1, 1], np.float32),
            "weights": np.full(6, 1 / 6, np.float32),
        },
    }
    left, right = (embeddings[values["pairs"][:, side]] for side in (0, 1))
    logits = np.asarray(network.head([left, right], training=True))[:, 0]
    expected = np.mean(cross_entropy(values["labels"], logits))
    assert float(pair_loss(network.head, config, embeddings, values)) == pytest.approx(
        float(expected), rel=1e-4
    )
    auxiliary = build_auxiliary(config)
    total, pairs = TrainingLoss(network, auxiliary, 1.0)(values)
    site = np.asarray(network.head.get_layer("site")(embeddings))
    answers = auxiliary([embeddings, site])
    np.testing.assert_array_equal(np.asarray(answers)[:, 21], site[:, 0])
    residues = float(auxiliary_loss(answers, values["residues"]))
    assert float(total) == pytest.approx(float(pairs) + residues, rel=1e-4)
