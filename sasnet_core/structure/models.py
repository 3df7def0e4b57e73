"""The coordinate models of a file one after another, such as the poses of a docking program."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sasnet_core.errors import StructureError
from sasnet_core.structure import reading
from sasnet_core.structure.opening import plain_text, read_bytes, unpack
from sasnet_core.structure.recognize import MMCIF, find_format

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Begins with a plain text, which is found ten times faster than the start of a line.
_MODEL = re.compile(rb"\nMODEL\b[^\n]*\n")
_MODEL_END = b"\nENDMDL"
_FILE_END = re.compile(rb"^END[ \t]*(?:\n|\Z)", re.MULTILINE)
#: So many bytes mostly show the format of a file.
_BEGINNING = 1 << 20
_ATOM = re.compile(rb"^(?:ATOM|HETATM)", re.MULTILINE)


@dataclass(frozen=True)
class Model:
    """One coordinate model of a file, parsed only when it is asked for.

    Attributes
    ----------
    path : Path
        The file.
    number : int
        Which model, counted from 1 in file order.
    alone : bool
        Whether the file has no other.
    text : bytes
        Of a PDB file: the records of this model, after those before the first model. Of an mmCIF
        file: all of it.
    is_pdb : bool
        Whether it is in the PDB format.
    """

    path: Path
    number: int
    alone: bool
    text: bytes = field(repr=False)
    is_pdb: bool
    _parsed: reading.Structure | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        """The file, and the number of the model unless it is alone."""
        return str(self.path) if self.alone else f"{self.path}:{self.number}"

    def structure(self) -> reading.Structure:
        """Parse the model.

        Raises
        ------
        StructureError
            It is damaged.
        """
        return self._parsed or reading.read_text(self.path, self.text)

    def own_text(self) -> bytes:
        """Return the text of a file that holds this model alone."""
        if self.is_pdb and not self.alone:
            return self.text.rstrip(b"\n") + b"\nEND\n"
        return self.text if self.alone else self.structure().model_text()


def read_models(path: Path) -> Iterator[Model]:
    """Yield the coordinate models of a PDB or mmCIF file, plain or gzipped.

    A PDB file without MODEL records whose atoms are divided by END records, as concatenated files
    are, has a model before each of these.

    Raises
    ------
    StructureError
        The file is missing, empty, damaged or of no known format.
    """
    text = plain_text(unpack(path, read_bytes(path)))
    if _format(path, text) == MMCIF:
        parsed = reading.read_text(path, text).models()
        for number, model in enumerate(parsed, 1):
            yield Model(path, number, len(parsed) == 1, text, False, model)
    else:
        pieces = split_models(text)
        for number, piece in enumerate(pieces, 1):
            yield Model(path, number, len(pieces) == 1, piece, True)


def _format(path: Path, text: bytes) -> str:
    """Tell the format from the beginning if possible: a file of many poses is long."""
    try:
        return find_format(path, text[:_BEGINNING])
    except StructureError:
        return find_format(path, text)


def split_models(text: bytes) -> list[bytes]:
    r"""Divide the text of a PDB file into that of its models; each keeps the records before all.

    Examples
    --------
    >>> split_models(b"TITLE\nMODEL 1\nATOM a\nENDMDL\nMODEL 2\nATOM b\nENDMDL\nEND\n")
    [b'TITLE\nATOM a\n', b'TITLE\nATOM b\n']
    >>> split_models(b"ATOM a\nEND\nATOM b\nEND\n")
    [b'ATOM a\n', b'ATOM b\n']
    """
    text = b"\n" + text
    starts = list(_MODEL.finditer(text))
    if not starts:
        text = text[1:]
        pieces = [piece for piece in _FILE_END.split(text) if _ATOM.search(piece)]
        return pieces if len(pieces) > 1 else [text]
    head = text[1 : starts[0].start() + 1]
    ends = [*(start.start() + 1 for start in starts[1:]), len(text)]
    pieces = []
    for start, end in zip(starts, ends, strict=True):
        closing = text.find(_MODEL_END, start.end() - 1, end)
        pieces.append(head + text[start.end() : end if closing < 0 else closing + 1])
    return [piece for piece in pieces if _ATOM.search(piece)] or [text]
