"""Tables that people open in spreadsheet programs: no cell of text runs as a formula."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sasnet_core.files import write_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

#: Names the rest of a cell as text.
MARK = "'"
_FORMULA = re.compile(r"[=+@\t\r'-]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def safe_cell(value: Any) -> Any:
    """Put `MARK` before text that a spreadsheet program would run; `cell_text` takes it away.

    Examples
    --------
    >>> safe_cell("=1+1"), safe_cell("-1"), safe_cell("A"), safe_cell(-1)
    ("'=1+1", '-1', 'A', -1)
    """
    if not isinstance(value, str):
        return value
    text = value.encode("utf-8", "backslashreplace").decode("utf-8")  # names that are not UTF-8
    return MARK + text if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def cell_text(cell: str) -> str:
    """Return the text of a cell that `safe_cell` wrote.

    Examples
    --------
    >>> cell_text("'=1+1"), cell_text("5'-end")
    ('=1+1', "5'-end")
    """
    return cell[1:] if cell.startswith(MARK) and _FORMULA.match(cell[1:]) else cell


def write_spreadsheet(
    rows: Iterable[Mapping[str, Any]], path: Path, columns: Iterable[str]
) -> None:
    """Write rows as CSV with a fixed column order, every cell a safe one."""
    safe = [{name: safe_cell(value) for name, value in row.items()} for row in rows]
    write_table(safe, path, columns)
