import itertools
from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.config import TrainConfig
from sasnet_core.errors import DatasetError
from sasnet_core.training import batches as batches_module
from sasnet_core.training.batches import make_batch, stream_batches
from sasnet_core.training.stream import ComplexStream, Source
from sasnet_core.training.targets import Example
from tests.core.build import random_complex, tiny_model, write_dataset

MODEL = tiny_model(16)
CONFIG = TrainConfig(complexes_per_step=2, positives=10, negatives=20, seed=3)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dataset")
    items = [random_complex(k, 5 + k, 6, name=f"pair{k}") for k in range(5)]
    return write_dataset(folder, items, ["a", "b", "b", "c", "d"])


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


def test_noise_moves_atoms_and_no_noise_moves_none():
    item = random_complex(1, 6, 7)
    still, also_still, shaken = (
        make_batch(examples([item]), MODEL, TrainConfig(noise=noise)) for noise in (0.0, 0.0, 1.0)
    )
    np.testing.assert_array_equal(
        still.tower_input.tables[0][-1], also_still.tower_input.tables[0][-1]
    )
    assert not np.array_equal(still.tower_input.tables[0][-1], shaken.tower_input.tables[0][-1])


def test_noise_moves_what_context_layers_read_too():
    model = tiny_model(16, context_layers=1)
    still, shaken = (
        make_batch(examples([random_complex(1, 12, 7)]), model, TrainConfig(noise=noise))
        for noise in (0.0, 2.0)
    )
    one, two = still.surroundings.geometry, shaken.surroundings.geometry
    assert one.any() and not np.allclose(one, two, atol=1e-3)


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_surfacelets_apart_are_those_of_the_residues_of_their_pairs(noise):
    item = random_complex(1, 6, 7)
    together = TrainConfig(positives=4, negatives=5, noise=noise, auxiliary=1.0)
    apart = replace(together, engine="windows")
    together, batch = (make_batch(examples([item]), MODEL, way) for way in (together, apart))
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


def test_residues_of_no_pair_have_no_window_unless_something_asks_for_them():
    items = [random_complex(1, 40, 50), random_complex(2, 30, 60)]
    config = TrainConfig(positives=4, negatives=5)
    few = make_batch(examples(items), MODEL, config)
    everyone = make_batch(examples(items), MODEL, replace(config, auxiliary=0.5))
    rows = np.unique(everyone.pairs)
    assert len(everyone.tower_input.windows) == 180 and len(rows) < 40
    assert len(few.tower_input.windows) == len(few.surroundings.makeup) == len(rows)
    np.testing.assert_array_equal(rows[few.pairs], everyone.pairs)
    np.testing.assert_array_equal(few.labels, everyone.labels)
    names = few.residues.amino_acids, everyone.residues.amino_acids[rows]
    np.testing.assert_array_equal(*names)
    assert few.residues.weights.sum() == pytest.approx(1.0)
    read, known = (occupied_voxels(batch.tower_input) for batch in (few, everyone))
    assert read == [known[row] for row in rows]


def test_both_classes_of_residues_weigh_alike_in_surfacelets_apart():
    config = TrainConfig(positives=9, negatives=60, engine="windows", auxiliary=1.0)
    residues = make_batch(examples([random_complex(1, 40, 50)]), MODEL, config).residues
    inside = residues.in_interface == 1
    assert residues.weights[inside].sum() == pytest.approx(0.5, abs=1e-5)
    assert residues.weights[~inside].sum() == pytest.approx(0.5, abs=1e-5)


def occupied_voxels(lattice):
    """Count the voxels of each window that are within reach of an atom."""
    return (lattice.windows > 0).sum(axis=1).tolist()
