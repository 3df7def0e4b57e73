"""Results as colours on a fixed scale, with a legend; and how to undo them.

B factors are changed only on request: those of a predicted model are its confidence. The
probability is kept as the atom property ``p.sasnet`` where PyMOL has such properties.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pymol import cmd as _cmd

from . import compat, palettes, pymol_session
from .bound_results import BoundResult

LEGEND = "sasnet_legend"
WHAT = ("probability", "spread")
#: The spread at the top end of its scale; that of 20 rotations is mostly under it.
SPREAD_TOP = 0.1
#: Everything that the plugin draws or selects, to be cleared away.
DRAWN = (LEGEND, "sasnet_*_interface", "sasnet_patch_*")


def paint(
    result: BoundResult, palette: str = "", what: str = "probability", _self: Any = _cmd
) -> None:
    """Do `painting` in one go."""
    for _ in painting(result, palette, what, _self):
        pass


def painting(
    result: BoundResult, palette: str = "", what: str = "probability", _self: Any = _cmd
) -> Iterator[None]:
    """Colour the partners of a result, and draw the legend, in pieces for a window's sake.

    Residues without a prediction keep their colour.

    Parameters
    ----------
    result : BoundResult
        Whose atoms are there.
    palette : str
        One of `palettes.PALETTES`; the last one used when left out.
    what : str
        "probability" or "spread".
    """
    here = pymol_session.of(_self)
    here.look(palette or here.palette, what)
    draw_legend(what, _self)  # first: PyMOL 3.2 shows it only when something else changes
    for side in result.partners:
        name = f"%{result.partners[side].name}"
        here.backup.keep(name, _self)
        yield
        colours = {
            key: palettes.colour_index(place(value, what), here.palette)
            for key, value in result.values(side, what).items()
        }
        _self.alter(
            name, "color = colours.get((segi, chain, resi), color)", space={"colours": colours}
        )
        _self.recolor(name)
        yield
        compat.set_property(name, result.values(side), _self)
        yield


def place(value: float, what: str) -> float:
    """Return where on a palette, 0 to 1, a probability or a spread stands."""
    return value if what == "probability" else palettes.value_at(value / SPREAD_TOP)


def write_b_factors(result: BoundResult, _self: Any = _cmd) -> None:
    """Put the probabilities into the B factors, 0 where there is none; `restore` undoes it."""
    for side in result.partners:
        name = f"%{result.partners[side].name}"
        pymol_session.of(_self).backup.keep(name, _self)
        _self.alter(
            name,
            "b = values.get((segi, chain, resi), 0.0)",
            space={"values": result.values(side)},
        )
        _self.rebuild(name)


def draw_legend(what: str = "probability", _self: Any = _cmd) -> None:
    """Make the colour bar, an object of its own that can be switched off or deleted."""
    palette = palettes.PALETTES[pymol_session.of(_self).palette]
    steps = len(palettes.STOPS) - 1
    stops = palettes.STOPS if what == "probability" else [n / steps for n in range(steps + 1)]
    top = 1.0 if what == "probability" else SPREAD_TOP
    # floats throughout: an int among the numbers of ramp_new ends PyMOL 3.2 with a crash
    levels = [float(top * stop) for stop in stops]
    _self.ramp_new(LEGEND, "none", levels, [list(map(float, rgb)) for rgb in palette], quiet=1)


def restore(selection: str = "all", _self: Any = _cmd) -> int:
    """Restore the colours and B factors that atoms had; return the number of atoms.

    Legend and interface selections go when every atom is restored.
    """
    count = pymol_session.of(_self).backup.restore(selection, _self)
    compat.clear_property(selection, _self)
    if selection == "all":
        for name in DRAWN:
            _self.delete(name)
    return count
