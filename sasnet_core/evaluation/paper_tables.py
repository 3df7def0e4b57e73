"""The paper's tables 1 to 3, with our numbers beside the published ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sasnet_core import markdown
from sasnet_core.config import TEST_SPLIT
from sasnet_core.dataset.complexes import read_manifest
from sasnet_core.errors import DatasetError
from sasnet_core.evaluation import compared, literature
from sasnet_core.evaluation.entrants import shown_folder
from sasnet_core.evaluation.sections import REHEARSAL_SPLIT, Line, Section
from sasnet_core.evaluation.tables import (
    BASELINE_NAMES,
    difference,
    number,
    published,
    spread_of,
    values,
    with_interval,
)
from sasnet_core.files import write_table
from sasnet_core.metrics import cauroc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sasnet_core.evaluation.entrants import Entrants, Ranked
    from sasnet_core.evaluation.workbench import Workbench
    from sasnet_core.network.weights_folder import WeightsInfo

    #: Makes the content of a table.
    Table = Callable[[Workbench, Entrants], Section]


def table1(benchmark: Path, mined: Mapping[str, Path], output: Path) -> str:
    """Write the sizes of the datasets.

    Parameters
    ----------
    benchmark : Path
        Dataset of `train.db5`.
    mined : mapping of str to Path
        Datasets of `train.mine` by the name of their row.
    output : Path
        Folder whose subfolder ``results`` gets the table as CSV.

    Returns
    -------
    str
        Section of a document.
    """
    db5 = [row for row in read_manifest(benchmark) if row.get("state") == "unbound"]
    parts = {**{name: read_manifest(one) for name, one in mined.items()}, "DB5": db5}
    for split in dict.fromkeys(row["split"] for row in db5):
        parts[split] = [row for row in db5 if row["split"] == split]
    records, rows = [], []
    for name, part in parts.items():
        positives = sum(int(row["n_contacts"]) for row in part)
        pairs = sum(int(row["n_left"]) * int(row["n_right"]) for row in part)
        theirs = literature.DATASETS.get(name)
        records.append(
            {"dataset": name, "complexes": len(part),
             "clusters": len({row["cluster"] for row in part}), "positives": positives,
             "pairs": pairs, "paper_complexes": theirs[0] if theirs else "",
             "paper_positives": theirs[1] if theirs else ""}
        )  # fmt: skip
        rows.append(
            [name, number(len(part)), number(positives), number(pairs), f"{positives / pairs:.2%}",
             *(map(number, theirs) if theirs else ("", ""))]
        )  # fmt: skip
    write_table(records, output / "results" / "table1.csv", list(records[0]))
    heads = ["dataset", "complexes", "positives", "residue pairs", "positives among them",
             "complexes (paper)", "positives (paper)"]  # fmt: skip
    clusters = ", ".join(f"{row['clusters']:,} ({row['dataset']})" for row in records[: len(mined)])
    return "\n".join(
        [
            "## Table 1: datasets",
            "",
            markdown.table(heads, rows),
            f"Clusters of mined complexes at 30 % identity: {clusters}. `train.mine` finds none of "
            "their proteins over 30 % identical to one of DB5 (docs/mining.md has BLAST+'s check). "
            "DB5: unbound atoms; literature's DB5U positives: Fout et al. 2017.",
        ]
    )


def one_line(
    bench: Workbench, name: str, info: WeightsInfo, state: str = "unbound", **others: str
) -> Line:
    """Make the row of one set of weights."""
    return Line(
        name, lambda split: with_interval(bench.aurocs(info.folder, split, state)), **others
    )


def replicates_line(
    bench: Workbench, ranked: Sequence[Ranked], name: str, state: str = "unbound", theirs: str = ""
) -> Line:
    """Make the row of mean and standard deviation over replicates."""

    def cell(split: str) -> str:
        aurocs = [bench.aurocs(info.folder, split, state) for _, info in ranked]
        return spread_of([cauroc(one) for one in aurocs])

    return Line(name, cell, theirs, spread_of([found for found, _ in ranked]))


def further_lines(bench: Workbench, also: Mapping[str, Sequence[Ranked]]) -> list[Line]:
    """Make the rows of further networks: of replicates the best one, and the spread of all."""
    lines = []
    for name, ranked in also.items():
        several = len(ranked) > 1
        label = f"{name}, replicate best on DB4" if several else name
        lines.append(one_line(bench, label, ranked[0][1], selection=f"{ranked[0][0]:.3f}"))
        if several:
            label = f"{name}, mean and standard deviation (replicates: {len(ranked)})"
            lines.append(replicates_line(bench, ranked, label))
    return lines


def baseline_line(bench: Workbench, name: str, words: str) -> Line:
    """Make the row of a predictor without learning."""
    column = f"{name}_auroc"
    return Line(words, lambda split: with_interval(values(bench.baselines(split), column)))


def measured_methods(bench: Workbench) -> compared.Found:
    """Read the measured rows that are beside the results."""
    return compared.read_measured(bench.settings.output / "results" / compared.FOLDER)


def compared_line(measured: compared.Found, method: str, name: str) -> Line:
    """Make the row of a compared method; only the paper's number if it was not measured."""
    one = measured.get((method, compared.STRUCTURE))
    return Line(
        name if one else f"{name} (published)",
        lambda split: compared.cauroc_cell(one, split, REHEARSAL_SPLIT),
        published(literature.METHODS[name]),
    )


