"""What the plugin remembers of one PyMOL: results, how they are shown, the user's colours."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pymol import cmd as _cmd

from . import palettes
from .backup import Backup
from .bound_results import ResultList


@dataclass
class PyMOLSession:
    """Lives as long as the PyMOL it belongs to."""

    results: ResultList = field(default_factory=ResultList)
    backup: Backup = field(default_factory=Backup)
    palette: str = palettes.DEFAULT
    #: What the colours show, one of `colouring.WHAT`.
    what: str = "probability"
    #: Called without arguments when palette or `what` were set.
    look_listeners: list[Callable[[], None]] = field(default_factory=list)
    #: Called with a result's name, a threshold and the residues of each side that reach it, when
    #: a command selected them.
    threshold_listeners: list[Callable[[str, float, dict[str, int]], None]] = field(
        default_factory=list
    )
    #: Passes some seconds while a command waits for its child; a window stays alive meanwhile.
    pause: Callable[[float], None] = time.sleep

    def look(self, palette: str, what: str) -> None:
        """Remember how a result is shown."""
        self.palette, self.what = palette, what
        for listener in list(self.look_listeners):
            listener()


def of(_self: Any = _cmd) -> PyMOLSession:
    """Return the session of a PyMOL, a new one at first."""
    owner = _self._pymol
    if not hasattr(owner, "_sasnet_session"):
        owner._sasnet_session = PyMOLSession()
    return owner._sasnet_session
