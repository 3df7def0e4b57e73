"""The panel in PyMOL's window. Only the modules of this package know Qt, as pymol.Qt."""

from .panel import open_panel

__all__ = ["open_panel"]
