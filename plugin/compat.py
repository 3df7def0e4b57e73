"""What differs between PyMOL 2.5 and 3; the rest of the plugin does not ask for versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pymol import CmdException


def set_property(selection: str, values: Mapping[tuple, float], _self: Any) -> bool:
    """Keep a number with each atom as ``p.sasnet``; return whether this PyMOL can.

    Open-source PyMOL 2 has no atom properties.

    Parameters
    ----------
    selection : str
        Atoms; those without a value lose theirs.
    values : mapping
        (segi, chain, resi) to number.
    """
    return _alter(selection, "p.sasnet = number((segi, chain, resi))", values.get, _self)


def clear_property(selection: str, _self: Any) -> bool:
    """Take ``p.sasnet`` away; return whether this PyMOL has such properties."""
    return _alter(selection, "p.sasnet = number()", lambda: None, _self)


def _alter(selection: str, expression: str, number: Callable, _self: Any) -> bool:
    try:
        _self.alter(selection, expression, space={"number": number})
    except CmdException:
        return False
    return True
