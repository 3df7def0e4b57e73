"""The whole network as one Keras model: what the lattice engine computes, what a file holds."""

import dataclasses

import keras
import numpy as np
import pytest

from sasnet_core.network.context import surroundings_tensors
from sasnet_core.network.lattice import build_lattice, random_pose
from sasnet_core.network.lattice_tower import embed_lattice, lattice_tensors
from sasnet_core.network.neighbourhood import find_surroundings
from sasnet_core.network.network import build_network
from sasnet_core.network.pair_head import finish_head, pair_scores, split_head
from sasnet_core.network.voxels import atoms_around, stack_atoms
from sasnet_core.structure.rotations import random_rotation
from tests.core.build import assert_alive, assert_close, random_protein, tiny_model, tiny_network
from tests.core.network.test_lattice_tower import dense_windows

PROTEINS = random_protein(1, 6), random_protein(2, 5)
PAIRS = np.indices((6, 5)).reshape(2, -1).T.astype(np.int32)
CASES = [("batch", 0, False), ("layer", 0, False), ("batch", 2, True), ("layer", 2, False)]


def network_of(normalization, layers, makeup):
    config = tiny_model(16, normalization, context_layers=layers)
    return tiny_network(dataclasses.replace(config, makeup=makeup))


def surroundings_of(protein, config):
    found = find_surroundings(protein, config.neighbours_read, makeup=config.makeup_read)
    return surroundings_tensors(found)


def model_inputs(config, sides):
    """Give the model what it reads: of all pairs, or of whole proteins and the pairs."""
    if not config.context_layers:
        return [part[rows] for side, rows in zip(sides, PAIRS.T, strict=True) for part in side]
    inputs = []
    for side, protein in zip(sides, PROTEINS, strict=True):
        around = surroundings_of(protein, config)[: 2 + config.makeup]
        inputs += [*side, *map(np.asarray, around)]
    return [*inputs, PAIRS]


@pytest.mark.parametrize(("normalization", "layers", "makeup"), CASES)
def test_the_lattice_engine_gives_what_the_model_gives(normalization, layers, makeup):
    network = network_of(normalization, layers, makeup)
    config, rng = network.config, np.random.default_rng(0)
    poses = [random_pose(rng) for _ in PROTEINS]
    placed = list(zip(PROTEINS, poses, strict=True))
    grids = [[dense_windows(protein, config, pose)] for protein, pose in placed]
    expected = np.asarray(network.model(model_inputs(config, grids)))
    assert_alive(expected)
    left, right = (
        network.add_context(
            embed_lattice(
                network.tower, config, lattice_tensors(build_lattice(protein, config, pose))
            ),
            surroundings_of(protein, config),
        )
        for protein, pose in placed
    )
    one, other = split_head(network.head, left, right)
    sums = np.asarray(one)[PAIRS[:, 0]] + np.asarray(other)[PAIRS[:, 1]]
    assert_close(np.asarray(finish_head(network.head, config, sums)), expected[:, 0])
    sides = np.asarray(right)[PAIRS[:, 1]], np.asarray(left)[PAIRS[:, 0]]
    swapped = np.asarray(network.head(sides))
    scores = np.mean([1 / (1 + np.exp(-logits)) for logits in (expected, swapped)], axis=0)
    assert_close(np.asarray(pair_scores(network.head, config, left, right, PAIRS)), scores[:, 0])


@pytest.mark.parametrize(("normalization", "layers", "makeup"), CASES)
def test_a_saved_model_opens_and_gives_the_same(normalization, layers, makeup, tmp_path):
    network = network_of(normalization, layers, makeup)
    atoms = [atoms_of(protein) for protein in PROTEINS]
    grids = [[np.asarray(network.surfacelets(each))] for each in atoms]
    inputs = model_inputs(network.config, atoms)
    expected = np.asarray(network.from_atoms(inputs))
    assert_alive(expected)
    network.from_atoms.save(tmp_path / "atoms.keras")
    opened = keras.saving.load_model(tmp_path / "atoms.keras")
    np.testing.assert_array_equal(np.asarray(opened(inputs)), expected)
    network.model.save(tmp_path / "surfacelets.keras")
    opened = keras.saving.load_model(tmp_path / "surfacelets.keras")
    np.testing.assert_array_equal(np.asarray(opened(model_inputs(network.config, grids))), expected)


def atoms_of(protein):
    """Give the atoms around each residue, and a rotation for each."""
    rng = np.random.default_rng(7)
    points, channels = stack_atoms(
        [atoms_around(protein, k, 16) for k in range(protein.n_residues)]
    )
    rotations = [random_rotation(rng) for _ in range(protein.n_residues)]
    return [points, np.stack(rotations).astype(np.float32), channels]


@pytest.mark.parametrize(("normalization", "layers", "makeup"), CASES)
def test_its_parts_are_those_of_one_model_that_both_sides_share(normalization, layers, makeup):
    network = network_of(normalization, layers, makeup)
    names = [layer.name for layer in network.model.layers if layer.weights]
    assert names == [part.name for part in network.parts]
    counts = [part.count_params() for part in network.parts]
    assert network.model.count_params() == network.from_atoms.count_params() == sum(counts)
    trained = [v for part in network.parts for v in part.trainable_variables]
    assert {*map(id, trained)} == {*map(id, network.model.trainable_variables)}


@pytest.mark.parametrize(
    ("layers", "inputs"),
    [
        (0, ["left_surfacelet", "right_surfacelet"]),
        (1, ["left_surfacelet", "left_neighbours", "left_geometry",
             "right_surfacelet", "right_neighbours", "right_geometry", "pairs"]),
    ],
)  # fmt: skip
def test_the_summary_shows_inputs_parts_and_parameters(layers, inputs):
    model = build_network(tiny_model(16, context_layers=layers)).model
    assert [each.name for each in model.inputs] == inputs
    lines = []
    model.summary(print_fn=lines.append, line_length=120)
    text = "\n".join(lines)
    assert all(name in text for name in [*inputs, "tower", "head"])
    assert f"{model.count_params():,}" in text


def test_without_context_layers_the_head_reads_the_embeddings():
    network = build_network(tiny_model(16))
    assert network.context is None
    embeddings = np.ones((3, 12), np.float32)
    assert network.add_context(embeddings, []) is embeddings
