"""Training steps of small networks on Keras' backend, to compare backends.

python -m tests.core.training.backend_steps FOLDER NAME writes FOLDER/NAME.npz
"""

import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]
CASES = (("layer", 1, "lattice"), ("batch", 0, "lattice"), ("batch", 0, "windows"))


def take_steps(folder: Path, name: str) -> dict[str, np.ndarray]:
    """Train a network of each case for two steps, evaluate it, and resume it for a third."""
    from sasnet_core.training.stream import ComplexStream, Source

    stream = ComplexStream([Source(folder)], seed=0)
    found = {}
    for case in CASES:
        key = " ".join(map(str, case))
        results = take_steps_of_case(stream, folder / name / key, *case)
        found |= {f"{key}: {result}": value for result, value in results.items()}
    return found


def take_steps_of_case(stream, folder, normalization, context_layers, engine):
    """Return losses, scores, weights and the losses of the resumed run."""
    from keras import ops

    from sasnet_core.config import RunConfig, TrainConfig
    from sasnet_core.scoring.predictor import Predictor
    from sasnet_core.training.trainer import Trainer
    from tests.core.build import random_complex, tiny_model

    model = tiny_model(16, normalization, context_layers=context_layers)
    train = TrainConfig(
        optimizer="sgd", learning_rate=0.1, warmup_steps=1, steps=2, average=0.5,
        complexes_per_step=2, positives=9, negatives=27, auxiliary=0.5, engine=engine,
    )  # fmt: skip
    run = Trainer(RunConfig(model, train), folder)
    parts = (*run.network.parts, run.auxiliary)
    rng = np.random.default_rng(0)
    for variable in (v for part in parts for v in part.trainable_variables):
        variable.assign(rng.normal(scale=0.3, size=variable.shape) + ("gamma" in variable.path))
    found = {"losses": [loss for _, loss in run.run(stream)]}
    with run.settled(stream):
        item = random_complex(7, 6, 5)
        scores = Predictor(run.network).score(item.left, item.right, rotations=2)
        found["scores"] = scores.matrix
        for part in parts:
            for number, variable in enumerate(part.weights):
                found[f"{part.name} {number}"] = ops.convert_to_numpy(variable)
    run.save()
    again = Trainer(RunConfig(model, replace(train, steps=3)), folder)
    found["resumed"] = [again.step, *(loss for _, loss in again.run(stream))]
    return found


def assert_trains_alike(backend: str, by_tensorflow: tuple[Path, dict[str, np.ndarray]]) -> None:
    """Take the same steps on another backend, in a process of its own, and compare."""
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    folder, expected = by_tensorflow
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.training.backend_steps", str(folder), backend],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(folder / f"{backend}.npz") as arrays:
        found = dict(arrays)
    assert set(found) == set(expected) and len(found) > 60
    for name, value in expected.items():
        if name.endswith("scores"):
            assert value.std() > 1e-3
        np.testing.assert_allclose(found[name], value, rtol=1e-2, atol=2e-3, err_msg=name)
    resumed = [value for name, value in found.items() if name.endswith("resumed")]
    assert [value[0] for value in resumed] == [2] * len(CASES)


if __name__ == "__main__":
    place, label = Path(sys.argv[1]), sys.argv[2]
    np.savez(place / f"{label}.npz", **take_steps(place, label))
