"""The list of a batch: its rows, and the lines of it that cannot be used."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sasnet_core.errors import BatchError
from sasnet_core.results.spreadsheet import cell_text
from sasnet_core.shell.question import Question

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COLUMNS = ("id", "left", "right", "left_chains", "right_chains")
SUMMARY_FILE, FAILURES_FILE = "summary.csv", "failures.csv"
#: Larger files are no lists (bytes).
MAX_SIZE = 64 << 20

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,199}")


@dataclass(frozen=True)
class Row:
    """One row of a list; `problem` says why it cannot be predicted, if so."""

    id: str
    question: Question
    problem: str = ""

    @property
    def columns(self) -> dict[str, str]:
        """The cells of the row."""
        left, *right = self.question.structures or ("",)
        chains = self.question.left_chains, self.question.right_chains
        return dict(zip(COLUMNS, (self.id, left, "".join(right), *chains), strict=True))


def read_list(path: Path, model: int = 1, assembly: str | None = None) -> list[Row]:
    """Read a list: CSV with the columns `COLUMNS`; only the first two must be there.

    Parameters
    ----------
    path : Path
        The list. An empty or missing ``right`` means that ``left`` holds both partners.
    model, assembly
        Of every structure.

    Returns
    -------
    list of Row
        A line that cannot be used is a row with a problem.

    Raises
    ------
    BatchError
        The list cannot be read, a column is missing or unknown, or there are no rows.
    """
    records = list(_records(_lines(path)))
    columns = records[0][1] if records else []
    _check_columns(path, columns)
    rows: list[Row] = []
    lines: dict[str, int] = {}  # id: its line
    for number, cells, problem in records[1:]:
        row = _row(columns, cells, model, assembly)
        problem = problem or _problem(row, columns, cells, lines)
        if problem:
            row = Row(row.id, row.question, f"line {number} of the list: {problem}")
        else:
            lines[row.id.lower()] = number
        rows.append(row)
    if not rows:
        raise BatchError(f"{path}: a list needs rows, got only column names; add rows")
    return rows


def _lines(path: Path) -> list[str]:
    """Read the lines; bytes that are not UTF-8 become lone surrogates."""
    try:
        if path.exists() and not path.is_file():
            raise OSError(0, "not a plain file")
        if path.stat().st_size > MAX_SIZE:
            raise OSError(0, "larger than 64 MiB")
        text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BatchError(f"{path}: a list as CSV is needed ({reason}); check the path") from None
    return text.splitlines(keepends=True) if "\n" in text else text.split("\r")


def _records(lines: list[str]) -> Iterator[tuple[int, list[str], str]]:
    """Parse lines; a record is its line number, its cells, and what is wrong with its quotes.

    After a wrong quote, parsing goes on with the next line.
    """
    at = 0  # lines parsed so far
    while at < len(lines):
        reader = csv.reader(iter(lines[at:]), strict=True)
        done = 0
        try:
            for cells in reader:
                if cells:
                    yield at + done + 1, cells, ""
                done = reader.line_num
            return
        except csv.Error as error:
            at += done
            yield at + 1, [lines[at].strip()], f"it is no CSV ({error}); correct it"
            at += 1


def _check_columns(path: Path, columns: list[str]) -> None:
    if not "".join(columns).isprintable():
        raise BatchError(f"{path}: a list as CSV is needed (not text in UTF-8); check the path")
    missing = [name for name in COLUMNS[:2] if name not in columns]
    unknown = [name for name in columns if name not in COLUMNS]
    if missing or unknown or len(set(columns)) < len(columns):
        raise BatchError(
            f"{path}: the columns of a list are {', '.join(COLUMNS)} (the first two must be "
            f"there), got {', '.join(columns) or 'none'}; rename them and remove others"
        )


def _row(columns: list[str], cells: list[str], model: int, assembly: str | None) -> Row:
    found = dict(zip(columns, map(cell_text, cells), strict=False))
    cell = {name: found.get(name, "").strip() for name in COLUMNS}
    structures = (cell["left"], cell["right"]) if cell["right"] else (cell["left"],)
    chains = cell["left_chains"], cell["right_chains"]
    return Row(cell["id"], Question(structures, *chains, model, assembly))


def _problem(row: Row, columns: list[str], cells: list[str], lines: dict[str, int]) -> str:
    """Say why a row cannot be predicted; nothing if it can."""
    if len(cells) != len(columns):
        return "a row needs as many cells as there are columns; correct it"
    if not all(cell.isprintable() for cell in cells):
        return "cells must be text in UTF-8 without control characters; correct it"
    if not _ID.fullmatch(row.id):
        return (
            "an id must be letters, digits and . _ + -, with a letter or digit first, at most 200, "
            f"because it names a folder; got {row.id!r}; rename it"
        )
    if row.id.lower() in (SUMMARY_FILE, FAILURES_FILE):
        return f"an id must not be the name of a table of the batch, got {row.id!r}; rename it"
    if not row.columns["left"]:
        return "a structure is needed in the column left, it is empty; fill it"
    if row.id.lower() in lines:
        return (
            "each row needs an id of its own (a and A are one folder on some machines), line "
            f"{lines[row.id.lower()]} has {row.id!r} already; rename it"
        )
    return ""
