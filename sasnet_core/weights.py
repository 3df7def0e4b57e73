"""Weights and the configuration they belong to: save, load, refuse what does not fit."""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.config import MatcherConfig, ModelConfig
from sasnet_core.errors import SettingError, WeightsError
from sasnet_core.files import read_arrays, write_arrays, write_json
from sasnet_core.fitted import Calibration, Mixture, Smoothing

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras

    from sasnet_core.network import Network

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "weights.npz"
MATCHER_FILE = "matcher.npz"
FORMAT = 1


@dataclass(frozen=True)
class WeightsInfo:
    """What stands beside a set of weights: those of one network, or of an ensemble.

    Attributes
    ----------
    folder : Path
        Where they lie.
    model : ModelConfig or None
        The network they fit; None for an ensemble.
    sha256 : str
        Hash of the weights file; of an ensemble, of its members' hashes and its mixture.
    calibration : Calibration or None
        How scores become probabilities; None before `train.calibrate` has run.
    smoothing : Smoothing
        How scores take in their neighbours'; none before `train.smooth` has run.
    members : tuple of WeightsInfo
        Of an ensemble; their own calibrations and smoothings play no part in it.
    mixture : Mixture or None
        How an ensemble's members speak with one voice.
    matcher : MatcherConfig or None
        Of the matcher that tells a network's partners from strangers; None before
        `train.compatibility` has run, and for an ensemble, whose members have theirs.
    matcher_sha256 : str
        Hash of the matcher's file; of an ensemble, of its members' hashes; "" where a matcher is
        missing.
    """

    folder: Path
    model: ModelConfig | None
    sha256: str
    calibration: Calibration | None
    smoothing: Smoothing
    members: tuple[WeightsInfo, ...] = ()
    mixture: Mixture | None = None
    matcher: MatcherConfig | None = None
    matcher_sha256: str = ""

    def needed_calibration(self) -> Calibration:
        """Return the calibration.

        Raises
        ------
        WeightsError
            There is none, or it was fitted with another matcher.
        """
        if self.calibration is None:
            raise WeightsError(
                f"{self.folder}: weights with a calibration are needed, these have none; "
                "run train.calibrate on them"
            )
        fitted_with = self.calibration.matcher
        if fitted_with not in ("", self.matcher_sha256):
            raise WeightsError(
                f"{self.folder}: the calibration needs the matcher {fitted_with[:12]}..., here is "
                f"{self.matcher_sha256[:12] or 'none'}; fetch both files again, or run "
                "train.calibrate"
            )
        return self.calibration

    def sizes(self) -> dict[str, Any]:
        """Return the sizes of the network, or members and mixture of an ensemble."""
        if self.model is not None:
            return self.model.to_dict()
        assert self.mixture is not None
        members = [{"sha256": m.sha256, "model": m.sizes()} for m in self.members]
        return {"members": members, "mixture": self.mixture.to_dict()}


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
    write_arrays(half_precision(network.parts), folder / WEIGHTS_FILE)
    write_config(folder, network.config, calibration)


def half_precision(parts: Sequence[keras.Model]) -> dict[str, np.ndarray]:
    """Return the weights of models by name, kernels in half precision, the rest in single."""
    return {
        name: np.asarray(variable, np.float16 if variable.path.endswith("kernel") else np.float32)
        for name, variable in _named_variables(parts).items()
    }


def write_matcher(
    info: WeightsInfo, config: MatcherConfig, arrays: dict[str, np.ndarray]
) -> WeightsInfo:
    """Write the matcher of a network; its calibration has to be fitted anew.

    Parameters
    ----------
    info : WeightsInfo
        Of the network that it reads.
    config : MatcherConfig
        Its sizes.
    arrays : dict of str to ndarray
        Its weights and its panel.
    """
    write_arrays(arrays, info.folder / MATCHER_FILE)
    values = json.loads((info.folder / CONFIG_FILE).read_text())
    values["matcher"] = {**config.to_dict(), "sha256": _hash(info.folder / MATCHER_FILE)}
    write_json({**values, "calibration": None}, info.folder / CONFIG_FILE)
    return read_info(info.folder)


