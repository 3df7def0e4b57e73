"""A saved result folder, read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sasnet_core.errors import ResultError
from sasnet_core.files import read_arrays
from sasnet_core.results.partner import SIDES
from sasnet_core.results.prediction import SCHEMA
from sasnet_core.results.result import COMPLEX_FILE, RESULT_FILE, SCORES_FILE, FolderContent
from sasnet_core.structure import reading

if TYPE_CHECKING:
    import numpy as np

    from sasnet_core.results.result import Result


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
    values, arrays = _read_values(folder), _read_arrays(folder)
    paths = {side: _structure_file(folder, side) for side in SIDES}
    files = {path: reading.read(path) for path in set(paths.values())}
    return FolderContent(folder, values, arrays, {side: files[paths[side]] for side in SIDES})


def _read_values(folder: Path) -> dict[str, Any]:
    path = folder / RESULT_FILE
    if not path.is_file():
        raise ResultError(
            f"{folder}: a result folder of sasnet_predict is needed, {RESULT_FILE} is missing; "
            "check the path"
        )
    try:
        values: dict[str, Any] = json.loads(path.read_text())
        found = values["schema"]
    except (ValueError, KeyError, TypeError):
        raise ResultError(f"{path}: not a result of sasnet_predict; predict again") from None
    if found != SCHEMA:
        raise ResultError(
            f"{path}: a result of schema {SCHEMA} is needed, this is of {found}; predict again"
        )
    return values


def _read_arrays(folder: Path) -> dict[str, np.ndarray]:
    path = folder / SCORES_FILE
    try:
        return read_arrays(path)
    except ValueError:
        raise ResultError(
            f"{path}: the pair scores of a result are needed, they are missing or damaged; "
            "predict again"
        ) from None


def _structure_file(folder: Path, side: str) -> Path:
    whole = folder / COMPLEX_FILE
    return whole if whole.is_file() else folder / f"{side}.cif"
