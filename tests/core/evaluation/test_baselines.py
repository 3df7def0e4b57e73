import numpy as np

from sasnet_core.evaluation.baselines import distance_from_centre_product, exposed_area_product
from sasnet_core.structure.surface import exposed_area
from tests.core.build import moved, random_protein


def test_exposed_area_product_multiplies_the_areas_of_both_residues():
    left, right = random_protein(1, 5), random_protein(2, 4)
    matrix = exposed_area_product(left, right)
    assert matrix.shape == (5, 4)
    np.testing.assert_allclose(matrix[3, 2], exposed_area(left)[3] * exposed_area(right)[2])


def test_distance_product_multiplies_the_distances_from_the_mean_of_the_atoms():
    left, right = random_protein(1, 5), random_protein(2, 4)
    matrix = distance_from_centre_product(left, right)
    one = np.linalg.norm(left.centers[3] - left.coords.mean(axis=0))
    two = np.linalg.norm(right.centers[2] - right.coords.mean(axis=0))
    assert matrix.shape == (5, 4) and one * two > 1
    np.testing.assert_allclose(matrix[3, 2], one * two, rtol=1e-5)


def test_distance_product_does_not_depend_on_the_position_of_the_partners():
    left, right = random_protein(1, 5), random_protein(2, 4)
    apart = moved(right, np.eye(3), (100, 0, 0))
    np.testing.assert_allclose(
        distance_from_centre_product(left, right),
        distance_from_centre_product(left, apart),
        rtol=1e-4,
    )