def compared_sections(bench: Workbench, entrants: Entrants, splits: Sequence[str]) -> str:
    """Write the column with conservation, and paired tests against the compared methods."""
    measured = measured_methods(bench)
    best = {
        split: {row["id"]: float(row["auroc"]) for row in bench.table(entrants.best.folder, split)}
        for split in splits
    }
    ours = {
        ("SASNet, replicate best on DB4,", compared.STRUCTURE): best,
        **compared.of_sasnet(measured, splits, REHEARSAL_SPLIT),
    }
    column = compared.column_table(measured, compared.CONSERVATION, splits, REHEARSAL_SPLIT)
    pairs = compared.paired_table(ours, measured, splits, REHEARSAL_SPLIT)
    return "\n".join(part for part in (column, pairs) if part)


def methods(output: Path, weights: Sequence[WeightsInfo]) -> str:
    """Write what was measured of the compared methods, and paired tests, from files alone.

    Parameters
    ----------
    output : Path
        Folder of the document; its subfolder ``results`` holds the tables.
    weights : sequence of WeightsInfo
        Networks of sasnet whose complexes' tables are there.

    Returns
    -------
    str
        Section of a document.

    Raises
    ------
    DatasetError
        No method was measured, or a table is missing.
    """
    folder, splits = output / "results" / compared.FOLDER, (REHEARSAL_SPLIT, TEST_SPLIT)
    found = compared.read_measured(folder)
    bound = compared.read_measured(folder.with_name(compared.BOUND_FOLDER))
    if not found:
        raise DatasetError(f"{folder}: no method was measured; run train.baselines.evaluate first")
    names = {shown_folder(info): info.sha256[:12] for info in weights}
    ours = compared.of_evaluations(output / "results", names, splits)
    ours |= compared.of_sasnet(found, splits, REHEARSAL_SPLIT)
    parts = [
        compared.column_table(found, compared.STRUCTURE, splits, REHEARSAL_SPLIT),
        compared.column_table(found, compared.CONSERVATION, splits, REHEARSAL_SPLIT),
        compared.paired_table(ours, found, splits, REHEARSAL_SPLIT),
        compared.states_table(found, bound, splits, REHEARSAL_SPLIT),
    ]
    return "\n".join(["## The compared methods", "", *(part for part in parts if part)])


def table2(bench: Workbench, entrants: Entrants) -> Section:
    """Compare all SASNet rows with the predictors without learning, on unbound complexes."""
    settings = bench.settings
    count, ensemble = len(entrants.ranked), entrants.ensemble
    measured = measured_methods(bench)
    lines = [
        *(baseline_line(bench, name, words) for name, words in BASELINE_NAMES.items()),
        *(
            compared_line(measured, method, name) for method, name in compared.COMPARED.items()
        ),
        one_line(
            bench, "**SASNet, replicate best on DB4**", entrants.best,
            theirs=f"{literature.SASNET.best:.3f}", selection=f"{entrants.ranked[0][0]:.3f}",
        ),
        replicates_line(
            bench, entrants.ranked, f"SASNet, mean and standard deviation (replicates: {count})",
            theirs=_mean_and_deviation(literature.SASNET),
        ),
    ]  # fmt: skip
    if ensemble:
        lines.append(
            one_line(
                bench, "**SASNet, ensemble**", ensemble, theirs=f"{literature.SASNET_ENSEMBLE:.3f}",
                selection=f"{bench.selection(ensemble.folder):.3f}",
            )
        )  # fmt: skip
    lines += further_lines(bench, entrants.also)
    note = (
        f"Column DB4: CAUROC on {settings.selection}, {settings.selection_rotations} rotations, "
        f"by which replicates are chosen. {entrants.note()}"
    )
    return Section("Table 2: unbound complexes, structure only", lines, note, entrants.infos)


def table3(bench: Workbench, entrants: Entrants) -> Section:
    """Compare bound with unbound structures of the same complexes."""
    lines = state_lines(bench, "best on DB4", entrants.best, f"{literature.SASNET.best:.3f}")
    if entrants.ensemble:
        lines += state_lines(
            bench, "ensemble", entrants.ensemble, f"{literature.SASNET_ENSEMBLE:.3f}"
        )
    name = f"mean and standard deviation (replicates: {len(entrants.ranked)})"
    for state, theirs in (("unbound", literature.SASNET), ("bound", literature.SASNET_BOUND)):
        line = replicates_line(
            bench, entrants.ranked, f"{name}: {state}", state, _mean_and_deviation(theirs)
        )
        lines.append(line._replace(selection=""))
    note = f"The same complexes, labels and rotations in both states. {entrants.note()}"
    return Section("Table 3: bound against unbound", lines, note, entrants.infos)


def _mean_and_deviation(theirs: literature.Published) -> str:
    return f"{theirs.mean:.3f} +/- {theirs.deviation:.3f}"


def state_lines(bench: Workbench, name: str, info: WeightsInfo, theirs: str) -> list[Line]:
    """Make the rows of both states and of their difference."""

    def between(split: str) -> str:
        bound, unbound = (bench.aurocs(info.folder, split, s) for s in ("bound", "unbound"))
        return difference(bound, unbound)

    return [
        one_line(bench, f"{name}: unbound", info, theirs=theirs),
        one_line(bench, f"{name}: bound", info, "bound"),
        Line(f"{name}: bound minus unbound", between),
    ]
