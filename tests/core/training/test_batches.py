import itertools
from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.config import TrainConfig
from sasnet_core.dataset.complexes import Complex
from sasnet_core.errors import DatasetError
from sasnet_core.structure.contacts import contact_matrix
from sasnet_core.training import batches as batches_module
from sasnet_core.training.batches import make_batch, stream_batches
from sasnet_core.training.stream import ComplexStream, Source
from sasnet_core.training.targets import Example, spared_residues
from tests.core.build import random_complex, tiny_model, write_dataset

MODEL = tiny_model(16)
CONFIG = TrainConfig(complexes_per_step=2, positives=10, negatives=20, seed=3)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dataset")
    items = [random_complex(k, 5 + k, 6, name=f"pair{k}") for k in range(5)]
    return write_dataset(folder, items, ["a", "b", "b", "c", "d"])


def names(stream, places):
    return [stream.complex_at(place).name for place in places]


def test_a_round_holds_each_cluster_once(dataset):
    stream = ComplexStream([Source(dataset)], seed=0)
    assert len(stream) == 4
    for start in (0, 4, 8):
        clusters = {"pair2": "pair1"}
        found = {clusters.get(n, n) for n in names(stream, range(start, start + 4))}
        assert found == {"pair0", "pair1", "pair3", "pair4"}


def test_two_rounds_differ_and_every_member_of_a_cluster_comes(dataset):
    stream = ComplexStream([Source(dataset)], seed=0)
    rounds = [tuple(names(stream, range(4 * k, 4 * k + 4))) for k in range(12)]
    assert len(set(rounds)) > 6
    assert {"pair1", "pair2"} <= {name for one in rounds for name in one}


def test_the_stream_is_given_by_seed_and_place(dataset):
    once, again = (names(ComplexStream([Source(dataset)], seed=1), range(12)) for _ in range(2))
    assert once == again
    assert once != names(ComplexStream([Source(dataset)], seed=2), range(12))


def test_a_split_without_complexes_is_refused(dataset):
    with pytest.raises(DatasetError, match="no complexes to train on"):
        ComplexStream([Source(dataset, "test")], seed=0)


def batches(dataset, first_step=0, count=3, replicas=1, here=None, config=CONFIG):
    here = range(replicas) if here is None else here
    stream = ComplexStream([Source(dataset)], seed=0)
    made = stream_batches(stream, MODEL, config, first_step, replicas, here)
    return list(itertools.islice(made, count))


def assert_same(one, two):
    for a, b in zip(arrays_of(one), arrays_of(two), strict=True):
        np.testing.assert_array_equal(a, b)


def arrays_of(batch):
    lattice = batch.tower_input
    tables = itertools.chain(*lattice.tables)
    return lattice.occupancy, *tables, lattice.windows, batch.pairs, batch.labels


def test_batches_are_reproducible(dataset):
    for one, two in zip(batches(dataset), batches(dataset), strict=True):
        assert_same(one, two)


def test_a_resumed_run_goes_on_with_the_same_batches(dataset):
    straight, resumed = batches(dataset, 0, 5), batches(dataset, 2, 3)
    for one, two in zip(straight[2:], resumed, strict=True):
        assert_same(one, two)
    assert not np.array_equal(straight[0].pairs, straight[1].pairs)


def test_no_two_visits_of_a_complex_are_in_the_same_pose(dataset):
    item = ComplexStream([Source(dataset)], 0).complex_at(0)
    rng = np.random.default_rng(0)
    one, two = (make_batch([Example(item, rng)], MODEL, CONFIG) for _ in range(2))
    assert not np.array_equal(one.tower_input.tables[0][-1], two.tower_input.tables[0][-1])


def test_partners_get_rotations_of_their_own(dataset, monkeypatch):
    poses = []

    def remember(rng):
        poses.append(draw_pose(rng))
        return poses[-1]

    draw_pose = batches_module.random_pose
    monkeypatch.setattr(batches_module, "random_pose", remember)
    example = Example(ComplexStream([Source(dataset)], 0).complex_at(0), np.random.default_rng(0))
    make_batch([example] * 2, MODEL, CONFIG)
    assert len(poses) == 4
    for one, two in itertools.combinations(poses, 2):
        assert not np.allclose(one.rotation, two.rotation)
        assert not np.allclose(one.offset, two.offset)


