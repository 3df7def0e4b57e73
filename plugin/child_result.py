"""What the child process wrote: the files of a result folder, read and checked."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pymol import CmdException

from .arrays import Matrix, read_matrix

SIDES = ("left", "right")
#: The only side of a result of one protein, and how its file says that it is one.
ALONE, _ALONE_SCHEMA = "protein", "urn:sasnet:alone:"
#: A score from 0 to 1 times this, cut off, is its grey level.
_LEVELS = 255.99
RESULT_FILE, SCORES_FILE = "result.json", "scores.npz"
#: What reading files raises that `sasnet_predict` did not write like this.
DAMAGED = (
    ValueError, KeyError, TypeError, IndexError, AttributeError, ArithmeticError, EOFError,
    MemoryError, RuntimeError, zlib.error,
)  # fmt: skip
#: Beside the files of `sasnet_predict`: what only PyMOL knows.
NAMES_FILE = "pymol.json"
#: Every file that belongs to a result; a user may keep others in the same folder.
RESULT_FILES = (
    RESULT_FILE, SCORES_FILE, NAMES_FILE, "residues.csv", "patches.csv", "patch_pairs.csv",
    "pairs.csv", "complex.cif", "left.cif",
    "right.cif", "protein.cif", "picture.png", "session.pse", "explain.csv", "report.html",
    "haddock_ambiguous.tbl", "haddock_unambiguous.tbl", "haddock_bodies.tbl",
    "haddock_ambiguous.toml", "haddock_unambiguous.toml", "haddock_left.pdb", "haddock_right.pdb",
    "haddock_residues.csv", "boltz.yaml", "boltz_contacts.yaml", "boltz_residues.csv",
    "chai.fasta", "chai_pocket.csv", "chai_contacts.csv", "chai_residues.csv",
    "chimerax.defattr", "chimerax.cxc", "pymol.pml", "result.schema.json", "complex.pdb",
    "left.pdb", "right.pdb", "pdb_chains.csv",
)  # fmt: skip


#: What the record of a result holds, whatever the version.
_RECORD = {"version", "weights", "residues"}


@dataclass(frozen=True)
class Residue:
    """One residue's part in the interface.

    Attributes
    ----------
    chain : str
        Chain in the file that the child read.
    resi : str
        Residue number and insertion code, e.g. "52A".
    name : str
        Residue name, e.g. "TYR".
    probability, spread : float
        From 0 to 1; the spread is the standard deviation over rotations.
    best : float
        Its best pair score; of one protein, its site score.
    """

    chain: str
    resi: str
    name: str
    probability: float
    spread: float
    best: float


@dataclass(frozen=True)
class Pair:
    """One residue pair: rows of both sides' residues, score and its spread over rotations."""

    left: int
    right: int
    score: float
    spread: float


@dataclass(frozen=True)
class SurfacePatch:
    """Likely residues of a side that lie together on the surface.

    Attributes
    ----------
    side : str
        "left" or "right", or "protein" of one protein.
    rank : int
        1 for the likeliest of its side.
    rows : tuple of int
        Rows of its residues, the likeliest first.
    center : int
        Row of the residue around which they lie.
    chance : float
        That half of them or more are in the interface; nan if the weights do not know.
    share : float
        Share of them that is expected in the interface.
    """

    side: str
    rank: int
    rows: tuple[int, ...]
    center: int
    chance: float
    share: float


@dataclass(frozen=True)
class ChildResult:
    """A prediction as the child wrote it.

    Attributes
    ----------
    residues : mapping
        Of each side, in the order of the rows or columns of the matrices.
    patches : tuple of Patch
        Of the left side, then of the right, the likeliest first; none in an older file.
    pairs : tuple of Pair
        The best of all pairs, best first.
    scores, spread : Matrix or None
        Of each pair: left residues are rows, right ones columns. None of one protein.
    threshold : float
        Probability from which a residue is called likely.
    rotations : int
        How many were averaged.
    warnings : tuple of str
        What the user should know.
    files : mapping
        Name to content of each file of the result.
    """

    residues: Mapping[str, tuple[Residue, ...]]
    patches: tuple[SurfacePatch, ...]
    pairs: tuple[Pair, ...]
    scores: Matrix | None = field(repr=False)
    spread: Matrix | None = field(repr=False)
    threshold: float
    rotations: int
    warnings: tuple[str, ...]
    files: Mapping[str, bytes] = field(repr=False)

    @property
    def sides(self) -> tuple[str, ...]:
        """Left and right, or the only side of one protein."""
        return tuple(self.residues)

    @cached_property
    def levels(self) -> bytes:
        """The scores as grey levels, 0 to 255, row after row: the picture of the matrix."""
        if self.scores is None:
            return b""
        # row by row: all in one go would keep Python from the window's thread meanwhile
        rows = (self.scores.row(number) for number in range(self.scores.n_rows))
        return b"".join(bytes(map(int, map(_LEVELS.__mul__, row))) for row in rows)


