"""The numbers of a network: saved, checked, and read back into its parts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.config import MAX_WEIGHTS, ModelConfig
from sasnet_core.errors import WeightsError
from sasnet_core.files import array_shapes, read_arrays, write_arrays
from sasnet_core.network.weights_folder import WEIGHTS_FILE
from sasnet_core.network.weights_writing import write_config

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import keras

    from sasnet_core.fitted import Calibration
    from sasnet_core.network.network import Network


def save_weights(folder: Path, network: Network, calibration: Calibration | None = None) -> None:
    """Write weights (half precision, normalization in single) and their configuration.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    network : Network
        Whose weights.
    calibration : Calibration, optional
        See `WeightsInfo`.
    """
    arrays = {
        name: np.asarray(variable, np.float16 if variable.path.endswith("kernel") else np.float32)
        for name, variable in _named_variables(network.parts).items()
    }
    write_arrays(arrays, folder / WEIGHTS_FILE)
    write_config(folder, network.config, calibration)


def check_sizes(model: ModelConfig, folder: Path) -> None:
    """Compare settings with the weights of a folder before anything of these sizes is made.

    Raises
    ------
    WeightsError
        The network has more weights than the file.
    """
    found = _count_weights(folder / WEIGHTS_FILE)
    if found < model.kernel_weights:
        raise WeightsError(
            f"{folder}: the settings are of {model.kernel_weights} weights, {WEIGHTS_FILE} has "
            f"{found}; fetch both files again"
        )


def _count_weights(path: Path) -> int:
    try:
        count = sum(math.prod(shape) for shape in array_shapes(path).values())
        if count > 2 * MAX_WEIGHTS:
            raise ValueError(f"it says that it has {count} numbers")
        return count
    except ValueError as error:
        raise _no_weights(path, error) from None


def fill(
    parts: Sequence[keras.Model], folder: Path, others: bool = False, new: str | None = None
) -> None:
    """Fill parts of a network with the weights of a folder.

    Parameters
    ----------
    parts : sequence of keras.Model
        Like `Network.parts`.
    folder : Path
        Made by `save_weights`.
    others : bool
        Whether the folder may hold weights of other parts too.
    new : str, optional
        Variables whose name begins like this stay as they are if the folder has none of them.

    Raises
    ------
    WeightsError
        An array is missing, left over, of another shape, or not of numbers.
    """
    variables = _named_variables(parts)
    arrays = _read_arrays(folder / WEIGHTS_FILE)
    if others:
        arrays = {name: value for name, value in arrays.items() if name in variables}
    if new and not any(name.startswith(new) for name in arrays):
        variables = {name: v for name, v in variables.items() if not name.startswith(new)}
    if set(arrays) != set(variables):
        differing = sorted(set(arrays) ^ set(variables))
        raise WeightsError(
            f"{folder}: weights do not fit their settings at {differing[:3]}; "
            "fetch both files again"
        )
    for name, variable in variables.items():
        if arrays[name].dtype.kind != "f" or not np.isfinite(arrays[name]).all():
            raise WeightsError(f"{folder}: {name} must hold numbers; fetch both files again")
        value = arrays[name].astype(np.float32)
        if value.shape != tuple(variable.shape):
            raise WeightsError(
                f"{folder}: {name} must have shape {tuple(variable.shape)}, has {value.shape}; "
                "fetch both files again"
            )
        variable.assign(value)


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    _count_weights(path)  # before they are read
    try:
        return read_arrays(path)
    except ValueError as error:
        raise _no_weights(path, error) from None


def _no_weights(path: Path, error: ValueError) -> WeightsError:
    return WeightsError(f"{path}: an .npz file of weights is needed ({error}); fetch it again")


def _named_variables(parts: Sequence[keras.Model]) -> dict[str, Any]:
    return {
        f"{model.name}/{variable.path}": variable for model in parts for variable in model.weights
    }
