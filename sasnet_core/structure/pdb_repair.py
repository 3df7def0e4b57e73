"""Check and repair the atom records of a PDB file before gemmi reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.errors import StructureError

if TYPE_CHECKING:
    from pathlib import Path

#: Columns 77 to 80 of an ATOM record in the PDB format: element, then charge.
_ELEMENT_AND_CHARGE = re.compile(rb"^[ A-Za-z][A-Za-z ](  |[0-9][+-]|[+-][0-9]|)$")
#: Columns of an atom record, counted from 0: three coordinates; element and charge.
_CHECKED_COLUMNS = np.array([*range(30, 54), *range(76, 80)])


def clean_records(path: Path, text: bytes) -> bytes:
    """Clean the atom records of a PDB file; correct ones stay as they are.

    Parameters
    ----------
    path : Path
        The file that the text comes from, for messages.
    text : bytes
        The file, unpacked.

    Raises
    ------
    StructureError
        A coordinate is not a number.
    """
    if b"\r" in text:
        text = b"\n".join(text.splitlines())
    letters = np.frombuffer(text + b"\n" + b" " * 80, np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))
    starts = np.concatenate([[0], ends[:-1] + 1])
    atoms = np.isin(letters[starts], list(b"AH")) & np.isin(letters[starts + 1], list(b"TE"))
    starts, ends = starts[atoms], ends[atoms]
    fields = np.lib.stride_tricks.sliding_window_view(letters, 80)[starts][:, _CHECKED_COLUMNS]
    fields[_CHECKED_COLUMNS >= (ends - starts)[:, None]] = ord(" ")
    pieces, done = [], 0
    for row in np.flatnonzero(~_are_usual(fields)).tolist():
        line = text[starts[row] : ends[row]]
        pieces += [text[done : starts[row]], _clean_record(path, line)]
        done = ends[row]
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
    """Check an atom record's coordinates, and blank junk in its columns 73 to 80.

    Gemmi reads coordinates that are not numbers as 0. It refuses the text that the docking
    benchmark's files have in the columns of element and charge.
    """
    if line[:6] not in (b"ATOM  ", b"HETATM"):
        return line
    try:
        for start in (30, 38, 46):
            float(line[start : start + 8])
    except ValueError:
        record = line.decode("ascii", "replace").rstrip()
        raise StructureError(
            f"{path}: columns 31 to 54 must hold three coordinates, found {record!r}; "
            "repair the file"
        ) from None
    tail = line[76:80].rstrip()
    if tail and not _ELEMENT_AND_CHARGE.match(tail.ljust(2)):
        return line[:72]
    return line
