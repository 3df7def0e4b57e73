"""Measured rows of table 2: methods that sasnet is compared with, and tests on the same complexes.

Each method has a file for each column of the table, ``METHOD-COLUMN.csv``, with the AUROC over all
pairs of every complex for each replicate. `train.baselines.evaluate` writes those of the compared
methods, `train.evaluate --method` those of sasnet; bound structures, for table 3, have a folder of
their own.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import wilcoxon

from sasnet_core import markdown
from sasnet_core.config import TEST_SPLIT
from sasnet_core.errors import DatasetError
from sasnet_core.evaluation import literature
from sasnet_core.evaluation.measures import paired_interval
from sasnet_core.evaluation.tables import difference, published, spread_of, with_interval
from sasnet_core.files import write_table
from sasnet_core.metrics import cauroc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    #: What `read_measured` returns.
    Found = Mapping[tuple[str, str], "Measured"]

#: Folders of the files, in the folder of results: of unbound structures and of bound ones.
FOLDER, BOUND_FOLDER = "table2", "table3"
STRUCTURE, CONSERVATION = "structure", "conservation"
COLUMNS = ("split", "id", "replicate", "auroc")
#: Methods by the names in their files -> the paper's names.
COMPARED = {
    "ngf": "NGF",
    "dtnn": "DTNN",
    "node_edge_average": "Node+Edge Average",
    "order_dependent": "Order Dependent",
    "node_average": "Node Average",
}


@dataclass(frozen=True)
class Measured:
    """The AUROC of every complex by every replicate of a method."""

    method: str
    column: str  # STRUCTURE or CONSERVATION
    aurocs: Mapping[str, Mapping[str, Mapping[str, float]]]  # split -> replicate -> id -> AUROC

    def caurocs(self, split: str) -> dict[str, float]:
        """Return the CAUROC of each replicate."""
        return {
            replicate: cauroc(list(one.values()))
            for replicate, one in self.aurocs.get(split, {}).items()
        }

    def best(self, selection: str) -> str:
        """Name the replicate with the highest CAUROC on a split.

        Raises
        ------
        DatasetError
            It was not measured there.
        """
        found = self.caurocs(selection)
        if not found:
            raise DatasetError(
                f"{self.method}: its best replicate is chosen on {selection}, where it was not "
                "measured; measure it there too"
            )
        return max(found, key=found.__getitem__)

    def of_best(self, split: str, selection: str) -> dict[str, float]:
        """Return id -> AUROC on a split, by the replicate that is best on another split."""
        return dict(self.aurocs[split][self.best(selection)])


def measured_path(folder: Path, method: str, column: str) -> Path:
    """Return the file of a method and column."""
    return folder / f"{method}-{column}.csv"


def write_measured(
    folder: Path, method: str, column: str, rows: Iterable[Mapping[str, object]]
) -> Path:
    """Write the rows of a method and column; those of other splits stay.

    Parameters
    ----------
    folder : Path
        Folder of all methods' files.
    method, column : str
        Names, as in the file's name.
    rows : iterable of mapping
        `COLUMNS` of each complex and replicate.
    """
    path = measured_path(folder, method, column)
    rows = list(rows)
    new = {row["split"] for row in rows}
    kept: list[Mapping[str, object]] = []
    if path.is_file():
        with path.open(newline="") as stream:
            kept = [row for row in csv.DictReader(stream) if row["split"] not in new]
    write_table([*kept, *rows], path, COLUMNS)
    return path


def update_measured(
    folder: Path, method: str, column: str, aurocs: Mapping[str, Mapping[str, float]]
) -> Path:
    """Write the only replicate of a method, as `write_measured` does.

    Parameters
    ----------
    folder : Path
        Folder of all methods' files.
    method, column : str
        Names, as in the file's name.
    aurocs : mapping
        Split -> id -> AUROC.
    """
    rows = [
        {"split": split, "id": name, "replicate": 1, "auroc": f"{value:.6f}"}
        for split, one in aurocs.items()
        for name, value in one.items()
    ]
    return write_measured(folder, method, column, rows)


def read_measured(folder: Path) -> dict[tuple[str, str], Measured]:
    """Read the files of a folder.

    Returns
    -------
    dict
        (method, column) -> its numbers; empty if there is no folder.

    Raises
    ------
    DatasetError
        A file is damaged.
    """
    found = {}
    for path in sorted(folder.glob("*-*.csv")):
        method, _, column = path.stem.rpartition("-")
        found[method, column] = Measured(method, column, _read(path))
    return found


def _read(path: Path) -> dict[str, dict[str, dict[str, float]]]:
    aurocs: dict[str, dict[str, dict[str, float]]] = {}
    try:
        with path.open(newline="") as stream:
            for row in csv.DictReader(stream):
                replicates = aurocs.setdefault(row["split"], {})
                replicates.setdefault(row["replicate"], {})[row["id"]] = float(row["auroc"])
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{path}: the columns {', '.join(COLUMNS)} are needed ({error}); write the file again"
        ) from None
    return aurocs


def cauroc_cell(measured: Measured | None, split: str, selection: str) -> str:
    """Write a method's CAUROC on a split: best replicate with interval, mean and deviation of all.

    Empty if it was not measured there.
    """
    if measured is None or split not in measured.aurocs or selection not in measured.aurocs:
        return ""
    best = list(measured.of_best(split, selection).values())
    caurocs = list(measured.caurocs(split).values())
    return f"{with_interval(best)}; {spread_of(caurocs)}"


def paired_cell(ours: Mapping[str, float], theirs: Mapping[str, float]) -> str:
    """Compare two methods on the complexes that both have.

    Parameters
    ----------
    ours, theirs : mapping
        Id of a complex -> AUROC.

    Returns
    -------
    str
        Mean difference, ours minus theirs, with its interval, how many complexes ours is better
        on, and p of Wilcoxon's signed ranks, two-sided.
    """
    ids = [name for name in ours if name in theirs]
    if not ids:
        return ""
    after, before = np.array([ours[k] for k in ids]), np.array([theirs[k] for k in ids])
    low, high = paired_interval(after.tolist(), before.tolist(), np.mean)
    wins = int((after > before).sum())
    p = 1.0 if (after == before).all() else float(wilcoxon(after, before).pvalue)
    mean = float((after - before).mean())
    return f"{mean:+.3f} ({low:+.3f} to {high:+.3f}); {wins} of {len(ids)}; p = {p:.2g}"


def column_table(found: Found, column: str, splits: Sequence[str], selection: str) -> str:
    """Write a column of table 2: every method that was measured, with the paper's numbers.

    Parameters
    ----------
    found : mapping
        Of `read_measured`.
    column : str
        `STRUCTURE` or `CONSERVATION`.
    splits : sequence of str
        Splits to report on.
    selection : str
        Split on which the best replicates are chosen.

    Returns
    -------
    str
        Section of a document; empty if no method was measured.
    """
    rows = [
        [COMPARED.get(method, method),
         *(cauroc_cell(found[method, column], split, selection) for split in splits),
         _published(method, column)]
        for method in _methods(found) if (method, column) in found
    ]  # fmt: skip
    if not rows:
        return ""
    title = "structure only" if column == STRUCTURE else "with conservation"
    heads = [f"CAUROC, {title}", *splits, f"{TEST_SPLIT} (paper)"]
    return markdown.table(heads, rows)


def paired_table(
    ours: Mapping[tuple[str, str], Mapping[str, Mapping[str, float]]],
    found: Found,
    splits: Sequence[str],
    selection: str,
) -> str:
    """Write paired tests of sasnet against each compared method, on the same complexes.

    Parameters
    ----------
    ours : mapping
        (name, column) -> split -> id of a complex -> AUROC, of sasnet.
    found, splits, selection
        As in `column_table`; of a compared method its best replicate counts.

    Returns
    -------
    str
        Section of a document; empty if no method was measured.
    """
    rows = []
    for (name, column), aurocs in ours.items():
        for method, words in COMPARED.items():
            theirs = found.get((method, column))
            cells = [
                paired_cell(aurocs[split], theirs.of_best(split, selection))
                if theirs and split in theirs.aurocs and split in aurocs else ""
                for split in splits
            ]  # fmt: skip
            if any(cells):
                rows.append([column, f"{name} minus {words}", *cells])
    if not rows:
        return ""
    note = (
        "Mean over complexes of the difference in AUROC, its 95 % interval, the complexes on which "
        "sasnet is better, and p of Wilcoxon's signed ranks (two-sided). Each method by its "
        f"replicate best on {selection}."
    )
    heads = ["column", "sasnet minus a compared method", *splits]
    return "\n".join([markdown.table(heads, rows), note])


def of_evaluations(
    results: Path, weights: Mapping[str, str], splits: Sequence[str]
) -> dict[tuple[str, str], dict[str, dict[str, float]]]:
    """Take sasnet's AUROC of each complex from the tables of earlier evaluations.

    Parameters
    ----------
    results : Path
        Folder of the tables that `train.tables` writes for each network.
    weights : mapping
        Name -> first digits of the hash of weights.
    splits : sequence of str
        Splits to look for; of several tables that with most rotations is taken.

    Returns
    -------
    dict
        As `paired_table` needs it.

    Raises
    ------
    DatasetError
        There is no table of some weights.
    """
    found: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    for name, digits in weights.items():
        for split in splits:
            paths = results.glob(f"complexes-{digits}-{split}-unbound-*rotations.csv")
            for path in sorted(paths, key=_rotations)[-1:]:
                with path.open(newline="") as stream:
                    rows = {row["id"]: float(row["auroc"]) for row in csv.DictReader(stream)}
                found.setdefault((f"{name}, {_rotations(path)} rotations,", STRUCTURE), {})[
                    split
                ] = rows
        if not any(key[0].startswith(f"{name},") for key in found):
            raise DatasetError(
                f"{results}: a table of the complexes of {name} ({digits}) is needed, there is "
                "none; make it with train.tables table2"
            )
    return found


def _rotations(path: Path) -> int:
    """Read the number of rotations from a table's name."""
    return int(path.stem.rpartition("-")[2].removesuffix("rotations"))


