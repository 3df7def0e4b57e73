import numpy as np
import pytest

from sasnet_core.fitted import PatchLaw
from sasnet_core.scoring.log_odds import logistic, logit
from sasnet_core.scoring.patches import (
    FEWEST_RESIDUES,
    chances,
    find_patches,
    patch_size,
    patch_terms,
    touch_chances,
)
from sasnet_core.structure.surface import relative_exposure
from tests.core.build import RawAtom, RawResidue, build_protein, random_protein


def line(positions):
    """Make a protein of one CA for each position along x, neighbours 4 A apart."""
    residues = [
        RawResidue("A", str(k + 1), "", "ALA", (RawAtom("CA", "C", "", 1.0, (4.0 * x, 0.0, 0.0)),))
        for k, x in enumerate(positions)
    ]
    return build_protein("line", residues)


def test_a_patch_lies_around_its_center_and_the_likeliest_residue_is_first():
    probability = np.array([0.1, 0.2, 0.5, 0.8, 0.6, 0.1, 0.1, 0.1])
    first, second, *_ = find_patches(line(range(8)), probability, np.ones(8, bool), 3)
    assert (first.rows, first.center) == ((3, 4, 2), 3)
    assert first.mean == pytest.approx(np.mean([0.8, 0.6, 0.5]))
    assert set(second.rows) <= {0, 1, 5, 6, 7} and second.mean < first.mean


def test_patches_share_no_residue_and_are_on_the_surface():
    protein = random_protein(3, 60)
    rng = np.random.default_rng(0)
    exposed = relative_exposure(protein) > 0.3
    patches = find_patches(protein, rng.random(60), exposed, 8)
    rows = [row for patch in patches for row in patch.rows]
    assert len(patches) > 1 and len(rows) == len(set(rows)) and exposed[rows].all()
    assert [patch.mean for patch in patches] == sorted((p.mean for p in patches), reverse=True)


def test_a_patch_does_not_jump_over_a_gap():
    probability = np.array([0.9, 0.9, 0.1, 0.1, 0.2, 0.9, 0.9])
    first, *_ = find_patches(line([0, 1, 2, 3, 30, 31, 32]), probability, np.ones(7, bool), 3)
    assert set(first.rows) == {4, 5, 6}


def test_what_lies_between_is_not_crossed_if_it_is_buried():
    exposed = np.array([True, True, False, True, True])
    first, *_ = find_patches(line(range(5)), np.array([0.9, 0.8, 0.5, 0.3, 0.2]), exposed, 4)
    assert set(first.rows) == {0, 1}


def test_a_protein_without_surface_has_patches_all_the_same():
    (patch,) = find_patches(line(range(3)), np.full(3, 0.5), np.zeros(3, bool), 5)
    assert sorted(patch.rows) == [0, 1, 2]


def test_patches_do_not_depend_on_where_the_protein_is():
    protein = random_protein(1, 40)
    probability = np.random.default_rng(1).random(40)
    moved = protein.with_coordinates(protein.coords + 50, protein.centers + 50)
    every = np.ones(40, bool)
    assert find_patches(protein, probability, every, 9) == find_patches(
        moved, probability, every, 9
    )


def test_patches_grow_with_the_proteins():
    sizes = [patch_size(*pair) for pair in ((50, 50), (50, 500), (500, 50), (500, 500))]
    assert sizes == sorted(sizes) and sizes[0] < sizes[-1] < 25
    assert patch_size(1, 1) == FEWEST_RESIDUES


def test_the_place_of_a_residue_is_the_mean_of_its_atoms():
    protein = random_protein(2, 6)
    atoms = protein.coords[protein.atom_residues == 4]
    np.testing.assert_allclose(protein.residue_means()[4], atoms.mean(axis=0), rtol=1e-5)


def test_a_strong_rival_lowers_the_chance():
    law = PatchLaw(chance_own=1.5, chance_rival=-0.8, share_own=1.0, share_intercept=-0.1)
    alone, share = chances([0.5, 0.1], law)
    beside, same = chances([0.5, 0.45], law)
    assert alone[0] > beside[0] > beside[1]
    assert share[0] == same[0] == pytest.approx(logistic(np.array(-0.1)))


def test_a_patch_without_a_rival_is_its_own():
    np.testing.assert_allclose(patch_terms([0.3]), [[logit(0.3), logit(0.3), 1.0]])
    np.testing.assert_allclose(patch_terms([0.4, 0.3, 0.1])[:, 1], logit([0.3, 0.4, 0.4]))


def test_likelier_patches_touch_more_often():
    law = PatchLaw(touch_slope=0.3, touch_intercept=-0.5)
    found = touch_chances(np.array([0.6, 0.2]), np.array([0.5, 0.3, 0.1]), law)
    assert found.shape == (2, 3) and (np.diff(found) < 0).all() and (found[0] > found[1]).all()
    assert found[0, 0] == pytest.approx(logistic(0.3 * logit(0.6) - 0.5))
