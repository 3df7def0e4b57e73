"""What the child process answers: result.json, read and checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pymol import CmdException


@dataclass(frozen=True)
class Residue:
    """One residue's part in the interface.

    Attributes
    ----------
    side : str
        "left" or "right".
    chain : str
        Chain in the file that the child read.
    resi : str
        Residue number and insertion code, e.g. "52A".
    name : str
        Residue name, e.g. "TYR".
    probability, spread : float
        From 0 to 1; the spread is the standard deviation over rotations.
    """

    side: str
    chain: str
    resi: str
    name: str
    probability: float
    spread: float


@dataclass(frozen=True)
class Result:
    """The residues of both partners, from where they are likely, and what the child warns of."""

    residues: tuple[Residue, ...]
    threshold: float
    warnings: tuple[str, ...]


def read(path: Path) -> Result:
    """Read a result.json.

    Raises
    ------
    pymol.CmdException
        The file is missing or is not what `sasnet_predict` writes.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        residues = tuple(_residue(row) for row in content["residues"])
        warnings = tuple(str(line) for line in content["warnings"])
        return Result(residues, float(content["threshold"]), warnings)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CmdException(
            f"sasnet_predict wrote no result that this plugin can read ({error!r}); "
            "update both to the same version"
        ) from None


def _residue(row: dict) -> Residue:
    probability = float(row["probability"])
    if not 0.0 <= probability <= 1.0:
        raise ValueError(f"probability must be 0 to 1, got {probability}")
    return Residue(
        side=row["side"],
        chain=row["chain"],
        resi=f"{row['number']}{row['insertion_code']}",
        name=row["name"],
        probability=probability,
        spread=float(row["spread"]),
    )
