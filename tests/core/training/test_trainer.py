from dataclasses import replace
from itertools import islice
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from sasnet_core.config import OPTIMIZERS, STATISTICS_BATCHES, ModelConfig, RunConfig, TrainConfig
from sasnet_core.dataset.complexes import Complex, load_complex
from sasnet_core.metrics import auroc
from sasnet_core.network.lattice_tower import embed_features, lattice_features
from sasnet_core.scoring.predictor import Predictor
from sasnet_core.structure.contacts import contact_matrix
from sasnet_core.training.batches import batch_arrays, stream_batches
from sasnet_core.training.checkpoints import CheckpointError
from sasnet_core.training.frozen_embeddings import EmbeddingCache
from sasnet_core.training.steps_tensorflow import TensorFlowSteps
from sasnet_core.training.stream import ComplexStream, Source
from sasnet_core.training.trainer import (
    Trainer,
    TrainingError,
    build_optimizer,
    learning_rate,
)
from tests.core.build import (
    RawAtom,
    RawResidue,
    build_protein,
    write_dataset,
)

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.usefixtures("untraced_steps")
MODEL = ModelConfig(
    edge=16, filters=(6, 8, 10, 12), embedding_size=16, head_sizes=(16, 16), normalization="layer"
)
TRAIN = TrainConfig(
    optimizer="adam", learning_rate=3e-3, warmup_steps=1, steps=3, decay=False,
    complexes_per_step=2, positives=9, negatives=27,
)  # fmt: skip


@pytest.mark.parametrize("decay", [0.0, 0.02])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_takes_every_weight_decay(name, decay):
    optimizer = build_optimizer(replace(TRAIN, optimizer=name, weight_decay=decay))
    weights = keras.Variable(np.ones(2))
    optimizer.apply([keras.ops.ones(2)], [weights])
    assert np.all(weights.numpy() < 1)
    assert type(optimizer).__name__.lower() == name and (optimizer.weight_decay or 0) == decay


def sticky_protein(seed, chain):
    """Make six residues far apart: sulphur surrounds the first three, oxygen the others."""
    rng = np.random.default_rng(seed)
    residues = []
    for row in range(6):
        center = np.array([25.0 * row, 0.0, 0.0])
        element = "S" if row < 3 else "O"
        atoms = [RawAtom("CA", "C", "", 1.0, tuple(center))]
        atoms += [
            RawAtom(f"X{k}", element, "", 1.0, tuple(center + rng.uniform(-5, 5, 3)))
            for k in range(12)
        ]
        residues.append(RawResidue(chain, str(row), "", "GLY", tuple(atoms)))
    return build_protein(chain, residues)


def sticky_complex(seed):
    """Make a complex in which residues with sulphur touch residues with sulphur."""
    touching = np.array([(i, j) for i in range(3) for j in range(3)], np.int32)
    return Complex(
        f"sticky{seed}", sticky_protein([seed, 0], "A"), sticky_protein([seed, 1], "B"), touching
    )


