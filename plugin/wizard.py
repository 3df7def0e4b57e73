"""Click a residue in the viewer to highlight the partner residues that score best with it."""

from __future__ import annotations

from typing import Any

from pymol import CmdException
from pymol import cmd as _cmd
from pymol.wizard import Wizard

from . import pymol_session, walking


class Walker(Wizard):
    """PyMOL's wizard for exploring an interface; "Done" ends it."""

    def __init__(self, _self: Any = _cmd) -> None:
        Wizard.__init__(self, _self)
        self._lines: list[str] = []
        self._enabled = _self.get_names("public_selections", 1)
        walking.await_click(_self)

    def __reduce__(self) -> tuple:
        """Save a wizard that does nothing: a session must open without this plugin."""
        return Wizard, (), {"menu": {}, "prompt": None, "panel": None}

    def get_prompt(self) -> list[str]:
        """Return what to do and what is highlighted."""
        return [
            f"sasnet: click a residue of {pymol_session.of(self.cmd).results.current}",
            *self._lines,
        ]

    def get_panel(self) -> list[list]:
        """Return the buttons beside the viewer."""
        return [
            [1, "Explore the interface", ""],
            [2, "Zoom to the selection", "cmd.get_wizard().look_closer()"],
            [2, "Clear", "cmd.get_wizard().clear()"],
            [2, "Done", "cmd.set_wizard()"],
        ]

    def do_select(self, name: str) -> int:
        """Take a click that has changed a selection: ours, unless the user enabled another."""
        if name == walking.PARTNERS:
            walking.take_click(self.cmd)
            self._walk(walking.CLICKED)
        else:
            self._walk(name)
        return 1

    def do_pick(self, bondFlag: int) -> int:  # noqa: N803 (PyMOL's name)
        """Take a click that would pick an atom."""
        if not bondFlag:
            self._walk("pk1")
        self.cmd.unpick()
        return 1

    def look_closer(self) -> None:
        """Zoom to the highlighted residues."""
        walking.zoom(self.cmd)

    def clear(self) -> None:
        """Remove the highlighting."""
        walking.lights_out(self.cmd)
        walking.await_click(self.cmd)
        self._lines = []
        self.cmd.refresh_wizard()

    def cleanup(self) -> None:
        """Remove the highlighting when the wizard ends."""
        walking.lights_out(self.cmd)
        for name in set(self._enabled) & set(self.cmd.get_names("public_selections")):
            self.cmd.enable(name)

    def _walk(self, selection: str) -> None:
        try:
            result = pymol_session.of(self.cmd).results.get("", self.cmd)
            side, row = walking.find(result, selection, self.cmd)
            partners = walking.light(result, side, row, self.cmd)
        except CmdException as error:
            self._lines = [error.message]
        else:
            self._lines = [f"{result.label(side, row)}: best-scoring residues of the partner"]
            if not partners:
                probability = result.child_result.residues[side][row].probability
                self._lines = [f"{result.label(side, row)}: probability {probability:.2f}"]
            self._lines += [
                f"  {score:.2f}  {result.label(walking.other(side), r)}" for r, score in partners
            ]
            pymol_session.of(self.cmd).results.picked(side, row)
        self.cmd.refresh_wizard()


def dim(_self: Any = _cmd) -> None:
    """Remove the highlighting; an open wizard keeps waiting for clicks."""
    wizard = _self.get_wizard()
    if isinstance(wizard, Walker):
        wizard.clear()
    else:
        walking.lights_out(_self)
