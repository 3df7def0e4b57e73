"""The colours of probabilities, in pictures, reports and scripts for viewers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Place on the scale and its red, green, blue: the scale of the PyMOL plugin. From 0.2 on,
#: lightness falls, so it reads without colour vision too.
SCALE = (
    (0.0, 0.82, 0.84, 0.87),
    (0.2, 0.98, 0.84, 0.52),
    (0.4, 0.97, 0.60, 0.24),
    (0.6, 0.86, 0.27, 0.19),
    (1.0, 0.60, 0.04, 0.30),
)
#: Even steps from 0 to 1 that meet every stop of the scale: PyMOL's spectrum knows no others.
SPECTRUM_STEPS = 5
#: Where scales may end: a scale that ended lower would make much of small differences.
LEAST_TOP, TOP_STEP = 0.3, 0.1


def scale_top(probabilities: Iterable[float]) -> float:
    """Return the probability at which the scale ends: the highest, rounded up to one decimal.

    At least `LEAST_TOP`, at most 1.
    """
    highest = max(probabilities, default=0.0)
    steps = math.ceil(round(highest / TOP_STEP, 6))
    return min(1.0, max(LEAST_TOP, round(steps * TOP_STEP, 1)))


def scale_to(top: float) -> tuple[tuple[float, float, float, float], ...]:
    """Return the stops of the scale that ends at a probability."""
    return tuple((round(stop * top, 4), *rgb) for stop, *rgb in SCALE)  # type: ignore[misc]


def scale_colour(share: float) -> tuple[int, int, int]:
    """Return red, green, blue, 0 to 255, at a place of the scale from 0 to 1."""
    stops, *channels = zip(*SCALE, strict=True)
    red, green, blue = (round(255 * np.interp(share, stops, channel)) for channel in channels)
    return red, green, blue


def spectrum_colours() -> dict[str, list[float]]:
    """Name the colours of the scale at even steps, as PyMOL's spectrum wants them."""
    stops, *channels = zip(*SCALE, strict=True)
    places = np.linspace(0, 1, SPECTRUM_STEPS + 1)
    columns = [np.interp(places, stops, channel).round(4).tolist() for channel in channels]
    rows = zip(*columns, strict=True)
    return {f"sasnet_{step}": list(rgb) for step, rgb in enumerate(rows)}