def is_record(path: Path) -> bool:
    """Return whether a file is the result.json of a result, of any version of sasnet."""
    try:
        values = json.loads(path.read_bytes().decode("utf-8"))
    except (OSError, *DAMAGED):
        return False
    return isinstance(values, dict) and _RECORD <= values.keys()


def read(folder: Path) -> ChildResult:
    """Read a result folder of `sasnet_predict`.

    Raises
    ------
    pymol.CmdException
        A file is missing or is not what `sasnet_predict` writes.
    """
    try:
        paths = [path for path in folder.iterdir() if path.name in RESULT_FILES]
        files = {path.name: path.read_bytes() for path in paths if path.is_file()}
    except OSError as error:
        raise CmdException(f"{folder} cannot be read: {error.strerror}") from None
    return parse(files, str(folder))


def parse(files: Mapping[str, bytes], place: str) -> ChildResult:
    """Make a result of the files of a result folder, with the picture of its matrix.

    Parameters
    ----------
    files : mapping
        Name to content.
    place : str
        Where they are from, for the message.

    Raises
    ------
    pymol.CmdException
        A file is missing or is not what `sasnet_predict` writes.
    """
    try:
        found = _parse(files)
        _ = found.levels  # takes a moment for large proteins: not later, in PyMOL's thread
    except DAMAGED as error:
        raise CmdException(
            f"{place} holds no result of sasnet_predict that this plugin can read ({error!r}); "
            "update both to the same version"
        ) from None
    return found


def _parse(files: Mapping[str, bytes]) -> ChildResult:
    content = json.loads(files[RESULT_FILE].decode("utf-8"))
    if content.get("$schema", "").startswith(_ALONE_SCHEMA):
        return _one_protein(content, files)
    rows = {side: [row for row in content["residues"] if row["side"] == side] for side in SIDES}
    residues = {side: tuple(map(_residue, rows[side])) for side in SIDES}
    scores, spread = (read_matrix(files[SCORES_FILE], name) for name in ("scores", "spread"))
    shape = len(residues["left"]), len(residues["right"])
    if not (shape == (scores.n_rows, scores.n_columns) == (spread.n_rows, spread.n_columns)):
        raise ValueError(f"{shape} residues and {scores.n_rows} x {scores.n_columns} scores")
    return ChildResult(
        residues=residues,
        patches=tuple(_patch(row, residues) for row in content.get("patches", ())),
        pairs=_pairs(content["pairs"], rows),
        scores=scores,
        spread=spread,
        threshold=_finite(content["threshold"]),
        rotations=int(content["settings"]["rotations"]),
        warnings=tuple(map(str, content["warnings"])),
        files=files,
    )


def _one_protein(content: dict, files: Mapping[str, bytes]) -> ChildResult:
    residues = {ALONE: tuple(map(_residue, content["residues"]))}
    return ChildResult(
        residues=residues,
        patches=tuple(_patch(row, residues) for row in content["patches"]),
        pairs=(),
        scores=None,
        spread=None,
        threshold=_finite(content["threshold"]),
        rotations=int(content["settings"]["rotations"]),
        warnings=tuple(map(str, content["warnings"])),
        files=files,
    )


def _residue(row: dict) -> Residue:
    probability = float(row["probability"])
    if not 0.0 <= probability <= 1.0:
        raise ValueError(f"probability must be 0 to 1, got {probability}")
    return Residue(
        chain=row["chain"],
        resi=f"{row['number']}{row['insertion_code']}",
        name=row["name"],
        probability=probability,
        spread=_finite(row["spread"]),
        best=_finite(row["site_score"] if "site_score" in row else row["max_pair_score"]),
    )


def _patch(values: dict, residues: Mapping[str, tuple[Residue, ...]]) -> SurfacePatch:
    rows = tuple(int(residue["row"]) for residue in values["residues"])
    center, count = int(values["around"]["row"]), len(residues[values["side"]])
    if not rows or not all(0 <= row < count for row in (*rows, center)):
        raise ValueError(f"patch {values['rank']} has residues that are not there")
    chance = float("nan") if values["chance"] is None else _finite(values["chance"])
    share = _finite(values["expected_share"])
    return SurfacePatch(values["side"], int(values["rank"]), rows, center, chance, share)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"a number is needed, got {value}")
    return float(value)


_IDENTITY = ("chain", "number", "insertion_code", "name", "segment")


def _pairs(pairs: list[dict], rows: dict[str, list[dict]]) -> tuple[Pair, ...]:
    places = {
        side: {
            tuple(row[part] for part in _IDENTITY): place for place, row in enumerate(rows[side])
        }
        for side in SIDES
    }

    def place(pair: dict, side: str) -> int:
        return places[side][tuple(pair[f"{side}_{part}"] for part in _IDENTITY)]

    return tuple(
        Pair(
            place(pair, "left"),
            place(pair, "right"),
            _finite(pair["score"]),
            _finite(pair["spread"]),
        )
        for pair in pairs
    )
