"""A saved result folder, read back."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.errors import ResultError, SettingError
from sasnet_core.files import array_shapes, read_arrays
from sasnet_core.fitted import Calibration
from sasnet_core.results import alone, json_schema
from sasnet_core.results.partner import SIDES
from sasnet_core.results.prediction import SCHEMA
from sasnet_core.results.result import COMPLEX_FILE, RESULT_FILE, SCORES_FILE, FolderContent
from sasnet_core.structure import reading

if TYPE_CHECKING:
    from sasnet_core.results.result import Result

#: How the result.json of one protein names its schema.
_ALONE = alone.JSON_SCHEMA.rpartition(":")[0]
#: What reading a file that holds no JSON may raise.
_NO_JSON = (OSError, ValueError, RecursionError, MemoryError)


def read_result(place: Path) -> Result:
    """Read a result folder that `sasnet_predict` wrote.

    Parameters
    ----------
    place : Path
        The folder, or the result.json in it.

    Raises
    ------
    ResultError
        A file is missing or damaged, another version of sasnet wrote it, or the files do not
        belong together.
    """
    return read_content(place.parent if place.name == RESULT_FILE else place).result


def read_content(folder: Path) -> FolderContent:
    """Read the files of a result folder, without comparing them with one another.

    Raises
    ------
    ResultError
        A file is missing or damaged, or another version of sasnet wrote it.
    """
    values = _read_values(folder)
    arrays = _read_arrays(folder, values)
    paths = {side: _structure_file(folder, side) for side in SIDES}
    files = {path: reading.read(path) for path in set(paths.values())}
    return FolderContent(folder, values, arrays, {side: files[paths[side]] for side in SIDES})


def _read_values(folder: Path) -> dict[str, Any]:
    path = folder / RESULT_FILE
    if not path.is_file() and (folder / SCORES_FILE).is_file():
        raise ResultError(
            f"{folder}: this result is unfinished, {RESULT_FILE} is missing: a run was stopped "
            "while it wrote; predict again"
        )
    if not path.is_file():
        raise ResultError(
            f"{folder}: a result folder of sasnet_predict is needed, {RESULT_FILE} is missing; "
            "check the path"
        )
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        of_one = str(values.get("$schema")).startswith(_ALONE)
        found = "" if of_one else values["schema"]
    except (*_NO_JSON, KeyError, TypeError, AttributeError):
        raise ResultError(f"{path}: not a result of sasnet_predict; predict again") from None
    if of_one:
        raise ResultError(
            f"{path}: a result of two proteins is needed, this is of one protein alone; predict it "
            "with its partner"
        )
    if found != SCHEMA:
        raise ResultError(
            f"{path}: a result of schema {SCHEMA} is needed, this is of {found!r:.40}; predict "
            "again"
        )
    _check_values(values, path)
    return values


def _check_values(values: dict[str, Any], path: Path) -> None:
    """Raise ResultError unless result.json is one that `sasnet_predict` may write."""
    problem = json_schema.problem(values)
    if not problem and [entry["side"] for entry in values["inputs"]] != list(SIDES):
        problem = ".inputs must be left, then right"
    if not problem:
        problem = _calibration_problem(values["weights"]["calibration"]) or _patch_problem(values)
    if problem:
        raise ResultError(f"{path}: damaged or changed ({problem}); predict again")


def _calibration_problem(values: dict[str, Any]) -> str:
    try:
        calibration = Calibration.from_dict(values)
    except SettingError as error:
        return f"calibration: {error}"
    sizes = {len(calibration.thresholds), len(calibration.precisions), len(calibration.recalls)}
    return "" if len(sizes) == 1 and 0 not in sizes else "calibration: tables of different lengths"


def _patch_problem(values: dict[str, Any]) -> str:
    """Say which patch names a residue that is not there; nothing if all are."""
    counts = Counter(row["side"] for row in values["residues"])
    ranks: Counter[str] = Counter()
    for patch in values.get("patches", []):
        side = patch["side"]
        ranks[side] += 1
        rows = [patch["around"]["row"], *(residue["row"] for residue in patch["residues"])]
        if patch["rank"] != ranks[side] or max(rows) >= counts[side]:
            return f"patch {patch['rank']} of the {side} side is not one of its residues"
    for pair in values.get("patch_pairs", []):
        if pair["left"] > ranks["left"] or pair["right"] > ranks["right"]:
            return "patch_pairs must be of patches"
    return ""


def _read_arrays(folder: Path, values: dict[str, Any]) -> dict[str, np.ndarray]:
    """Read scores.npz, if its sizes are those of result.json."""
    path = folder / SCORES_FILE
    counts = Counter(row["side"] for row in values["residues"])
    shape = counts["left"], counts["right"]
    wanted: dict[str, tuple[int, ...]] = {"scores": shape, "spread": shape}
    wanted |= {f"{side}_residues": (counts[side],) for side in SIDES}
    try:
        found = array_shapes(path)
        if any(found.get(name) != size for name, size in wanted.items()):
            raise ValueError
        if found.keys() - wanted.keys() - {f"{side}_segments" for side in SIDES}:
            raise ValueError
        arrays = read_arrays(path)
    except ValueError:
        raise ResultError(
            f"{path}: the pair scores of a result are needed, they are missing or damaged, or not "
            f"those of {RESULT_FILE}; predict again"
        ) from None
    for name in ("scores", "spread"):
        array = arrays[name]
        if array.dtype != np.float32 or not ((array >= 0) & (array <= 1)).all():
            raise ResultError(
                f"{path}: {name} must be float32 from 0 to 1, they are damaged; predict again"
            )
    return arrays


def _structure_file(folder: Path, side: str) -> Path:
    whole = folder / COMPLEX_FILE
    return whole if whole.is_file() else folder / f"{side}.cif"
