"""What a folder of weights says of them: sizes, hashes, and what was fitted; ensembles, graphs."""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sasnet_core.config import ModelConfig
from sasnet_core.errors import SettingError, WeightsError
from sasnet_core.fitted import AloneFit, Calibration, Mixture, PatchLaw, Smoothing

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "weights.npz"
#: Networks on residue graphs, beside the weights of a network.
GRAPH_FILE = "graph.npz"
FORMAT = 1
#: What reading settings that were damaged or changed by hand may raise.
_UNUSABLE = (
    OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, SettingError,
)  # fmt: skip


@dataclass(frozen=True)
class GraphPart:
    """Networks on residue graphs that score together with a network on atoms.

    Attributes
    ----------
    path : Path
        Written by `graph.stored.save_networks`.
    sha256 : str
        Hash of the file.
    share : float
        What their log odds are multiplied by.
    """

    path: Path
    sha256: str
    share: float


@dataclass(frozen=True)
class WeightsInfo:
    """What is known of a set of weights, those of one network or of an ensemble.

    Attributes
    ----------
    folder : Path
        The folder of the weights.
    model : ModelConfig or None
        The network they fit; None for an ensemble.
    sha256 : str
        Hash of the weights file; with graphs, of both; of an ensemble, of its members' hashes and
        its mixture.
    calibration : Calibration or None
        How scores become probabilities; None before `train.calibrate` has run.
    smoothing : Smoothing
        How scores take in their neighbours'; none before `train.smooth` has run.
    members : tuple of WeightsInfo
        Of an ensemble; their own calibrations and smoothings play no part in it.
    mixture : Mixture or None
        How an ensemble's members speak with one voice.
    patches : PatchLaw or None
        How likely patches of residues are right; None before `train.calibrate` has run.
    alone : AloneFit or None
        The same for one protein without a partner; None before `train.alone` has run.
    network_sha256 : str
        Hash of the weights file alone; empty for an ensemble.
    graph : GraphPart or None
        Networks on residue graphs that score together with this one.
    """

    folder: Path
    model: ModelConfig | None
    sha256: str
    calibration: Calibration | None
    smoothing: Smoothing
    members: tuple[WeightsInfo, ...] = ()
    mixture: Mixture | None = None
    patches: PatchLaw | None = None
    alone: AloneFit | None = None
    network_sha256: str = ""
    graph: GraphPart | None = None

    def needed_calibration(self) -> Calibration:
        """Return the calibration.

        Raises
        ------
        WeightsError
            There is none.
        """
        if self.calibration is None:
            raise WeightsError(
                f"{self.folder}: weights with a calibration are needed, these have none; "
                "run train.calibrate on them"
            )
        return self.calibration

    def needed_alone(self) -> AloneFit:
        """Return what one protein alone needs.

        Raises
        ------
        WeightsError
            There is none.
        """
        if self.alone is None:
            raise WeightsError(
                f"{self.folder}: one protein alone needs weights that train.alone was run on, like "
                "'default'; name these with --weights, or give both proteins"
            )
        return self.alone

    def sizes(self) -> dict[str, Any]:
        """Return the sizes of the network, or members and mixture of an ensemble."""
        if self.model is not None:
            return self.model.to_dict()
        assert self.mixture is not None
        members = [{"sha256": m.sha256, "model": m.sizes()} for m in self.members]
        return {"members": members, "mixture": self.mixture.to_dict()}


def ensemble_hash(members: Sequence[str], mixture: Mixture, graph: GraphPart | None = None) -> str:
    """Return the hash of networks that score together: of their own hashes and their shares."""
    parts: list[Any] = [list(members), mixture.slopes, mixture.intercept]
    if graph is not None:
        parts += [graph.sha256, graph.share]
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
    return _read_info(find_folder(folder))


