"""Residues of which a user knows something, from names to rows and back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.errors import SelectionError
from sasnet_core.results.partner import SIDES, residue_key, stretches
from sasnet_core.scoring.known import Known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.results.partner import Partner

#: Options, and what they say of their residues.
WORDS = {
    "include": "in the interface",
    "exclude": "not in the interface",
    "mask": "out of reach",
}
_FORM = re.compile(
    r"(?:(?P<side>left|right):)?(?P<chain>[^:]*):(?P<first>-?\d+[A-Za-z]?)(?:-(?P<last>-?\d+[A-Za-z]?))?"
)


def find_known(named: dict[str, str], sides: Sequence[Partner]) -> Known | None:
    """Find the residues that options name.

    Parameters
    ----------
    named : dict
        Of `WORDS`, to lists like ``left:A:45-52,B:7A``.
    sides : sequence
        Left and right, each with its `side` and its `protein`.

    Returns
    -------
    Known or None
        None if nothing is named.

    Raises
    ------
    SelectionError
        A name fits no residue, or both sides, or a residue is said to be in the interface and not.
    """
    rows = {option: _rows_of(option, text, sides) for option, text in named.items() if text}
    if not rows:
        return None
    for side, partner in enumerate(sides):
        taken: dict[int, str] = {}
        for option, found in rows.items():
            for row in found[side].tolist():
                if taken.setdefault(row, option) != option:
                    raise SelectionError(
                        f"a residue can be named by one of --{taken[row]} and --{option} only, "
                        f"{partner.side}:{_label(partner, row)} is in both; remove it from one"
                    )
        barred = sum(len(rows[option][side]) for option in ("exclude", "mask") if option in rows)
        if barred >= partner.protein.n_residues:
            raise SelectionError(
                f"residues that may be in the interface are needed on the {partner.side}, "
                "--exclude and --mask name all; name fewer"
            )
    none = Known()
    return Known(
        rows.get("include", none.included),
        rows.get("exclude", none.excluded),
        rows.get("mask", none.masked),
    )


def _rows_of(option: str, text: str, sides: Sequence[Partner]) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of each side that a list names."""
    found: dict[str, set[int]] = {side: set() for side in SIDES}
    for name in text.split(","):
        side, rows = _find(option, name.strip(), sides)
        found[side].update(rows)
    left, right = (np.array(sorted(found[side]), np.int64) for side in SIDES)
    return left, right


def _find(option: str, name: str, sides: Sequence[Partner]) -> tuple[str, list[int]]:
    form = _FORM.fullmatch(name)
    if form is None:
        raise SelectionError(
            f"--{option} needs residues like A:52A, left:A:52A or A:45-52, got {name!r}"
        )
    meant = [partner for partner in sides if form["side"] in (None, partner.side)]
    found = {partner.side: _rows(partner, form) for partner in meant}
    fitting = [side for side, rows in found.items() if rows]
    if not fitting:
        raise SelectionError(
            f"--{option} needs predicted residues, there is no {name!r} on the "
            f"{' or '.join(found)}; sasnet_predict without --{option} lists them in residues.csv"
        )
    if len(fitting) > 1:
        raise SelectionError(
            f"--{option} needs residues of one side, {name!r} is on both; write left:{name} or "
            f"right:{name}"
        )
    return fitting[0], found[fitting[0]]


def _rows(partner: Partner, form: re.Match[str]) -> list[int]:
    """Find the rows from a residue to another of a chain, by number and insertion code."""
    protein = partner.protein
    chain = form["chain"]
    if chain == "_" and "_" not in protein.chain_ids.tolist():
        chain = ""
    inside = np.flatnonzero(protein.chain_ids == chain).tolist()
    if form["last"] is None:
        return [row for row in inside if protein.residue_ids[row] == form["first"]]
    first, last = _place(form["first"], ""), _place(form["last"], "~")
    return [row for row in inside if first <= _place(str(protein.residue_ids[row]), "") <= last]


def _place(residue_id: str, code: str) -> tuple[int, str]:
    """Return number and insertion code, the given one if there is none."""
    number = residue_id.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    return int(number), residue_id[len(number) :] or code


def _label(partner: Partner, row: int) -> str:
    return f"{partner.protein.chain_ids[row] or '_'}:{partner.protein.residue_ids[row]}"


def _named_rows(known: Known) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return dict(zip(WORDS, (known.included, known.excluded, known.masked), strict=True))


def known_values(known: Known, sides: Sequence[Partner]) -> dict[str, list[dict[str, Any]]]:
    """Return what is known as result.json has it: by option, side and place of each residue."""
    columns = ("chain", "number", "insertion_code", "name")
    return {
        option: [
            {
                "side": partner.side,
                **dict(zip(columns, residue_key(partner.protein, row), strict=True)),
            }
            for partner, found in zip(sides, rows, strict=True)
            for row in found.tolist()
        ]
        for option, rows in _named_rows(known).items()
    }


def known_lines(known: Known, sides: Sequence[Partner]) -> list[str]:
    """Say in words what was taken as known, a line for each option and side."""
    return [
        f"taken as {WORDS[option]} ({partner.side}): {', '.join(_ranges(partner, found.tolist()))}"
        for option, rows in _named_rows(known).items()
        for partner, found in zip(sides, rows, strict=True)
        if len(found)
    ]


def _ranges(partner: Partner, rows: list[int]) -> list[str]:
    """Name rows, those that follow one another in a chain together."""
    return [
        _label(partner, group[0])
        + (f"-{partner.protein.residue_ids[group[-1]]}" if len(group) > 1 else "")
        for group in stretches(partner.protein, rows)
    ]
