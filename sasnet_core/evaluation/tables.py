"""Tables of measures for documents: statistics over complexes with their intervals."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core import markdown
from sasnet_core.evaluation.measures import BASELINES, interval, paired_interval
from sasnet_core.metrics import cauroc, mean_auroc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sasnet_core.evaluation.literature import Published
    from sasnet_core.evaluation.measures import Row

    #: numpy's median or mean.
    Statistic = Callable[..., Any]

#: Head of docs/results.md.
RESULTS_HEAD = (
    "# Results\n\nEach section is written by the command that it names (`train/tables.py`, "
    "`train/scaling.py`).\nCAUROC: median over complexes of the AUROC over all residue pairs; in "
    "brackets 95 % intervals from\nresampling complexes. A complex that fails counts 0.\n"
)
DIFFICULTIES = ("rigid", "medium", "difficult", "")
#: Categories of the docking benchmark. Antigen-bound antibodies of older versions have no
#: difficulty, all other groups have one.
CATEGORIES = {
    "antibody and antigen": ("AA", "AB", "AS"),
    "enzyme and inhibitor, substrate or regulator": ("EI", "ES", "ER"),
    "other": ("OG", "OR", "OX"),
}
BASELINE_NAMES = {
    "exposed_area": "product of exposed areas",
    "centre_distance": "product of distances from the centre",
}
assert BASELINE_NAMES.keys() == BASELINES.keys()
MEASURE_NAMES = {
    "average_precision": "average precision (AUPRC) of pairs",
    "precision_at_10": "precision among the 10 best pairs",
    "precision_at_l10": "precision among the L/10 best pairs",
    "precision_at_l5": "precision among the L/5 best pairs",
    "precision_at_l": "precision among the L best pairs",
}
SITE_NAMES = {"site_auroc": "AUROC of sites", "site_average_precision": "AUPRC of sites"}


def values(table: list[Row], column: str = "auroc") -> list[float]:
    """Take a column of numbers."""
    return [float(row[column]) for row in table]


def with_interval(numbers: list[float], statistic: Statistic = np.median, digits: int = 3) -> str:
    """Write a statistic over complexes with its interval."""
    low, high = (f"{value:.{digits}f}" for value in interval(numbers, statistic))
    return f"{statistic(numbers):.{digits}f} ({low} to {high})"


def spread_of(numbers: Sequence[float]) -> str:
    """Write mean and standard deviation over replicates."""
    if len(numbers) < 2:
        return f"{np.mean(numbers):.3f} (one replicate)"
    return f"{np.mean(numbers):.3f} +/- {np.std(numbers, ddof=1):.3f}"


def published(numbers: Published) -> str:
    """Write a published CAUROC as the paper does."""
    spread = "" if numbers.mean is None else f"{numbers.mean:.3f} +/- {numbers.deviation:.3f}"
    return spread if numbers.best is None else f"{numbers.best:.3f} ({spread})"


def number(value: float | str) -> str:
    """Write a whole number with thousands separators."""
    return f"{int(value):,}"


def difference(after: list[float], before: list[float], statistic: Statistic = np.median) -> str:
    """Write a difference of statistics over the same complexes with its interval."""
    low, high = paired_interval(after, before, statistic)
    return f"{statistic(after) - statistic(before):+.3f} ({low:+.3f} to {high:+.3f})"


def measures_table(table: list[Row]) -> str:
    """Write all measures of sasnet and of the predictors without learning."""
    who = {"": "sasnet", **BASELINE_NAMES}
    prefixes = [f"{name}_" if name else "" for name in who]
    rows = [["CAUROC (median)", *(with_interval(values(table, f"{p}auroc")) for p in prefixes), ""]]
    rows.append(
        ["mean AUROC of pairs", *(with_interval(values(table, f"{p}auroc"), np.mean)
                                  for p in prefixes), ""]
    )  # fmt: skip
    base = f"{np.mean(values(table, 'base_rate')):.4f}"
    for measure, words in MEASURE_NAMES.items():
        cells = (with_interval(values(table, f"{p}{measure}"), np.mean, 4) for p in prefixes)
        rows.append([words, *cells, base])
    site_base = f"{np.mean(sides(table, 'site_base_rate')):.3f}"
    for measure, words in SITE_NAMES.items():
        cells = (with_interval(sides(table, measure, prefix), np.mean) for prefix in prefixes)
        rows.append([words, *cells, site_base if "precision" in measure else ""])
    return markdown.table(["measure", *who.values(), "base rate"], rows)


def sides(table: list[Row], measure: str, prefix: str = "") -> list[float]:
    """Average a measure over both proteins of each complex.

    The AUROC does not exist if all residues are interface. A complex of two such proteins is
    omitted.
    """
    names = [f"{prefix}{side}_{measure}" for side in ("left", "right")]
    both = np.array([[float(row.get(name) or 0.0) for name in names] for row in table])
    known = both[np.isfinite(both).any(axis=1)]
    return np.nanmean(known, axis=1).tolist() if len(known) else []


def groups_table(table: list[Row], relatives: Mapping[str, set[str]] | None = None) -> str:
    """Write the main measures by difficulty, by category, and without relatives of other splits.

    Parameters
    ----------
    table : list of dict
        Measures of each complex.
    relatives : mapping, optional
        Name of other complexes, like ``"DB3"``, to the ids that have a relative among them.

    Returns
    -------
    str
        Markdown.
    """
    groups = {"all": table}
    for difficulty in DIFFICULTIES:
        part = [row for row in table if row["difficulty"] == difficulty]
        groups[difficulty or "difficulty not known"] = part
    for name, codes in CATEGORIES.items():
        groups[name] = [row for row in table if row["category"] in codes]
    antibodies = CATEGORIES["antibody and antigen"]
    groups["all but antibodies"] = [row for row in table if row["category"] not in antibodies]
    for name, ids in (relatives or {}).items():
        groups[f"without relatives of {name}"] = [row for row in table if row["id"] not in ids]
    rows = [
        [name, str(len(part)), with_interval(values(part)), f"{mean_auroc(values(part)):.3f}",
         f"{np.mean(values(part, 'average_precision')):.4f}",
         f"{np.mean(values(part, 'base_rate')):.4f}",
         f"{np.mean(values(part, 'precision_at_10')):.3f}",
         f"{np.mean(sides(part, 'site_auroc')):.3f}",
         f"{cauroc(values(part, 'exposed_area_auroc')):.3f}"]
        for name, part in groups.items() if part
    ]  # fmt: skip
    heads = ["complexes", "number", "CAUROC", "mean AUROC", "AUPRC", "base rate", "precision at 10",
             "AUROC of sites", "CAUROC of exposed areas"]  # fmt: skip
    return markdown.table(heads, rows)


def shown_command(program: str, arguments: Sequence[str], omitted: Sequence[str] = ()) -> str:
    """Return a command for a document, with file names instead of paths.

    Parameters
    ----------
    program : str
        First words of the command.
    arguments : sequence of str
        Its arguments.
    omitted : sequence of str
        Options with a value that are left out, because they change no number.

    Examples
    --------
    >>> shown_command("draw", ["data/db5", "--size", "3", "-o", "docs"], ["-o"])
    'draw db5 --size 3'
    """
    words, rest = [], iter(map(str, arguments))
    for word in rest:
        if word in omitted:
            next(rest, None)
        else:
            words.append(Path(word).name if "/" in word else word)
    return f"{program} {shlex.join(words)}"
