"""PyMOL's command line: arguments are strings, output is printed lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pymol import CmdException


def say(lines: Iterable[str]) -> None:
    """Print lines the way PyMOL's own commands do."""
    for line in lines:
        print(f" sasnet: {line}")


def number(kind: Callable[[Any], Any], name: str, value: Any) -> Any:
    """Make a number of an argument.

    Raises
    ------
    pymol.CmdException
        It is none.
    """
    try:
        return kind(value)
    except ValueError:
        raise CmdException(f"{name} must be a number, got '{value}'") from None


def choice(name: str, value: str, choices: Iterable[str]) -> str:
    """Return one of some words, of which the beginning is enough.

    Raises
    ------
    pymol.CmdException
        It is none of them, or the beginning of several.
    """
    known = list(choices)
    found = [value] if value in known else [word for word in known if word.startswith(value)]
    if len(found) != 1:
        raise CmdException(f"{name} must be one of {', '.join(known)}, got '{value}'")
    return found[0]
