"""The panel in PyMOL's window. Only the modules of this package know Qt, as pymol.Qt."""

from .panel import open_panel
from .pausing import keep_alive

__all__ = ["keep_alive", "open_panel"]
