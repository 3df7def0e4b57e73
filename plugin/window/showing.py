"""Results, their colours and numbers: what the panel's lower part shows."""

from __future__ import annotations

from pymol import CmdException
from pymol.Qt import QtWidgets

from .. import colouring, interface_selection, lines, pymol_session, saving, viewing, wizard
from .running import sentence
from .turns import Turns


class Showing:
    """Shows the results of the session and lets the fields change how.

    Parameters
    ----------
    form : Form
        The panel's widgets.
    """

    def __init__(self, form, _self):
        self._form = form
        self._cmd = _self
        self._session = pymol_session.of(_self)
        self._results = self._session.results
        self._turns = Turns(self._complain, form)
        self._newest = None
        self._results.listeners.append(self.refresh)
        self._session.look_listeners.append(self._follow_look)
        self._session.threshold_listeners.append(self._follow_threshold)
        form.list.currentRowChanged.connect(self._switch)
        form.palette_box.activated.connect(lambda _: self.recolour())
        form.what_box.activated.connect(lambda _: self.recolour())
        form.restore_button.clicked.connect(lambda: self.restore())
        form.threshold.moved.connect(self.set_threshold)
        form.lines_box.toggled.connect(lambda _: self.draw_pairs())
        form.line_count.valueChanged.connect(lambda _: self.draw_pairs())
        form.save_button.clicked.connect(lambda: self.save())
        form.load_button.clicked.connect(lambda: self.load())
        form.forget_button.clicked.connect(lambda: self.forget())
        self.refresh()

    def current(self):
        """Return the current result, None where there is none; switches its fields accordingly."""
        try:
            result = self._chosen()
        except CmdException as error:
            if self._results.current:
                self._complain(error)
            result = None
        self._form.switch_on(result is not None)
        return result

    def pieces(self, result):
        """Show a result in the viewer as the fields say, in pieces; newer ones end older ones."""
        yield from self._until_newer(self._view(result))

    def busy(self):
        """Return whether work that a click started is unfinished."""
        return self._turns.busy()

    def drop_pieces(self):
        """Drop the work that is not done yet."""
        self._newest = None

    def refresh(self):
        """Make list and views those of the session, its current result chosen."""
        chosen = self._form.list
        chosen.blockSignals(True)
        chosen.clear()
        chosen.addItems(self._results.titles())
        if self._results.current:
            chosen.setCurrentRow(self._results.names().index(self._results.current))
        chosen.blockSignals(False)
        self._show_current()

    def recolour(self):
        """Colour the chosen result by what the fields say."""
        result = self.current()
        if result is not None:
            self._turns.start(self._until_newer(self._repaint(result)))
            self._fill(result)

    def restore(self):
        """Restore the user's colours."""
        self.drop_pieces()
        viewing.sasnet_restore(_self=self._cmd)
        self._form.say("Your colours are back. Choose a result or a palette to colour again.")

    def set_threshold(self, threshold):
        """Select the interface from another threshold on."""
        result = self.current()
        if result is not None:
            counts = interface_selection.select(result, threshold, self._cmd)
            self._form.threshold.say(threshold, counts)

    def draw_pairs(self):
        """Draw as many lines as the field says, if they are wanted."""
        result = self.current()
        self._cmd.delete(lines.GROUP)
        if result is not None and self._form.lines_box.isChecked():
            pairs = lines.top_pairs(result, self._form.line_count.value())
            lines.draw(result, pairs, _self=self._cmd)

    def save(self):
        """Ask for a folder and save the chosen result there."""
        path, _ = QtWidgets.QFileDialog.getSaveFileName(self._form, "Save the result as a folder")
        if path:
            self._try(lambda: self._form.say(f"Saved {saving.save(self._chosen(), path)}"))

    def load(self):
        """Ask for a result folder and load it."""
        path = QtWidgets.QFileDialog.getExistingDirectory(self._form, "Load a result folder")
        if path:
            self._try(lambda: self._start(saving.load(path, _self=self._cmd)))

    def forget(self):
        """Remove the chosen result from the list."""
        self.drop_pieces()
        if self._results.current:
            self._results.drop(self._results.current, self._cmd)

    def _switch(self, row):
        if row < 0:
            return
        self._results.current = self._results.names()[row]
        wizard.dim(self._cmd)
        self._show_current()
        result = self.current()
        if result is not None:
            self._start(result)

    def _chosen(self):
        return self._results.get("", self._cmd)

    def _start(self, result):
        self._turns.start(self.pieces(result))

    def _until_newer(self, pieces):
        own = self._newest = object()
        for _ in pieces:
            yield
            if self._newest is not own:
                return

    def _view(self, result):
        yield  # the tables were filled in this turn
        yield from self._paint(result)
        yield
        interface_selection.select_patches(result, self._cmd)
        yield
        interface_selection.select(result, _self=self._cmd)
        yield
        self.draw_pairs()

    def _repaint(self, result):
        yield from self._paint(result)
        if self._form.lines_box.isChecked():
            yield
            self.draw_pairs()

    def _paint(self, result):
        palette, what = self._form.palette_box.currentText(), self._form.what_box.currentText()
        return colouring.painting(result, palette, what, self._cmd)

    def _show_current(self):
        result = self.current()
        if result is not None:
            self._fill(result)
            self._form.threshold.set_quietly(result.threshold)
            counts = {side: len(result.interface(side)) for side in result.partners}
            self._form.threshold.say(result.threshold, counts)

    def _fill(self, result):
        form = self._form
        for view in (form.patches, form.residues, form.pairs, form.map):
            view.show_result(result, form.palette_box.currentText())

    def _follow_look(self):
        """Make the fields agree with the colours, which a typed command may have chosen."""
        palette, what = self._session.palette, self._session.what
        self._form.what_box.setCurrentText(what)
        if palette != self._form.palette_box.currentText():
            self._form.palette_box.setCurrentText(palette)
            result = self.current()
            if result is not None:
                self._fill(result)
        self._form.scale.show_scale(
            palette, None if what == "probability" else colouring.SPREAD_TOP
        )

    def _follow_threshold(self, name, threshold, counts):
        """Move the slider to a threshold that a typed command selected by."""
        if name == self._results.current:
            self._form.threshold.set_quietly(threshold)
            self._form.threshold.say(threshold, counts)

    def _try(self, action):
        try:
            action()
        except CmdException as error:
            self._complain(error)

    def _complain(self, error):
        self._form.say(sentence(error))
