"""Docking benchmark 5 -> complexes: labels from the bound complex, atoms from the unbound files."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.dataset.complexes import Complex
from sasnet_core.errors import DatasetError
from sasnet_core.structure import reading
from sasnet_core.structure.chain_matching import map_residues
from sasnet_core.structure.contacts import contacts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sasnet_core.structure.protein import Protein

#: Columns of the benchmark's table that are used.
COLUMNS = ("code", "category", "difficulty", "split")


@dataclass(frozen=True)
class UnmappedResidue:
    """A residue that only one state of a partner has.

    Attributes
    ----------
    side, state : str
        "left" or "right"; the state that has the residue, "bound" or "unbound".
    chain_id, residue_id, residue_name : str
        As in the file.
    contacts : int
        Contacts lost with it; 0 for a residue of the unbound state, whose pairs count as
        non-contacts.
    """

    side: str
    state: str
    chain_id: str
    residue_id: str
    residue_name: str
    contacts: int


@dataclass(frozen=True)
class Db5Case:
    """One complex of the benchmark, unbound and bound, and the residues without a counterpart."""

    code: str
    split: str
    category: str
    difficulty: str
    unbound: Complex
    bound: Complex
    unmapped_contacts: int  # of the bound complex, with an unmapped residue on either side
    unmapped_residues: tuple[UnmappedResidue, ...]


def read_table(folder: Path) -> list[dict[str, str]]:
    """Read db5.csv, one dict per complex.

    Raises
    ------
    DatasetError
        The file or one of its columns is missing.
    """
    path = folder / "db5.csv"
    if not path.is_file():
        raise DatasetError(
            f"{folder}: docking benchmark 5 with its db5.csv is needed, none is here"
        )
    with path.open(newline="") as stream:
        reader = csv.DictReader(stream)
        missing = sorted(set(COLUMNS) - set(reader.fieldnames or ()))
        if missing:
            raise DatasetError(
                f"{path}: the columns {', '.join(COLUMNS)} are needed, {missing} are missing"
            )
        return list(reader)


def read_case(folder: Path, row: dict[str, str]) -> Db5Case:
    """Build one complex of the benchmark.

    Parameters
    ----------
    folder : Path
        Folder with ``CODE_r_u.pdb.gz`` (receptor, unbound), ``_l_u``, ``_r_b`` and ``_l_b``.
    row : dict
        Its row of db5.csv.
    """
    code = row["code"]
    bound_left, bound_right = (_read_partner(folder, code, s, "b") for s in "rl")
    left, right = (_read_partner(folder, code, s, "u") for s in "rl")
    bound_contacts = contacts(bound_left, bound_right)
    maps = map_residues(bound_left, left), map_residues(bound_right, right)
    mapped = np.stack([maps[0][bound_contacts[:, 0]], maps[1][bound_contacts[:, 1]]], axis=1)
    present = (mapped >= 0).all(axis=1)
    labels = np.unique(mapped[present], axis=0).astype(np.int32)
    return Db5Case(
        code=code,
        split=row["split"],
        category=row["category"],
        difficulty=row["difficulty"],
        unbound=Complex(code, left, right, labels),
        bound=Complex(code, bound_left, bound_right, bound_contacts),
        unmapped_contacts=int((~present).sum()),
        unmapped_residues=(
            *_unmapped("left", bound_left, left, maps[0], bound_contacts[:, 0]),
            *_unmapped("right", bound_right, right, maps[1], bound_contacts[:, 1]),
        ),
    )


def _unmapped(
    side: str, bound: Protein, unbound: Protein, rows: np.ndarray, touching: np.ndarray
) -> Iterator[UnmappedResidue]:
    """List the residues without a counterpart in the other state, bound ones first."""
    lost = np.bincount(touching, minlength=bound.n_residues)
    absent = np.setdiff1d(np.arange(unbound.n_residues), rows)
    for state, protein, missing in (
        ("bound", bound, np.flatnonzero(rows < 0)),
        ("unbound", unbound, absent),
    ):
        for row in missing.tolist():
            yield UnmappedResidue(
                side,
                state,
                str(protein.chain_ids[row]),
                str(protein.residue_ids[row]),
                str(protein.residue_names[row]),
                int(lost[row]) if state == "bound" else 0,
            )


def _read_partner(folder: Path, code: str, side: str, state: str) -> Protein:
    return reading.read(folder / f"{code}_{side}_{state}.pdb.gz").protein()