def examples(items):
    """Let a step see complexes, all with one source of randomness."""
    rng = np.random.default_rng(1)
    return [Example(item, rng) for item in items]


def pairs_by_complex(batch, items):
    """Undo the joining: yield (complex, left rows, right rows, labels, weights, swapped)."""
    first = 0
    for item in items:
        n_left, n_right = item.left.n_residues, item.right.n_residues
        inside = (batch.pairs >= first).all(1) & (batch.pairs < first + n_left + n_right).all(1)
        rows = batch.pairs[inside] - first
        swapped = rows[0, 0] >= n_left
        rows = rows[:, ::-1] if swapped else rows
        left, right = rows[:, 0], rows[:, 1] - n_left
        yield item, left, right, batch.labels[inside], batch.weights[inside], swapped
        first += n_left + n_right


def test_positives_are_contacts_and_negatives_are_not_and_both_weigh_alike():
    items = [random_complex(k, 6, 7) for k in range(3)]
    batch = make_batch(examples(items), MODEL, CONFIG)
    assert batch.weights.sum() == pytest.approx(1.0)
    seen = 0
    for item, left, right, labels, weights, _ in pairs_by_complex(batch, items):
        touching = contact_matrix(item.contacts, item.left.n_residues, item.right.n_residues)
        assert left.min() >= 0 and right.min() >= 0
        np.testing.assert_array_equal(touching[left, right], labels == 1)
        assert (labels == 1).sum() == min(10, len(item.contacts))
        assert (labels == 0).sum() == 20
        for kind in (0, 1):
            assert weights[labels == kind].sum() == pytest.approx(1 / 6)
        seen += len(labels)
    assert seen == len(batch.pairs)


def test_residues_in_other_interfaces_can_be_spared():
    contacts = np.array([[0, 0], [0, 1], [1, 1]], np.int32)
    elsewhere = np.array([1, 2]), np.array([5])
    item = replace(random_complex(1, 6, 7), contacts=contacts, elsewhere=elsewhere)
    drawn = {}
    for spare in (False, True):
        config = TrainConfig(negatives=2_000, spare_elsewhere=spare)
        batch = make_batch(examples([item]), MODEL, config)
        ((_, left, right, labels, *_),) = pairs_by_complex(batch, [item])
        no = labels == 0
        drawn[spare] = set(zip(left[no].tolist(), right[no].tolist(), strict=True))
        in_interface = np.flatnonzero(batch.residues.in_interface).tolist()
        assert in_interface == ([0, 1, 2, 6, 7, 6 + 5] if spare else [0, 1, 6, 7])
        assert batch.residues.weights.sum() == pytest.approx(1.0)
    assert drawn[False] == set(map(tuple, np.argwhere(~contact_matrix(contacts, 6, 7)).tolist()))
    assert drawn[True] == {(i, j) for i, j in drawn[False] if i != 2 and j != 5}


def test_a_protein_in_other_interfaces_all_over_is_not_spared():
    item = replace(random_complex(1, 6, 7), elsewhere=(np.arange(6), np.zeros(0, np.int32)))
    item = replace(item, contacts=item.contacts[:1])
    left, right = spared_residues(item)
    assert left.tolist() == right.tolist() == []


def test_sides_are_swapped_about_half_of_the_time():
    items = [random_complex(k, 6, 7) for k in range(40)]
    batch = make_batch(examples(items), MODEL, CONFIG)
    swaps = [swapped for *_, swapped in pairs_by_complex(batch, items)]
    assert 10 < sum(swaps) < 30


def test_all_contacts_are_taken_where_they_are_few_and_none_twice():
    item = random_complex(1, 6, 7)
    config = TrainConfig(positives=10_000, negatives=5)
    batch = make_batch(examples([item]), MODEL, config)
    ((_, left, right, labels, *_),) = pairs_by_complex(batch, [item])
    found = sorted(zip(left[labels == 1].tolist(), right[labels == 1].tolist(), strict=True))
    assert found == list(map(tuple, item.contacts.tolist()))


