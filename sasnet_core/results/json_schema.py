"""The JSON Schema of result.json, and a check by it.

The check knows the keywords that our schema uses. The package jsonschema knows all of them, but it
took 0.6 s to import and 1.5 s for 600 residues and 1,000 pairs; this check took 0.3 s.
"""

from __future__ import annotations

import importlib.resources
import json
import math
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from sasnet_core.results.result import Result

NAME = "result.schema.json"


def schema_file() -> Path:
    """Find the schema of this installation."""
    return Path(str(importlib.resources.files("sasnet_core.resources"))) / NAME


def problem(values: Any) -> str:
    """Say where the content of a result.json does not follow the schema; nothing if it does."""
    return _problem(values, json.loads(schema_file().read_text(encoding="utf-8")), "")


def _problem(value: Any, schema: dict[str, Any], place: str) -> str:
    wanted = schema.get("type", [])
    types = [wanted] if isinstance(wanted, str) else wanted
    if types and not any(_TYPES[name](value) for name in types):
        return f"{place or 'all'} must be of type {' or '.join(types)}"
    if "oneOf" in schema:
        found = [_problem(value, option, place) for option in schema["oneOf"]]
        return "" if "" in found else found[-1]
    for name, breaks in _RULES.items():
        if name in schema and breaks(value, schema[name]):
            return f"{place or 'all'} breaks the rule {name} {schema[name]}"
    return _problem_within(value, schema, place)


def _problem_within(value: Any, schema: dict[str, Any], place: str) -> str:
    """Check the parts of an object or a list."""
    if isinstance(value, dict):
        parts = [(value[n], s, f"{place}.{n}") for n, s in schema.get("properties", {}).items()
                 if n in value]  # fmt: skip
    elif isinstance(value, list) and "items" in schema:
        parts = [(item, schema["items"], f"{place}[{k}]") for k, item in enumerate(value)]
    else:
        parts = []
    return next((text for part in parts if (text := _problem(*part))), "")


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and abs(value) < 1e300


_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "integer": lambda value: type(value) is int and abs(value) < 1 << 53,
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
}
#: Each says whether a value breaks a rule of the schema.
_RULES: dict[str, Callable[[Any, Any], bool]] = {
    "const": lambda value, wanted: value != wanted,
    "enum": lambda value, wanted: value not in wanted,
    "minimum": lambda value, least: _is_number(value) and value < least,
    "maximum": lambda value, most: _is_number(value) and value > most,
    "minItems": lambda value, least: isinstance(value, list) and len(value) < least,
    "maxItems": lambda value, most: isinstance(value, list) and len(value) > most,
    "pattern": lambda value, rule: isinstance(value, str) and not re.search(rule, value),
    "required": lambda value, names: isinstance(value, dict) and not set(names) <= set(value),
}


def write_schema(_: Result, folder: Path) -> list[str]:
    """Copy the schema into the folder of a result; there are no notes."""
    shutil.copy(schema_file(), folder / NAME)
    return []
