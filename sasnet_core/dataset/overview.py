"""Describe a dataset as text and as a picture: counts, distributions, reasons of rejection."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.dataset.complexes import REJECTED, SUMMARY, read_manifest
from sasnet_core.errors import DatasetError
from sasnet_core.files import written_whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

#: Most bars of a histogram.
BINS = 40
#: If a few huge values would squeeze the rest, a histogram ends at this quantile and states how
#: many values are above it.
SHOWN = 0.99
GIANT = 1.25
COLOUR, LINE_COLOUR = "#0072b2", "#d55e00"


@dataclass(frozen=True)
class Histogram:
    """The distribution of one quantity.

    Attributes
    ----------
    label : str
        The quantity with its unit.
    counted : str
        Noun for what is counted, in the plural.
    values : ndarray, shape (n_values,), float
        Known values.
    unknown : int
        Number of values that are not known.
    limit : float or None
        Limit of the mining rule on this quantity, if there is one.
    """

    label: str
    counted: str
    values: np.ndarray
    unknown: int
    limit: float | None


#: Quantity: columns of the manifest, label, what is counted, rule that bounds it.
_QUANTITIES = (
    (("n_left", "n_right"), "residues of a protein", "proteins", "min_residues"),
    (("resolution",), "resolution (A)", "complexes", "max_resolution"),
    (("buried_area",), "buried surface area (A^2)", "complexes", "min_buried_area"),
    (("n_contacts",), "contacts of a complex", "complexes", "min_contacts"),
    (("unmapped_contacts",), "contacts of a complex lost by mapping", "complexes", None),
)


@dataclass(frozen=True)
class Overview:
    """What is in a dataset.

    Attributes
    ----------
    name : str
        Of the dataset's folder.
    rows : list of dict
        The manifest; of a benchmark in two states, its unbound complexes.
    histograms : list of Histogram
        Of the quantities that the manifest has.
    rejections : dict
        Rule to the number of candidates it rejected, largest first.
    """

    name: str
    rows: list[dict[str, str]]
    histograms: list[Histogram]
    rejections: dict[str, int] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """Return a description, line by line."""
        rows = self.rows
        contacts = sum(int(row["n_contacts"]) for row in rows)
        pairs = sum(int(row["n_left"]) * int(row["n_right"]) for row in rows)
        lines = [
            f"{self.name}: {len(rows)} complexes, {contacts} positives "
            f"({contacts / pairs:.2%} of {pairs} pairs)"
        ]
        for column in ("state", "split", "method", "category", "difficulty", "assembly"):
            counts = Counter(row[column] or "unknown" for row in rows if column in row)
            if counts:
                lines.append(f"{column}: {_listed(dict(counts.most_common()))}")
        clusters = {row["cluster"] for row in rows}
        lines.append(f"clusters: {len(clusters)}")
        for shown in self.histograms:
            low, middle, high = np.quantile(shown.values, [0.05, 0.5, 0.95])
            unknown = f", {shown.unknown} unknown" if shown.unknown else ""
            lines.append(f"{shown.label}: median {middle:g} (5 to 95 %: {low:g} to {high:g})"
                         f"{unknown}")  # fmt: skip
        if self.rejections:
            total = sum(self.rejections.values())
            lines.append(f"rejected: {total} ({_listed(self.rejections)})")
        return lines


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def read_overview(dataset: Path) -> Overview:
    """Read what is in a dataset made by train.mine or train.db5.

    Raises
    ------
    DatasetError
        The manifest is missing or empty, or a table is damaged.
    """
    rows = read_manifest(dataset)
    states = {row.get("state") for row in rows}
    if len(states) > 1:
        rows = [row for row in rows if row["state"] == "unbound"]
    if not rows:
        raise DatasetError(f"{dataset}: a manifest with complexes is needed, this one has none")
    try:
        rules = _rules(dataset / SUMMARY)
        found = [_histogram(rows, rules, *quantity) for quantity in _QUANTITIES]
        histograms = [shown for shown in found if shown is not None]
        return Overview(dataset.resolve().name, rows, histograms, _rejections(dataset / REJECTED))
    except (KeyError, ValueError, TypeError) as error:
        raise DatasetError(
            f"{dataset}: tables as train.mine or train.db5 write them are needed "
            f"({type(error).__name__}: {error}); build the dataset again"
        ) from None


def _rules(path: Path) -> dict[str, float]:
    """Read the rules that a dataset was mined by; empty if it was not mined."""
    if not path.is_file():
        return {}
    return dict(json.loads(path.read_text()).get("settings", {}).get("rules", {}))


def _rejections(path: Path) -> dict[str, int]:
    if not path.is_file():
        return {}
    with path.open(newline="") as stream:
        return dict(Counter(row["rule"] for row in csv.DictReader(stream)).most_common())


def _histogram(
    rows: Sequence[dict[str, str]],
    rules: dict[str, float],
    columns: tuple[str, ...],
    label: str,
    counted: str,
    rule: str | None,
) -> Histogram | None:
    texts = [row[column] for row in rows for column in columns if column in row]
    values = np.array([float(text) for text in texts if text])
    if not len(values):
        return None
    limit = rules.get(rule) if rule else None
    return Histogram(label, counted, values, len(texts) - len(values), limit)


def typical(rows: Sequence[dict[str, str]]) -> dict[str, str]:
    """Choose the complex with the median number of contacts; of several, the first by id."""
    ordered = sorted(rows, key=lambda row: (int(row["n_contacts"]), row["id"]))
    return ordered[len(ordered) // 2]


def draw_overview(overview: Overview, path: Path, drawing: Path | None = None) -> None:
    """Draw the distributions, the reasons of rejection, and a complex.

    Parameters
    ----------
    overview : Overview
        The dataset.
    path : Path
        PNG to write.
    drawing : Path, optional
        PNG of a complex, shown below the distributions.
    """
    from matplotlib.figure import Figure
    from matplotlib.image import imread

    panels = len(overview.histograms) + bool(overview.rejections)
    columns = min(panels, 3)
    lines = -(-panels // columns)
    heights = [3.2] * lines + ([5.2] if drawing else [])
    figure = Figure(figsize=(14, sum(heights) + 0.8), layout="constrained", dpi=110)
    grid = figure.add_gridspec(len(heights), columns, height_ratios=heights)
    places = [figure.add_subplot(grid[k // columns, k % columns]) for k in range(panels)]
    for axes, shown in zip(places, overview.histograms, strict=False):
        _draw_histogram(axes, shown)
    if overview.rejections:
        _draw_rejections(places[-1], overview.rejections)
    if drawing:
        axes = figure.add_subplot(grid[-1, :])
        axes.imshow(imread(drawing))
        axes.axis("off")
    figure.suptitle(overview.lines()[0], fontsize=14)
    with written_whole(path, "wb") as stream:
        figure.savefig(stream, format="png")


def _draw_histogram(axes: Axes, shown: Histogram) -> None:
    edges = _edges(shown.values)
    inside = shown.values[shown.values <= edges[-1]]
    axes.hist(inside, bins=edges.tolist(), color=COLOUR)
    notes = [f"median {np.median(shown.values):g}"]
    if len(inside) < len(shown.values):
        notes.append(f"{len(shown.values) - len(inside)} above {edges[-1]:g}, not shown")
    if shown.unknown:
        notes.append(f"{shown.unknown} unknown")
    axes.set_title("; ".join(notes), fontsize=10)
    if shown.limit is not None:
        axes.axvline(shown.limit, color=LINE_COLOUR, linestyle="--", label=f"rule: {shown.limit:g}")
        axes.legend(fontsize=9, frameon=False)
    axes.set_xlabel(shown.label.replace("^2", "²").replace("(A", "(Å"))
    axes.set_ylabel(shown.counted)
    axes.spines[["top", "right"]].set_visible(False)


def _edges(values: np.ndarray) -> np.ndarray:
    """Choose the edges of a histogram's bars: multiples of 1, 2 or 5 times a power of ten."""
    quantile, end = float(np.quantile(values, SHOWN)), float(values.max())
    end = quantile if end > GIANT * quantile > 0 else end
    span = max(end - float(values.min()), 1e-9)
    power = 10.0 ** np.floor(np.log10(span / BINS))
    width = next(m * power for m in (1, 2, 5, 10) if m * power * BINS >= span)
    first, last = np.floor(values.min() / width), np.floor(end / width) + 1
    return np.round(np.arange(first, last + 1) * width, 9)  # 1.7, not 1.7000000000000002


def _draw_rejections(axes: Axes, rejections: dict[str, int]) -> None:
    names, counts = list(rejections)[::-1], list(rejections.values())[::-1]
    bars = axes.barh(names, counts, color=COLOUR)
    axes.bar_label(bars, padding=3, fontsize=9)
    axes.margins(x=0.15)
    axes.set_xlabel("rejected candidates")
    axes.set_ylabel("rule")
    axes.set_title(f"{sum(counts)} rejections", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
