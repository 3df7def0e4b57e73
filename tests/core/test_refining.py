from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.config import RefineConfig
from sasnet_core.lattice import build_lattice, random_pose
from sasnet_core.model import lattice_features, lattice_tensors
from sasnet_core.refining import FeatureCache, draw_batch, refine

from .build import random_complex, tiny_model, tiny_network

CONFIG = RefineConfig(steps=30, complexes=4, positives=3, residues=4, drawn=5, dropout=0.0)


@pytest.fixture
def model():
    return tiny_model()


@pytest.fixture
def network(model):
    return tiny_network(model)


@pytest.fixture
def cached(model, network):
    items = [random_complex(k, 8, 9) for k in range(4)]
    cache = FeatureCache(network[0], model, CONFIG.drawn)
    rng = np.random.default_rng(0)
    return items, [cache.cache(item, rng) for item in items]


def test_the_cache_holds_what_the_convolutions_give(model, network):
    item = random_complex(1, 8, 9)
    kept = FeatureCache(network[0], model, 99).cache(item, np.random.default_rng(4))
    rng = np.random.default_rng(4)
    rng.choice(8, 8, replace=False)
    lattice = build_lattice(item.left, model, random_pose(rng))
    wanted = np.asarray(lattice_features(network[0], model, lattice_tensors(lattice)))
    assert np.abs(wanted).max() > 0
    np.testing.assert_allclose(kept.left.features[kept.left.row_of], wanted, rtol=2e-3, atol=1e-3)


def test_the_cache_keeps_the_interface_and_some_residues(cached):
    for item, kept in zip(*cached, strict=True):
        assert (kept.left.row_of[item.contacts[:, 0]] >= 0).all()
        assert (kept.right.row_of[item.contacts[:, 1]] >= 0).all()
        assert len(kept.left.drawn) == len(kept.right.drawn) == 5
        found = {(a, b) for a, b in zip(*kept.touching.nonzero(), strict=True)}
        here = {
            (
                int(np.flatnonzero(kept.left.drawn == a)[0]),
                int(np.flatnonzero(kept.right.drawn == b)[0]),
            )
            for a, b in item.contacts.tolist()
            if a in kept.left.drawn and b in kept.right.drawn
        }
        assert found == here


def test_a_batch_pairs_contacts_with_contacts_and_others_with_others(cached):
    items, kept = cached
    named, contacts, first = [], set(), 0
    for item, entry in zip(items, kept, strict=True):
        # Each residue's features become its name: a number of its own.
        sides = []
        for side in (entry.left, entry.right):
            count = len(side.features)
            sides.append(replace(side, features=first + np.arange(count)[:, None]))
            first += count
        named.append(replace(entry, left=sides[0], right=sides[1]))
        for a, b in item.contacts.tolist():
            one, two = sides[0].row_of[a], sides[1].row_of[b]
            names = int(sides[0].features[one, 0]), int(sides[1].features[two, 0])
            contacts |= {names, names[::-1]}
    features, pairs, labels, weights = draw_batch(named, CONFIG, np.random.default_rng(1))
    assert weights.sum() == pytest.approx(1.0)
    assert weights[labels == 1].sum() == pytest.approx(0.5)
    assert {0.0, 1.0} == set(labels.tolist())
    for (a, b), label in zip(pairs, labels, strict=True):
        assert ((int(features[a, 0]), int(features[b, 0])) in contacts) == bool(label)


def test_refining_learns_and_leaves_the_convolutions_alone(model, network, cached):
    tower, head = network
    before = [np.array(v) for v in tower.get_layer("conv1").weights]
    dense = np.array(tower.get_layer("dense").kernel)
    clusters = [[item] for item in cached[1]]
    config = RefineConfig(**{**CONFIG.to_dict(), "steps": 120, "learning_rate": 5e-3})
    losses = [loss for _, loss in refine(tower, head, model, clusters, config)]
    assert np.mean(losses[-20:]) < 0.8 * np.mean(losses[:20])
    for old, new in zip(before, tower.get_layer("conv1").weights, strict=True):
        np.testing.assert_array_equal(old, np.array(new))
    assert np.abs(dense - np.array(tower.get_layer("dense").kernel)).max() > 1e-4
