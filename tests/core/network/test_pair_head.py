from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.network import pair_head
from sasnet_core.network.pair_head import finish_head, pair_scores, site_logits, split_head
from tests.core.build import assert_alive, assert_close, tiny_model, tiny_network


def random_embeddings(config, count=20):
    rng = np.random.default_rng(3)
    return rng.normal(size=(2, count, config.embedding_size)).astype(np.float32)


def draw_site_terms(head):
    rng = np.random.default_rng(4)
    for variable in head.get_layer("site").weights:
        variable.assign(rng.normal(scale=0.3, size=variable.shape))


def test_site_terms_are_added_to_the_logits_of_pairs():
    config = replace(tiny_model(16), site_terms=True)
    head = tiny_network(config).head
    left, right = random_embeddings(config)
    for variable in head.get_layer("site").weights:
        variable.assign(np.zeros(variable.shape))
    before = np.asarray(head([left, right]))[:, 0]
    draw_site_terms(head)
    terms = np.asarray(site_logits(head, left)) + np.asarray(site_logits(head, right))
    assert_close(np.asarray(head([left, right]))[:, 0], before + terms)
    assert terms.std() > 0.1


@pytest.mark.parametrize("normalization", ["batch", "layer"])
@pytest.mark.parametrize("training", [False, True])
def test_a_split_head_gives_the_logits_of_the_head(normalization, training):
    config = tiny_model(16, normalization)
    head = tiny_network(config).head
    left, right = random_embeddings(config)
    expected = np.asarray(head([left, right], training=training))[:, 0]
    again = tiny_network(config).head  # training moves the statistics
    one, other = split_head(again, left, right)
    assert_close(np.asarray(finish_head(again, config, one + other, training)), expected)
    assert_alive(expected)


@pytest.mark.parametrize("sizes", [(11,), (11, 8), (7, 8, 9)])
@pytest.mark.parametrize("normalization", ["batch", "layer"])
@pytest.mark.parametrize("site_terms", [False, True])
def test_pairs_are_scored_as_the_head_scores_them(sizes, normalization, site_terms):
    config = replace(tiny_model(16, normalization), head_sizes=sizes, site_terms=site_terms)
    network = tiny_network(config)
    left, right = random_embeddings(config)
    pairs = np.stack([np.arange(20), np.arange(20)], axis=1).astype(np.int32)
    found = np.asarray(pair_scores(network.head, config, left, right, pairs))
    logits = [np.asarray(network.head(pair)) for pair in ([left, right], [right, left])]
    expected = np.mean([1 / (1 + np.exp(-logit)) for logit in logits], axis=0)
    np.testing.assert_allclose(found, expected.ravel(), atol=1e-5)
    assert expected.std() > 0.01


def test_blocks_of_pairs_make_no_difference(monkeypatch):
    config = tiny_model(16)
    head = tiny_network(config).head
    left, right = random_embeddings(config, 9)
    pairs = np.indices((9, 9), np.int32).reshape(2, -1).T
    whole = np.asarray(pair_scores(head, config, left, right, pairs))
    monkeypatch.setattr(pair_head, "PAIR_BLOCK", 20)
    monkeypatch.setattr(pair_head, "PAIR_UNIT", 4)
    np.testing.assert_allclose(pair_scores(head, config, left, right, pairs), whole, atol=1e-6)
    assert whole.std() > 0.01
