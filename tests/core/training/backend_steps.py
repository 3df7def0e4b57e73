"""Training steps of small networks on Keras' backend, to compare backends.

python -m tests.core.training.backend_steps FOLDER NAME writes FOLDER/NAME.npz
"""

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]
#: Normalization, context layers, engine, poolings. Windows have no pooling here: most of their
#: voxels are vacuum and equal. TensorFlow's gradient of a pooling goes whole to each of several
#: largest voxels where a processor has no AVX512_VNNI, elsewhere to one of them.
CASES = (("batch", 1, "lattice", 2), ("layer", 0, "windows", 0))
#: JAX compiles for longer than it computes here.
XLA_FLAGS = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
#: A step that is resumed in another trainer is not compiled again.
JAX_CACHE = {
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}
#: Most that two backends may differ by, as a share of the largest number of an array: both round.
TOLERANCE = 0.01


def take_steps(folder: Path, name: str) -> dict[str, np.ndarray]:
    """Train a network of each case for a step, evaluate it, and resume the first for another."""
    from sasnet_core.training.stream import ComplexStream, Source

    stream = ComplexStream([Source(folder)], seed=0)
    found = {}
    for case in CASES:
        key = " ".join(map(str, case))
        results = take_steps_of_case(stream, folder / name / key, *case)
        found |= {f"{key}: {result}": value for result, value in results.items()}
    return found


def take_steps_of_case(stream, folder, normalization, context_layers, engine, poolings):
    """Return the loss, scores, how far the weights moved, statistics, the loss when resumed."""
    from sasnet_core.config import ModelConfig, RunConfig, TrainConfig
    from sasnet_core.scoring.predictor import Predictor
    from sasnet_core.training import trainer
    from tests.core.build import random_complex

    model = ModelConfig(
        edge=14, filters=(4, 5, 6), poolings=poolings, embedding_size=12, head_sizes=(10, 9),
        neighbours=5, normalization=normalization, context_layers=context_layers,
        context_size=8,
    )  # fmt: skip
    train = TrainConfig(
        optimizer="sgd", learning_rate=1.0, warmup_steps=1, steps=1, average=0.5,
        complexes_per_step=2, positives=9, negatives=27, auxiliary=0.5, engine=engine,
    )  # fmt: skip
    run = trainer.Trainer(RunConfig(model, train), folder)
    parts = (*run.network.parts, run.auxiliary)
    start = set_weights(parts)
    found = {"losses": [loss for _, loss in run.run(stream)]}
    with few_batches_of_statistics(trainer), run.settled(stream):
        item = random_complex(7, 6, 5)
        found["scores"] = Predictor(run.network).score(item.left, item.right, rotations=1).matrix
        for name, value in arrays(parts).items():
            found[name] = value - start.get(name, 0)
    if context_layers:
        run.save()
        again = trainer.Trainer(RunConfig(model, replace(train, steps=2)), folder)
        found["resumed"] = [again.step, *(loss for _, loss in again.run(stream))]
    return found


@contextmanager
def few_batches_of_statistics(trainer):
    """Let statistics be taken from two batches; other tests of this process take them all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "STATISTICS_BATCHES", 2)
        yield


def set_weights(parts):
    """Set trainable weights to numbers that depend on no backend, and return them by name."""
    rng = np.random.default_rng(0)
    names = set()
    for part in parts:
        for variable in part.trainable_variables:
            names.add(variable.path)
            noise = rng.normal(scale=0.3, size=variable.shape)
            variable.assign(noise + (variable.name == "gamma"))
    return {name: value for name, value in arrays(parts).items() if name in names}


def arrays(parts):
    """Return all weights and statistics by name."""
    from keras import ops

    return {v.path: ops.convert_to_numpy(v) for part in parts for v in part.weights}


def assert_trains_alike(backend: str, by_tensorflow: tuple[Path, dict[str, np.ndarray]]) -> None:
    """Take the same steps on another backend, in a process of its own, and compare."""
    folder, expected = by_tensorflow
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.training.backend_steps", str(folder), backend],
        cwd=ROOT,
        env={
            **os.environ,
            **JAX_CACHE,
            "KERAS_BACKEND": backend,
            "XLA_FLAGS": XLA_FLAGS,
            "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(folder / f"{backend}.npz") as saved:
        found = dict(saved)
    assert set(found) == set(expected) and len(found) > 60
    for name, value in expected.items():
        size = np.abs(value).max()
        assert size > 1e-4, f"{name} says nothing"
        np.testing.assert_allclose(
            found[name], value, rtol=0, atol=TOLERANCE * size + 1e-6, err_msg=name
        )
    assert all(v.std() > 1e-3 for name, v in expected.items() if name.endswith("scores"))
    assert [v[0] for name, v in found.items() if name.endswith("resumed")] == [1]


if __name__ == "__main__":
    place, label = Path(sys.argv[1]), sys.argv[2]
    np.savez(place / f"{label}.npz", **take_steps(place, label))
