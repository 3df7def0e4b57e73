import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core.config import ModelConfig
from sasnet_core.network.lattice import (
    Pose,
    build_lattice,
    fit_together,
    is_convolution,
    join_lattices,
    pad_lattice,
    place_windows,
    random_pose,
    tiles,
)
from sasnet_core.structure.protein import select_chains
from tests.core.build import cubes, moved, random_protein, tiny_model

edges = st.sampled_from([13, 15, 16, 20, 23, 27, 35])


@given(edge=edges, seed=st.integers(0, 99))
def test_windows_begin_on_multiples_of_the_step_and_hold_the_ca_in_the_middle(edge, seed):
    config = ModelConfig(edge=edge)
    rng = np.random.default_rng(seed)
    centers = rng.normal(scale=20, size=(30, 3))
    origin, starts, shape = place_windows(centers, config, random_pose(rng))
    step = config.window_step
    assert (starts % step == 0).all() and (starts >= 0).all()
    assert (starts + config.edge_read <= shape).all()
    off = centers - (origin + starts + config.edge_read / 2)
    assert (np.abs(off) <= step / 2 + 1e-9).all()


def test_the_offset_spreads_the_ca_evenly_over_the_middle():
    config = ModelConfig()
    rng = np.random.default_rng(0)
    centers = rng.normal(scale=20, size=(40, 3))
    off = []
    for _ in range(100):
        origin, starts, _ = place_windows(centers, config, random_pose(rng))
        off.append(centers - (origin + starts + config.edge_read / 2))
    off = np.concatenate(off)
    assert np.abs(off.mean(axis=0)).max() < 0.1
    np.testing.assert_allclose(off.std(axis=0), 2 / np.sqrt(12), rtol=0.1)


def test_occupancy_holds_the_atoms_one_row_a_voxel():
    protein = random_protein(1)
    lattice = build_lattice(protein, tiny_model(), random_pose(np.random.default_rng(0)))
    assert lattice.occupancy[0].sum() == 0
    assert (lattice.occupancy[1:].sum(axis=1) >= 1).all()
    assert set(np.unique(lattice.occupancy)) == {0.0, 1.0}
    assert lattice.occupancy.sum() <= (protein.elements >= 0).sum()
    rows = [len(reads[-1]) for reads in lattice.tables]
    assert lattice.counts.tolist() == [len(lattice.occupancy), *rows]


def test_only_atoms_of_the_protein_itself_are_in_its_lattice():
    both = random_protein(1, 12)
    names = np.repeat(["A", "B"], 6)
    both = type(both)(**{**both.array_fields(), "name": "p", "chain_ids": names})
    one = select_chains(both, ["A"], "A")
    pose = random_pose(np.random.default_rng(0))
    grown = build_lattice(both, tiny_model(), pose).occupancy.sum(axis=0)
    alone = build_lattice(one, tiny_model(), pose).occupancy.sum(axis=0)
    expected = np.bincount(one.elements, minlength=4)
    assert (alone <= expected).all() and alone.sum() > 0.8 * expected.sum()
    assert alone.sum() < grown.sum()


def test_moving_a_protein_leaves_its_lattice_as_it_is():
    protein = random_protein(1)
    pose = Pose(np.eye(3), np.array([0.3, 0.6, 0.9]))
    here = build_lattice(protein, tiny_model(), pose)
    there = build_lattice(moved(protein, np.eye(3), (64, -32, 16)), tiny_model(), pose)
    np.testing.assert_array_equal(here.occupancy, there.occupancy)
    np.testing.assert_array_equal(here.windows, there.windows)


def test_chosen_residues_come_in_the_order_asked_for():
    config, pose, protein = tiny_model(), random_pose(np.random.default_rng(2)), random_protein(1)
    one, two = (
        build_lattice(protein, config, pose, residues=np.array(rows)).windows
        for rows in ([5, 2], [2, 5])
    )
    assert len(one) == 2 and not np.array_equal(one[0], one[1])
    np.testing.assert_array_equal(one, two[::-1])


def test_displaced_atoms_change_the_lattice_but_not_its_windows():
    protein, pose = random_protein(1), random_pose(np.random.default_rng(2))
    noise = np.random.default_rng(0).normal(size=protein.coords.shape)
    still = build_lattice(protein, tiny_model(), pose)
    shaken = build_lattice(protein, tiny_model(), pose, displacement=noise)
    assert still.windows.shape == shaken.windows.shape
    assert not np.array_equal(still.tables[0][-1], shaken.tables[0][-1])


def test_joined_lattices_share_the_vacuum_row_and_nothing_else():
    config, rng = tiny_model(), np.random.default_rng(0)
    parts = [build_lattice(random_protein(k, 3), config, random_pose(rng)) for k in range(3)]
    joined = join_lattices(parts)
    assert len(joined.occupancy) == 1 + sum(len(p.occupancy) - 1 for p in parts)
    for level, reads in enumerate(joined.tables):
        rows = [joined.counts[level], *map(len, reads)]
        assert rows[-1] == joined.counts[level + 1]
        assert all(table.max() < count for table, count in zip(reads, rows, strict=False))
    bounds = np.cumsum([1, *(p.counts[-1] - 1 for p in parts)])
    rows = np.cumsum([0, *(len(p.windows) for p in parts)])
    for k in range(3):
        used = joined.windows[rows[k] : rows[k + 1]]
        used = used[used > 0]
        assert used.min() >= bounds[k] and used.max() < bounds[k + 1]


