import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from sasnet_core.training import steps_tensorflow
from sasnet_core.training.batches import batch_arrays, make_batch
from sasnet_core.training.losses import TrainingLoss, build_auxiliary
from sasnet_core.training.steps_tensorflow import TensorFlowSteps
from sasnet_core.training.targets import Example
from tests.core.build import random_complex, tiny_model, tiny_network, write_dataset
from tests.core.training.test_trainer import TRAIN, copies, sticky_complex
from train import fit

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("normalization", ["layer", "batch"])
def test_the_fast_training_step_is_that_of_the_plain_model(normalization):
    model = tiny_model(20, normalization)
    items = [random_complex(k, 4, 3) for k in range(2)]
    examples = [Example(item, np.random.default_rng(k)) for k, item in enumerate(items)]
    batch = make_batch(examples, model, replace(TRAIN, auxiliary=1.0))  # of all residues
    values = tf.nest.map_structure(tf.convert_to_tensor, batch_arrays(batch))
    weights = np.random.default_rng(1).normal(size=(14, 12)).astype(np.float32)
    results = []
    for fast in (True, False):
        network = tiny_network(model)
        tower = network.tower
        loss = TensorFlowSteps(tf.distribute.get_strategy()).loss if fast else TrainingLoss
        with tf.GradientTape() as tape:
            out = loss(network, build_auxiliary(model), 0.0).embed(values)
            target = tf.reduce_sum(out * weights)
        gradients = tape.gradient(target, tower.trainable_variables)
        results.append([out, *gradients, *copies(tower.non_trainable_variables)])
    for one, two in zip(*results, strict=True):
        size = np.abs(two).max()
        assert size > 0
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-4 * size)


@pytest.mark.parametrize(
    ("jobs", "task", "chief"),
    [
        (["worker"], ("worker", 0), True),
        (["worker"], ("worker", 1), False),
        (["chief", "worker"], ("chief", 0), True),
        (["chief", "worker"], ("worker", 0), False),
    ],
)
def test_one_machine_writes_the_files(jobs, task, chief):
    cluster = tf.train.ClusterSpec({job: ["127.0.0.1:1", "127.0.0.1:2"] for job in jobs})
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(cluster, "", *task)
    assert steps_tensorflow._is_chief(resolver) == chief


#: Name of a case: normalization, average of the weights, factor of the logit's kernel (a large one
#: makes gradients that are clipped).
CASES = {
    "layer": ("layer", 0.5, 1.0),
    "batch": ("batch", 0.0, 0.1),
    "layer, gradients clipped": ("layer", 0.0, 20.0),
    "batch, gradients clipped": ("batch", 0.5, 20.0),
}
#: Trains a case on one and on two devices, which must be set up before TensorFlow starts. Each case
#: has a process: TensorFlow's collectives of one process remember the shapes of earlier networks.
TWO_DEVICES = """
import json, sys
import numpy as np
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from dataclasses import replace
from pathlib import Path
from sasnet_core.training.stream import ComplexStream, Source
from tests.core.training.test_steps_tensorflow import CASES
from tests.core.training.test_trainer import MODEL, arrays, trainer

folder, case = Path(sys.argv[1]), sys.argv[2]
stream = ComplexStream([Source(folder)], seed=0)

def train(case, devices):
    normalization, average, scale = CASES[case]
    strategy = tf.distribute.MirroredStrategy(devices)
    assert strategy.num_replicas_in_sync == len(devices)
    model = replace(MODEL, normalization=normalization)
    # Small plain steps: large ones, and those of Adam, make much of rounding errors.
    changes = {"average": average, "steps": 10, "optimizer": "sgd", "learning_rate": 0.02}
    run = trainer(folder / f"{case} {len(devices)}", strategy, model, **changes)
    logit = run.network.head.get_layer("logit")
    logit.kernel.assign(scale * logit.kernel)
    start = arrays(run)
    losses = [loss for _, loss in run.run(stream)]
    with run.settled():
        return losses, start, arrays(run)

one, start, alone = train(case, ["CPU:0"])
two, _, together = train(case, ["CPU:0", "CPU:1"])
found = {
    "losses": [one, two],
    "moved": max(float(np.abs(a - b).max()) for a, b in zip(start, alone)),
    "apart": max(float(np.abs(a - b).max()) for a, b in zip(alone, together)),
}
(folder / "found.json").write_text(json.dumps(found))
"""


#: These hold less than the last, and each costs a process.
FULL = [pytest.param(case, marks=pytest.mark.sweep) for case in list(CASES)[:3]]


@pytest.mark.slow
@pytest.mark.parametrize("case", ["batch, gradients clipped", *FULL])
def test_two_devices_train_the_network_of_one(tmp_path, case):
    write_dataset(tmp_path, [sticky_complex(k) for k in range(2)], ["a", "b"])
    command = [sys.executable, "-c", TWO_DEVICES, str(tmp_path), case]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads((tmp_path / "found.json").read_text())
    np.testing.assert_allclose(*found["losses"], rtol=1e-3)
    assert found["moved"] > 1e-3
    assert found["apart"] < 1e-3


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


@pytest.mark.slow
def test_two_machines_train_the_network_of_one(tmp_path):
    write_dataset(tmp_path / "data", [random_complex(k, 6, 5) for k in range(4)], list("abcd"))
    model = {**vars(tiny_model(16)), "filters": [4, 4, 5, 5], "head_sizes": [8, 8]}
    train = {"optimizer": "sgd", "learning_rate": 0.1, "warmup_steps": 1, "steps": 10,
             "complexes_per_step": 4, "positives": 9, "negatives": 27}  # fmt: skip
    (tmp_path / "c.json").write_text(json.dumps({"model": model, "train": train}))
    arguments = [str(tmp_path / "data"), "--check-every", "5", "--config", str(tmp_path / "c.json"),
                 "-o"]  # fmt: skip
    assert fit.main([*arguments, str(tmp_path / "one")]) == 0
    workers = [f"127.0.0.1:{port}" for port in free_ports(2)]
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "train.fit", *arguments, str(tmp_path / "two")],
            cwd=ROOT,
            env={**os.environ, "TF_CONFIG": json.dumps(
                {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
            )},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(2)
    ]  # fmt: skip
    errors = [run.communicate(timeout=300)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], errors
    one, two = (dict(np.load(tmp_path / name / "last" / "weights.npz")) for name in ("one", "two"))
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, atol=2e-3, err_msg=name)
    assert len((tmp_path / "two" / "log.csv").read_text().splitlines()) == 3, (
        "one log, by the chief"
    )
