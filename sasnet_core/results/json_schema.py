"""The JSON Schema of result.json."""

from __future__ import annotations

import importlib.resources
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sasnet_core.results.result import Result

NAME = "result.schema.json"


def schema_file() -> Path:
    """Find the schema of this installation."""
    return Path(str(importlib.resources.files("sasnet_core.resources"))) / NAME


def write_schema(_: Result, folder: Path) -> list[str]:
    """Copy the schema into the folder of a result; there are no notes."""
    shutil.copy(schema_file(), folder / NAME)
    return []