def of_sasnet(
    found: Found, splits: Sequence[str], selection: str
) -> dict[tuple[str, str], dict[str, dict[str, float]]]:
    """Take sasnet's own rows from the measured ones, as `paired_table` needs them."""
    return {
        key: {split: one.of_best(split, selection) for split in splits if split in one.aurocs}
        for key, one in found.items()
        if key[0].startswith("sasnet")
    }


def states_table(unbound: Found, bound: Found, splits: Sequence[str], selection: str) -> str:
    """Write the second row of table 3: bound against unbound structures, with conservation.

    Parameters
    ----------
    unbound, bound : mapping
        Of `read_measured`, each state's.
    splits : sequence of str
        Splits to report on.
    selection : str
        Split on which the best replicates are chosen.

    Returns
    -------
    str
        Section of a document; empty if nothing of sasnet was measured in both states.
    """
    rows = []
    for key in sorted(set(unbound) & set(bound)):
        if key[1] != CONSERVATION:
            continue
        one, other = unbound[key], bound[key]
        for name, measured, theirs in (
            ("unbound", one, literature.SASNET_CONSERVATION),
            ("bound", other, literature.SASNET_CONSERVATION_BOUND),
        ):
            cells = [cauroc_cell(measured, split, selection) for split in splits]
            rows.append([f"{key[0]}: {name}", *cells, published(theirs)])
        both = [split for split in splits if split in one.aurocs and split in other.aurocs]
        found = {split: _between(one, other, split, selection) for split in both}
        rows.append(
            [f"{key[0]}: bound minus unbound", *(found.get(split, "") for split in splits), ""]
        )
    if not rows:
        return ""
    heads = ["CAUROC with conservation", *splits, f"{TEST_SPLIT} (paper)"]
    return markdown.table(heads, rows)


def _between(unbound: Measured, bound: Measured, split: str, selection: str) -> str:
    """Write the difference between the states, on the same complexes."""
    before, after = (one.of_best(split, selection) for one in (unbound, bound))
    ids = [name for name in before if name in after]
    return difference([after[k] for k in ids], [before[k] for k in ids])


def _methods(found: Found) -> list[str]:
    """List all methods, those of the paper first, in its order."""
    others = sorted({method for method, _ in found} - set(COMPARED))
    return [*COMPARED, *others]


def _published(method: str, column: str) -> str:
    """Write the paper's CAUROC of a compared method."""
    numbers = literature.METHODS if column == STRUCTURE else literature.METHODS_CONSERVATION
    return published(numbers[COMPARED[method]]) if method in COMPARED else ""
