import os
import subprocess
import sys
from functools import partial

import pytest
import tensorflow as tf
import threadpoolctl

from sasnet_core.network.devices import share_threads
from tests.conftest import ROOT

CHILD = """
import sys
sys.path.insert(0, ".")
import numpy
import tensorflow as tf
from sasnet_core.network.devices import share_threads
assert share_threads(1, 2) == 0
tf.matmul(tf.ones((8, 8)), tf.ones((8, 8)))
import threadpoolctl
print(tf.config.threading.get_intra_op_parallelism_threads(),
      tf.config.threading.get_inter_op_parallelism_threads(),
      *{pool["num_threads"] for pool in threadpoolctl.threadpool_info()})
share_threads(1, 2)
try:
    share_threads(2, 2)
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.slow
def test_threads_are_limited_before_the_first_computation_or_refused():
    done = subprocess.run(
        [sys.executable, "-c", CHILD], cwd=ROOT, env={**os.environ, "KERAS_BACKEND": "tensorflow"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    first, second = done.stdout.splitlines()
    assert first == "1 1 1"
    assert second.startswith("SettingError --threads 2 must be set before the first prediction")


@pytest.mark.parametrize(("threads", "at_once", "inside"), [(1, 0, 1), (2, 2, 1), (3, 2, 3)])
def test_steps_are_divided_only_where_tasks_leave_threads_over(
    threads, at_once, inside, monkeypatch
):
    told = {}
    for name in ("intra", "inter"):
        setter = f"set_{name}_op_parallelism_threads"
        monkeypatch.setattr(tf.config.threading, setter, partial(told.__setitem__, name))
    limit = partial(told.__setitem__, "numpy")
    monkeypatch.setattr(threadpoolctl, "threadpool_limits", limit)
    assert share_threads(threads, 2) == at_once
    assert told == {"intra": inside, "inter": threads, "numpy": threads}