@pytest.fixture(scope="module")
def stream(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sticky")
    write_dataset(folder, [sticky_complex(k) for k in range(2)], ["a", "b"])
    return ComplexStream([Source(folder)], seed=0)


def trainer(folder, strategy=None, model=MODEL, **changes):
    config = RunConfig(model, replace(TRAIN, **changes))
    return Trainer(config, folder, TensorFlowSteps(strategy or tf.distribute.get_strategy()))


def copies(variables):
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def arrays(run):
    return copies([*run.network.tower.weights, *run.network.head.weights])


def test_the_rate_rises_then_falls_along_a_half_cosine():
    config = TrainConfig(learning_rate=1.0, warmup_steps=10, steps=100)
    rates = [learning_rate(step, config) for step in range(101)]
    assert rates[0] == pytest.approx(0.1, rel=0.01)
    assert max(rates) == rates[9] == pytest.approx(0.98, abs=0.01)
    assert all(a > b for a, b in zip(rates[10:], rates[11:], strict=False))
    assert rates[50] == pytest.approx(0.5) and rates[100] == pytest.approx(0.0)
    assert learning_rate(100, replace(config, decay=False)) == 1.0


@pytest.mark.slow
@pytest.mark.traced
@pytest.mark.parametrize(
    ("normalization", "context_layers"),
    [
        ("layer", 1),
        pytest.param("layer", 0, marks=pytest.mark.sweep),
        pytest.param("batch", 0, marks=pytest.mark.sweep),
    ],
)
def test_a_small_run_learns(stream, tmp_path, normalization, context_layers):
    model = replace(MODEL, normalization=normalization, context_layers=context_layers, neighbours=3)
    run = trainer(tmp_path, model=model, steps=80)
    losses = [loss for _, loss in run.run(stream)]
    assert len(losses) == run.step == 80
    assert losses[0] > 0.5 and np.mean(losses[-10:]) < 0.4 * np.mean(losses[:5])
    predictor = Predictor(run.network)
    for item in (stream.complex_at(0), sticky_complex(9)):
        matrix = predictor.score(item.left, item.right, rotations=2).matrix
        assert auroc(contact_matrix(item.contacts, 6, 6), matrix) > 0.9


def test_a_resumed_run_goes_on_as_if_it_had_never_stopped(stream, tmp_path):
    straight = trainer(tmp_path / "a", steps=6)
    losses = dict(straight.run(stream))
    first = trainer(tmp_path / "b", steps=3)
    before = dict(first.run(stream))
    first.save()
    second = trainer(tmp_path / "b", steps=6)
    assert second.step == 3
    after = dict(second.run(stream))
    assert list(after) == [4, 5, 6]
    assert {**before, **after} == pytest.approx(losses, rel=1e-4)
    for one, two in zip(arrays(straight), arrays(second), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-4)


def test_with_a_frozen_tower_only_the_layers_behind_it_learn(stream, tmp_path):
    model = replace(MODEL, context_layers=1, neighbours=3)
    run = trainer(tmp_path, model=model, steps=6, frozen_poses=2)
    cache = EmbeddingCache(run.network, tmp_path, poses=2, seed=0)
    for files in stream.clusters():
        cache.add(load_complex(files[0]))
    before = [copies(part.weights) for part in run.network.parts]
    assert len(list(run.run(stream, cache.read))) == 6
    for part, old in zip(run.network.parts, before, strict=True):
        moved = [np.abs(a - b).max() > 1e-4 for a, b in zip(copies(part.weights), old, strict=True)]
        assert not any(moved) if part.name == "tower" else all(moved)


@pytest.mark.parametrize("clip", [0.01, 0.0], ids=["clipped", "not clipped"])
def test_a_step_follows_the_gradient_as_far_as_the_rate_and_the_clip_let_it(stream, tmp_path, clip):
    changes = {"optimizer": "sgd", "learning_rate": 0.5, "warmup_steps": 10}
    run = trainer(tmp_path, max_gradient_norm=clip, **changes)
    before = copies(run.variables)
    next(run.run(stream))
    moves = [a - b for a, b in zip(copies(run.variables), before, strict=True)]
    length = np.sqrt(sum(np.sum(move.astype(np.float64) ** 2) for move in moves))
    warm = 0.5 / 10
    if clip:
        assert length == pytest.approx(warm * clip, rel=0.02)
    else:
        assert length > 2 * warm * 0.01


def test_the_same_seed_trains_the_same_network(stream, tmp_path):
    one, two, other = (trainer(tmp_path / str(k), seed=seed) for k, seed in enumerate((0, 0, 1)))
    for a, b in zip(arrays(one), arrays(two), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(arrays(one)[0], arrays(other)[0])
    assert [loss for _, loss in one.run(stream)] == pytest.approx(
        [loss for _, loss in two.run(stream)], rel=1e-4
    )


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_checkpoint(stream, tmp_path):
    run = trainer(tmp_path, steps=5)
    steps = run.run(stream)
    next(steps)
    run.save()
    run.network.head.get_layer("logit").bias.assign([float("nan")])
    with pytest.raises(TrainingError, match="loss must be finite, got nan"):
        next(steps)
    kept = trainer(tmp_path, steps=5)
    assert kept.step == 1
    assert all(np.isfinite(array).all() for array in arrays(kept))


def test_the_moving_average_is_swapped_in_and_the_trained_weights_back(stream, tmp_path):
    run = trainer(tmp_path, average=0.8, steps=4)
    average = None
    for _ in run.run(stream):
        now = copies(run.variables)
        average = average or now
        average = [0.8 * a + 0.2 * b for a, b in zip(average, now, strict=True)]
    trained = copies(run.variables)
    with run.settled():
        inside = copies(run.variables)
    outside = copies(run.variables)
    for a, b in zip(inside, average, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    for a, b in zip(outside, trained, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.allclose(inside[0], trained[0], rtol=1e-6)


@pytest.fixture(scope="module")
def done(stream, tmp_path_factory):
    """A run of two steps that has ended."""
    run = trainer(tmp_path_factory.mktemp("done"), steps=2)
    assert len(list(run.run(stream))) == 2
    return run


def test_a_run_that_is_done_does_nothing_more(done, stream):
    assert list(done.run(stream)) == []


def test_waiting_for_batches_is_measured(done):
    assert done.waited > 0


def test_without_an_average_nothing_is_swapped(done):
    trained = arrays(done)
    with done.settled():
        for a, b in zip(arrays(done), trained, strict=True):
            np.testing.assert_array_equal(a, b)


def test_residue_questions_change_how_the_tower_learns(stream, tmp_path):
    plain, asked = (trainer(tmp_path / str(a), auxiliary=a, steps=2) for a in (0.0, 1.0))
    for run in (plain, asked):
        assert all(np.isfinite(loss) for _, loss in run.run(stream))
    assert not np.allclose(arrays(plain)[0], arrays(asked)[0], atol=1e-5)


def test_bfloat16_trains_too(stream, tmp_path):
    run = trainer(tmp_path, steps=3, precision="mixed_bfloat16")
    assert all(np.isfinite(loss) for _, loss in run.run(stream))
    assert (
        keras.backend.standardize_dtype(run.network.tower.get_layer("conv1").kernel.dtype)
        == "float32"
    )


def test_statistics_are_those_of_many_batches_with_the_averaged_weights(stream, tmp_path):
    model = replace(MODEL, normalization="batch")
    run = trainer(tmp_path, model=model, average=0.5, steps=3)
    list(run.run(stream))
    layer = run.network.tower.get_layer("dense_norm")
    before, seeds = copies(layer.non_trainable_variables), copies(run.network.head.variables)
    seen = []
    with run.settled():
        assert np.array_equal(copies(layer.non_trainable_variables), before)
        batches = stream_batches(stream, model, run.config.train, run.step)
        for batch in islice(batches, STATISTICS_BATCHES):
            values = tf.nest.map_structure(tf.convert_to_tensor, batch_arrays(batch))
            convolved = lattice_features(run.network.tower, model, values["lattice"], training=True)
            seen.append(run.network.tower.get_layer("dense")(convolved).numpy())
    with run.settled(stream):
        mean, variance = copies(layer.non_trainable_variables)
    together = np.concatenate(seen)
    assert not np.allclose(mean, before[0], rtol=1e-2)
    np.testing.assert_allclose(mean, together.mean(axis=0), rtol=2e-2, atol=1e-3)
    np.testing.assert_allclose(variance, together.var(axis=0), rtol=2e-2, atol=1e-3)
    for now, old in zip(copies(run.network.head.variables), seeds, strict=True):
        np.testing.assert_array_equal(now, old)


def test_fixed_statistics_stay_and_steps_compute_what_a_prediction_does(stream, tmp_path):
    model = replace(MODEL, normalization="batch")
    run = trainer(tmp_path, model=model, fixed_statistics=True, steps=2)
    layer, head = run.network.tower.get_layer("conv1_norm"), run.network.head
    layer.moving_mean.assign(np.linspace(-1, 1, 6))
    before = copies(layer.variables), copies(head.get_layer("dense1_norm").variables)
    convolution = run.network.tower.get_layer("conv1").kernel.numpy()
    batch = next(stream_batches(stream, model, run.config.train, 0))
    values = tf.nest.map_structure(tf.convert_to_tensor, batch_arrays(batch))
    embedded = run._loss.embed(values).numpy()
    features = lattice_features(run.network.tower, model, values["lattice"])
    predicted = embed_features(run.network.tower, features).numpy()
    np.testing.assert_allclose(embedded, predicted, rtol=1e-4, atol=1e-4)
    list(run.run(stream))
    with run.settled(stream):
        after = copies(layer.variables), copies(head.get_layer("dense1_norm").variables)
    for old, new in zip((*before[0], *before[1]), (*after[0], *after[1]), strict=True):
        np.testing.assert_array_equal(old, new)
    assert not np.allclose(run.network.tower.get_layer("conv1").kernel.numpy(), convolution)


def test_a_checkpoint_of_another_network_is_refused(stream, tmp_path):
    run = trainer(tmp_path, steps=1)
    list(run.run(stream))
    run.save()
    with pytest.raises(CheckpointError, match="it is of another; make a new run"):
        trainer(tmp_path, model=replace(MODEL, embedding_size=8))


@pytest.mark.slow
@pytest.mark.sweep  # one step of it is compared in backend_steps.py
def test_the_papers_way_learns_too(stream, tmp_path):
    run = trainer(tmp_path, engine="windows", steps=60, positives=4, negatives=4)
    losses = [loss for _, loss in run.run(stream)]
    assert np.mean(losses[-10:]) < 0.6 * np.mean(losses[:5])
    item = sticky_complex(9)
    matrix = Predictor(run.network).score(item.left, item.right, rotations=2).matrix
    assert auroc(contact_matrix(item.contacts, 6, 6), matrix) > 0.9
