"""The patches and the likely interface as named selections."""

from __future__ import annotations

from typing import Any

from pymol import cmd as _cmd

from . import selections
from .bound_results import BoundResult
from .child_result import ALONE, SIDES

#: Patches of each side that have a selection; both sides' patches of one rank share it.
MOST_PATCHES = 3


def patch_name(rank: int) -> str:
    """Return the name of the selection of the patches of a rank."""
    return f"sasnet_patch_{rank}"


def select_patches(result: BoundResult, _self: Any = _cmd) -> None:
    """Select the first patches of both sides; one of a side is ``sasnet_patch_1 and chain D``."""
    for rank in range(1, MOST_PATCHES + 1):
        patches = [patch for patch in result.child_result.patches if patch.rank == rank]
        _self.delete(patch_name(rank))
        if patches:
            parts = [(result.partners[p.side], result.patch_keys(p)) for p in patches]
            selections.mark_all(patch_name(rank), parts, _self)


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
    for side in (*SIDES, ALONE):
        if side not in result.partners:
            _self.delete(f"sasnet_{side}_interface")
            continue
        residues = result.interface(side, threshold)
        selections.mark(f"sasnet_{side}_interface", result.partners[side], residues, _self)
        counts[side] = len(residues)
    return counts
