"""The rules of the complex-only set for entries and candidates.

Each rule is a function. It returns None if the rule is kept, else the value that breaks it. The
limits are in `config.MiningConfig`.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from sasnet_core.errors import DatasetError
from sasnet_core.mining.entries import entry_id
from sasnet_core.structure.surface import buried_area as buried_area_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from sasnet_core.config import MiningConfig
    from sasnet_core.structure.protein import Protein

_Subject = TypeVar("_Subject")
FACT_COLUMNS = ("id", "method", "resolution_angstrom")


@dataclass(frozen=True)
class EntryFacts:
    """How an entry was determined."""

    method: str = ""  # empty: unknown
    resolution: float | None = None  # angstrom, None: unknown

    def completed_by(self, other: EntryFacts) -> EntryFacts:
        """Return these facts; those that are unknown are taken from others."""
        resolution = other.resolution if self.resolution is None else self.resolution
        return EntryFacts(self.method or other.method, resolution)


@dataclass(frozen=True)
class Candidate:
    """Two chains of an entry that touch."""

    name: str
    left: Protein
    right: Protein
    contacts: np.ndarray  # (n_contacts, 2) int32, rows (left residue, right residue)
    held_out_identity: Callable[[str], float]  # of a sequence with any held-out one, 0 to 1

    @cached_property
    def buried_area(self) -> float:
        """Buried surface area in square angstrom, both sides together."""
        return buried_area_of(self.left, self.right)


@dataclass(frozen=True)
class Rejection:
    """Why a candidate was rejected: the rule and the value that broke it."""

    candidate: str
    rule: str
    value: str


def method(facts: EntryFacts, config: MiningConfig) -> str | None:
    """Reject nuclear magnetic resonance (paper, section 3)."""
    return facts.method if "NMR" in facts.method.upper() else None


def method_unknown(facts: EntryFacts, config: MiningConfig) -> str | None:
    """Reject entries without method and resolution; NMR entries have no resolution."""
    known = facts.method or facts.resolution is not None
    return None if known or config.keep_unknown else "no method and no resolution"


def resolution(facts: EntryFacts, config: MiningConfig) -> str | None:
    """Reject a resolution above the limit (paper, section 3)."""
    if facts.resolution is None or facts.resolution <= config.max_resolution:
        return None
    return f"{facts.resolution:g}"


def resolution_unknown(facts: EntryFacts, config: MiningConfig) -> str | None:
    """Reject entries with a method but no resolution."""
    if facts.resolution is not None or config.keep_unknown:
        return None
    return f"{facts.method}, no resolution"


def residues(candidate: Candidate, config: MiningConfig) -> str | None:
    """Reject a protein with too few observed residues (paper, section 3)."""
    fewest = min(candidate.left.n_residues, candidate.right.n_residues)
    return str(fewest) if fewest < config.min_residues else None


def contacts(candidate: Candidate, config: MiningConfig) -> str | None:
    """Reject too few residue pairs in contact."""
    count = len(candidate.contacts)
    return str(count) if count < config.min_contacts else None


def buried_area(candidate: Candidate, config: MiningConfig) -> str | None:
    """Reject too small a buried surface area (paper, section 3)."""
    area = candidate.buried_area
    return f"{area:.1f}" if area < config.min_buried_area else None


def identity(candidate: Candidate, config: MiningConfig) -> str | None:
    """Reject a protein too similar to a held-out one (paper, section 3)."""
    sequences = (candidate.left.sequence, candidate.right.sequence)
    highest = max(map(candidate.held_out_identity, sequences))
    return f"{highest:.3f}" if highest > config.safe_identity else None


#: In the order in which they are applied; the first rule that is broken is the reason.
ENTRY_RULES = (method, method_unknown, resolution, resolution_unknown)
SIZE_RULES = (residues, contacts)
SURFACE_RULES = (buried_area, identity)


def first_broken(
    name: str,
    subject: _Subject,
    config: MiningConfig,
    rules: Iterable[Callable[[_Subject, MiningConfig], str | None]],
) -> Rejection | None:
    """Return the first rule that an entry or a candidate breaks, with its value."""
    for rule in rules:
        value = rule(subject, config)
        if value is not None:
            return Rejection(name, rule.__name__, value)
    return None


def read_facts(table: Path) -> dict[str, EntryFacts]:
    """Read methods and resolutions of entries from a table.

    Parameters
    ----------
    table : Path
        CSV with the columns id, method and resolution_angstrom; an empty cell means unknown.

    Raises
    ------
    DatasetError
        The table does not exist, or a column or number in it is wrong.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, restval="")
            absent = sorted(set(FACT_COLUMNS) - set(reader.fieldnames or ()))
            if absent:
                raise ValueError(f"columns {', '.join(absent)} are absent")
            return {entry_id(row["id"]): _facts(row) for row in reader}
    except (OSError, ValueError, csv.Error) as error:
        raise DatasetError(
            f"{table}: a table with the columns {', '.join(FACT_COLUMNS)} is needed ({error})"
        ) from None


def _facts(row: Mapping[str, str]) -> EntryFacts:
    text = row["resolution_angstrom"].strip()
    resolution = float(text) if text else None
    if resolution is not None and not 0 < resolution < math.inf:
        raise ValueError(f"a resolution must be over 0, got {text}")
    return EntryFacts(row["method"].strip(), resolution)
