"""Where to compute, and a quiet start of the library that computes."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sasnet_core.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Iterator


def share_threads(count: int | None, tasks: int) -> int:
    """Set how many processor threads serve the tasks that are at work at once.

    Must come before TensorFlow computes anything: it makes its threads then.

    Parameters
    ----------
    count : int or None
        Threads that TensorFlow and NumPy may use; None: as many as there are processors.
    tasks : int
        Tasks that may be at work at once.

    Returns
    -------
    int
        How many of them should be, each in a thread of its own; 0 where there is but one thread.

    Raises
    ------
    SettingError
        TensorFlow has its threads already, and others than these.
    """
    threads = count or processors()
    at_once = min(tasks, threads) if threads > 1 else 0
    if count is not None:
        import threadpoolctl

        threadpoolctl.threadpool_limits(count)
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        threading = tf.config.threading
        try:
            # One pool serves all tasks. Where there is a thread for each, no step need be divided.
            threading.set_intra_op_parallelism_threads(threads if threads > tasks else 1)
            threading.set_inter_op_parallelism_threads(threads)
        except RuntimeError:
            if count not in (None, threading.get_inter_op_parallelism_threads()):
                raise SettingError(
                    f"--threads {count} must be set before the first prediction of a process; "
                    "start another process"
                ) from None
    elif keras.backend.backend() == "torch" and count is not None:
        import torch

        torch.set_num_threads(count // max(at_once, 1))  # each task has a pool of its own
    return at_once


def processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def choose_device(wanted: str) -> str:
    """Name the device to compute on.

    Raises
    ------
    SettingError
        A GPU is wanted and there is none.
    """
    import keras

    gpus = keras.distribution.list_devices("gpu")
    if wanted == "gpu" and not gpus:
        raise SettingError("--device gpu needs a GPU that TensorFlow sees, there is none; use cpu")
    return "gpu:0" if gpus and wanted != "cpu" else "cpu:0"


@contextmanager
def silenced_start() -> Iterator[None]:
    """Keep TensorFlow's start-up chatter, written past Python, off standard error."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
