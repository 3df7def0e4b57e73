import numpy as np
from scipy.stats import kstest

from sasnet_core.structure.rotations import random_rotation

COUNT = 4000


def many():
    rng = np.random.default_rng(0)
    return np.stack([random_rotation(rng) for _ in range(COUNT)])


def test_rotations_are_proper():
    matrices = many()[:200]
    np.testing.assert_allclose(np.linalg.det(matrices), 1.0, atol=1e-12)
    np.testing.assert_allclose(
        matrices @ matrices.transpose(0, 2, 1), np.tile(np.eye(3), (200, 1, 1)), atol=1e-12
    )


def test_every_rotated_axis_is_uniform_on_the_sphere():
    matrices = many()
    for axis in range(3):
        x, y, z = matrices[:, :, axis].T
        for coordinate in (x, y, z):
            assert kstest(coordinate, "uniform", (-1, 2)).pvalue > 1e-3
        assert kstest(np.arctan2(y, x), "uniform", (-np.pi, 2 * np.pi)).pvalue > 1e-3


def test_the_angle_has_the_density_of_uniform_rotations():
    angles = np.arccos(np.clip((np.trace(many(), axis1=1, axis2=2) - 1) / 2, -1, 1))
    assert kstest(angles, lambda angle: (angle - np.sin(angle)) / np.pi).pvalue > 1e-3


def test_a_uniform_angle_about_a_uniform_axis_would_fail_that_test():
    angles = np.random.default_rng(0).uniform(0, np.pi, COUNT)
    assert kstest(angles, lambda angle: (angle - np.sin(angle)) / np.pi).pvalue < 1e-6


def test_the_same_generator_gives_the_same_rotation():
    one, two = (random_rotation(np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert not np.allclose(one, random_rotation(np.random.default_rng(6)))
