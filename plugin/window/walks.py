"""From tables, map and viewer to the places of residues and pairs."""

from __future__ import annotations

from .. import pymol_session, walking, wizard


class Walks:
    """Highlights the residues and pairs that are clicked.

    Parameters
    ----------
    form : Form
        The panel's widgets.
    showing : Showing
        What knows the current result.
    """

    def __init__(self, form, showing, _self):
        self._form = form
        self._showing = showing
        self._cmd = _self
        form.patches.walked.connect(self.to_residue)
        form.residues.walked.connect(self.to_residue)
        form.pairs.walked.connect(self.to_pair)
        form.map.picked.connect(self.to_pair)
        form.pick_button.clicked.connect(lambda: self.pick_in_viewer())
        pymol_session.of(_self).results.pick_listeners.append(self._mark_residue)

    def to_residue(self, subject):
        """Highlight a residue and the partner residues that score best with it."""
        result = self._showing.current()
        if result is not None:
            walking.light(result, *subject, self._cmd)
            walking.zoom(self._cmd)
            self._mark_residue(*subject)

    def to_pair(self, subject):
        """Highlight a pair."""
        result = self._showing.current()
        if result is not None:
            walking.light_pair(result, *subject, self._cmd)
            walking.zoom(self._cmd)
            self._form.map.mark(*subject)
            self._form.pairs.mark(subject)

    def pick_in_viewer(self):
        """Let clicks in the viewer highlight residues."""
        if not isinstance(self._cmd.get_wizard(), wizard.Walker):  # a second one would stay open
            self._cmd.set_wizard(wizard.Walker(self._cmd))

    def _mark_residue(self, side, row):
        self._form.residues.mark((side, row))
        self._form.map.mark(**{side: row})
