import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core.structure.boxes import in_box, overlap
from tests.core.build import moved, random_protein


@given(seed=st.integers(0, 99), distance=st.floats(0, 40), reach=st.floats(0, 12))
def test_every_atom_within_reach_of_the_other_side_is_in_the_box(seed, distance, reach):
    left = random_protein([seed, 0], 10)
    right = moved(random_protein([seed, 1], 10), np.eye(3), (distance, 0, 0))
    box = overlap(left, right, reach)
    gaps = np.linalg.norm(left.coords[:, None] - right.coords[None], axis=2)
    assert set(np.flatnonzero(gaps.min(axis=1) <= reach)) <= set(in_box(left.coords, *box))
    assert set(np.flatnonzero(gaps.min(axis=0) <= reach)) <= set(in_box(right.coords, *box))


def test_far_atoms_are_outside():
    left = random_protein(1, 40)
    right = moved(left, np.eye(3), (np.ptp(left.coords[:, 0]), 0, 0))
    rows = in_box(left.coords, *overlap(left, right, 3.0))
    assert 0 < len(rows) < len(left.coords) / 2
    assert left.coords[rows, 0].min() >= left.coords[:, 0].max() - 3.02


def test_proteins_out_of_reach_have_no_box():
    left = random_protein(1)
    low, high = overlap(left, moved(left, np.eye(3), (0, 100, 0)), 6.0)
    assert low[1] > high[1]
    assert len(in_box(left.coords, low, high)) == 0


def test_a_box_holds_its_corners():
    coords = np.array([[0, 0, 0], [1, 1, 1], [1, 1, 1.01], [-0.1, 0, 0]])
    assert in_box(coords, np.zeros(3), np.ones(3)).tolist() == [0, 1]
