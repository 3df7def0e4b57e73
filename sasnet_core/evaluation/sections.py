"""Sections of docs/results.md with a table that has a column for each split."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sasnet_core import markdown
from sasnet_core.config import SELECTION_SPLITS, TEST_SPLIT
from sasnet_core.evaluation.entrants import shown_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sasnet_core.evaluation.workbench import Workbench
    from sasnet_core.network.weights_folder import WeightsInfo

#: The split that tables report on unless access to the test set is asked for.
REHEARSAL_SPLIT = "DB4U"


class Line(NamedTuple):
    """A row of a table that has a column for each split."""

    name: str
    cell: Callable[[str], str]  # split -> text
    theirs: str = ""  # the paper's number
    selection: str = ""  # on DB4


class Section(NamedTuple):
    """The content of a section with one table."""

    title: str
    lines: Sequence[Line]
    note: str
    infos: Sequence[WeightsInfo]  # weights that the table compares


def write_table_section(
    bench: Workbench, name: str, section: Section, splits: Sequence[str]
) -> str:
    """Write a table with a column for each split, and its CSV.

    Parameters
    ----------
    bench : Workbench
        Evaluates what the table needs.
    name : str
        Of the CSV file, like "table2".
    section : Section
        Title, rows and note.
    splits : sequence of str
        Splits to report on.

    Returns
    -------
    str
        Section of a document.
    """
    heads = ["CAUROC", "DB4", REHEARSAL_SPLIT, TEST_SPLIT, f"{TEST_SPLIT} (paper)"]
    rows = []
    for line in section.lines:
        cells = [line.cell(split) for split in splits]
        if len(splits) == 1:
            cells.append("not looked at" if cells[0] else "")
        rows.append([line.name, line.selection, *cells, line.theirs])
    if not any(line.selection for line in section.lines):
        heads, rows = [heads[0], *heads[2:]], [[row[0], *row[2:]] for row in rows]
    bench.write(name, [dict(zip(heads, row, strict=True)) for row in rows], heads)
    return "\n".join([f"## {section.title}", "", markdown.table(heads, rows), section.note])


def settings_lines(
    bench: Workbench,
    splits: Sequence[str],
    infos: Sequence[WeightsInfo],
    accesses: int,
    command: str,
) -> list[str]:
    """Describe how a table was computed.

    Parameters
    ----------
    bench : Workbench
        Evaluated the weights.
    splits : sequence of str
        Splits that the table reports on.
    infos : sequence of WeightsInfo
        Weights that the table compares.
    accesses : int
        Number of accesses to the test set so far.
    command : str
        The command that writes the table.

    Returns
    -------
    list of str
        Lines of a document.
    """
    settings = bench.settings
    counts = ", ".join(f"{split}: {len(bench.rows(split))} complexes" for split in splits)
    hashes = ", ".join(f"{shown_folder(info)} {info.sha256[:12]}" for info in infos)
    judged = (
        f"{SELECTION_SPLITS} were scored out of fold: each complex by a network that was trained "
        "without it and its relatives. "
        if settings.out_of_fold
        else ""
    )
    failed = f"Failed, and count 0: {'; '.join(sorted(bench.failures))}." if bench.failures else ""
    return [
        "",
        f"{counts}; {settings.rotations} rotations, seed {settings.seed}, "
        f"{bench.predictor(infos[0].folder, splits[-1]).precision}. Weights (sha256): {hashes}. "
        f"{judged}{TEST_SPLIT} was looked at {accesses} times so far (docs/db5u_looks.csv). "
        f"{failed}".rstrip(),
        "",
        f"Command: `{command}`",
    ]
