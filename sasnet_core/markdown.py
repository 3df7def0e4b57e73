"""Markdown documents whose sections commands write."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sasnet_core.files import written_whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a markdown table.

    Examples
    --------
    >>> print(table(["a", "b"], [["1", "2"]]), end="")
    | a | b |
    | --- | --- |
    | 1 | 2 |
    """
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write_section(name: str, text: str, document: Path, head: str) -> None:
    """Put a section into a document, in the place of an earlier one of that name.

    Parameters
    ----------
    name : str
        Stands in comments around the section.
    text : str
        The section.
    document : Path
        Made, with `head`, if it is not there.
    head : str
        What a new document begins with.
    """
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before = document.read_text() if document.is_file() else head
    section = f"{start}\n{text.strip()}\n{end}"
    pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    if pattern.search(before):
        after = pattern.sub(lambda _: section, before)
    else:
        after = f"{before.rstrip()}\n\n{section}\n"
    with written_whole(document) as stream:
        stream.write(after)
