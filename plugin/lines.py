"""Residue pairs as dashed lines between CA atoms, thick and dark by score."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pymol import CmdException
from pymol import cmd as _cmd

from . import palettes, pymol_session, selections
from .bound_results import BoundResult

GROUP = "sasnet_pairs"
#: Lines of alike scores are one object: each of these steps has a colour and a thickness.
_STEPS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_THINNEST, _THICKEST = 0.06, 0.22  # angstrom

Line = tuple[int, int, float]


def top_pairs(result: BoundResult, count: int, least: float = 0.0) -> list[Line]:
    """Return left row, right row and score of the best pairs, best first."""
    pairs = [(pair.left, pair.right, pair.score) for pair in result.child_result.pairs[:count]]
    return [pair for pair in pairs if pair[2] >= least]


def draw(result: BoundResult, lines: Iterable[Line], group: str = GROUP, _self: Any = _cmd) -> int:
    """Draw lines instead of those of a group; return how many.

    A pair one of whose CA atoms is missing in PyMOL gets none.
    """
    shown = _self.get_names("public_selections", 1)
    _self.delete(group)
    ends = {side: selections.centres(result.partners[side], _self) for side in result.partners}
    drawn: dict[int, int] = {}
    for left, right, score in lines:
        try:
            first = ends["left"][result.keys["left"][left]]
            second = ends["right"][result.keys["right"][right]]
        except KeyError:
            continue
        step = _step(score)
        _connect(f"{group}_{step}", first, second, _self)
        drawn[step] = drawn.get(step, 0) + 1
    for step in drawn:
        _style(f"{group}_{step}", step, _self)
        _self.group(group, f"{group}_{step}")
    for name in shown:  # "distance" has switched these off
        _self.enable(name)
    return sum(drawn.values())


def _step(score: float) -> int:
    return min(sum(score >= edge for edge in _STEPS), len(_STEPS) - 1)


def _connect(name: str, first: tuple[str, int], second: tuple[str, int], _self: Any) -> None:
    one, other = (f"%{model} and index {index}" for model, index in (first, second))
    _self.distance(name, one, other, label=0, quiet=1)


def _style(name: str, step: int, _self: Any) -> None:
    part = step / (len(_STEPS) - 1)
    index = palettes.score_colour_index(part, pymol_session.of(_self).palette)
    _self.color(f"0x{index & 0xFFFFFF:06x}", name)
    _self.set("dash_color", f"0x{index & 0xFFFFFF:06x}", name)
    _self.set("dash_radius", _THINNEST + part * (_THICKEST - _THINNEST), name)
    _self.set("dash_gap", 0.35, name)


def require_count(count: int) -> None:
    """Raise pymol.CmdException unless a number of lines makes sense."""
    if not 0 <= count <= 1000:
        raise CmdException(f"count must be 0 to 1000, got {count}")
