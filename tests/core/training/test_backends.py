"""The same network, loss and training step on every backend of Keras."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.core.build import random_complex, write_dataset

ROOT = Path(__file__).parents[3]
STEPS = """
import sys
from dataclasses import replace
from pathlib import Path
import numpy as np
from keras import ops
from sasnet_core.config import RunConfig, TrainConfig
from sasnet_core.training.stream import ComplexStream, Source
from sasnet_core.scoring.predictor import Predictor
from sasnet_core.training.trainer import Trainer
from tests.core.build import random_complex, tiny_model

folder = Path(sys.argv[1])
stream = ComplexStream([Source(folder)], seed=0)
found = {}
for normalization, layers, engine in (("layer", 1, "lattice"), ("batch", 0, "lattice"),
                                      ("batch", 0, "windows")):
    key = f"{normalization} {layers} {engine}"
    model = tiny_model(16, normalization, context_layers=layers)
    train = TrainConfig(optimizer="sgd", learning_rate=0.1, warmup_steps=1, steps=2, average=0.5,
                        complexes_per_step=2, positives=9, negatives=27, auxiliary=0.5,
                        engine=engine)
    run = Trainer(RunConfig(model, train), folder / sys.argv[2] / key)
    rng = np.random.default_rng(0)
    for part in (*run.network.parts, run.auxiliary):
        for v in part.trainable_variables:
            v.assign(rng.normal(scale=0.3, size=v.shape) + ("gamma" in v.path))
    found[f"{key}: losses"] = [loss for _, loss in run.run(stream)]
    with run.settled(stream):
        item = random_complex(7, 6, 5)
        matrix = Predictor(run.network).score(item.left, item.right, rotations=2).matrix
        found[f"{key}: scores"] = matrix
        for part in (*run.network.parts, run.auxiliary):
            for number, v in enumerate(part.weights):
                found[f"{key}: {part.name} {number}"] = ops.convert_to_numpy(v)
    run.save()
    again = Trainer(RunConfig(model, replace(train, steps=3)), folder / sys.argv[2] / key)
    found[f"{key}: resumed"] = [again.step, *(loss for _, loss in again.run(stream))]
np.savez(folder / f"{sys.argv[2]}.npz", **found)
"""


def take_steps(backend, folder):
    done = subprocess.run(
        [sys.executable, "-c", STEPS, str(folder), backend],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(folder / f"{backend}.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def by_tensorflow(tmp_path_factory):
    folder = tmp_path_factory.mktemp("backends")
    write_dataset(folder, [random_complex(k, 6, 5) for k in range(2)], ["a", "b"])
    return folder, take_steps("tensorflow", folder)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_backend_scores_and_trains_as_tensorflow_does(by_tensorflow, backend):
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    folder, expected = by_tensorflow
    found = take_steps(backend, folder)
    assert set(found) == set(expected) and len(found) > 60
    for name, value in expected.items():
        if name.endswith("scores"):
            assert value.std() > 1e-3
        np.testing.assert_allclose(found[name], value, rtol=1e-2, atol=2e-3, err_msg=name)
    resumed = [value for name, value in found.items() if name.endswith("resumed")]
    assert [value[0] for value in resumed] == [2, 2, 2]