def _read_info(folder: Path, is_member: bool = False) -> WeightsInfo:
    _needs(folder, CONFIG_FILE)
    try:
        values = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise WeightsError(
                f"{folder}: weights of format {FORMAT} are needed, these are {values['format']}; "
                "use the sasnet that wrote them"
            )
        fitted = values["calibration"]
        calibration = None if fitted is None else Calibration.from_dict(fitted)
        smoothing = Smoothing.from_dict(values["smoothing"])
        law = values.get("patches")  # weights of older versions have none
        patches = None if law is None else PatchLaw.from_dict(law)
        single = values.get("alone")
        alone = None if single is None else AloneFit.from_dict(single)
        if "members" in values:
            if is_member:
                raise ValueError("a member of an ensemble must be one network")
            return replace(_read_ensemble(folder, values, calibration, smoothing), patches=patches)
        _needs(folder, WEIGHTS_FILE)
        model = ModelConfig.from_dict(values["model"])
        expected = str(values["sha256"])
        found = file_hash(folder / WEIGHTS_FILE)
        graph = _read_graph(folder, values["graph"]) if "graph" in values else None
    except _UNUSABLE as error:
        raise WeightsError(
            f"{folder / CONFIG_FILE}: settings of this sasnet are needed ({error}); "
            "use the file that came with the weights"
        ) from None
    if found != expected:
        raise WeightsError(
            f"{folder / WEIGHTS_FILE}: sha256 must be {expected[:12]}..., is {found[:12]}...; "
            "the file is damaged or belongs to another configuration: fetch it again"
        )
    together = found if graph is None else ensemble_hash([found], Mixture(), graph)
    return WeightsInfo(
        folder, model, together, calibration, smoothing, patches=patches, alone=alone,
        network_sha256=found, graph=graph,
    )  # fmt: skip


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
        member = _read_info(folder / entry["folder"], is_member=True)
        if member.sha256 != entry["sha256"]:
            raise WeightsError(
                f"{folder}: member {entry['folder']} must be the network with sha256 "
                f"{str(entry['sha256'])[:12]}..., it is {member.sha256[:12]}...; fetch it again, "
                "or make the ensemble anew with train.ensemble"
            )
        members.append(member)
    found = ensemble_hash([member.sha256 for member in members], mixture)
    if len(members) != len(mixture.slopes) or found != values["sha256"]:
        raise WeightsError(
            f"{folder}: members and mixture must have sha256 {str(values['sha256'])[:12]}..., they "
            f"have {found[:12]}...; the file was changed: make the ensemble anew with "
            "train.ensemble"
        )
    return WeightsInfo(folder, None, found, calibration, smoothing, tuple(members), mixture)


def _read_graph(folder: Path, entry: dict[str, Any]) -> GraphPart:
    """Read what settings say of networks on graphs, and check the file."""
    path, expected, share = folder / GRAPH_FILE, str(entry["sha256"]), float(entry["share"])
    if not 0 < share < math.inf:
        raise ValueError(f"share must be over 0, is {share}")
    if not path.is_file() or file_hash(path) != expected:
        raise WeightsError(
            f"{path}: the file with sha256 {expected[:12]}... is needed; fetch it again"
        )
    return GraphPart(path, expected, share)


def file_hash(path: Path) -> str:
    """Return the sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def default_folder() -> Path:
    """Find the weights that came with this installation."""
    return _shipped("default")


def find_folder(wanted: str | Path) -> Path:
    """Find a weights folder: one of this path, else shipped weights of this name."""
    path = Path(wanted)
    try:
        there = path.exists()
    except OSError as error:
        raise WeightsError(
            f"{wanted}: a folder of weights is needed, this cannot be read ({error.strerror}); "
            "name another"
        ) from None
    if not there and len(path.parts) == 1 and _shipped(path.name).is_dir():
        return _shipped(path.name)
    return path


def _shipped(name: str) -> Path:
    return Path(str(importlib.resources.files("sasnet_core.resources"))) / name