@pytest.mark.parametrize("contacts", [0, 42])
def test_a_complex_with_one_class_only_still_makes_a_finite_batch(contacts):
    item = random_complex(1, 6, 7)
    everything = np.argwhere(np.ones((6, 7))).astype(np.int32)[:contacts]
    item = Complex("x", item.left, item.right, everything)
    batch = make_batch(examples([item]), MODEL, CONFIG)
    assert np.isfinite(batch.weights).all()
    assert set(batch.labels.tolist()) == {1.0 if contacts else 0.0}


def test_noise_moves_atoms_and_no_noise_moves_none():
    item = random_complex(1, 6, 7)
    still, also_still, shaken = (
        make_batch(examples([item]), MODEL, TrainConfig(noise=noise)) for noise in (0.0, 0.0, 1.0)
    )
    np.testing.assert_array_equal(
        still.tower_input.tables[0][-1], also_still.tower_input.tables[0][-1]
    )
    assert not np.array_equal(still.tower_input.tables[0][-1], shaken.tower_input.tables[0][-1])


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_surfacelets_apart_are_those_of_the_residues_of_their_pairs(noise):
    item = random_complex(1, 6, 7)
    config = TrainConfig(positives=4, negatives=5, engine="windows", noise=noise)
    batch = make_batch(examples([item]), MODEL, config)
    together = make_batch(
        examples([item]), MODEL, TrainConfig(positives=4, negatives=5, noise=noise)
    )
    np.testing.assert_array_equal(batch.pairs, np.arange(18).reshape(2, 9).T)
    np.testing.assert_array_equal(batch.labels, together.labels)
    rows, seen = together.pairs.T.ravel(), batch.tower_input
    for name, values in vars(together.residues).items():
        if name != "weights":
            np.testing.assert_array_equal(getattr(batch.residues, name), values[rows])
    for window, row in enumerate(rows):
        side, place = (item.left, row) if row < 6 else (item.right, row - 6)
        real = seen.channels[window] >= 0
        found = np.linalg.norm(seen.points[window][real], axis=1)
        reach = MODEL.edge_read / 2 * np.sqrt(3)  # a corner of the cube
        near = np.linalg.norm(side.coords - side.centers[place], axis=1)
        inside = np.sort(near[near < reach - 4 * noise])
        if not noise:
            np.testing.assert_allclose(np.sort(found)[: len(inside)], inside, atol=1e-3)
        assert len(found) >= len(inside)


def test_each_surfacelet_apart_is_rotated_on_its_own():
    config = TrainConfig(positives=9, negatives=9, engine="windows", complexes_per_step=1)
    rotations = make_batch(examples([random_complex(1, 6, 7)]), MODEL, config).tower_input.rotations
    assert rotations.shape == (36, 3, 3)
    np.testing.assert_allclose(np.linalg.det(rotations), 1.0, atol=1e-5)
    assert len(np.unique(rotations.round(4), axis=0)) == 36


def test_a_step_of_surfacelets_apart_has_no_more_of_them_than_is_set():
    items = [random_complex(k, 30, 30) for k in range(4)]
    for surfacelets in (128, 40):
        config = TrainConfig(engine="windows", surfacelets=surfacelets)
        batch = make_batch(examples(items), MODEL, config)
        count = len(batch.tower_input.rotations)
        assert surfacelets / 2 < count <= surfacelets
        assert 0 < batch.labels.sum() < len(batch.labels) / 2


def test_replicas_share_out_the_complexes_of_a_step(dataset, monkeypatch):
    seen = []
    monkeypatch.setattr(
        batches_module,
        "make_batch",
        lambda examples, *_: seen.append([e.item.name for e in examples]),
    )
    config = TrainConfig(complexes_per_step=4)
    batches(dataset, count=2, replicas=1, config=config)
    whole, seen[:] = list(seen), []
    batches(dataset, count=4, replicas=2, config=config)
    assert [seen[0] + seen[1], seen[2] + seen[3]] == whole
    assert all(len(part) == 2 for part in seen)
    shares, seen[:] = list(seen), []
    batches(dataset, count=2, replicas=2, here=range(1, 2), config=config)
    assert seen == shares[1::2], "a machine makes the batches of its own replicas only"


def test_complexes_that_cannot_be_shared_out_are_refused(dataset):
    with pytest.raises(DatasetError, match="cannot be dealt to 3 devices"):
        batches(dataset, count=1, replicas=3)