def write_config(
    folder: Path,
    model: ModelConfig,
    calibration: Calibration | None,
    smoothing: Smoothing | None = None,
) -> None:
    """Write the configuration of the weights that lie in a folder."""
    own = {"model": model.to_dict(), "sha256": _hash(folder / WEIGHTS_FILE)}
    _write_values(folder, own, calibration, smoothing or Smoothing())


def write_fitted(info: WeightsInfo, calibration: Calibration | None, smoothing: Smoothing) -> None:
    """Change what was fitted for weights, those of an ensemble too; the weights stay."""
    values = json.loads((info.folder / CONFIG_FILE).read_text())
    kept = ("model", "members", "mixture", "sha256", "matcher")
    own = {key: values[key] for key in kept if key in values}
    _write_values(info.folder, own, calibration, smoothing)


def _write_values(
    folder: Path, own: dict[str, Any], calibration: Calibration | None, smoothing: Smoothing
) -> None:
    values = {
        "format": FORMAT,
        **own,
        "calibration": calibration.to_dict() if calibration else None,
        "smoothing": smoothing.to_dict(),
    }
    write_json(values, folder / CONFIG_FILE)


def save_ensemble(
    folder: Path, members: Sequence[WeightsInfo], mixture: Mixture, smoothing: Smoothing
) -> WeightsInfo:
    """Write an ensemble: its members' weights, and a configuration that names them.

    A member that lies beside the ensemble is named where it is, others are copied into its folder
    as member1, member2 and so on.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    members : sequence of WeightsInfo
        Single networks.
    mixture : Mixture
        With a slope for each member, in their order.
    smoothing : Smoothing
        Of the mixed scores.

    Raises
    ------
    WeightsError
        A member is an ensemble.
    """
    for member in members:
        if member.members:
            raise WeightsError(
                f"{member.folder}: a member must be one network, this is an ensemble"
            )
    entries = []
    for number, member in enumerate(members, 1):
        place = f"member{number}"
        if member.folder.resolve().parent == folder.resolve().parent:
            place = os.path.relpath(member.folder.resolve(), folder.resolve())
        else:
            (folder / place).mkdir(parents=True, exist_ok=True)
            for name in (WEIGHTS_FILE, CONFIG_FILE, *([MATCHER_FILE] if member.matcher else [])):
                shutil.copyfile(member.folder / name, folder / place / name)
        entries.append({"folder": place, "sha256": member.sha256})
    own = {
        "members": entries,
        "mixture": mixture.to_dict(),
        "sha256": _ensemble_hash(members, mixture),
    }
    _write_values(folder, own, None, smoothing)
    return read_info(folder)


