"""The panel: choose, run, look, walk."""

from __future__ import annotations

from pymol import CmdException
from pymol import cmd as _cmd
from pymol.Qt import QtCore, QtWidgets

from .. import (
    colouring,
    commands,
    interface,
    lines,
    palettes,
    saving,
    session,
    timing,
    viewing,
    walking,
    wizard,
    worker,
)
from ..prediction import PRESETS
from .diagnosis import DoctorDialog
from .heatmap import HeatMap
from .partners import PartnerFields
from .running import Runner, sentence
from .scale import ScaleBar, ThresholdSlider
from .tables import PairTable, ResidueTable

#: Pixels at which the tables show a good many rows.
_GOOD_HEIGHT = 860
_open: list[Panel] = []


def open_panel(_self=_cmd):
    """Show the panel; there is one, and it keeps what was typed."""
    if not _open:
        from pymol.gui import get_qtwindow

        window = get_qtwindow()
        panel = Panel(_self, window)
        _dock(panel, window)
        _open.append(panel)
    _open[0].show()
    _open[0].raise_()
    return _open[0]


def _dock(panel, window):
    """Dock the panel on the left; the window grows by it where the screen has room."""
    screen = QtWidgets.QApplication.primaryScreen().availableGeometry()
    width = window.width() + panel.sizeHint().width()
    height = max(window.height(), _GOOD_HEIGHT)
    window.addDockWidget(QtCore.Qt.DockWidgetArea.LeftDockWidgetArea, panel)
    if not (window.isMaximized() or window.isFullScreen()):
        window.resize(min(width, screen.width()), min(height, screen.height()))


