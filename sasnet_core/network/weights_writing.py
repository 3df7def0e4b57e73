"""Writes folders of weights: settings, what was fitted, ensembles, graphs beside a network."""

from __future__ import annotations

import json
import math
import os
import shutil
from typing import TYPE_CHECKING, Any

from sasnet_core.errors import SettingError, WeightsError
from sasnet_core.files import write_json
from sasnet_core.fitted import Smoothing
from sasnet_core.network.weights_folder import (
    CONFIG_FILE,
    FORMAT,
    GRAPH_FILE,
    WEIGHTS_FILE,
    WeightsInfo,
    ensemble_hash,
    file_hash,
    read_info,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sasnet_core.config import ModelConfig
    from sasnet_core.fitted import AloneFit, Calibration, Mixture, PatchLaw


def write_config(
    folder: Path,
    model: ModelConfig,
    calibration: Calibration | None,
    smoothing: Smoothing | None = None,
) -> None:
    """Write the configuration of the weights in a folder."""
    own = {"model": model.to_dict(), "sha256": file_hash(folder / WEIGHTS_FILE)}
    _write_values(folder, own, calibration, smoothing or Smoothing())


def write_fitted(
    info: WeightsInfo,
    calibration: Calibration | None,
    smoothing: Smoothing,
    patches: PatchLaw | None = None,
    alone: AloneFit | None = None,
) -> None:
    """Change what was fitted for weights, those of an ensemble too; the weights stay.

    What was fitted for one protein alone stays too, unless `alone` is given.
    """
    values = json.loads((info.folder / CONFIG_FILE).read_text())
    keys = ("model", "members", "mixture", "graph", "sha256")
    own = {key: values[key] for key in keys if key in values}
    _write_values(info.folder, own, calibration, smoothing, patches, alone or info.alone)


def _write_values(
    folder: Path,
    own: dict[str, Any],
    calibration: Calibration | None,
    smoothing: Smoothing,
    patches: PatchLaw | None = None,
    alone: AloneFit | None = None,
) -> None:
    values = {
        "format": FORMAT,
        **own,
        "calibration": calibration.to_dict() if calibration else None,
        "smoothing": smoothing.to_dict(),
        "patches": patches.to_dict() if patches else None,
        "alone": alone.to_dict() if alone else None,
    }
    write_json(values, folder / CONFIG_FILE)


def check_graph(info: WeightsInfo, share: float) -> ModelConfig:
    """Raise as `add_graph` does, before anything is written; return the network's sizes."""
    if not 0 < share < math.inf:
        raise SettingError(f"the share of graphs must be over 0, got {share:g}")
    if info.model is None:
        raise WeightsError(f"{info.folder}: one network is needed, this is an ensemble")
    return info.model


def add_graph(info: WeightsInfo, share: float, folder: Path) -> WeightsInfo:
    """Write a network's weights again, together with networks on residue graphs.

    An earlier calibration goes, because it no longer fits.

    Parameters
    ----------
    info : WeightsInfo
        One network.
    share : float
        See `GraphPart`.
    folder : Path
        Where to; it holds the networks on graphs already (`GRAPH_FILE`). It may be that of `info`.

    Raises
    ------
    WeightsError
        The weights are those of an ensemble.
    SettingError
        The share is not over 0.
    """
    model = check_graph(info, share)
    if folder.resolve() != info.folder.resolve():
        shutil.copyfile(info.folder / WEIGHTS_FILE, folder / WEIGHTS_FILE)
    own = {
        "model": model.to_dict(),
        "sha256": info.network_sha256,
        "graph": {"sha256": file_hash(folder / GRAPH_FILE), "share": share},
    }
    _write_values(folder, own, None, info.smoothing, alone=info.alone)
    return read_info(folder)


def save_ensemble(
    folder: Path, members: Sequence[WeightsInfo], mixture: Mixture, smoothing: Smoothing
) -> WeightsInfo:
    """Write an ensemble: its members' weights, and a configuration that names them.

    A member whose folder is beside the ensemble's stays there, others are copied into its folder
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
        A member is an ensemble, or has networks on graphs.
    """
    for member in members:
        if member.members:
            raise WeightsError(
                f"{member.folder}: a member must be one network, this is an ensemble"
            )
        if member.graph is not None:
            raise WeightsError(
                f"{member.folder}: a member must be a network on atoms alone, this one has graphs "
                "beside it; take another"
            )
    entries = []
    for number, member in enumerate(members, 1):
        place = f"member{number}"
        if member.folder.resolve().parent == folder.resolve().parent:
            place = os.path.relpath(member.folder.resolve(), folder.resolve())
        else:
            (folder / place).mkdir(parents=True, exist_ok=True)
            for name in (WEIGHTS_FILE, CONFIG_FILE):
                shutil.copyfile(member.folder / name, folder / place / name)
        entries.append({"folder": place, "sha256": member.sha256})
    own = {
        "members": entries,
        "mixture": mixture.to_dict(),
        "sha256": ensemble_hash([member.sha256 for member in members], mixture),
    }
    _write_values(folder, own, None, smoothing)
    return read_info(folder)
