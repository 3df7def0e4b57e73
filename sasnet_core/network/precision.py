"""Which numeric type a prediction is computed in: bfloat16 only where the hardware is made for it.

Elsewhere bfloat16 is emulated, and slower than float32.
"""

from __future__ import annotations

import re
from pathlib import Path

from sasnet_core.errors import SettingError

#: What a user may ask for.
PRECISIONS = ("auto", "float32", "bfloat16")
#: Flags of x86 processors that multiply bfloat16 faster than float32.
FAST_FLAGS = {"avx512_bf16", "amx_bf16"}
#: NVIDIA's first compute capability with bfloat16 matrix units (Ampere).
FAST_CAPABILITY = (8, 0)


def choose_precision(wanted: str) -> str:
    """Decide between float32 and bfloat16.

    Parameters
    ----------
    wanted : str
        One of `PRECISIONS`.

    Returns
    -------
    str
        "float32" or "bfloat16"; for "auto" bfloat16 where the device that Keras computes on has
        fast units for it.

    Raises
    ------
    SettingError
        The wish is none of `PRECISIONS`.
    """
    if wanted not in PRECISIONS:
        raise SettingError(f"precision must be one of {', '.join(PRECISIONS)}, got {wanted!r}")
    if wanted != "auto":
        return wanted
    number = current_gpu()
    fast = cpu_is_fast() if number is None else gpu_is_fast(number)
    return "bfloat16" if fast else "float32"


def current_gpu() -> int | None:
    """Return the number of the GPU that Keras puts new tensors on, None for a processor."""
    from keras import ops

    found = re.search(r"(?:gpu|cuda):?(\d*)", str(ops.ones(()).device).lower())
    return int(found[1] or 0) if found else None


def cpu_is_fast(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor has bfloat16 units, as Linux lists them; False where it lists none."""
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.startswith("flags")), "")
    return bool(FAST_FLAGS & set(flags.split()))


def gpu_is_fast(number: int) -> bool:
    """Whether a GPU has bfloat16 units, as TensorFlow or PyTorch tell; False where neither does."""
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        gpu = tf.config.list_physical_devices("GPU")[number]
        details = tf.config.experimental.get_device_details(gpu)
        return bool(details.get("compute_capability", (0, 0)) >= FAST_CAPABILITY)
    if keras.backend.backend() == "torch":
        import torch

        return bool(torch.cuda.get_device_capability(number) >= FAST_CAPABILITY)
    return False
