import numpy as np
import pytest

from sasnet_core.results.views import (
    facing_rotation,
    likely_direction,
    lying_rotation,
    unit,
    upright_rotation,
)


def test_the_likely_direction_points_to_the_likely_points():
    points = np.array([[0.0, 0, 0], [10, 0, 0], [0, 10, 0], [0, 0, 10]])
    found = likely_direction(points, np.array([0.0, 0.9, 0, 0]))
    expected = points[1] - points.mean(axis=0)
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), atol=1e-4)


def test_a_direction_of_no_length_is_z():
    assert unit(np.zeros(3)).tolist() == [0, 0, 1]
    assert unit(np.array([0.0, 2, 0])).tolist() == [0, 1, 0]


@pytest.mark.parametrize("direction", [(0, 0, 1), (1, 0, 0), (0.6, -0.8, 0), (-0.6, 0, 0.8)])
def test_facing_turns_a_direction_to_the_viewer(direction):
    rotation = facing_rotation(np.array(direction, float))
    np.testing.assert_allclose(rotation @ direction, (0, 0, 1), atol=1e-12)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)


def test_upright_turns_the_longest_extent_up():
    points = np.array([[0.0, 0, 0], [9, 0, 1], [-9, 0, -1], [0, 1, 0], [0, -1, 0]])
    rotation = upright_rotation(np.array([0.0, 0, 1]), points)
    np.testing.assert_allclose(rotation[2], (0, 0, 1), atol=1e-12)
    np.testing.assert_allclose(np.abs(rotation[1]), (1, 0, 0), atol=1e-12)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)


def test_a_complex_lies_with_the_left_partner_on_the_left():
    left = np.array([[0.0, 0, 0], [0, 8, 0], [0, -8, 0]])
    rotation = lying_rotation(left, left + (0, 0, 10))
    assert ((left + (0, 0, 10)) @ rotation[0] > left @ rotation[0]).all()
    assert np.abs(rotation[1]) == pytest.approx([0, 1, 0])
    assert np.linalg.det(rotation) == pytest.approx(1)
