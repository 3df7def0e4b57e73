"""Further poses of proteins that were read: only the coordinates of the same PDB records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.structure.placeholders import ANY_DIRECTION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.structure.protein import Protein

#: Columns of a record, counted from 0.
_WIDTH = 80
_COORDINATES = slice(30, 54)
#: What says which atom a record is: its kind, names, number, occupancy and segment.
_IDENTITY = np.r_[0:6, 12:27, 54:60, 72:76]
#: Coordinates as PDB files have them: eight columns, three decimals.
_POINT = 4
_PLACES = np.array([1e6, 1e5, 1e4, 1e3, 0, 1e2, 1e1, 1e0])
#: Coordinates beyond are left to `reading`, which knows placeholders (angstrom).
_FAR = 9000.0


class SameAtoms:
    """Reads the coordinates of PDB models whose records name the same atoms as those of the first.

    Every rule on atoms was applied to the first, so what holds for it holds for these.

    Parameters
    ----------
    text : bytes
        The first model.
    proteins : sequence of Protein
        Made of it.
    """

    def __init__(self, text: bytes, proteins: Sequence[Protein]) -> None:
        self._proteins = tuple(proteins)
        self._identity, positions = _records(text)
        self._rows = _match(positions, self._proteins)

    def place(self, text: bytes) -> tuple[Protein, ...] | None:
        """Return the proteins as they lie in another model.

        A protein that has not moved is the same object as in the call before, search tree included.

        Returns
        -------
        tuple of Protein or None
            None if the model must be read in full: its records name other atoms, or its coordinates
            are unusual.
        """
        if self._rows is None:
            return None
        identity, positions = _records(text)
        same = identity.shape == self._identity.shape and (identity == self._identity).all()
        if not same or positions is None or not _usual(positions):
            return None
        coords = positions.astype(np.float32)
        self._proteins = tuple(
            _moved(protein, coords[atoms], coords[centers])
            for protein, (atoms, centers) in zip(self._proteins, self._rows, strict=True)
        )
        return self._proteins


def _moved(protein: Protein, coords: np.ndarray, centers: np.ndarray) -> Protein:
    return (
        protein if (coords == protein.coords).all() else protein.with_coordinates(coords, centers)
    )


def _records(text: bytes) -> tuple[np.ndarray, np.ndarray | None]:
    """Return what names the atoms, shape (n_records, n), and their coordinates, (n_atoms, 3).

    Coordinates that are no numbers are None. A TER record is a record without coordinates.
    """
    lines = [line for line in text.split(b"\n") if line.startswith((b"ATOM", b"HETATM", b"TER"))]
    letters = np.array(lines, f"S{_WIDTH}").view(np.uint8).reshape(-1, _WIDTH)
    atoms = letters[letters[:, 0] != ord("T")]
    return letters[:, _IDENTITY], _coordinates(np.ascontiguousarray(atoms[:, _COORDINATES]))


def _coordinates(letters: np.ndarray) -> np.ndarray | None:
    """Read numbers of eight letters, shape (n, 24), uint8."""
    fields = letters.reshape(-1, 8)
    digits = fields - np.uint8(ord("0"))  # others wrap around to 10 or more
    digits[:, _POINT] = np.where(fields[:, _POINT] == ord("."), 0, 10)
    minus = fields == ord("-")
    # Blanks, a sign at most, digits: in this order.
    order = np.where(digits < 10, 2, np.where(minus, 1, 0)).astype(np.int8)
    known = (digits < 10) | minus | (fields == ord(" "))
    in_order = (order[:, 1:] >= order[:, :-1]).all() and (order[:, _POINT - 1] == 2).all()
    if not known.all() or not in_order or minus.sum(axis=1).max(initial=0) > 1:
        return _any_numbers(fields)
    size = np.where(digits < 10, digits, 0) @ _PLACES / 1000
    return np.where(minus.any(axis=1), -size, size).reshape(-1, 3)


def _any_numbers(fields: np.ndarray) -> np.ndarray | None:
    try:
        return np.ascontiguousarray(fields).view("S8").astype(np.float64).reshape(-1, 3)
    except ValueError:
        return None


def _usual(positions: np.ndarray) -> bool:
    """Tell whether no coordinate may be a placeholder."""
    near = bool((np.abs(positions) < _FAR).all())
    return near and len(np.unique(positions @ ANY_DIRECTION)) == len(positions)


def _match(
    positions: np.ndarray | None, proteins: Sequence[Protein]
) -> list[tuple[np.ndarray, np.ndarray]] | None:
    """Find the record of each atom and each CA by its place; None if two records share one."""
    if positions is None:
        return None
    places = [place.tobytes() for place in positions.astype(np.float32)]
    rows = {place: row for row, place in enumerate(places)}
    if len(rows) < len(places):
        return None
    try:
        return [
            (
                np.array([rows[place.tobytes()] for place in protein.coords]),
                np.array([rows[place.tobytes()] for place in protein.centers]),
            )
            for protein in proteins
        ]
    except KeyError:  # not the records that the proteins were made of
        return None
