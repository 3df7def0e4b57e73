import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core.config import TYPICAL_ATOMS
from sasnet_core.network import neighbourhood
from sasnet_core.network.neighbourhood import (
    GEOMETRY_SIZE,
    MAKEUP_SIZE,
    find_makeup,
    find_surroundings,
    join_surroundings,
)
from sasnet_core.structure.rotations import random_rotation
from tests.core.build import moved, random_protein


@pytest.fixture
def protein():
    return random_protein(3, 12)


def test_neighbours_are_the_nearest_by_ca(protein):
    found = find_surroundings(protein, 4)
    distances = np.linalg.norm(
        protein.centers[:, None] - protein.centers[None].astype(float), axis=-1
    )
    np.fill_diagonal(distances, np.inf)
    np.testing.assert_array_equal(found.neighbours, np.argsort(distances, axis=1)[:, :4])
    assert found.geometry.shape == (12, 4, GEOMETRY_SIZE)
    assert (found.geometry[..., -1] == 1).all()


def geometry_by_row(protein):
    """Return how all others lie, in residue order: equal distances may come in any order."""
    found = find_surroundings(protein, protein.n_residues - 1)
    order = np.argsort(found.neighbours, axis=1)[..., None]
    return np.take_along_axis(found.geometry, order, axis=1)


@given(seed=st.integers(0, 2**32 - 1))
def test_only_the_protein_counts_and_not_where_it_lies(seed):
    rng = np.random.default_rng(seed)
    protein = random_protein(seed % 1000, 9)
    there = moved(protein, random_rotation(rng), rng.normal(scale=30.0, size=3))
    np.testing.assert_allclose(geometry_by_row(there), geometry_by_row(protein), atol=2e-4)
    np.testing.assert_allclose(find_makeup(there), find_makeup(protein), atol=2e-4)


def test_the_makeup_counts_atoms_by_element(protein):
    found = find_makeup(protein)
    assert found.shape == (12, MAKEUP_SIZE)
    counts = [
        [((protein.atom_residues == k) & (protein.elements == e)).sum() for e in range(4)]
        for k in range(12)
    ]
    np.testing.assert_allclose(found[:, :4] * TYPICAL_ATOMS, counts, atol=1e-5)


def test_the_makeup_says_how_crowded_a_place_is():
    shell = random_protein(5, 40)
    alone = find_makeup(random_protein(5, 1))
    crowd = find_makeup(shell)
    assert (crowd[:, 5:9] > alone[0, 5:9]).all()
    middle = np.argmin(np.linalg.norm(shell.centers - shell.centers.mean(axis=0), axis=1))
    outermost = np.argmax(np.linalg.norm(shell.centers - shell.centers.mean(axis=0), axis=1))
    assert crowd[middle, 7] > crowd[outermost, 7]


def test_more_lies_where_a_residue_points_in_a_pocket(protein):
    found = find_makeup(protein)
    turned = find_makeup(
        protein.with_coordinates(protein.coords, 2 * _means(protein) - protein.centers)
    )
    np.testing.assert_allclose(turned[:, -2:], found[:, [-1, -2]], atol=1e-4)


def test_the_makeup_is_the_same_block_by_block(protein, monkeypatch):
    whole = find_makeup(protein)
    monkeypatch.setattr(neighbourhood, "CROWDING_BLOCK", 5)
    np.testing.assert_allclose(find_makeup(protein), whole, atol=1e-6)


def test_the_makeup_is_there_where_it_is_read(protein):
    np.testing.assert_array_equal(
        find_surroundings(protein, 5, makeup=True).makeup, find_makeup(protein)
    )
    assert find_surroundings(protein, 5).makeup.shape == (12, 0)


def _means(protein):
    rows = range(protein.n_residues)
    return np.stack([protein.coords[protein.atom_residues == k].mean(axis=0) for k in rows])


def test_a_mirror_image_has_the_same_distances_and_angles(protein):
    mirrored = moved(protein, np.diag([1.0, 1.0, -1.0]))
    np.testing.assert_allclose(geometry_by_row(mirrored), geometry_by_row(protein), atol=2e-4)


def test_cosines_of_two_residues_by_hand(protein):
    found = find_surroundings(protein, 3)
    other = found.neighbours[0, 0]
    line = (protein.centers[other] - protein.centers[0]).astype(float)
    directions = [
        protein.coords[protein.atom_residues == k].mean(axis=0) - protein.centers[k]
        for k in (0, other)
    ]
    unit = [v / np.linalg.norm(v) for v in (line, *directions)]
    expected = [unit[0] @ unit[1], -unit[0] @ unit[2], unit[1] @ unit[2]]
    np.testing.assert_allclose(found.geometry[0, 0, -4:-1], expected, atol=5e-3)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_missing_neighbours_are_marked(size):
    found = find_surroundings(random_protein(1, size), 5)
    assert found.neighbours.shape == (size, 5)
    known = found.geometry[..., -1]
    np.testing.assert_array_equal(known.sum(axis=1), size - 1)
    assert not found.geometry[known == 0].any()


def test_residues_on_one_spot_are_not_their_own_neighbours(protein):
    flat = protein.with_coordinates(protein.coords, np.zeros_like(protein.centers))
    found = find_surroundings(flat, 5)
    assert (found.neighbours != np.arange(12)[:, None]).all()
    assert np.isfinite(found.geometry).all()


def test_noise_moves_side_chains(protein):
    noise = np.random.default_rng(0).normal(size=protein.coords.shape)
    still, shaken = find_surroundings(protein, 5), find_surroundings(protein, 5, noise)
    np.testing.assert_array_equal(still.neighbours, shaken.neighbours)
    assert np.abs(still.geometry - shaken.geometry).max() > 0.05


def test_joined_neighbours_stay_within_their_protein(protein):
    other = random_protein(4, 7)
    parts = [find_surroundings(p, 5, makeup=True) for p in (protein, other)]
    joined = join_surroundings(parts)
    np.testing.assert_array_equal(joined.neighbours[:12], parts[0].neighbours)
    np.testing.assert_array_equal(joined.neighbours[12:], parts[1].neighbours + 12)
    np.testing.assert_array_equal(joined.geometry[12:], parts[1].geometry)
    np.testing.assert_array_equal(joined.makeup[12:], parts[1].makeup)
