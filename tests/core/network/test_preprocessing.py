import numpy as np
from scipy.stats import kstest

from sasnet_core.network.voxels import surfacelet
from tests.core.build import random_protein


def test_random_rotations_are_uniform_and_each_point_cloud_has_its_own():
    from sasnet_core.network.preprocessing import RandomRotation3D

    clouds = np.tile(np.eye(3, dtype=np.float32), (3000, 1, 1))
    turned = np.asarray(RandomRotation3D(seed=1)(clouds, training=True))
    np.testing.assert_allclose(np.linalg.det(turned), 1.0, atol=1e-4)
    for axis in range(3):
        for coordinate in range(3):
            assert kstest(turned[:, axis, coordinate], "uniform", (-1, 2)).pvalue > 1e-3
    angles = np.arccos(np.clip((np.trace(turned, axis1=1, axis2=2) - 1) / 2, -1, 1))
    assert kstest(angles, lambda angle: (angle - np.sin(angle)) / np.pi).pvalue > 1e-3


def test_prediction_rotates_only_when_asked_to():
    from sasnet_core.network.preprocessing import RandomRotation3D

    cloud = np.ones((2, 4, 3), np.float32)
    np.testing.assert_array_equal(RandomRotation3D(seed=1)(cloud), cloud)
    assert not np.allclose(RandomRotation3D(seed=1, always=True)(cloud), cloud)


def test_voxelize_gives_the_grids_of_the_library():
    from sasnet_core.network.preprocessing import Voxelize

    protein = random_protein(1, 10)
    centers = protein.centers[:4]
    points = protein.coords[None] - centers[:, None]
    channels = np.tile(protein.elements.astype(np.int32), (4, 1))
    channels[:, 5] = -1
    elements = channels[0].astype(np.int8)
    known = type(protein)(**{**protein.array_fields(), "name": "p", "elements": elements})
    for edge in (11, 20):
        grids = np.asarray(Voxelize(edge)(points, channels))
        expected = np.stack([surfacelet(known, row, edge) for row in range(4)])
        np.testing.assert_array_equal(grids, expected)


def test_layers_come_back_from_their_configuration():
    import keras

    from sasnet_core.network.preprocessing import RandomRotation3D, Voxelize

    for layer in (RandomRotation3D(seed=3, always=True), Voxelize(15)):
        copy = keras.layers.deserialize(keras.layers.serialize(layer))
        assert copy.get_config() == layer.get_config()
