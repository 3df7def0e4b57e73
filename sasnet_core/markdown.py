"""Markdown documents with sections that commands write."""

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
    """Write a section into a document; an earlier section of that name is replaced.

    Parameters
    ----------
    name : str
        Name in the comments around the section.
    text : str
        Text of the section.
    document : Path
        Created with `head` if it does not exist.
    head : str
        First lines of a new document.
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
