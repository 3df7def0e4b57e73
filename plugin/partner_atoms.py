"""A partner's atoms as PyMOL shows them, and written as mmCIF for a prediction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pymol import CmdException
from pymol import cmd as _cmd

from . import mmcif
from .selections import PartnerSelection

#: What is read of each atom.
_ATOM = "type, segi, chain, resi, resv, resn, name, alt, elem, x, y, z, q, b"
_UNMOVED = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Atoms:
    """Atoms of one object as read from PyMOL.

    Attributes
    ----------
    rows : list of tuple
        The values of `_ATOM` of each atom.
    matrix : tuple of float
        4 x 4, row by row: where the object was moved to.
    """

    rows: list[tuple]
    matrix: tuple[float, ...]


def read_atoms(partner: PartnerSelection, _self: Any = _cmd) -> list[Atoms]:
    """Read a partner's atoms, each object in the state and at the place in which it is shown.

    Raises
    ------
    pymol.CmdException
        An object has no coordinates in its current state.
    """
    found = []
    for model in dict.fromkeys(partner.residues.values()):
        state = _shown_state(partner, model, _self)
        rows: list[tuple] = []
        _self.iterate_state(
            state,
            f"%{partner.name} and %{model}",
            f"rows.append(({_ATOM}))",
            space={"rows": rows},
        )
        if not rows:
            raise _no_coordinates(partner, model)
        found.append(Atoms(rows, tuple(_self.get_object_matrix(model, state))))
    return found


def _shown_state(partner: PartnerSelection, model: str, _self: Any) -> int:
    """Return the state in which an object is shown; objects may have a setting of their own."""
    if _self.count_states(f"%{model}") < 2:
        return 1  # PyMOL shows an object of one state in every state
    try:
        state = _self.get_object_state(model)
    except CmdException:
        raise _no_coordinates(partner, model) from None
    return state if state > 0 else _self.get_state()  # 0: all are shown at once


def _no_coordinates(partner: PartnerSelection, model: str) -> CmdException:
    return CmdException(
        f"{partner.side} partner: object '{model}' has no coordinates in the current state"
    )


def document(partner: PartnerSelection, objects: Iterable[Atoms]) -> str:
    """Return a partner's atoms as mmCIF; does not call PyMOL, so any thread may use it."""
    atoms = [_atom(partner, each.matrix, *row) for each in objects for row in each.rows]
    return mmcif.document(partner.side, atoms)


def _moved(matrix, x, y, z) -> tuple[float, float, float]:
    if matrix == _UNMOVED:
        return x, y, z
    return tuple(
        a * x + b * y + c * z + shift for a, b, c, shift in (matrix[:4], matrix[4:8], matrix[8:12])
    )


def _atom(
    partner, matrix, group, segi, chain, resi, number, resn, name, alt, element, x, y, z, q, b
) -> mmcif.Atom:
    return mmcif.Atom(
        group=group,
        chain=partner.file_chains[segi, chain],
        segi=segi,
        number=number,
        insertion_code=resi[len(str(number)) :],
        resn=resn,
        name=name,
        alt=alt,
        element=element,
        position=_moved(matrix, x, y, z),
        occupancy=q,
        b=b,
    )
