"""Probabilities as colours on a fixed scale from 0 to 1, and the legend to them.

B factors are left alone: those of a predicted model are its confidence. The probability is
kept as the atom property ``p.sasnet`` where PyMOL has such properties (open source 3, not 2.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymol import CmdException
from pymol import cmd as _cmd

from .selections import Key

LEGEND = "sasnet_legend"

#: (probability, red, green, blue). Lightness falls all the way, so the scale also reads in grey
#: and with any colour blindness; neither end vanishes on a black or on a white background.
SCALE = (
    (0.0, 0.82, 0.84, 0.87),
    (0.25, 0.98, 0.84, 0.52),
    (0.5, 0.97, 0.60, 0.24),
    (0.75, 0.86, 0.27, 0.19),
    (1.0, 0.60, 0.04, 0.30),
)
#: Marks a PyMOL colour index that is red, green and blue themselves, 8 bits each.
_RGB_INDEX = 0x40000000


def colour(probability: float) -> tuple[float, float, float]:
    """Return red, green and blue, each 0 to 1, of a probability; linear between the stops."""
    value = min(max(probability, 0.0), 1.0)
    for (low, *start), (high, *end) in zip(SCALE, SCALE[1:]):  # noqa: B905 (Python 3.9)
        if value <= high:
            part = (value - low) / (high - low)
            red, green, blue = (a + part * (b - a) for a, b in zip(start, end))  # noqa: B905
            break
    return red, green, blue


def paint(name: str, probabilities: Mapping[Key, float], _self: Any = _cmd) -> None:
    """Colour the residues of one partner; those without a probability keep their colour.

    Parameters
    ----------
    name : str
        A named selection in which the keys are unique: that of a partner.
    probabilities : mapping
        Residue key to probability.
    """
    colours = {key: _colour_index(value) for key, value in probabilities.items()}
    _self.alter(
        f"%{name}",
        "color = colours.get((segi, chain, resi), color)",
        space={"colours": colours},
    )
    _self.recolor(f"%{name}")
    _keep(name, probabilities, _self)


def repaint(selection: str = "all", _self: Any = _cmd) -> int:
    """Colour atoms by the probability that they keep, and return how many had one."""
    counts = {"painted": 0}

    def painted(probability: float | None, now: int) -> int:
        if probability is None:
            return now
        counts["painted"] += 1
        return _colour_index(probability)

    _self.alter(selection, "color = painted(p.sasnet, color)", space={"painted": painted})
    _self.recolor(selection)
    return counts["painted"]


def draw_legend(_self: Any = _cmd) -> None:
    """Make the colour bar, an object of its own that can be switched off or deleted."""
    # floats throughout: an int among the numbers of ramp_new ends PyMOL 3.2 with a crash
    stops = [float(stop) for stop, *_ in SCALE]
    colours = [[float(part) for part in rgb] for _, *rgb in SCALE]
    _self.ramp_new(LEGEND, "none", stops, colours, quiet=1)


def _keep(name: str, probabilities: Mapping[Key, float], _self: Any) -> None:
    try:
        _self.alter(
            f"%{name}",
            "p.sasnet = probabilities.get((segi, chain, resi))",
            space={"probabilities": probabilities},
        )
    except CmdException:
        pass  # open-source PyMOL 2 has no atom properties; the colours are there


def _colour_index(probability: float) -> int:
    red, green, blue = (round(255 * part) for part in colour(probability))
    return _RGB_INDEX | red << 16 | green << 8 | blue
