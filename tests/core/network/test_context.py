import dataclasses

import keras
import numpy as np
import pytest

from sasnet_core.network.context import Exchange, build_context, surroundings_tensors
from sasnet_core.network.neighbourhood import Surroundings, find_surroundings, join_surroundings
from tests.core.build import random_protein, tiny_model, tiny_network

CONFIG = tiny_model(16, context_layers=2)


@pytest.fixture(scope="module")
def context():
    return tiny_network(CONFIG, seed=3).context


def run(context, embeddings, surroundings):
    read = [keras.ops.convert_to_tensor(embeddings), *surroundings_tensors(surroundings)]
    return np.asarray(context(read[: len(context.inputs)]))


def embeddings_of(count, seed=0):
    return np.random.default_rng(seed).normal(size=(count, 12)).astype(np.float32)


def test_every_residue_gets_a_vector(context):
    found = run(context, embeddings_of(9), find_surroundings(random_protein(1, 9), 5))
    assert found.shape == (9, CONFIG.head_input) == (9, 8)
    assert found.std() > 0.1


def test_a_neighbours_embedding_counts_and_that_of_a_residue_out_of_reach_does_not(context):
    protein = random_protein(2, 40)
    around = find_surroundings(protein, 5)
    reach = set(around.neighbours[0])
    reach |= {far for near in reach for far in around.neighbours[near]} | {0}
    distant = next(k for k in range(40) if k not in reach)
    first = embeddings_of(40)
    for place, counts in ((around.neighbours[0, 0], True), (distant, False)):
        second = first.copy()
        second[place] += 1.0
        change = np.abs(run(context, first, around)[0] - run(context, second, around)[0]).max()
        assert (change > 1e-4) == counts


def test_proteins_side_by_side_send_each_other_no_messages(context):
    proteins = [random_protein(seed, size) for seed, size in ((5, 8), (6, 11))]
    parts = [find_surroundings(protein, 5) for protein in proteins]
    embeddings = [embeddings_of(8, 1), embeddings_of(11, 2)]
    apart = [run(context, e, s) for e, s in zip(embeddings, parts, strict=True)]
    together = run(context, np.concatenate(embeddings), join_surroundings(parts))
    np.testing.assert_allclose(together, np.concatenate(apart), atol=1e-5)


def test_a_missing_neighbour_sends_no_message(context):
    around = find_surroundings(random_protein(7, 3), 5)
    there = around.geometry[..., -1] > 0
    other = Surroundings(
        np.where(there, around.neighbours, np.int32(2)), around.geometry, around.makeup
    )
    assert (other.neighbours != around.neighbours).any()
    np.testing.assert_array_equal(
        run(context, embeddings_of(3), around), run(context, embeddings_of(3), other)
    )


@pytest.mark.parametrize("makeup", [False, True])
def test_the_makeup_counts_where_it_is_read(makeup):
    context = tiny_network(dataclasses.replace(CONFIG, makeup=makeup), seed=3).context
    around = find_surroundings(random_protein(1, 9), 5, makeup=True)
    other = dataclasses.replace(around, makeup=around.makeup + np.float32(0.5))
    first, second = (run(context, embeddings_of(9), s) for s in (around, other))
    assert (np.abs(first - second).max() > 1e-3) == makeup


def test_dropout_works_in_training_only():
    config = dataclasses.replace(CONFIG, dropout=0.5)
    context = build_context(config)
    around = find_surroundings(random_protein(1, 9), 5)
    parts = [keras.ops.convert_to_tensor(embeddings_of(9)), *surroundings_tensors(around)[:2]]
    still = [np.asarray(context(parts)) for _ in range(2)]
    np.testing.assert_array_equal(*still)
    assert np.abs(np.asarray(context(parts, training=True)) - still[0]).max() > 1e-3


def test_checkpoints_find_the_variables_by_name_and_order():
    def layer(name):
        parts = "asked asked told lie gate gate heard_out heard_out wide_norm wide_norm".split()
        parts += "wide wide wide_out wide_out".split()
        return [f"{name}_norm"] * 2 + [f"{name}_{part}" for part in parts]

    found = [variable.path.split("/")[0] for variable in build_context(CONFIG).trainable_variables]
    expected = ["entry", "entry", *layer("layer1"), *layer("layer2"), "exit_norm", "exit_norm"]
    assert found == expected


def test_an_exchange_comes_back_from_its_configuration():
    layer = Exchange(8, 0.25, name="layer1", dtype="mixed_bfloat16")
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert copy.get_config() == layer.get_config()
    assert copy.message_drop.rate == copy.update_drop.rate == 0.25
    assert [v.path for v in copy.weights] == [v.path for v in layer.weights]
