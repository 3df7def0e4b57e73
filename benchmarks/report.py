"""Writes measurements into docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from sasnet_core import markdown
from sasnet_core.markdown import table as table

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
HEAD = (
    "# Benchmarks\n\n`make bench MINED=mined DB5=db5` measures all of this again and rewrites this "
    "file (without MINED, training stays as it is).\n"
)


def machine() -> str:
    """Describe the machine: processor, cores, Python."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").is_file() else ""
    model = re.search(r"model name\s*:\s*(.+)", text)
    name = model[1].strip() if model else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}"


def write_section(name: str, text: str, document: Path = DOCUMENT) -> None:
    """Put a section into the document, in the place of an earlier one of that name."""
    markdown.write_section(name, text, document, HEAD)
