"""PyMOL's plugin preferences, kept in the user's ``~/.pymolpluginsrc.py``."""

from __future__ import annotations

from types import ModuleType
from typing import Any


def get(name: str) -> Any:
    """Return a preference; None if it is not set."""
    plugins = _plugins()
    return None if plugins is None else plugins.pref_get(name)


def put(name: str, value: Any) -> None:
    """Keep a preference."""
    plugins = _plugins()
    if plugins is not None:
        plugins.pref_set(name, value)


def _plugins() -> ModuleType | None:
    """Return PyMOL's plugin manager with its file read; None in a PyMOL built without it.

    A PyMOL without a window has not read the file, and setting one preference writes all of them.
    """
    try:
        from pymol import plugins
    except ImportError:
        return None
    if not plugins.plugins:
        plugins.initialize(-2)  # loads no plugin
    return plugins