class Panel(QtWidgets.QDockWidget):
    """Two partners in, colours out; PyMOL stays usable while the child computes."""

    def __init__(self, _self=_cmd, parent=None):
        super().__init__("SASNet: where do two proteins touch?", parent)
        self.setObjectName("sasnet_panel")
        self._cmd = _self
        self._results = session.of(_self).results
        self.runner = Runner(_self, self)
        self._build()
        self._connect()
        self._show_results()

    def showEvent(self, event):  # noqa: N802 (Qt's name)
        """Propose the two largest chains in fields that are still empty."""
        super().showEvent(event)
        self.partners.propose()
        self._estimate()

    # what the user does

    def start_or_stop(self):
        """Start a prediction, or stop the one that runs."""
        if self.runner.running():
            self.runner.stop()
            self.run_button.setEnabled(False)
            self.say("Stopping ...")
            return
        left, right = self.partners.left.chosen(), self.partners.right.chosen()
        if not (left and right):
            self.say("Choose two partners first.")
            return
        try:
            self.runner.start(left, right, PRESETS[self.preset.currentData()])
        except CmdException as error:
            self.say(sentence(error))
            self.locate_button.setVisible(isinstance(error, worker.ProgramNotFound))
        else:
            self.say(f"Starting {worker.PROGRAM} ...")
            self._show_running(True)

    def recolour(self):
        """Colour the chosen result by what the fields say."""
        result = self._result()
        if result is not None:
            self._paint(result)
            self._fill(result)

    def restore(self):
        """Give the user's colours back."""
        viewing.sasnet_restore(_self=self._cmd)
        self.say("Your colours are back. Choose a result or a palette to colour again.")

    def set_threshold(self, threshold):
        """Select the interface from another threshold on."""
        result = self._result()
        if result is not None:
            counts = interface.select(result, threshold, self._cmd)
            self.threshold.say(threshold, counts)

    def draw_pairs(self):
        """Draw as many lines as the field says, if they are wanted."""
        result = self._result()
        self._cmd.delete(lines.GROUP)
        if result is not None and self.lines_box.isChecked():
            pairs = lines.top_pairs(result, self.line_count.value())
            lines.draw(result, pairs, _self=self._cmd)

    def walk_to_residue(self, subject):
        """Light up a residue and those that it likely touches."""
        result = self._result()
        if result is not None:
            walking.light(result, *subject, self._cmd)
            walking.zoom(self._cmd)
            self._mark_residue(*subject)

    def walk_to_pair(self, subject):
        """Light up a pair."""
        result = self._result()
        if result is not None:
            walking.light_pair(result, *subject, self._cmd)
            walking.zoom(self._cmd)
            self.map.mark(*subject)
            self.pairs.mark(subject)

    def save(self):
        """Ask for a folder and save the chosen result there."""
        path, _ = QtWidgets.QFileDialog.getSaveFileName(self, "Save the result as a folder")
        if path:
            self._try(lambda: self.say(f"Saved {saving.save(self._results.get(), path)}"))

    def load(self):
        """Ask for a result folder and load it."""
        path = QtWidgets.QFileDialog.getExistingDirectory(self, "Load a result folder")
        if path:
            self._try(lambda: commands.show(saving.load(path, _self=self._cmd), self._cmd))

    def forget(self):
        """Drop the chosen result from the list."""
        if self._results.current:
            self._results.drop(self._results.current, self._cmd)

    def pick_in_viewer(self):
        """Let clicks in the viewer light up likely partners."""
        self._cmd.set_wizard(wizard.Walker(self._cmd))

    def diagnose(self):
        """Show what is there and what is missing."""
        self.doctor.show()
        self.doctor.raise_()
        self.doctor.look()

    def locate(self):
        """Ask for the program."""
        self.doctor.locate()
        self.locate_button.hide()
        self.say("Press Run.")

    def say(self, text):
        """Show a message."""
        self.message.setText(text)

    # what the runner and other commands tell

    def _advance(self, done, total, seconds):
        self.bar.setRange(0, total)
        self.bar.setValue(max(done, 0))
        left = f"{timing.in_words(seconds)} left"
        step = "loading the network" if done < 0 else f"rotation {done} of {total}"
        self.bar.setFormat(f"{step}, about {left}")

    def _show_answer(self, result):
        commands.show(result, self._cmd)
        if not result.final:
            self.say("These are the colours of one rotation; they are being refined.")

    def _end(self, text):
        self._switch_on()
        self.say(text)
        self._show_running(False)
        self._estimate()

    def _show_results(self):
        """Make the list that of the session, its current result chosen."""
        self.list.blockSignals(True)
        self.list.clear()
        self.list.addItems(self._results.names())
        if self._results.current:
            self.list.setCurrentRow(self._results.names().index(self._results.current))
        self.list.blockSignals(False)
        self._show_current()

    def _switch(self, row):
        if row < 0:
            return
        self._results.current = self._results.names()[row]
        walking.lights_out(self._cmd)
        result = self._result()
        if result is not None:
            self._paint(result)
            self.set_threshold(result.threshold)
            self.draw_pairs()
        self._show_current()

    # the parts

    def _result(self):
        try:
            return self._results.get("", self._cmd)
        except CmdException as error:
            if self._results.current:
                self.say(sentence(error))
            return None

    def _try(self, action):
        try:
            action()
        except CmdException as error:
            self.say(sentence(error))

    def _switch_on(self):
        """Switch on what is about a result, if there is one, else off; return it."""
        result = self._result()
        for part in self._about_result:
            part.setEnabled(result is not None)
        return result

    def _show_current(self):
        result = self._switch_on()
        if result is not None:
            self._fill(result)
            self.threshold.set_quietly(result.threshold)
            counts = {side: len(result.interface(side)) for side in result.partners}
            self.threshold.say(result.threshold, counts)

    def _paint(self, result):
        palette, what = self.palette_box.currentText(), self.what_box.currentText()
        colouring.paint(result, palette, what, self._cmd)
        top = None if what == "probability" else colouring.SPREAD_TOP
        self.scale.show_scale(palette, top)

    def _fill(self, result):
        palette = session.of(self._cmd).palette
        self.palette_box.setCurrentText(palette)
        for view in (self.residues, self.pairs, self.map):
            view.show_result(result, palette)

    def _mark_residue(self, side, row):
        self.residues.mark((side, row))
        self.map.mark(**{side: row})

    def _show_running(self, running):
        self.run_button.setText("Stop" if running else "Run")
        self.run_button.setEnabled(True)
        self.bar.setVisible(running)
        for field in (self.partners, self.preset):
            field.setEnabled(not running)
        self.bar.reset()

    def _estimate(self):
        """Write beside each preset how long it takes."""
        count = self.partners.count_residues()
        reckoned = timing.recall()
        for place, (name, rotations) in enumerate(PRESETS.items()):
            text = f"{name}: {rotations} rotations"
            if count:
                text += f", about {timing.in_words(reckoned.seconds(rotations, count))}"
            self.preset.setItemText(place, text)
        whence = "earlier runs here" if reckoned.measured else "runs on two cores elsewhere"
        self.preset.setToolTip(f"Times are reckoned from {whence}")

    def _connect(self):
        self.run_button.clicked.connect(self.start_or_stop)
        self.runner.advanced.connect(self._advance)
        self.runner.answered.connect(self._show_answer)
        self.runner.ended.connect(self._end)
        for box in (self.partners.left, self.partners.right):
            box.editTextChanged.connect(lambda _: self._estimate())
        self.list.currentRowChanged.connect(self._switch)
        self.palette_box.activated.connect(lambda _: self.recolour())
        self.what_box.activated.connect(lambda _: self.recolour())
        self.restore_button.clicked.connect(self.restore)
        self.threshold.moved.connect(self.set_threshold)
        self.lines_box.toggled.connect(lambda _: self.draw_pairs())
        self.line_count.valueChanged.connect(lambda _: self.draw_pairs())
        self.residues.walked.connect(self.walk_to_residue)
        self.pairs.walked.connect(self.walk_to_pair)
        self.map.picked.connect(self.walk_to_pair)
        self._results.listeners.append(self._show_results)
        self._results.pick_listeners.append(self._mark_residue)

    def _build(self):
        self.partners = PartnerFields(self._cmd)
        self.preset = QtWidgets.QComboBox()
        for name in PRESETS:
            self.preset.addItem(name, name)
        self.preset.setCurrentIndex(len(PRESETS) - 1)
        self.message = QtWidgets.QLabel("Choose two partners and press Run.")
        self.message.setWordWrap(True)
        self.message.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        self.doctor = DoctorDialog(self._cmd, self)
        inside = QtWidgets.QWidget()
        layout = QtWidgets.QVBoxLayout(inside)
        layout.addWidget(self.partners)
        layout.addLayout(self._run_row())
        layout.addWidget(self.bar)
        layout.addWidget(self.message)
        layout.addLayout(self._result_row())
        layout.addLayout(self._colour_row())
        self.scale = ScaleBar()
        self.threshold = ThresholdSlider()
        layout.addWidget(self.scale)
        layout.addWidget(self.threshold)
        layout.addWidget(self._tabs(), 1)
        layout.addLayout(self._line_row())
        self._about_result = (self.scale, self.threshold, self.tabs, self._colours, self._walks)
        self.setWidget(inside)

    def _run_row(self):
        self.run_button = QtWidgets.QPushButton("Run")
        self.bar = QtWidgets.QProgressBar()
        self.bar.hide()
        self.locate_button = _button(f"Locate {worker.PROGRAM} ...", self.locate)
        self.locate_button.hide()
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.preset, 1)
        row.addWidget(self.locate_button)
        row.addWidget(self.run_button)
        return row

    def _result_row(self):
        self.list = QtWidgets.QListWidget()
        self.list.setMaximumHeight(4 * (self.list.fontMetrics().height() + 4))
        self.list.setToolTip("Results of this session; a click colours by one")
        buttons = QtWidgets.QGridLayout()
        buttons.addWidget(_button("Save ...", self.save), 0, 0)
        buttons.addWidget(_button("Load ...", self.load), 0, 1)
        buttons.addWidget(_button("Forget", self.forget), 1, 0)
        buttons.addWidget(_button("Doctor", self.diagnose), 1, 1)
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.list, 1)
        row.addLayout(buttons)
        return row

    def _colour_row(self):
        self.palette_box = QtWidgets.QComboBox()
        self.palette_box.addItems(palettes.PALETTES)
        self.what_box = QtWidgets.QComboBox()
        self.what_box.addItems(colouring.WHAT)
        self.restore_button = QtWidgets.QPushButton("Restore my colours")
        self._colours = QtWidgets.QWidget()
        row = QtWidgets.QHBoxLayout(self._colours)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.what_box)
        row.addWidget(self.palette_box)
        row.addWidget(self.restore_button)
        outer = QtWidgets.QHBoxLayout()
        outer.addWidget(self._colours)
        return outer

    def _tabs(self):
        self.residues = ResidueTable()
        self.pairs = PairTable()
        self.map = HeatMap()
        self.tabs = QtWidgets.QTabWidget()
        self.tabs.addTab(self.residues, "Residues")
        self.tabs.addTab(self.pairs, "Pairs")
        self.tabs.addTab(self.map, "Map")
        return self.tabs

    def _line_row(self):
        self.lines_box = QtWidgets.QCheckBox("Lines of the best")
        self.line_count = QtWidgets.QSpinBox()
        self.line_count.setRange(1, 200)
        self.line_count.setValue(viewing.PAIRS)
        self.line_count.setSuffix(" pairs")
        self._walks = QtWidgets.QWidget()
        row = QtWidgets.QHBoxLayout(self._walks)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.lines_box)
        row.addWidget(self.line_count)
        row.addStretch(1)
        row.addWidget(_button("Pick in the viewer", self.pick_in_viewer))
        outer = QtWidgets.QHBoxLayout()
        outer.addWidget(self._walks)
        return outer


def _button(text, action):
    button = QtWidgets.QPushButton(text)
    button.clicked.connect(lambda: action())
    return button
