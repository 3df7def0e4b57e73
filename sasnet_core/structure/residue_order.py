"""Which atoms of a file make up a residue, and which residues a chain.

A residue is chain, number and insertion code, whatever stands between its atoms and whatever their
segment is. If atoms of one name come twice, the file names several chains alike: the further ones
get names of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.structure.chemistry import one_letter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BACKBONE = {"N", "CA", "C"}
_NUMBER = re.compile(r"-?\d+")
_AFTER_NUMBERS = 10**6


@dataclass(frozen=True)
class AtomLabels:
    """What the atom records of a file say of where their atoms belong, in file order.

    Texts may be bytes in Latin-1 with blanks around them, as the columns of a PDB file hold them.
    """

    models: np.ndarray  # (n_atoms,) coordinate model
    chains: np.ndarray  # (n_atoms,) str
    residue_ids: np.ndarray  # (n_atoms,) str, number + insertion code
    names: np.ndarray  # (n_atoms,) str, of the residue
    atom_names: np.ndarray  # (n_atoms,) str
    altlocs: np.ndarray  # (n_atoms,) str, empty if there is none
    segments: np.ndarray  # (n_atoms,) str
    breaks: np.ndarray  # (n_atoms,) bool, whether a chain ends before the atom

    def protein(self) -> np.ndarray:
        """Tell which atoms belong to amino acids, shape (n_atoms,), bool."""
        firsts = heads(self.names)
        names = self.names[firsts].tolist()
        known = {name: one_letter(text(name)) != "X" for name in set(names)}
        for name in [name for name, is_known in known.items() if not is_known]:
            atom_names = np.unique(self.atom_names[self.names == name])
            known[name] = set(map(text, atom_names)) >= _BACKBONE
        lengths = np.diff(firsts, append=len(self.names))
        return np.repeat(np.array([known[name] for name in names], bool), lengths)


@dataclass(frozen=True)
class Arrangement:
    """Labels that tell all residues apart, and the order that puts their atoms together."""

    order: list[int]  # rows of the atoms
    polymer_ends: set[int]  # rows of atoms after which a chain's polymer ends
    chains: np.ndarray  # (n_atoms,) object, names by row of the atom in the file
    segments: np.ndarray  # (n_atoms,) object
    copies: dict[str, str]  # new name of a chain to its name in the file


@dataclass(frozen=True)
class _Piece:
    """Neighbouring atoms of one residue."""

    model: object
    chain: str
    residue_id: str
    name: str
    segment: str
    broken: bool  # a chain ends before it
    rows: np.ndarray  # (n_atoms,) int
    labels: AtomLabels

    @property
    def number(self) -> int:
        """The residue number; numbers of letters (hybrid-36) follow all others."""
        found = _NUMBER.match(self.residue_id)
        return int(found[0]) if found else _AFTER_NUMBERS

    @cached_property
    def atoms(self) -> set[tuple[str, str]]:
        """The names and alternate locations of its atoms."""
        columns = self.labels.atom_names[self.rows], self.labels.altlocs[self.rows]
        return set(zip(*(map(text, column) for column in columns), strict=True))


@dataclass
class _Part:
    """Pieces of the residues of one chain."""

    pieces: list[_Piece] = field(default_factory=list)
    atoms: dict[str, set[tuple[str, str]]] = field(default_factory=dict)  # by residue id
    segments: set[str] = field(default_factory=set)

    def clashes(self, run: Iterable[_Piece]) -> bool:
        """Tell whether an atom of a run is here already."""
        return any(p.residue_id in self.atoms and p.atoms & self.atoms[p.residue_id] for p in run)

    def add(self, run: Iterable[_Piece]) -> None:
        """Take the pieces of a run."""
        for piece in run:
            self.pieces.append(piece)
            self.atoms.setdefault(piece.residue_id, set()).update(piece.atoms)
            self.segments.add(piece.segment)

    def residues(self) -> list[list[_Piece]]:
        """Gather the pieces of each residue; alternative amino acids stand side by side."""
        found: dict[str, dict[str, list[_Piece]]] = {}
        for piece in self.pieces:
            found.setdefault(piece.residue_id, {}).setdefault(piece.name, []).append(piece)
        return [pieces for names in found.values() for pieces in names.values()]


def text(value: str | bytes) -> str:
    """Return a text of `AtomLabels` as it is meant."""
    return (value.decode("latin-1") if isinstance(value, bytes) else str(value)).strip()


def heads(column: np.ndarray) -> np.ndarray:
    """Return the rows of a column that differ from the row before, shape (n_heads,), int."""
    changes = np.ones(len(column), bool)
    changes[1:] = column[1:] != column[:-1]
    return np.flatnonzero(changes)


def texts(column: np.ndarray) -> np.ndarray:
    """Return a column of `AtomLabels` as it is meant, shape (n_atoms,), object."""
    return np.array([text(value) for value in column.tolist()], object)


def arrange(labels: AtomLabels, segments_name_chains: bool) -> Arrangement | None:
    """Find the residues and chains of a file.

    Parameters
    ----------
    labels : AtomLabels
        Labels of all atoms.
    segments_name_chains : bool
        Whether the segment names a chain that has no name.

    Returns
    -------
    Arrangement or None
        None if the labels tell the residues apart and the atoms of each stand together, as they do
        in most files.
    """
    protein = labels.protein()
    rows = np.flatnonzero(protein)
    starts = _starts(rows, labels)
    nameless = segments_name_chains and _have_segments_only(rows[starts], labels)
    if not nameless and _are_all_different(rows[starts], labels):
        return None
    pieces = _pieces(rows, starts, labels)
    if not nameless and _are_arranged(pieces):
        return None
    parts = _parts(pieces)
    names = _Names(labels, segments_name_chains and _all_have_segments(parts))
    models: dict[object, list[int]] = {model: [] for model in labels.models.tolist()}
    ends: set[int] = set()
    for part in parts:
        placed = names.place(part)
        models[part.pieces[0].model] += placed
        ends.add(placed[-1])
    for row in np.flatnonzero(~protein).tolist():
        models[labels.models[row]].append(row)
    order = [row for rows in models.values() for row in rows]
    return Arrangement(order, ends, names.chains, names.segments, names.copies)


def _starts(rows: np.ndarray, labels: AtomLabels) -> np.ndarray:
    """Tell where anything but the atom's name changes among atoms, given by their rows.

    Returns
    -------
    ndarray, shape (n_pieces,), int
        Places in `rows` at which a piece begins.
    """
    changes = np.diff(rows, prepend=-2) > 1
    changes |= labels.breaks[rows]
    names = (labels.chains, labels.residue_ids, labels.names, labels.segments)
    for column in (labels.models, *names):
        here = column[rows]
        changes[1:] |= here[1:] != here[:-1]
    return np.flatnonzero(changes)


def _have_segments_only(firsts: np.ndarray, labels: AtomLabels) -> bool:
    """Tell whether an atom of some rows has a segment and no chain."""
    named = np.array([bool(text(name)) for name in np.unique(labels.chains[firsts])])
    if named.all():
        return False
    pairs = zip(labels.chains[firsts], labels.segments[firsts], strict=True)
    return any(text(segment) and not text(chain) for chain, segment in pairs)


def _are_all_different(firsts: np.ndarray, labels: AtomLabels) -> bool:
    """Tell whether pieces, given by their first atoms, have residue ids of their own.

    This is so in most files, and cheaper to tell than whether they are arranged.
    """
    columns = (labels.models, labels.chains, labels.residue_ids)
    places = set(zip(*(column[firsts].tolist() for column in columns), strict=True))
    return len(places) == len(firsts)


def _pieces(rows: np.ndarray, starts: np.ndarray, labels: AtomLabels) -> list[_Piece]:
    """Make the pieces that begin at some places among atoms, given by their rows."""
    if not len(rows):
        return []
    columns = (labels.chains, labels.residue_ids, labels.names, labels.segments)
    firsts = rows[starts]
    values = zip(*(map(text, column[firsts]) for column in columns), strict=True)
    heads = zip(labels.models[firsts].tolist(), labels.breaks[firsts].tolist(), strict=True)
    groups = np.split(rows, starts[1:])
    return [
        _Piece(model, chain, residue_id, name, segment, broken, group, labels)
        for (model, broken), (chain, residue_id, name, segment), group in zip(
            heads, values, groups, strict=True
        )
    ]


def _are_arranged(pieces: list[_Piece]) -> bool:
    """Tell whether each residue is in one piece; alternative amino acids may follow each other."""
    places: set[tuple[object, ...]] = set()
    last: _Piece | None = None
    for piece in pieces:
        place = (piece.model, piece.chain, piece.residue_id)
        follows = last is not None and place == (last.model, last.chain, last.residue_id)
        if place in places and not (follows and last is not None and _alternate(last, piece)):
            return False
        places.add(place)
        last = piece
    return True


def _alternate(one: _Piece, other: _Piece) -> bool:
    """Tell whether two neighbouring pieces of one number are residues of different names."""
    return one.name != other.name and one.segment == other.segment and not other.broken


def _parts(pieces: list[_Piece]) -> list[_Part]:
    """Divide pieces into chains in which no atom comes twice."""
    chains: dict[tuple[object, str], list[_Part]] = {}
    for run in _runs(pieces):
        parts = chains.setdefault((run[0].model, run[0].chain), [])
        free = [part for part in parts if not part.clashes(run)]
        same = [part for part in free if run[0].segment in part.segments]
        if not free:
            parts.append(_Part())
        chosen = (same or free or parts)[-1]
        chosen.add(run)
    return [part for parts in chains.values() for part in parts]


def _runs(pieces: list[_Piece]) -> Iterator[list[_Piece]]:
    """Divide pieces where the chain changes or ends, the number falls or another segment begins."""
    run: list[_Piece] = []
    for piece in pieces:
        if run and _breaks(run[-1], piece):
            yield run
            run = []
        run.append(piece)
    if run:
        yield run


def _breaks(last: _Piece, piece: _Piece) -> bool:
    other_segment = piece.segment and last.segment and piece.segment != last.segment
    other_chain = piece.chain != last.chain or piece.model != last.model
    return bool(other_chain or piece.broken or piece.number < last.number or other_segment)


def _all_have_segments(parts: list[_Part]) -> bool:
    """Tell whether each residue of the chains without a name has a segment."""
    residues = (residue for p in parts if not p.pieces[0].chain for residue in p.residues())
    return all(any(piece.segment for piece in residue) for residue in residues)


class _Names:
    """The names that chains and residues get, by row of the atom in the file."""

    def __init__(self, labels: AtomLabels, segments_name_chains: bool) -> None:
        self.chains = texts(labels.chains)
        self.segments = texts(labels.segments)
        self.copies: dict[str, str] = {}
        self._in_file = set(self.chains.tolist())
        self._segments_name_chains = segments_name_chains
        self._used: dict[object, set[str]] = {}  # names of a model's chains

    def place(self, part: _Part) -> list[int]:
        """Name a chain and its residues; return the rows of its atoms in their new order."""
        rows: list[int] = []
        new_names: dict[str, str] = {}
        used = self._used.setdefault(part.pieces[0].model, set())
        for residue in part.residues():
            segment = next((p.segment for p in residue if p.segment), "")
            chain = self._own_name(residue[0].chain, segment)
            if chain not in new_names:
                new_names[chain] = self._free_name(chain, used)
            here = [row for piece in residue for row in piece.rows.tolist()]
            self.chains[here], self.segments[here] = new_names[chain], segment
            rows += here
        used.update(new_names.values())
        return rows

    def _own_name(self, chain: str, segment: str) -> str:
        """Name a chain as the file does: by its segment if it has no other name."""
        nameless = self._segments_name_chains and not chain and segment not in self._in_file
        return segment if nameless else chain

    def _free_name(self, chain: str, used: set[str]) -> str:
        """Name a copy A-2, A-3 and so on, unless that name is taken."""
        if chain not in used:
            return chain
        others = self._in_file | used
        number = 2
        while (name := f"{chain or '_'}-{number}") in others:
            number += 1
        self.copies[name] = chain
        return name
