"""A saved result folder, read back: what every export is made of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sasnet_core.errors import ResultError
from sasnet_core.files import read_arrays
from sasnet_core.results.prediction import SCHEMA, residue_key
from sasnet_core.structure import reading
from sasnet_core.structure.protein import Protein
from sasnet_core.structure.reading import Structure

RESULT_FILE = "result.json"
SCORES_FILE = "scores.npz"
COMPLEX_FILE = "complex.cif"
#: Columns that say in every table which residue is meant: see `Side.place`.
PLACE_COLUMNS = ("side", "chain", "number", "insertion_code", "name", "segment")


@dataclass(frozen=True)
class Side:
    """One partner of a saved result.

    Attributes
    ----------
    side : str
        "left" or "right".
    chain_ids : tuple of str
        Its chains, in file order.
    structure : Structure
        The structure file of the result that holds it.
    protein : Protein
        Its residues; rows as in the tables.
    segments : tuple of str
        Of each residue, as the input named it.
    probability, spread : ndarray, shape (n_residues,)
        As in the tables.
    """

    side: str
    chain_ids: tuple[str, ...]
    structure: Structure
    protein: Protein
    segments: tuple[str, ...]
    probability: np.ndarray
    spread: np.ndarray

    def label(self, row: int) -> str:
        """Name a residue for people, like ``TYR H52A``."""
        protein = self.protein
        return f"{protein.residue_names[row]} {protein.chain_ids[row]}{protein.residue_ids[row]}"

    def place(self, row: int) -> dict[str, str | int]:
        """Return what `PLACE_COLUMNS` hold for a residue."""
        values = (self.side, *residue_key(self.protein, row), self.segments[row])
        return dict(zip(PLACE_COLUMNS, values, strict=True))


@dataclass(frozen=True)
class Result:
    """A saved prediction.

    Attributes
    ----------
    folder : Path
        Where it lies.
    left, right : Side
        The partners.
    scores, pair_spread : ndarray, shape (n_left, n_right)
        Pair scores, and their standard deviation over rotations.
    threshold : float
        Probability from which residues are called likely.
    values : dict
        What result.json holds.
    """

    folder: Path
    left: Side
    right: Side
    scores: np.ndarray
    pair_spread: np.ndarray
    threshold: float
    values: dict[str, Any]

    @property
    def sides(self) -> tuple[Side, Side]:
        """Left and right."""
        return self.left, self.right

    @property
    def structures(self) -> list[Structure]:
        """The structure files: that of the complex, or one of each side."""
        both = [self.left.structure, self.right.structure]
        return both[:1] if both[0] is both[1] else both

    def partner(self, side: Side) -> Side:
        """Return the other side."""
        return self.right if side is self.left else self.left


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
    folder = place.parent if place.name == RESULT_FILE else place
    values = _read_values(folder)
    arrays = _read_arrays(folder)
    files = {side: _structure_file(folder, side) for side in ("left", "right")}
    read = {path: reading.read(path) for path in set(files.values())}
    left, right = (
        _side(folder, read[files[entry["side"]]], entry, values["residues"], arrays)
        for entry in values["inputs"]
    )
    scores, spread = arrays["scores"], arrays["spread"]
    if scores.shape != (left.protein.n_residues, right.protein.n_residues):
        raise _mixed(folder, SCORES_FILE)
    return Result(folder, left, right, scores, spread, float(values["threshold"]), values)


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


def _side(
    folder: Path,
    file: Structure,
    entry: dict[str, Any],
    residues: list[dict[str, Any]],
    arrays: dict[str, np.ndarray],
) -> Side:
    rows = [row for row in residues if row["side"] == entry["side"]]
    protein = file.protein(entry["chains"])
    keys = zip(protein.chain_ids, protein.residue_ids, protein.residue_names, strict=True)
    labels = arrays[f"{entry['side']}_residues"].tolist()
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise ResultError(
            f"residues must have a chain and number of their own to be handed on, {twice} stands "
            f"twice in {entry['file']}; rename chains, then predict again"
        )
    if [":".join(key) for key in keys] != labels:
        raise _mixed(folder, file.path.name)
    if len(rows) != protein.n_residues:
        raise _mixed(folder, RESULT_FILE)
    return Side(
        side=entry["side"],
        chain_ids=tuple(entry["chains"]),
        structure=file,
        protein=protein,
        segments=tuple(row["segment"] for row in rows),
        probability=np.array([row["probability"] for row in rows]),
        spread=np.array([row["spread"] for row in rows]),
    )


def _mixed(folder: Path, name: str) -> ResultError:
    return ResultError(
        f"{folder}: the files of one result are needed, the residues of {name} are not those of "
        "the others; predict again"
    )
