"""Chains, residues and segments of PDB files whose columns do not tell them apart."""

from __future__ import annotations

import itertools
import re
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.errors import StructureError
from sasnet_core.structure.chemistry import usual_name
from sasnet_core.structure.residue_order import AtomLabels, arrange, heads, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sasnet_core.structure.residue_order import Arrangement

#: Columns of an atom record, counted from 0.
_ATOM, _ALTLOC, _RESIDUE, _CHAIN = slice(12, 16), slice(16, 17), slice(17, 20), slice(20, 22)
_RESIDUE_ID, _SEGMENT = slice(22, 27), slice(72, 76)
#: The same if the name of a residue has four letters.
_LONG_RESIDUE, _LETTER = slice(17, 21), slice(21, 22)
#: Records that belong to the atom before them.
_ATTACHED = (b"ANISOU", b"SIGATM", b"SIGUIJ")
_WIDTH = 80
#: A residue number; beyond 9999 in hybrid-36, whose small letters gemmi takes for capitals.
_NUMBER = re.compile(r" *-?\d+ *|[A-Z][0-9A-Z]{3}")
_LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits


@dataclass
class Codes:
    """Short codes in the columns of a PDB file, for names that do not fit into them.

    Attributes
    ----------
    width : int
        Letters of a code.
    used : set of str
        Names that are no codes.
    names : dict
        Code to name.
    """

    width: int
    used: set[str]
    names: dict[str, str] = field(default_factory=dict)
    _codes: dict[str, str] = field(default_factory=dict)

    def code(self, name: str) -> str:
        """Return what to write for a name: itself, if it fits."""
        if len(name) <= self.width and name.isascii():
            return name
        if name not in self._codes:
            self._codes[name] = self._free()
            self.names[self._codes[name]] = name
        return self._codes[name]

    def _free(self) -> str:
        letters = itertools.product(_LETTERS, repeat=self.width)
        free = (code for code in map("".join, letters) if code not in self.used)
        try:
            found = next(free)
        except StopIteration:
            raise StructureError("too many names for a PDB file; use an mmCIF file") from None
        self.used.add(found)
        return found


@dataclass(frozen=True)
class Relabelled:
    """Names that codes in a PDB text stand for."""

    chains: dict[str, str] = field(default_factory=dict)
    residues: dict[str, str] = field(default_factory=dict)
    segments: dict[str, str] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)  # new chain name to that in the file


