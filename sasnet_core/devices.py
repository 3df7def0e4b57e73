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


def limit_threads(count: int | None) -> None:
    """Let TensorFlow and NumPy use so many threads; all that there are for None.

    Must come before TensorFlow computes anything: it makes its threads then.

    Raises
    ------
    SettingError
        TensorFlow has its threads already, and others than these.
    """
    if count is None:
        return
    import threadpoolctl

    threadpoolctl.threadpool_limits(count)
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        threading = tf.config.threading
        try:
            threading.set_intra_op_parallelism_threads(count)
            threading.set_inter_op_parallelism_threads(count)
        except RuntimeError:
            if threading.get_intra_op_parallelism_threads() != count:
                raise SettingError(
                    f"--threads {count} must be set before the first prediction of a process; "
                    "start another process"
                ) from None
    elif keras.backend.backend() == "torch":
        import torch

        torch.set_num_threads(count)


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
