"""The file of fitted site terms: which weights they are for, and their own calibration."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sasnet_core.conservation.features import FEATURES
from sasnet_core.errors import SettingError, WeightsError
from sasnet_core.files import write_json
from sasnet_core.fitted import Calibration, PatchLaw, SiteTerms

FILE = "conservation.json"
FORMAT = 1


@dataclass(frozen=True)
class ConservationInfo:
    """Site terms, fitted to the scores of one set of weights.

    Attributes
    ----------
    structure : str
        Hash of these weights.
    profiles : dict
        How the profiles were made, as `store.read_settings` gives it.
    terms : SiteTerms
        What the scores get.
    calibration : Calibration
        How scores with terms become probabilities.
    patches : PatchLaw
        How likely patches of residues are right by these probabilities.
    """

    structure: str
    profiles: dict[str, Any]
    terms: SiteTerms
    calibration: Calibration
    patches: PatchLaw


def save_info(info: ConservationInfo, folder: Path) -> Path:
    """Write the file into a folder."""
    values = {
        "format": FORMAT,
        "structure_sha256": info.structure,
        "profiles": info.profiles,
        "features": list(FEATURES),
        "terms": info.terms.to_dict(),
        "calibration": info.calibration.to_dict(),
        "patches": info.patches.to_dict(),
    }
    path = folder / FILE
    write_json(values, path)
    return path


def find_info(folders: list[Path], structure: str) -> ConservationInfo:
    """Find the terms that were fitted to some weights.

    Parameters
    ----------
    folders : list of Path
        Where to look, in order.
    structure : str
        Hash of the weights.

    Raises
    ------
    WeightsError
        No folder has terms of these weights, or a file is damaged.
    """
    paths = [folder / FILE for folder in folders if (folder / FILE).is_file()]
    for info in map(read_info, paths):
        if info.structure == structure:
            return info
    raise WeightsError(
        f"terms of conservation for the weights {structure[:12]} are needed, there are none in "
        f"{' or '.join(map(str, folders))}; fit them with train.conservation -o {folders[0]}"
    )


def read_info(path: Path) -> ConservationInfo:
    """Read a file of `save_info`.

    Raises
    ------
    WeightsError
        It is damaged, or of another version.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] != FORMAT or tuple(values["features"]) != FEATURES:
            raise ValueError("its format or its features are of another version")
        terms = SiteTerms.from_dict(values["terms"])
        if len(terms.weights) != len(FEATURES):
            raise ValueError(f"{len(FEATURES)} weights are needed, it has {len(terms.weights)}")
        calibration = Calibration.from_dict(values["calibration"])
        patches = PatchLaw.from_dict(values["patches"])
        structure, profiles = str(values["structure_sha256"]), dict(values["profiles"])
        return ConservationInfo(structure, profiles, terms, calibration, patches)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SettingError) as error:
        raise WeightsError(
            f"{path}: terms of train.conservation are needed ({error}); fit them again"
        ) from None