def _ensemble_hash(members: Sequence[WeightsInfo], mixture: Mixture) -> str:
    parts = [[member.sha256 for member in members], mixture.slopes, mixture.intercept]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def read_info(folder: str | Path) -> WeightsInfo:
    """Read the configuration of a weights folder and check the weights against it.

    Parameters
    ----------
    folder : str or Path
        A folder, or the name of weights that came with this installation, like "best".

    Raises
    ------
    WeightsError
        A file is missing or damaged, the format or a setting is unknown, or a hash differs.
    """
    folder = find_folder(folder)
    _needs(folder, CONFIG_FILE)
    try:
        values = json.loads((folder / CONFIG_FILE).read_text())
        if values["format"] != FORMAT:
            raise WeightsError(
                f"{folder}: weights of format {FORMAT} are needed, these are {values['format']}; "
                "use the sasnet that wrote them"
            )
        fitted = values["calibration"]
        calibration = None if fitted is None else Calibration.from_dict(fitted)
        smoothing = Smoothing.from_dict(values["smoothing"])
        if "members" in values:
            return _read_ensemble(folder, values, calibration, smoothing)
        _needs(folder, WEIGHTS_FILE)
        model = ModelConfig.from_dict(values["model"])
        expected = str(values["sha256"])
        found = _hash(folder / WEIGHTS_FILE)
        matcher = _read_matcher(folder, values.get("matcher"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SettingError) as error:
        raise WeightsError(
            f"{folder / CONFIG_FILE}: settings of this sasnet are needed ({error}); "
            "use the file that came with the weights"
        ) from None
    if found != expected:
        raise _changed(folder / WEIGHTS_FILE, expected, found)
    return WeightsInfo(folder, model, found, calibration, smoothing, (), None, *matcher)


def _read_matcher(folder: Path, values: dict[str, Any] | None) -> tuple[MatcherConfig | None, str]:
    """Read the settings of a matcher and check its file against them."""
    if values is None:
        return None, ""
    config = MatcherConfig.from_dict({k: v for k, v in values.items() if k != "sha256"})
    _needs(folder, MATCHER_FILE)
    found, expected = _hash(folder / MATCHER_FILE), str(values["sha256"])
    if found != expected:
        raise _changed(folder / MATCHER_FILE, expected, found)
    return config, found


def _changed(path: Path, expected: str, found: str) -> WeightsError:
    return WeightsError(
        f"{path}: sha256 must be {expected[:12]}..., is {found[:12]}...; "
        "the file is damaged or belongs to another configuration: fetch it again"
    )


def _needs(folder: Path, name: str) -> None:
    if not (folder / name).is_file():
        raise WeightsError(
            f"{folder}: a weights folder with {CONFIG_FILE} and {WEIGHTS_FILE} is needed, "
            f"{name} is missing; name another with --weights"
        )


def _read_ensemble(
    folder: Path, values: dict[str, Any], calibration: Calibration | None, smoothing: Smoothing
) -> WeightsInfo:
    """Read the members of an ensemble and check that they are those it was fitted for."""
    mixture = Mixture.from_dict(values["mixture"])
    members = []
    for entry in values["members"]:
        place = folder / entry["folder"]
        if place.resolve() == folder.resolve():
            raise ValueError("an ensemble cannot be a member of itself")
        member = read_info(place)
        if member.members or member.sha256 != entry["sha256"]:
            raise WeightsError(
                f"{folder}: member {entry['folder']} must be the network with sha256 "
                f"{str(entry['sha256'])[:12]}..., it is {member.sha256[:12]}...; fetch it again, "
                "or make the ensemble anew with train.ensemble"
            )
        members.append(member)
    found = _ensemble_hash(members, mixture)
    if len(members) != len(mixture.slopes) or found != values["sha256"]:
        raise WeightsError(
            f"{folder}: members and mixture must have sha256 {str(values['sha256'])[:12]}..., they "
            f"have {found[:12]}...; the file was changed: make the ensemble anew with "
            "train.ensemble"
        )
    hashes = [member.matcher_sha256 for member in members]
    matchers = hashlib.sha256(json.dumps(hashes).encode()).hexdigest() if all(hashes) else ""
    return WeightsInfo(
        folder, None, found, calibration, smoothing, tuple(members), mixture, None, matchers
    )


def fill(
    parts: Sequence[keras.Model], folder: Path, others: bool = False, name: str = WEIGHTS_FILE
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
    name : str
        File of the folder.

    Raises
    ------
    WeightsError
        An array is missing, left over, or of another shape.
    """
    variables = _named_variables(parts)
    arrays = read_weights(folder / name)
    if others:
        arrays = {key: value for key, value in arrays.items() if key in variables}
    if set(arrays) != set(variables):
        differing = sorted(set(arrays) ^ set(variables))
        raise WeightsError(
            f"{folder}: weights do not fit their settings at {differing[:3]}; "
            "fetch both files again"
        )
    for key, variable in variables.items():
        value = arrays[key].astype(np.float32)
        if value.shape != tuple(variable.shape):
            raise WeightsError(
                f"{folder}: {key} must have shape {tuple(variable.shape)}, has {value.shape}; "
                "fetch both files again"
            )
        variable.assign(value)


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """Read a file of weights by their names.

    Raises
    ------
    WeightsError
        It is missing or damaged.
    """
    try:
        return read_arrays(path)
    except ValueError as error:
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
    return _shipped("default")


def find_folder(wanted: str | Path) -> Path:
    """Find a weights folder: one of this path, else shipped weights of this name."""
    path = Path(wanted)
    if not path.exists() and len(path.parts) == 1 and _shipped(path.name).is_dir():
        return _shipped(path.name)
    return path


def _shipped(name: str) -> Path:
    return Path(str(importlib.resources.files("sasnet_core.resources"))) / name
