"""Palettes: colours at fixed places from 0 to 1, and the colour of a value in between.

The places are those at which probabilities differ in what they mean: from about 0.2 on residues
are called likely, and calibrated probabilities over 0.6 are rare. They never move with the data, so
that two pictures can be compared.
"""

from __future__ import annotations

from bisect import bisect_left

Colour = tuple[float, float, float]

#: Where the colours of each palette stand, 0 to 1.
STOPS = (0.0, 0.2, 0.4, 0.6, 1.0)
#: Red, green and blue at each of `STOPS`. From the second on lightness only falls (viridis and
#: cividis turned round), so each also reads in grey and with any colour blindness; neither end
#: vanishes on a black or on a white background.
PALETTES: dict[str, tuple[Colour, ...]] = {
    "sasnet": (
        (0.82, 0.84, 0.87),
        (0.98, 0.84, 0.52),
        (0.97, 0.60, 0.24),
        (0.86, 0.27, 0.19),
        (0.60, 0.04, 0.30),
    ),
    "blues": (
        (0.87, 0.87, 0.85),
        (0.70, 0.84, 0.93),
        (0.42, 0.68, 0.86),
        (0.16, 0.47, 0.74),
        (0.08, 0.22, 0.55),
    ),
    "viridis": (
        (0.80, 0.80, 0.78),
        (0.74, 0.84, 0.25),
        (0.21, 0.72, 0.47),
        (0.19, 0.41, 0.56),
        (0.30, 0.05, 0.40),
    ),
    "cividis": (
        (0.84, 0.84, 0.84),
        (0.94, 0.83, 0.31),
        (0.65, 0.62, 0.46),
        (0.40, 0.41, 0.45),
        (0.09, 0.22, 0.43),
    ),
}
DEFAULT = "sasnet"
#: Marks a PyMOL colour index that is red, green and blue themselves, 8 bits each.
_RGB_INDEX = 0x40000000


def colour(value: float, palette: str = DEFAULT) -> Colour:
    """Return red, green and blue, each 0 to 1, of a value; linear between the stops."""
    value = min(max(value, 0.0), 1.0)
    right = max(bisect_left(STOPS, value), 1)
    low, high = STOPS[right - 1], STOPS[right]
    part = (value - low) / (high - low)
    start, end = PALETTES[palette][right - 1 : right + 1]
    red, green, blue = (a + part * (b - a) for a, b in zip(start, end))  # noqa: B905 (Python 3.9)
    return red, green, blue


def even(value: float) -> float:
    """Return where a value stands on an axis on which the stops are evenly spaced, 0 to 1."""
    value = min(max(value, 0.0), 1.0)
    right = max(bisect_left(STOPS, value), 1)
    low, high = STOPS[right - 1 : right + 1]
    return (right - 1 + (value - low) / (high - low)) / (len(STOPS) - 1)


def value_at(position: float) -> float:
    """Return the value at a place of the axis of `even`."""
    steps = min(max(position, 0.0), 1.0) * (len(STOPS) - 1)
    left = min(int(steps), len(STOPS) - 2)
    low, high = STOPS[left : left + 2]
    return low + (steps - left) * (high - low)


def score_colour_index(score: float, palette: str = DEFAULT) -> int:
    """Return PyMOL's number of the colour of a pair score: on its scale colours are even."""
    return colour_index(value_at(score), palette)


def colour_index(value: float, palette: str = DEFAULT) -> int:
    """Return PyMOL's number of the colour of a value."""
    red, green, blue = (round(255 * part) for part in colour(value, palette))
    return _RGB_INDEX | red << 16 | green << 8 | blue
