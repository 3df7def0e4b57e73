"""Results against size: points of several replicates, a fitted trend, a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.files import written_whole
from sasnet_core.scoring.log_odds import logistic, logit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

COLOUR, TREND_COLOUR, REFERENCE_COLOUR = "#0072b2", "#d55e00", "#666666"
#: Resamplings for the band around a trend.
BOOTSTRAP = 2000


@dataclass(frozen=True)
class Point:
    """One trained network: its size on the axis, and its CAUROC."""

    size: int
    replicate: int
    cauroc: float


@dataclass(frozen=True)
class Trend:
    """A straight line of the log odds of CAUROC against the logarithm of the size.

    Attributes
    ----------
    lines : ndarray, shape (1 + resamplings, 2), float64
        Slope and intercept: of all points, then of resampled ones.
    """

    lines: np.ndarray

    def at(self, sizes: Sequence[float]) -> np.ndarray:
        """Return CAUROC and the ends of its 95 % interval, shape (3, n_sizes)."""
        x = np.log10(np.asarray(sizes, float))
        curves = logistic(self.lines[:, :1] * x + self.lines[:, 1:])
        return np.stack([curves[0], *np.percentile(curves[1:], [2.5, 97.5], axis=0)])

    def size_for(self, cauroc: float) -> float:
        """Return the size at which the line reaches a CAUROC; infinite if it does not rise."""
        slope, intercept = self.lines[0]
        if slope <= 0:
            return math.inf
        return float(10 ** min(300.0, (float(logit(np.array(cauroc))) - intercept) / slope))


def by_size(points: Sequence[Point]) -> dict[int, list[float]]:
    """Group the CAUROC of replicates by size, in rising order."""
    return {
        size: [p.cauroc for p in points if p.size == size]
        for size in sorted({p.size for p in points})
    }


def fit_trend(points: Sequence[Point], seed: int = 0) -> Trend | None:
    """Fit a trend and estimate its uncertainty by resampling the points.

    Parameters
    ----------
    points : sequence of Point
        Points of at least two sizes.
    seed : int
        Seed of the resampling.

    Returns
    -------
    Trend or None
        None if all points have the same size.
    """
    x = np.log10([p.size for p in points])
    y = logit(np.array([p.cauroc for p in points]))
    if len(set(x.tolist())) < 2:
        return None
    rng = np.random.default_rng(seed)
    lines = [np.polyfit(x, y, 1)]
    while len(lines) <= BOOTSTRAP:
        picks = rng.integers(len(x), size=len(x))
        if len(set(x[picks].tolist())) > 1:
            lines.append(np.polyfit(x[picks], y[picks], 1))
    return Trend(np.stack(lines))


def draw(path: Path, decorate: Callable[[Axes], None]) -> None:
    """Draw a picture with one pair of axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.set_ylabel("CAUROC")
    axes.grid(alpha=0.3)
    decorate(axes)
    with written_whole(path, "wb") as stream:
        figure.savefig(stream, format="png", dpi=150)


def draw_points(axes: Axes, points: Sequence[Point]) -> None:
    """Draw replicates as dots, their mean and standard deviation as a line with bars."""
    groups = by_size(points)
    means = [float(np.mean(group)) for group in groups.values()]
    bars = [float(np.std(g, ddof=1)) if len(g) > 1 else 0.0 for g in groups.values()]
    axes.plot([p.size for p in points], [p.cauroc for p in points], ".", color=COLOUR, alpha=0.4)
    axes.errorbar(list(groups), means, bars, color=COLOUR, marker="o", capsize=3,
                  label="mean and standard deviation")  # fmt: skip


def draw_trend(axes: Axes, trend: Trend, sizes: Sequence[float]) -> None:
    """Draw a trend and its 95 % interval over some sizes."""
    middle, low, high = trend.at(sizes)
    axes.plot(sizes, middle, "--", color=TREND_COLOUR, label="trend of the log odds, 95 % interval")
    axes.fill_between(sizes, low, high, color=TREND_COLOUR, alpha=0.15, lw=0)
