"""The likely interface as two named selections."""

from __future__ import annotations

from typing import Any

from pymol import cmd as _cmd

from . import selections
from .bound_results import BoundResult
from .child_result import SIDES


def select(
    result: BoundResult, threshold: float | None = None, _self: Any = _cmd
) -> dict[str, int]:
    """Select the residues of each side that reach a threshold.

    Parameters
    ----------
    result : BoundResult
        Whose atoms are there.
    threshold : float, optional
        That of the result when left out.

    Returns
    -------
    dict
        Number of residues of each side.
    """
    counts = {}
    for side in SIDES:
        residues = result.interface(side, threshold)
        selections.mark(f"sasnet_{side}_interface", result.partners[side], residues, _self)
        counts[side] = len(residues)
    return counts
