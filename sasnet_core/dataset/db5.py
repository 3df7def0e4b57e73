"""Docking benchmark 5 -> complexes: labels from the bound complex, atoms from the unbound files."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.dataset.complexes import Complex
from sasnet_core.errors import DatasetError
from sasnet_core.structure import reading
from sasnet_core.structure.alignment import map_sequence
from sasnet_core.structure.contacts import contacts
from sasnet_core.structure.protein import Protein, select_chains

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Columns of the benchmark's table that are used.
COLUMNS = ("code", "category", "difficulty", "split")
#: Two chains are of one protein if the identity of their alignment is at least this.
MIN_CHAIN_IDENTITY = 0.3


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


def map_residues(source: Protein, target: Protein) -> np.ndarray:
    """Map the residues of a protein onto another structure of it, chain by chain.

    Chains are matched one to one, best alignment first. Of equally good matches, the one nearer in
    space is taken: the benchmark's unbound files are superimposed on the bound ones.

    Returns
    -------
    ndarray, shape (source.n_residues,), int64
        Row in the target, -1 where there is none.
    """
    matches = []
    for source_chain in dict.fromkeys(source.chain_ids.tolist()):
        for target_chain in dict.fromkeys(target.chain_ids.tolist()):
            match = _match_chains(source, source_chain, target, target_chain)
            if match is not None:
                matches.append(match)
    rows = np.full(source.n_residues, -1, np.int64)
    taken: set[tuple[str, str]] = set()
    for match in sorted(matches, key=lambda m: (-round(m.identity, 2), m.distance)):
        sides = {("source", match.source_chain), ("target", match.target_chain)}
        if not sides & taken:
            taken |= sides
            rows[match.source_rows] = match.target_rows
    return rows


@dataclass(frozen=True)
class _Match:
    source_chain: str
    target_chain: str
    identity: float
    distance: float  # median CA distance, angstrom
    source_rows: np.ndarray
    target_rows: np.ndarray


def _match_chains(
    source: Protein, source_chain: str, target: Protein, target_chain: str
) -> _Match | None:
    source_rows = np.flatnonzero(source.chain_ids == source_chain)
    target_rows = np.flatnonzero(target.chain_ids == target_chain)
    mapped, identity = map_sequence(
        select_chains(source, [source_chain], "").sequence,
        select_chains(target, [target_chain], "").sequence,
    )
    here = mapped >= 0
    if identity < MIN_CHAIN_IDENTITY or not here.any():
        return None
    source_rows, target_rows = source_rows[here], target_rows[mapped[here]]
    offsets = source.centers[source_rows] - target.centers[target_rows]
    distance = float(np.median(np.linalg.norm(offsets, axis=1)))
    return _Match(source_chain, target_chain, identity, distance, source_rows, target_rows)
