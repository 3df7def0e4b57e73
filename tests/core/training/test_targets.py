"""Which pairs a step asks about, how they weigh, and what it asks about residues."""

from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.config import EXPOSED_AREA_UNIT, MAX_SPARED_SHARE, TrainConfig
from sasnet_core.structure.chemistry import AMINO_ACIDS
from sasnet_core.structure.contacts import NOWHERE, contact_matrix
from sasnet_core.structure.surface import exposed_area
from sasnet_core.training.fixed_pairs import fixed_pairs
from sasnet_core.training.targets import (
    Example,
    draw_pairs,
    join_targets,
    residue_targets,
    spared_residues,
)
from tests.core.build import random_complex

CONFIG = TrainConfig(positives=10, negatives=20)


def draw(items, config=CONFIG):
    """Draw pairs, and undo the joining.

    Returns (complex, left rows, right rows, labels, weights, swapped) for each complex.
    """
    rng = np.random.default_rng(1)
    pairs, all_labels, all_weights = draw_pairs([Example(item, rng) for item in items], config)
    first, drawn = 0, []
    for item in items:
        n_left, n_right = item.left.n_residues, item.right.n_residues
        inside = (pairs >= first).all(1) & (pairs < first + n_left + n_right).all(1)
        rows = pairs[inside] - first
        swapped = rows[0, 0] >= n_left
        rows = rows[:, ::-1] if swapped else rows
        labels, weights = all_labels[inside], all_weights[inside]
        drawn.append((item, rows[:, 0], rows[:, 1] - n_left, labels, weights, swapped))
        first += n_left + n_right
    assert sum(len(labels) for *_, labels, _, _ in drawn) == len(pairs)
    return drawn


def test_positives_are_contacts_and_negatives_are_not_and_both_weigh_alike():
    for item, left, right, labels, weights, _ in draw([random_complex(k, 6, 7) for k in range(3)]):
        touching = contact_matrix(item.contacts, item.left.n_residues, item.right.n_residues)
        assert left.min() >= 0 and right.min() >= 0
        np.testing.assert_array_equal(touching[left, right], labels == 1)
        assert (labels == 1).sum() == min(10, len(item.contacts))
        assert (labels == 0).sum() == 20
        for kind in (0, 1):
            assert weights[labels == kind].sum() == pytest.approx(1 / 6)


def test_sides_are_swapped_about_half_of_the_time():
    swaps = [swapped for *_, swapped in draw([random_complex(k, 6, 7) for k in range(40)])]
    assert 10 < sum(swaps) < 30


def test_all_contacts_are_taken_where_they_are_few_and_none_twice():
    ((item, left, right, labels, *_),) = draw(
        [random_complex(1, 6, 7)], TrainConfig(positives=10_000, negatives=5)
    )
    found = sorted(zip(left[labels == 1].tolist(), right[labels == 1].tolist(), strict=True))
    assert found == list(map(tuple, item.contacts.tolist()))


def test_other_contacts_are_drawn_at_every_visit_where_they_are_many():
    item = random_complex(1, 6, 7)
    config = TrainConfig(positives=3, negatives=1)
    seen = set()
    for left, right, labels in (drawn[1:4] for drawn in (draw([item] * 30, config))):
        seen |= set(zip(left[labels == 1].tolist(), right[labels == 1].tolist(), strict=True))
    assert len(item.contacts) > 6 and len(seen) > 6


@pytest.mark.parametrize("contacts", [0, 42])
def test_a_complex_with_one_class_only_still_has_finite_weights(contacts):
    everything = np.argwhere(np.ones((6, 7))).astype(np.int32)[:contacts]
    item = replace(random_complex(1, 6, 7), contacts=everything)
    ((*_, labels, weights, _),) = draw([item])
    assert np.isfinite(weights).all()
    assert set(labels.tolist()) == {1.0 if contacts else 0.0}


@pytest.fixture
def elsewhere():
    """A complex of which left residue 2 and right residue 5 touch third chains only."""
    contacts = np.array([[0, 0], [0, 1], [1, 1]], np.int32)
    return replace(
        random_complex(1, 6, 7), contacts=contacts, elsewhere=(np.array([1, 2]), np.array([5]))
    )


def test_residues_in_other_interfaces_can_be_spared_as_non_contacts(elsewhere):
    found = {}
    for spare in (False, True):
        config = TrainConfig(negatives=2_000, spare_elsewhere=spare)
        ((_, left, right, labels, *_),) = draw([elsewhere], config)
        no = labels == 0
        found[spare] = set(zip(left[no].tolist(), right[no].tolist(), strict=True))
    others = np.argwhere(~contact_matrix(elsewhere.contacts, 6, 7)).tolist()
    assert found[False] == set(map(tuple, others))
    assert found[True] == {(i, j) for i, j in found[False] if i != 2 and j != 5}
    _, negatives = fixed_pairs(elsewhere, 3, 0, spared_residues(elsewhere))
    assert not (negatives == [2, 5]).any()


def test_a_contact_stays_one_where_its_residue_touches_third_chains_too(elsewhere):
    config = TrainConfig(spare_elsewhere=True)
    ((_, left, right, labels, *_),) = draw([elsewhere], config)
    assert {1} < set(left.tolist()), "in a contact and elsewhere"
    assert sorted(zip(left[labels == 1], right[labels == 1], strict=True)) == [
        (0, 0), (0, 1), (1, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(("count", "spared"), [(14, True), (15, False)])
def test_a_protein_in_other_interfaces_nearly_everywhere_is_not_spared(count, spared):
    assert MAX_SPARED_SHARE == 0.7
    contacts = np.array([[19, 0]], np.int32)
    item = replace(
        random_complex(1, 20, 7), contacts=contacts, elsewhere=(np.arange(count), NOWHERE)
    )
    left, right = spared_residues(item)
    assert left.tolist() == (list(range(count)) if spared else []) and right.tolist() == []


@pytest.mark.parametrize("any_interface", [False, True])
def test_residues_are_asked_for_their_interface(elsewhere, any_interface):
    targets = residue_targets(elsewhere, any_interface=any_interface)
    inside = np.flatnonzero(targets.in_interface).tolist()
    assert inside == ([0, 1, 2, 6, 7, 6 + 5] if any_interface else [0, 1, 6, 7])
    weights = targets.weights
    assert weights[inside].sum() == pytest.approx(0.5) and weights.sum() == pytest.approx(1.0)


def test_residues_are_asked_for_their_amino_acid_and_exposed_area(elsewhere):
    targets = residue_targets(elsewhere)
    assert {AMINO_ACIDS[place] for place in targets.amino_acids} == {"C"}
    areas = np.concatenate([exposed_area(p, points=100) for p in (elsewhere.left, elsewhere.right)])
    np.testing.assert_allclose(targets.exposed_areas * EXPOSED_AREA_UNIT, areas, rtol=1e-5)
    assert not residue_targets(elsewhere, with_areas=False).exposed_areas.any()


def test_all_complexes_of_a_batch_weigh_alike():
    one = np.array([[0, 0]], np.int32)
    items = [replace(random_complex(k, 5 + k, 7), contacts=one) for k in range(3)]
    parts = [residue_targets(item) for item in items]
    joined = join_targets(parts)
    sizes = np.cumsum([len(part.weights) for part in parts])[:-1]
    for weights in np.split(joined.weights, sizes):
        assert weights.sum() == pytest.approx(1 / 3)
    for name in ("amino_acids", "exposed_areas", "in_interface"):
        expected = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_array_equal(getattr(joined, name), expected)
