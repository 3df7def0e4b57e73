import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sasnet_core.network.voxels import atoms_around, stack_atoms, surfacelet, voxelize
from sasnet_core.structure.rotations import random_rotation
from tests.core.build import RawAtom, RawResidue, build_protein, moved, random_protein

C, O, N, S = range(4)  # noqa: E741


def filled(grid):
    """List the cells that are not 0."""
    return sorted(map(tuple, np.argwhere(grid).tolist()))


def test_a_hand_counted_grid():
    coords = np.array(
        [
            (0.0, 0.0, 0.0),  # on the lower corner: cell 0
            (0.9, 1.0, 2.5),  # cell (0, 1, 2)
            (0.2, 1.7, 2.1),  # the same cell, the same channel
            (0.2, 1.7, 2.1),  # the same cell, another channel
            (2.999, 2.999, 2.999),  # the last cell
            (3.0, 1.0, 1.0),  # on the upper face: outside
            (-0.001, 1.0, 1.0),  # outside
            (1.5, 1.5, 1.5),  # zinc: in no channel
        ]
    )
    elements = np.array([C, N, N, O, S, C, C, -1], np.int8)
    grid = voxelize(coords, elements, np.zeros(3), (3, 3, 3))
    assert grid.shape == (3, 3, 3, 4) and grid.dtype == np.float32
    assert filled(grid) == [(0, 0, 0, C), (0, 1, 2, O), (0, 1, 2, N), (2, 2, 2, S)]
    assert set(np.unique(grid)) == {0.0, 1.0}


def test_boxes_need_not_be_cubes():
    grid = voxelize(np.array([[0.5, 3.5, 1.5]]), np.array([S]), np.zeros(3), (1, 4, 2))
    assert filled(grid) == [(0, 3, 1, S)]


def test_a_surfacelet_holds_the_ca_in_its_centre_cell():
    protein = random_protein(1)
    for residue in range(protein.n_residues):
        assert surfacelet(protein, residue, 35)[17, 17, 17, C] == 1


def test_a_surfacelet_ends_17_and_a_half_angstrom_from_the_ca():
    atoms = [
        RawAtom("CA", "C", "", 1.0, (0.0, 0.0, 0.0)),
        RawAtom("O1", "O", "", 1.0, (17.4, 0.0, 0.0)),
        RawAtom("O2", "O", "", 1.0, (17.6, 0.0, 0.0)),
        RawAtom("N1", "N", "", 1.0, (0.0, -17.5, 0.0)),
        RawAtom("S1", "S", "", 1.0, (0.0, 0.0, 17.5)),
    ]
    protein = build_protein("p", [RawResidue("A", "1", "", "CYS", tuple(atoms))])
    assert filled(surfacelet(protein, 0, 35)) == [(17, 0, 17, N), (17, 17, 17, C), (34, 17, 17, O)]


def test_a_residue_without_ca_fills_the_grids_of_others():
    residues = [
        RawResidue("A", "1", "", "GLY", (RawAtom("CA", "C", "", 1.0, (0.0, 0.0, 0.0)),)),
        RawResidue("A", "2", "", "GLY", (RawAtom("N", "N", "", 1.0, (2.0, 0.0, 0.0)),)),
    ]
    grid = surfacelet(build_protein("p", residues), 0, 11)
    assert filled(grid) == [(5, 5, 5, C), (7, 5, 5, N)]


positions = arrays(np.float64, (12, 3), elements=st.floats(-9, 9, width=32))


@given(coords=positions, seed=st.integers(0, 9))
def test_a_grid_never_holds_more_than_the_atoms(coords, seed):
    elements = np.random.default_rng(seed).integers(-1, 4, len(coords)).astype(np.int8)
    grid = voxelize(coords, elements, np.array([-9.0] * 3), (19, 19, 19))
    assert 0 < grid.sum() + (elements < 0).all() and grid.sum() <= (elements >= 0).sum()


@given(shift=st.tuples(*[st.integers(-50, 50)] * 3), edge=st.sampled_from([11, 20, 35]))
def test_a_surfacelet_does_not_depend_on_where_the_protein_lies(shift, edge):
    protein = random_protein(2)
    grid = protein.coords.round(2) + np.float32(0.125)
    centers = protein.centers.round(2) + np.float32(0.125)
    quarter = np.float32(0.25)
    here = protein.with_coordinates((grid // quarter) * quarter, (centers // quarter) * quarter)
    there = moved(here, np.eye(3), shift)
    np.testing.assert_array_equal(surfacelet(here, 3, edge), surfacelet(there, 3, edge))


def test_rotating_changes_the_grid_but_not_its_centre():
    protein = random_protein(3)
    turned = moved(protein, random_rotation(np.random.default_rng(1)))
    before, after = surfacelet(protein, 0, 35), surfacelet(turned, 0, 35)
    assert not np.array_equal(before, after)
    assert after[17, 17, 17, C] == 1


@pytest.mark.parametrize("displaced", [False, True])
def test_the_atoms_around_a_residue_fill_its_surfacelet_however_it_is_rotated(displaced):
    protein, rng = random_protein(4, 40), np.random.default_rng(0)
    elements = protein.elements.copy()
    elements[::7] = -1
    protein = type(protein)(**{**protein.array_fields(), "name": "p", "elements": elements})
    displacement = rng.normal(scale=5.0, size=protein.coords.shape) if displaced else None
    points, channels = atoms_around(protein, 3, 12, displacement)
    assert points.shape == (len(channels), 3) and 0 < len(channels) < len(elements)
    there = protein.coords + (0 if displacement is None else displacement)
    for _ in range(5):
        turn, shape = random_rotation(rng).T, (12, 12, 12)
        whole = voxelize((there - protein.centers[3]) @ turn, elements, np.full(3, -6.0), shape)
        found = voxelize(points @ turn, channels, np.full(3, -6.0), shape)
        np.testing.assert_array_equal(found, whole)
        assert whole.sum() > 10


def test_stacked_atoms_are_padded_at_the_origin_in_no_channel():
    found = [(np.ones((2, 3)), np.array([C, S], np.int8)), (np.ones((1, 3)), np.array([N]))]
    points, channels = stack_atoms(found, unit=4)
    assert points.dtype == np.float32 and channels.dtype == np.int32
    assert channels.tolist() == [[C, S, -1, -1], [N, -1, -1, -1]]
    assert points.sum(axis=2).tolist() == [[3, 3, 0, 0], [3, 0, 0, 0]]
