"""Check and repair the atom records of a PDB file before gemmi reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.errors import StructureError
from sasnet_core.structure.chemistry import element_of
from sasnet_core.structure.opening import as_utf8

if TYPE_CHECKING:
    from pathlib import Path

#: Columns 77 to 80 of an ATOM record in the PDB format: element, then charge.
_ELEMENT_AND_CHARGE = re.compile(rb"^[ A-Za-z][A-Za-z ](  |[0-9][+-]|[+-][0-9]|)$")
#: An element with a charge in another form: without digit, with a blank or in other columns.
_ELEMENT = re.compile(rb"^ *([A-Za-z]{1,2}) *(?:[0-9]*[+-]|[+-][0-9]*|[0-9]?)$")
#: An entry's id and the number of the card, in columns 73 to 80 of files of before 1996.
_CARD = re.compile(rb"[0-9][A-Z0-9]{3} *[0-9]+ *")
#: Columns of an atom record, counted from 0: three coordinates; element and charge.
_CHECKED_COLUMNS = np.array([*range(30, 54), *range(76, 80)])
#: Letters that gemmi knows an atom record by.
_RECORDS = (b"ATOM", b"HETA")
_CONTROL = bytes(code for code in range(32) if code != ord("\n")) + b"\x7f"
_WITHOUT_CONTROL = bytes.maketrans(_CONTROL, b" " * len(_CONTROL))


def one_byte_a_letter(text: bytes) -> bytes:
    r"""Give each letter one byte: gemmi cuts lines at columns, and would cut letters in two.

    Parameters
    ----------
    text : bytes
        The text of a PDB file, with ``\n`` at the end of lines.

    Returns
    -------
    bytes
        Atom records in Latin-1, all other lines in ASCII, with ``?`` for other letters; control
        characters are blanks.
    """
    if _has_control(text):
        text = text.translate(_WITHOUT_CONTROL)
    if text.isascii():
        return text
    return b"\n".join(
        line if line.isascii() else _latin1(line) if is_atom(line) else _ascii(line)
        for line in text.split(b"\n")
    )


def _has_control(text: bytes) -> bool:
    """Tell whether there are control characters other than ends of lines."""
    low = np.count_nonzero(np.frombuffer(text, np.uint8) < ord(" "))
    return bool(low != text.count(b"\n")) or b"\x7f" in text


def is_atom(line: bytes) -> bool:
    """Tell whether gemmi takes a line for an atom record."""
    return line[:4].upper() in _RECORDS


def _ascii(line: bytes) -> bytes:
    """Turn a line of a header to ASCII."""
    return as_utf8(line).decode().encode("ascii", "replace")


def _latin1(line: bytes) -> bytes:
    """Turn a record from UTF-8 to Latin-1, if its coordinates then stand in their columns."""
    try:
        letters = line.decode().encode("latin-1", "replace")
    except UnicodeDecodeError:
        return line
    return letters if _has_coordinates(letters) else line


def clean_records(path: Path, text: bytes) -> bytes:
    """Clean the atom records of a PDB file; correct ones stay as they are.

    Parameters
    ----------
    path : Path
        The file that the text comes from, for messages.
    text : bytes
        The file, unpacked, as `one_byte_a_letter` returns it.

    Raises
    ------
    StructureError
        A coordinate is not a number.
    """
    letters = np.frombuffer(text + b"\n" + b" " * 80, np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))
    starts = np.concatenate([[0], ends[:-1] + 1])
    atoms = np.isin(letters[starts], list(b"AHah")) & np.isin(letters[starts + 1], list(b"TEte"))
    starts, ends = starts[atoms], ends[atoms]
    fields = np.lib.stride_tricks.sliding_window_view(letters, 80)[starts][:, _CHECKED_COLUMNS]
    fields[_CHECKED_COLUMNS >= (ends - starts)[:, None]] = ord(" ")
    spans = [(starts[row], ends[row]) for row in np.flatnonzero(~_are_usual(fields)).tolist()]
    entries = {text[start + 72 : start + 76] for start, end in spans if _is_card(text[start:end])}
    pieces, done = [], 0
    for start, end in spans:
        line = text[start:end]
        if line[72:76] in entries:
            line = line[:72]
        pieces += [text[done:start], _clean_record(path, line)]
        done = end
    return b"".join([*pieces, text[done:], b"\n"])


def _are_usual(fields: np.ndarray) -> np.ndarray:
    """Tell which atom records have the usual form: three ``%8.3f``, an element, no charge.

    Parameters
    ----------
    fields : ndarray, shape (n_records, 28), uint8
        ASCII codes of `_CHECKED_COLUMNS`.

    Returns
    -------
    ndarray, shape (n_records,), bool
        False does not mean that a record is wrong: it must be checked in detail.
    """
    numbers, tails = fields[:, :24].reshape(-1, 3, 8), fields[:, 24:]
    digit = numbers - np.uint8(ord("0")) < 10
    usual = (numbers[..., 4] == ord(".")) & digit[..., 3] & digit[..., 5:].all(axis=-1)
    for place in range(3):  # blanks, then perhaps a minus, then digits
        here = numbers[..., place]
        led_on = (digit[..., place] | (here == ord("-"))) & digit[..., place + 1]
        usual &= (here == ord(" ")) | led_on
    letter = (tails[:, :2] | 0x20) - np.uint8(ord("a")) < 26
    element = letter[:, 1] & (letter[:, 0] | (tails[:, 0] == ord(" ")))
    return usual.all(axis=1) & element & (tails[:, 2:] == ord(" ")).all(axis=1)


def _clean_record(path: Path, line: bytes) -> bytes:
    """Check an atom record's coordinates, and clean what is in its columns 73 to 80.

    Gemmi reads coordinates that are not numbers as 0, and it refuses text other than an element
    and a charge in their columns.
    """
    if not is_atom(line):
        return line
    if not _has_coordinates(line):
        record = line.decode("ascii", "replace").rstrip()
        raise StructureError(
            f"{path}: columns 31 to 54 must hold three coordinates, found {record!r}; "
            "repair the file"
        )
    tail = line[76:80].rstrip()
    if tail and _ELEMENT_AND_CHARGE.match(tail.ljust(2)):
        return line
    if found := _ELEMENT.match(tail):
        return line[:76] + found[1].rjust(2)
    return line[:76].ljust(76) + _element(line)


def _is_card(line: bytes) -> bool:
    return _CARD.fullmatch(line, 72) is not None


def _has_coordinates(line: bytes) -> bool:
    try:
        for start in (30, 38, 46):
            float(line[start : start + 8])
    except ValueError:
        return False
    return b"_" not in line[30:54]


def _element(line: bytes) -> bytes:
    """Take the element of an amino acid's atom from its name; empty if that does not tell.

    Elsewhere, gemmi tells CA (alpha carbon) from CA (calcium) by the column of the name.
    """
    atom, residue = (line[part].decode("latin-1") for part in (slice(12, 16), slice(17, 21)))
    found = element_of(residue[:3], atom.strip()) or element_of(residue, atom.strip())
    return found.rjust(2).encode() if found else b""
