"""Weights and the configuration they belong to: save, load, refuse what does not fit."""

from __future__ import annotations

import hashlib
import importlib.resources
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from sasnet_core.config import Calibration, ModelConfig, Smoothing
from sasnet_core.errors import SettingError, WeightsError
from sasnet_core.files import write_arrays, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras

    from sasnet_core.network import Network

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "weights.npz"
FORMAT = 1


@dataclass(frozen=True)
class WeightsInfo:
    """What stands beside a set of weights.

    Attributes
    ----------
    folder : Path
        Where they lie.
    model : ModelConfig
        The network they fit.
    sha256 : str
        Hash of the weights file.
    calibration : Calibration or None
        How scores become probabilities; None before `train.calibrate` has run.
    smoothing : Smoothing
        How scores take in their neighbours'; none before `train.smooth` has run.
    """

    folder: Path
    model: ModelConfig
    sha256: str
    calibration: Calibration | None
    smoothing: Smoothing


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


def write_config(
    folder: Path,
    model: ModelConfig,
    calibration: Calibration | None,
    smoothing: Smoothing | None = None,
) -> None:
    """Write the configuration of the weights that lie in a folder."""
    values = {
        "format": FORMAT,
        "model": model.to_dict(),
        "sha256": _hash(folder / WEIGHTS_FILE),
        "calibration": calibration.to_dict() if calibration else None,
        "smoothing": (smoothing or Smoothing()).to_dict(),
    }
    write_json(values, folder / CONFIG_FILE)


def read_info(folder: str | Path) -> WeightsInfo:
    """Read the configuration of a weights folder and check the weights against it.

    Raises
    ------
    WeightsError
        A file is missing or damaged, the format or a setting is unknown, or the hash differs.
    """
    folder = Path(folder)
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (folder / name).is_file():
            raise WeightsError(
                f"{folder}: a weights folder with {CONFIG_FILE} and {WEIGHTS_FILE} is needed, "
                f"{name} is missing; name another with --weights"
            )
    try:
        values = json.loads((folder / CONFIG_FILE).read_text())
        if values["format"] != FORMAT:
            raise WeightsError(
                f"{folder}: weights of format {FORMAT} are needed, these are {values['format']}; "
                "use the sasnet that wrote them"
            )
        model = ModelConfig.from_dict(values["model"])
        fitted = values["calibration"]
        calibration = None if fitted is None else Calibration.from_dict(fitted)
        smoothing = Smoothing.from_dict(values["smoothing"])
        expected = str(values["sha256"])
        found = _hash(folder / WEIGHTS_FILE)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SettingError) as error:
        raise WeightsError(
            f"{folder / CONFIG_FILE}: settings of this sasnet are needed ({error}); "
            "use the file that came with the weights"
        ) from None
    if found != expected:
        raise WeightsError(
            f"{folder / WEIGHTS_FILE}: sha256 must be {expected[:12]}..., is {found[:12]}...; "
            "the file is damaged or belongs to another configuration: fetch it again"
        )
    return WeightsInfo(folder, model, found, calibration, smoothing)


def fill(parts: Sequence[keras.Model], folder: Path, others: bool = False) -> None:
    """Fill parts of a network with the weights of a folder.

    Parameters
    ----------
    parts : sequence of keras.Model
        Like `Network.parts`.
    folder : Path
        Made by `save_weights`.
    others : bool
        Whether the folder may hold weights of other parts too.

    Raises
    ------
    WeightsError
        An array is missing, left over, or of another shape.
    """
    variables = _named_variables(parts)
    arrays = _read_arrays(folder / WEIGHTS_FILE)
    if others:
        arrays = {name: value for name, value in arrays.items() if name in variables}
    if set(arrays) != set(variables):
        differing = sorted(set(arrays) ^ set(variables))
        raise WeightsError(
            f"{folder}: weights do not fit their settings at {differing[:3]}; "
            "fetch both files again"
        )
    for name, variable in variables.items():
        value = arrays[name].astype(np.float32)
        if value.shape != tuple(variable.shape):
            raise WeightsError(
                f"{folder}: {name} must have shape {tuple(variable.shape)}, has {value.shape}; "
                "fetch both files again"
            )
        variable.assign(value)


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, EOFError, ValueError, BadZipFile, AttributeError) as error:
        raise WeightsError(
            f"{path}: an .npz file of weights is needed ({error}); fetch it again"
        ) from None


def _named_variables(parts: Sequence[keras.Model]) -> dict[str, Any]:
    return {
        f"{model.name}/{variable.path}": variable for model in parts for variable in model.weights
    }


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def default_folder() -> Path:
    """Find the weights that came with this installation."""
    return Path(str(importlib.resources.files("sasnet_core.resources"))) / "default"