class Records:
    """The atom records in the text of a PDB file, as columns.

    Attributes
    ----------
    atoms : ndarray, shape (n_atoms,), int
        Numbers of their lines, from 0.
    """

    def __init__(self, content: bytes) -> None:
        self._text = np.frombuffer(content + b"\n" + b" " * _WIDTH, np.uint8)
        ends = np.flatnonzero(self._text == ord("\n"))
        starts = np.concatenate([[0], ends[:-1] + 1])
        self._starts = starts
        self.atoms = np.flatnonzero(self._begin(starts, b"ATOM") | self._begin(starts, b"HETA"))
        self._lengths = (ends - starts)[self.atoms]
        self._shortest = int(self._lengths.min(initial=_WIDTH))

    def _begin(self, starts: np.ndarray, word: bytes) -> np.ndarray:
        """Tell which lines begin with a word, whatever its case."""
        found = np.ones(len(starts), bool)
        for place, letter in enumerate(word):
            found &= (self._text[starts + place] & 0xDF) == letter
        return found

    def letters(self, place: int) -> np.ndarray:
        """Return the byte in a column, blank beyond the end of a line; shape (n_atoms,), uint8."""
        found = self._text[self._starts[self.atoms] + place]
        return found if place < self._shortest else np.where(place < self._lengths, found, ord(" "))

    def column(self, place: slice) -> np.ndarray:
        """Return the texts in some columns, shape (n_atoms,), bytes."""
        letters = np.stack([self.letters(k) for k in range(place.start, place.stop)], axis=1)
        return letters.astype(np.uint8).view(f"S{place.stop - place.start}")[:, 0]

    def models(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the coordinate model of each atom, and whether a TER stands before it."""
        heads = [self._begin(self._starts, word) for word in (b"MODEL", b"TER")]
        models, ends = (np.cumsum(found)[self.atoms] for found in heads)
        return models, np.diff(ends, prepend=0) > 0


def relabel(path: Path, content: bytes) -> tuple[bytes, Relabelled]:
    """Write the atom records of a PDB file so that gemmi finds its chains and residues.

    Parameters
    ----------
    path : Path
        The file that the text comes from, for messages.
    content : bytes
        The file, cleaned by `pdb_repair`.

    Returns
    -------
    content : bytes
        The same if its columns tell all residues apart. Otherwise the atoms of a residue stand
        together, and columns may hold codes.
    relabelled : Relabelled
        What the codes stand for.

    Raises
    ------
    StructureError
        A residue number is none, or the file has more names than there are codes.
    """
    records = Records(content)
    labels = _labels(records)
    _check_numbers(path, labels)
    arrangement = arrange(labels, segments_name_chains=True)
    if arrangement is None and content.isascii() and not _has_four_letters(labels):
        return content, Relabelled()
    try:
        return _relabelled(content.split(b"\n"), records.atoms.tolist(), labels, arrangement)
    except StructureError as error:
        raise StructureError(f"{path}: {error}") from None


def _relabelled(
    lines: list[bytes], rows: list[int], labels: AtomLabels, arrangement: Arrangement | None
) -> tuple[bytes, Relabelled]:
    """Write names and codes into records, and put the records into their order."""
    columns = (
        texts(labels.chains) if arrangement is None else arrangement.chains,
        texts(labels.names),
        texts(labels.segments) if arrangement is None else arrangement.segments,
    )
    codes = [Codes(width, set(names)) for width, names in zip((2, 3, 4), columns, strict=True)]
    for place, *names in zip(rows, *columns, strict=True):
        written = (kind.code(name) for kind, name in zip(codes, names, strict=True))
        lines[place] = _record(lines[place], *written)
    copies = {} if arrangement is None else arrangement.copies
    if arrangement is not None:
        lines = list(_ordered(lines, rows, labels, arrangement))
    chains, residues, segments = (kind.names for kind in codes)
    return b"\n".join(lines), Relabelled(chains, residues, segments, copies)


def _labels(records: Records) -> AtomLabels:
    models, breaks = records.models()
    chains, names = records.column(_CHAIN), records.column(_RESIDUE)
    long = _has_long_name(records)
    if long.any():
        chains = np.where(long, records.column(_LETTER), chains)
        names = np.where(long, records.column(_LONG_RESIDUE), names)
    return AtomLabels(
        models=models,
        chains=chains,
        residue_ids=records.column(_RESIDUE_ID),
        names=names,
        atom_names=records.column(_ATOM),
        altlocs=records.column(_ALTLOC),
        segments=records.column(_SEGMENT),
        breaks=breaks,
    )


def _check_numbers(path: Path, labels: AtomLabels) -> None:
    """Raise StructureError if the number of an amino acid is none; gemmi reads any text as one."""
    for residue_id in set(labels.residue_ids[heads(labels.residue_ids)].tolist()):
        number = residue_id[:4].decode("latin-1")
        if _NUMBER.fullmatch(number) or not number.strip():  # `reading` names what has no number
            continue
        if (labels.protein() & (labels.residue_ids == residue_id)).any():
            raise StructureError(
                f"{path}: columns 23 to 26 must hold a residue number (hybrid-36: A000 to ZZZZ), "
                f"found {number!r}; renumber the residues"
            )


def _has_long_name(records: Records) -> np.ndarray:
    """Tell residue names of four letters from chain names of two; both use column 21.

    A letter there belongs to the names if it makes all names before it ones that a force field
    uses; shape (n_atoms,), bool.
    """
    letters = records.letters(_CHAIN.start)
    long = np.zeros(len(letters), bool)
    if (letters == ord(" ")).all():
        return long
    names = records.column(_LONG_RESIDUE)
    for letter in set(np.unique(letters).tolist()) - {ord(" ")}:
        here = letters == letter
        found = np.unique(names[here])
        long |= here & all(usual_name(text(name)) != text(name) for name in found)
    return long


def _has_four_letters(labels: AtomLabels) -> bool:
    """Tell whether the name of a residue has four letters."""
    return labels.names.dtype.itemsize > 3 and any(len(text(n)) > 3 for n in set(labels.names))


def _record(line: bytes, chain: str, residue: str, segment: str) -> bytes:
    """Write names into the columns of an atom record; what else is not ASCII becomes ``?``."""
    line = line.ljust(76)
    pieces = (
        line[:17], residue.rjust(3).encode(), chain.rjust(2).encode(), line[22:72],
        segment.ljust(4).encode(), line[76:],
    )  # fmt: skip
    return b"".join(pieces).decode("ascii", "replace").replace("\ufffd", "?").encode()


def _ordered(
    lines: list[bytes], rows: list[int], labels: AtomLabels, arrangement: Arrangement
) -> Iterator[bytes]:
    """Yield the lines of a file, its atoms in their new order in each coordinate model."""
    has_ends = bool(labels.breaks.any())
    done = 0
    for _, atoms in itertools.groupby(arrangement.order, labels.models.__getitem__):
        group = list(atoms)
        places = [rows[row] for row in group]
        yield from _between(lines[done : min(places)])
        for row, place in zip(group, places, strict=True):
            yield lines[place]
            while (place := place + 1) < len(lines) and lines[place].startswith(_ATTACHED):
                yield lines[place]
            if has_ends and row in arrangement.polymer_ends:
                yield b"TER"
        done = max(places) + 1
    yield from _between(lines[done:])


def _between(lines: list[bytes]) -> Iterator[bytes]:
    """Yield the lines around the atoms, without those that belong to one of them."""
    return (line for line in lines if not line.startswith((b"TER", *_ATTACHED)))
