"""Find the complexes of one entry, and the reasons why its other candidates are rejected."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.config import CONTACT_CUTOFF
from sasnet_core.dataset.complexes import Complex
from sasnet_core.errors import SasnetError
from sasnet_core.mining import rules
from sasnet_core.mining.entries import complex_name
from sasnet_core.mining.rules import Candidate, EntryFacts, Rejection, first_broken
from sasnet_core.structure import reading
from sasnet_core.structure.alignment import map_sequence
from sasnet_core.structure.contacts import NOWHERE, contacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sasnet_core.config import MiningConfig
    from sasnet_core.mining.entries import Entry
    from sasnet_core.structure.protein import Protein
    from sasnet_core.structure.reading import Structure


@dataclass(frozen=True)
class MinedComplex:
    """A complex and its values in the manifest."""

    complex: Complex
    assembly: str  # empty: as deposited
    facts: EntryFacts
    buried_area: float  # square angstrom


@dataclass(frozen=True)
class MinedEntry:
    """The complexes and the rejections of one entry."""

    complexes: list[MinedComplex] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)


def mine_entry(
    entry: Entry,
    folder: Path,
    config: MiningConfig,
    facts: EntryFacts | None = None,
    held_out_identity: Callable[[str], float] = lambda sequence: 0.0,
) -> MinedEntry:
    """Find the complexes of one entry: every pair of protein chains in contact is a candidate.

    Parameters
    ----------
    entry : Entry
        Its files.
    folder : Path
        Folder where the paths of its files start.
    config : MiningConfig
        The rules, and which biological assemblies to use.
    facts : EntryFacts, optional
        Method and resolution, used if the files do not state them.
    held_out_identity : callable
        Gives a sequence's highest identity with any held-out protein, 0 to 1.

    Returns
    -------
    MinedEntry
        Complexes of one chain with one chain, without third chains; and each file, chain or
        candidate that was rejected, with the rule it broke.
    """
    mined = MinedEntry()
    opened = _open_files(entry, folder, config.assembly, mined.rejections)
    if not opened:
        return mined
    known = _known_facts(list(opened.values()), facts)
    broken = first_broken(entry.name, known, config, rules.ENTRY_RULES)
    if broken is not None:
        mined.rejections.append(broken)
        return mined
    copies = _Copies(config.copy_identity)
    for assembly, view in _views(opened, config.assembly):
        for item in _pairs(entry, assembly, view, mined.rejections):
            name, touching = item.name, item.contacts
            candidate = Candidate(name, item.left, item.right, touching, held_out_identity)
            broken = (
                first_broken(name, candidate, config, rules.SIZE_RULES)
                or (None if config.all_copies else copies.rejection(candidate))
                or first_broken(name, candidate, config, rules.SURFACE_RULES)
            )
            if broken is not None:
                mined.rejections.append(broken)
                continue
            copies.remember(candidate)
            mined.complexes.append(MinedComplex(item, assembly, known, candidate.buried_area))
    return mined


def _open_files(
    entry: Entry, folder: Path, wanted: str, rejections: list[Rejection]
) -> dict[int, Structure]:
    """Read the first sound file for each assembly number (0: as deposited)."""
    numbers = sorted({file.assembly for file in entry.files})
    if wanted != "all":
        numbers = [n for n in numbers if n <= int(wanted == "1")] or numbers[:1]
    opened: dict[int, Structure] = {}
    for file in entry.files:
        if file.assembly not in numbers:
            continue
        if file.assembly in opened:
            used = opened[file.assembly].path.relative_to(folder).as_posix()
            rejections.append(Rejection(file.path, "duplicate", used))
            continue
        try:
            opened[file.assembly] = reading.read(folder / file.path)
        except SasnetError as error:
            reason = str(error).removeprefix(f"{folder / file.path}: ")
            rejections.append(Rejection(file.path, "readable", reason))
    return opened


def _known_facts(opened: Sequence[Structure], facts: EntryFacts | None) -> EntryFacts:
    """Combine what the files state, in their order, then what the table states."""
    known = EntryFacts()
    for found in opened:
        known = known.completed_by(EntryFacts(found.method, found.resolution))
    return known.completed_by(facts or EntryFacts())


def _views(opened: dict[int, Structure], wanted: str) -> Iterator[tuple[str, Structure]]:
    """Yield the assemblies to use, each with its name; "" for the chains as deposited.

    An assembly whose chains are not in the file is ignored.
    """
    deposited = opened.get(0)
    from_files = {str(number): found for number, found in opened.items() if number}
    to_build = deposited.assembly_names() if deposited and wanted != "none" else []
    names = list(dict.fromkeys([*from_files, *to_build]))
    seen = 0
    for name in names[:1] if wanted == "1" else names:
        if name in from_files:
            yield name, from_files[name].with_copies()
        elif deposited is not None:
            try:
                yield name, deposited.assembly(name)
            except SasnetError:
                continue
        seen += 1
    if not seen and deposited is not None:
        yield "", deposited


def _pairs(
    entry: Entry, assembly: str, view: Structure, rejections: list[Rejection]
) -> Iterator[Complex]:
    """Yield each pair of chains in contact."""
    proteins = []
    for chain in view.chain_ids():
        try:
            proteins.append((chain, view.protein([chain])))
        except SasnetError as error:
            reason = str(error).split(": ", 1)[-1]
            rejections.append(Rejection(f"{entry.name}:{chain}", "readable", reason))
    touching = {
        (i, j): found
        for i, j in _near([protein for _, protein in proteins])
        if len(found := contacts(proteins[i][1], proteins[j][1]))
    }
    for (i, j), found in touching.items():
        (left_chain, left), (right_chain, right) = proteins[i], proteins[j]
        name = complex_name(entry.name, assembly, left_chain, right_chain)
        elsewhere = _touching_others(touching, i, j), _touching_others(touching, j, i)
        yield Complex(name, left, right, found, elsewhere)


def _touching_others(
    touching: dict[tuple[int, int], np.ndarray], chain: int, partner: int
) -> np.ndarray:
    """List the residues of a chain that touch other chains than its partner."""
    rows = [
        found[:, pair.index(chain)]
        for pair, found in touching.items()
        if chain in pair and partner not in pair
    ]
    return np.unique(np.concatenate([NOWHERE, *rows]))


def _near(proteins: Sequence[Protein]) -> list[tuple[int, int]]:
    """List, in order, the pairs of proteins whose boxes are near enough for a contact."""
    if not proteins:
        return []
    low = np.array([p.coords.min(axis=0) for p in proteins]) - CONTACT_CUTOFF
    high = np.array([p.coords.max(axis=0) for p in proteins])
    overlap = np.triu(np.ones((len(proteins), len(proteins)), bool), 1)
    for axis in range(3):
        overlap &= low[:, None, axis] <= high[None, :, axis]
        overlap &= low[None, :, axis] <= high[:, None, axis]
    return [(i, j) for i, j in np.argwhere(overlap).tolist()]


class _Copies:
    """Finds the copies of a pair that an entry's symmetry repeats.

    Two chains are of one protein if their observed sequences align with the given identity. A pair
    is a copy if its proteins are those of an earlier pair and it shares at least half of the
    contacts of the smaller of the two interfaces. Another interface between the same proteins is
    another complex.
    """

    SHARED_CONTACTS = 0.5

    def __init__(self, min_identity: float) -> None:
        self._min_identity = min_identity
        self._firsts: list[str] = []  # the first sequence of each protein
        self._places: dict[str, tuple[int, np.ndarray]] = {}
        self._known: dict[tuple[int, int], list[tuple[str, set[tuple[int, int]]]]] = defaultdict(
            list
        )

    def _place(self, sequence: str) -> tuple[int, np.ndarray]:
        """Return the number of a chain's protein, and its residues' rows in the first sequence."""
        if sequence not in self._places:
            self._places[sequence] = self._find(sequence)
        return self._places[sequence]

    def _find(self, sequence: str) -> tuple[int, np.ndarray]:
        for number, first in enumerate(self._firsts):
            rows, identity = map_sequence(sequence, first)
            if identity >= self._min_identity:
                return number, rows
        self._firsts.append(sequence)
        return len(self._firsts) - 1, np.arange(len(sequence))

    def _interface(self, candidate: Candidate) -> tuple[tuple[int, int], set[tuple[int, int]]]:
        """Return the numbers of both proteins, smaller first, and contacts in first sequences."""
        (left, left_rows), (right, right_rows) = map(
            self._place, (candidate.left.sequence, candidate.right.sequence)
        )
        pairs = [left_rows[candidate.contacts[:, 0]], right_rows[candidate.contacts[:, 1]]]
        if left > right:
            left, right, pairs = right, left, pairs[::-1]
        placed = zip(*(rows.tolist() for rows in pairs), strict=True)
        return (left, right), {pair for pair in placed if min(pair) >= 0}

    def rejection(self, candidate: Candidate) -> Rejection | None:
        """Return the earlier pair that a candidate is a copy of, as a rejection."""
        proteins, found = self._interface(candidate)
        turned = {(j, i) for i, j in found} if proteins[0] == proteins[1] else set()
        for name, known in self._known[proteins]:
            shared = max(len(found & known), len(turned & known))
            if shared and shared >= self.SHARED_CONTACTS * min(len(found), len(known)):
                return Rejection(candidate.name, "copy", name)
        return None

    def remember(self, candidate: Candidate) -> None:
        """Note a pair that was kept."""
        proteins, found = self._interface(candidate)
        self._known[proteins].append((candidate.name, found))
