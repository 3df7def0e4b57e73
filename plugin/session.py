"""What the plugin remembers of one PyMOL: results, the user's colours, the palette."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pymol import cmd as _cmd

from . import palettes
from .backup import Backup
from .results import Results


@dataclass
class Session:
    """Lives as long as the PyMOL it belongs to."""

    results: Results = field(default_factory=Results)
    backup: Backup = field(default_factory=Backup)
    palette: str = palettes.DEFAULT
    #: Passes some seconds while a command waits for its child; a window goes on living meanwhile.
    pause: Callable[[float], None] = time.sleep


def of(_self: Any = _cmd) -> Session:
    """Return the session of a PyMOL, a new one at first."""
    owner = _self._pymol
    if not hasattr(owner, "_sasnet_session"):
        owner._sasnet_session = Session()
    return owner._sasnet_session