@pytest.mark.parametrize("bucket", [1, 64, 1024])
def test_padding_adds_rows_of_vacuum_up_to_the_bucket(bucket):
    lattice = build_lattice(random_protein(1), tiny_model(), random_pose(np.random.default_rng(0)))
    padded = pad_lattice(lattice, bucket)
    for before, after in zip(
        (lattice.occupancy, *itertools.chain(*lattice.tables)),
        (padded.occupancy, *itertools.chain(*padded.tables)),
        strict=True,
    ):
        assert len(after) % bucket == 0 and len(after) - len(before) < bucket
        np.testing.assert_array_equal(after[: len(before)], before)
        assert not after[len(before) :].any()
    np.testing.assert_array_equal(padded.counts, lattice.counts)


def test_inverse_tables_name_every_reader():
    rng, config = np.random.default_rng(0), tiny_model()
    parts = [
        build_lattice(random_protein(k, 3), config, random_pose(rng), inverses=True) for k in (0, 1)
    ]
    lattice = pad_lattice(join_lattices(parts), 64)
    convolutions = [reads for reads in lattice.tables if is_convolution(reads)]
    assert len(lattice.inverses) == len(convolutions) == 4
    for reads, inverse in zip(convolutions, lattice.inverses, strict=True):
        forward = {(r, k, i) for (r, k), i in np.ndenumerate(cubes(reads)) if i > 0}
        backward = {(r, k, i) for (i, k), r in np.ndenumerate(cubes(inverse)) if r > 0}
        assert forward == backward


@given(seed=st.integers(0, 999), edge=edges)
def test_the_last_pooling_gives_only_what_windows_read(seed, edge):
    config = ModelConfig(edge=edge)
    lattice = build_lattice(random_protein(seed), config, random_pose(np.random.default_rng(seed)))
    if is_convolution(lattice.tables[-1]):
        assert edge < 16, "a cube this large has a second pooling"
        return
    readers = lattice.windows
    for table in reversed(lattice.tables[-1]):
        assert np.array_equal(np.union1d(readers, 0), np.arange(len(table)))
        assert not table[0].any(), "vacuum reads vacuum"
        readers = table


def test_a_protein_of_one_residue_without_known_elements_is_all_vacuum():
    protein = random_protein(1, 1)
    blank = type(protein)(
        **{**protein.array_fields(), "name": "p", "elements": np.full(6, -1, np.int8)}
    )
    lattice = build_lattice(blank, tiny_model(), random_pose(np.random.default_rng(0)))
    assert len(lattice.occupancy) == 1 and not lattice.windows.any()


@given(seed=st.integers(0, 999), edge=edges, voxels=st.sampled_from([1, 30_000, 60_000, 10**9]))
def test_tiles_hold_each_residue_once_in_boxes_of_the_size_allowed(seed, edge, voxels):
    config, protein = tiny_model(edge), random_protein(seed, 30)
    pose = random_pose(np.random.default_rng(seed))
    parts = tiles(protein, config, pose, voxels)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(30))
    _, starts, _ = place_windows(protein.centers @ pose.rotation.T, config, pose)
    for rows in parts:
        assert len(rows) == 1 or np.prod(np.ptp(starts[rows], axis=0) + config.edge_read) <= voxels
    assert len(parts) == {1: 30, 10**9: 1}.get(voxels, len(parts))


@given(seed=st.integers(0, 999), edge=edges)
def test_lattices_fit_together_as_long_as_all_boxes_do(seed, edge):
    config, rng = tiny_model(edge), np.random.default_rng(seed)
    posed = [(random_protein(seed + k, 5 + k), random_pose(rng)) for k in range(3)]
    boxes = [place_windows(p.centers @ pose.rotation.T, config, pose)[2] for p, pose in posed]
    total = sum(int(np.prod(box)) for box in boxes)
    assert fit_together(posed, config, total)
    assert not fit_together(posed, config, total - 1)


def voxels_read(lattice):
    """Return what each window of a network of one convolution reads."""
    return lattice.occupancy[cubes(lattice.tables[0])[lattice.windows]]


@given(seed=st.integers(0, 999))
def test_a_residues_window_is_the_same_on_every_tile(seed):
    config, protein = ModelConfig(filters=(3,), poolings=0, edge=11), random_protein(seed, 9)
    pose = random_pose(np.random.default_rng(seed))
    whole = build_lattice(protein, config, pose)
    for rows in tiles(protein, config, pose, 3000):
        tile = build_lattice(protein, config, pose, residues=rows)
        np.testing.assert_array_equal(voxels_read(tile), voxels_read(whole)[rows])
