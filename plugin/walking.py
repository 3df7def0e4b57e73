"""Explore the interface: highlight a residue and the partner residues that score best with it.

Of single pairs, even the best ones, only a few per cent are contacts. What is highlighted are
likely interface residues of the partner, not atoms that touch.
"""

from __future__ import annotations

from typing import Any

from pymol import CmdException
from pymol import cmd as _cmd

from . import lines, selections
from .bound_results import BoundResult
from .child_result import SIDES

PICKED, PARTNERS, LINES = "sasnet_picked", "sasnet_partners", "sasnet_walk"
#: What was clicked in the viewer.
CLICKED = "_sasnet_clicked"
#: What `PARTNERS` held before PyMOL let a click change it.
_LIT = "_sasnet_lit"
#: At most this many residues of the partner are highlighted.
MOST = 8


def other(side: str) -> str:
    """Return the other side."""
    return SIDES[1 - SIDES.index(side)]


def find(result: BoundResult, selection: str, _self: Any = _cmd) -> tuple[str, int]:
    """Return side and row of the first residue of a selection that has a prediction.

    Raises
    ------
    pymol.CmdException
        None of them has one.
    """
    for side in result.partners:
        found: list[tuple] = []
        _self.iterate(
            f"?{result.partners[side].name} and ({selection})",
            "found.append((segi, chain, resi))",
            space={"found": found},
        )
        rows = {key: row for row, key in enumerate(result.keys[side])}
        for key in found:
            if key in rows:
                return side, rows[key]
    if selection == CLICKED:
        raise CmdException(f"{result.name} has no prediction for the clicked residue")
    raise CmdException(f"{result.name} has no prediction for a residue of '{selection}'")


def light(result: BoundResult, side: str, row: int, _self: Any = _cmd) -> list[tuple[int, float]]:
    """Highlight a residue and the partner residues that score best with it.

    Creates the selections "sasnet_picked" and "sasnet_partners", the latter enabled (PyMOL shows
    one selection at a time), and the lines between them.

    Returns
    -------
    list of (int, float)
        Rows and scores of the partners, best first; none of one protein alone.
    """
    partners = result.best_partners(side, row, MOST)
    selections.mark(PICKED, result.partners[side], {result.keys[side][row]}, _self)
    if result.child_result.scores is None:
        selections.mark(PARTNERS, result.partners[side], set(), _self)
        _light_up(_self)
        return []
    across = other(side)
    keys = {result.keys[across][place] for place, _ in partners}
    selections.mark(PARTNERS, result.partners[across], keys, _self)
    pairs = [(row, place, score) for place, score in partners]
    if side == "right":
        pairs = [(place, own, score) for own, place, score in pairs]
    lines.draw(result, pairs, LINES, _self)
    _light_up(_self)
    return partners


def light_pair(result: BoundResult, left: int, right: int, _self: Any = _cmd) -> None:
    """Highlight one residue of each side, and draw the line between them."""
    score = result.child_result.scores.at(left, right)
    for name, side, row in ((PICKED, "left", left), (PARTNERS, "right", right)):
        selections.mark(name, result.partners[side], {result.keys[side][row]}, _self)
    lines.draw(result, [(left, right, score)], LINES, _self)
    _light_up(_self)


def await_click(_self: Any = _cmd) -> None:
    """Let the next click in the viewer change `PARTNERS`, no selection of the user's.

    PyMOL adds what is clicked to the enabled selection, or takes it out if it is there already.
    """
    if PARTNERS in _self.get_names("selections"):
        _self.select(PARTNERS, f"?{_LIT}", enable=1, quiet=1)
    else:
        _self.select(PARTNERS, "none", enable=1, quiet=1)
        _light_up(_self)


def take_click(_self: Any = _cmd) -> None:
    """Make `CLICKED` of what the click has changed, and undo the change."""
    _self.select(
        CLICKED,
        f"(?{PARTNERS} and not ?{_LIT}) or (?{_LIT} and not ?{PARTNERS})",
        enable=0,
        quiet=1,
    )
    await_click(_self)


def _light_up(_self: Any) -> None:
    _self.select(_LIT, PARTNERS, enable=0, quiet=1)
    _self.enable(PARTNERS)


def zoom(_self: Any = _cmd) -> None:
    """Zoom to the highlighted residues."""
    _self.zoom(f"?{PICKED} or ?{PARTNERS}", 6, animate=0.3)


def lights_out(_self: Any = _cmd) -> None:
    """Delete the selections and lines."""
    for name in (PICKED, PARTNERS, LINES, _LIT, CLICKED):
        _self.delete(name)
