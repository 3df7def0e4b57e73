"""The filters that make the complex-only set, and the walk over a folder of structures."""

from __future__ import annotations

import csv
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sasnet_core import structure
from sasnet_core.complexes import Complex
from sasnet_core.errors import SasnetError
from sasnet_core.interface import buried_area, contacts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sasnet_core.config import MiningConfig
    from sasnet_core.protein import Protein

_STRUCTURE_NAME = re.compile(r"\.(pdb\d*|ent|cif|mmcif)(\.gz)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Rejection:
    """Why a candidate was left out: the rule and the value it failed with."""

    candidate: str
    rule: str
    value: str


@dataclass(frozen=True)
class EntryFacts:
    """What is known of an entry beside its coordinates."""

    method: str
    resolution: float | None  # angstrom


def structure_files(folder: Path) -> list[Path]:
    """List the structure files of a folder tree, sorted."""
    return sorted(p for p in folder.rglob("*") if _STRUCTURE_NAME.search(p.name))


def read_facts(table: Path) -> dict[str, EntryFacts]:
    """Read what is known of entries: a table with id, method and resolution_angstrom."""
    with table.open(newline="") as stream:
        return {
            row["id"]: EntryFacts(row["method"], _number(row["resolution_angstrom"]))
            for row in csv.DictReader(stream)
        }


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def entry_rejection(facts: EntryFacts, config: MiningConfig) -> tuple[str, str] | None:
    """Name the rule on method or resolution that an entry breaks, with its value."""
    if "NMR" in facts.method.upper():
        return "method", facts.method
    if facts.resolution is None:
        return None if config.keep_unknown else ("resolution", "unknown")
    if facts.resolution > config.max_resolution:
        return "resolution", f"{facts.resolution:g}"
    return None


def mine_entry(
    path: Path, facts: EntryFacts | None, config: MiningConfig
) -> tuple[list[Complex], list[Rejection]]:
    """Find the complexes of one file: every pair of chains as deposited that is in contact.

    Parameters
    ----------
    path : Path
        Structure file.
    facts : EntryFacts, optional
        Method and resolution from elsewhere, for what the file itself does not say.
    config : MiningConfig
        The rules.

    Returns
    -------
    complexes : list of Complex
        One chain with one chain, third chains absent; a pair with the sequences of an earlier
        pair is left out.
    rejections : list of Rejection
        Everything left out, with its reason.
    """
    try:
        entry = structure.read(path)
        proteins = [entry.protein([chain]) for chain in entry.chain_ids()]
    except SasnetError as error:
        return [], [Rejection(path.name, "readable", str(error))]
    known = EntryFacts(
        entry.method or (facts.method if facts else ""),
        entry.resolution or (facts.resolution if facts else None),
    )
    broken = entry_rejection(known, config)
    if broken is not None:
        return [], [Rejection(entry.name, *broken)]
    rejections = []
    usable = []
    for protein in proteins:
        if protein.n_residues < config.min_residues:
            rejections.append(Rejection(protein.name, "residues", str(protein.n_residues)))
        else:
            usable.append(protein)
    complexes, pair_rejections = _pair_chains(entry.name, usable, config)
    return complexes, rejections + pair_rejections


def _pair_chains(
    entry: str, proteins: list[Protein], config: MiningConfig
) -> tuple[list[Complex], list[Rejection]]:
    complexes, rejections = [], []
    seen = set()
    for left, right, name in _pairs(entry, proteins):
        found = contacts(left, right)
        sequences = frozenset((left.sequence, right.sequence))
        if len(found) < config.min_contacts:
            if len(found):
                rejections.append(Rejection(name, "contacts", str(len(found))))
        elif sequences in seen:
            rejections.append(Rejection(name, "copy", "sequences of an earlier pair"))
        elif (area := buried_area(left, right)) < config.min_buried_area:
            rejections.append(Rejection(name, "buried_area", f"{area:.0f}"))
        else:
            seen.add(sequences)
            complexes.append(Complex(name, left, right, found))
    return complexes, rejections


def _pairs(entry: str, proteins: list[Protein]) -> Iterator[tuple[Protein, Protein, str]]:
    for left, right in itertools.combinations(proteins, 2):
        yield left, right, f"{entry}_{left.chain_ids[0]}_{right.chain_ids[0]}"
