import keras
import numpy as np

from sasnet_core.network.preprocessing import Rotate, Voxelize, build_surfacelets, with_atoms
from sasnet_core.network.voxels import surfacelet
from sasnet_core.structure.rotations import random_rotation
from tests.core.build import assert_close, moved, random_protein, tiny_model, tiny_network


def rotations_of(count, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack([random_rotation(rng) for _ in range(count)]).astype(np.float32)


def centred_atoms(protein, count):
    """Give all atoms of a protein around each of its first residues."""
    points = protein.coords[None] - protein.centers[:count, None]
    return points, np.tile(protein.elements.astype(np.int32), (count, 1))


def test_each_point_cloud_is_rotated_by_its_own_matrix():
    clouds = np.random.default_rng(1).normal(size=(3, 5, 3)).astype(np.float32)
    rotations = rotations_of(3)
    found = np.asarray(Rotate()(clouds, rotations))
    expected = [cloud @ matrix.T for cloud, matrix in zip(clouds, rotations, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_quarter_turn_about_z_brings_x_to_y():
    turn = np.array([[[0, -1, 0], [1, 0, 0], [0, 0, 1]]], np.float32)
    np.testing.assert_array_equal(
        Rotate()(np.array([[[2, 0, 5]]], np.float32), turn), [[[0, 2, 5]]]
    )


def test_voxelize_gives_the_grids_of_the_library():
    protein = random_protein(1, 10)
    points, channels = centred_atoms(protein, 4)
    channels[:, 5] = -1
    elements = channels[0].astype(np.int8)
    known = type(protein)(**{**protein.array_fields(), "name": "p", "elements": elements})
    for edge in (11, 20):
        grids = np.asarray(Voxelize(edge)(points, channels))
        expected = np.stack([surfacelet(known, row, edge) for row in range(4)])
        np.testing.assert_array_equal(grids, expected)


def test_together_they_give_the_grids_of_the_rotated_protein():
    protein = random_protein(1, 10)
    points, channels = centred_atoms(protein, 4)
    rotation = rotations_of(1)
    grids = build_surfacelets(15)([points, np.tile(rotation, (4, 1, 1)), channels])
    turned = moved(protein, rotation[0])
    expected = np.stack([surfacelet(turned, row, 15) for row in range(4)])
    assert (np.asarray(grids) != expected).mean() < 1e-4  # an atom on the border of two voxels
    assert expected.sum() > 100


def test_coordinates_are_never_in_half_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layers = build_surfacelets(15).layers
    finally:
        keras.config.set_dtype_policy("float32")
    assert [layer.compute_dtype for layer in layers if layer.name in ("rotate", "voxelize")] == [
        "float32", "float32"
    ]  # fmt: skip


def test_with_atoms_in_front_a_network_takes_atoms():
    network = tiny_network(tiny_model(16))
    points, channels = centred_atoms(random_protein(1, 10), 4)
    sides = [[points, rotations_of(4, seed), channels] for seed in (1, 2)]
    surfacelets = build_surfacelets(16)
    found = with_atoms(network.model, surfacelets)([part for side in sides for part in side])
    assert_close(
        np.asarray(found), np.asarray(network.model([surfacelets(side) for side in sides]))
    )
    assert np.asarray(found).std() > 1e-3


def test_layers_come_back_from_their_configuration():
    for layer in (Rotate(), Voxelize(15)):
        copy = keras.layers.deserialize(keras.layers.serialize(layer))
        assert copy.get_config() == layer.get_config()
