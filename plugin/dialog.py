"""The window of the plugin: two selections, Run, a progress bar. The only file that knows Qt."""

from __future__ import annotations

from pymol import CmdException
from pymol import cmd as _cmd
from pymol.Qt import QtCore, QtWidgets

from . import selections, worker
from .commands import print_report
from .prediction import ROTATIONS, Prediction

#: Milliseconds between two looks at the child.
_INTERVAL = 100
_MOST_ROTATIONS = 100

_open: list[PredictDialog] = []


def open_dialog() -> PredictDialog:
    """Show the dialog; there is one, and it keeps what was typed."""
    if not _open:
        from pymol.gui import get_qtwindow

        _open.append(PredictDialog(get_qtwindow()))
    _open[0].show()
    _open[0].raise_()
    return _open[0]


class PartnerBox(QtWidgets.QComboBox):
    """A field for a selection that offers what is loaded each time its list drops down."""

    def __init__(self, _self, parent=None):
        super().__init__(parent)
        self._cmd = _self
        self.setEditable(True)
        self.setMinimumContentsLength(28)
        self.lineEdit().setPlaceholderText("any selection")

    def showPopup(self):  # noqa: N802 (Qt's name)
        """Fill the list, then drop it down."""
        self.refill()
        super().showPopup()

    def refill(self):
        """Offer what is loaded now; what stands in the field stays."""
        text = self.currentText()
        self.clear()
        self.addItems(selections.choices(self._cmd))
        self.setEditText(text)

    def offer(self, position):
        """Refill, and put one of the choices into the field if that is empty."""
        self.refill()
        if not self.currentText() and position < self.count():
            self.setEditText(self.itemText(position))


class PredictDialog(QtWidgets.QDialog):
    """Two partners in, colours out; PyMOL stays usable while the child computes.

    Parameters
    ----------
    parent : QWidget, optional
        PyMOL's window.
    """

    def __init__(self, parent=None, _self=_cmd):
        super().__init__(parent)
        self._cmd = _self
        self._prediction = None
        self.setWindowTitle("SASNet: where do two proteins touch?")
        self._build()
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(_INTERVAL)
        self._timer.timeout.connect(self._look)
        self._tidy_before_quit()

    def showEvent(self, event):  # noqa: N802 (Qt's name)
        """Offer the first two chains in fields that are still empty."""
        super().showEvent(event)
        self.left.offer(0)
        self.right.offer(1)

    def start_or_stop(self):
        """Start a prediction, or stop the one that runs."""
        if self._prediction is None:
            self._start()
        else:
            self._prediction.cancel()
            self.run_button.setEnabled(False)
            self._say("Stopping ...")

    def locate_program(self):
        """Ask for the program and keep it in PyMOL's preferences."""
        path, _ = QtWidgets.QFileDialog.getOpenFileName(self, f"Where is {worker.PROGRAM}?")
        if path:
            worker.remember_program(path)
            self.locate_button.hide()
            self._say(f"{path} will be used. Press Run.")

    def _build(self):
        self.left = PartnerBox(self._cmd)
        self.right = PartnerBox(self._cmd)
        self.rotations = QtWidgets.QSpinBox()
        self.rotations.setRange(1, _MOST_ROTATIONS)
        self.rotations.setValue(ROTATIONS)
        self.rotations.setToolTip("Random rotations to average over: more are steadier and slower")
        self.bar = QtWidgets.QProgressBar()
        self.message = QtWidgets.QLabel("Choose two partners and press Run.")
        self.message.setWordWrap(True)
        self.message.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        form = QtWidgets.QFormLayout()
        form.addRow("Left partner", self.left)
        form.addRow("Right partner", self.right)
        form.addRow("Rotations", self.rotations)
        layout = QtWidgets.QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.bar)
        layout.addWidget(self.message)
        layout.addStretch(1)
        layout.addLayout(self._buttons())

    def _buttons(self):
        self.locate_button = QtWidgets.QPushButton(f"Locate {worker.PROGRAM} ...")
        self.locate_button.clicked.connect(self.locate_program)
        self.locate_button.hide()
        self.run_button = QtWidgets.QPushButton("Run")
        self.run_button.setDefault(True)
        self.run_button.clicked.connect(self.start_or_stop)
        close = QtWidgets.QPushButton("Close")
        close.setAutoDefault(False)
        close.setToolTip("Hides this window; a prediction that runs goes on")
        close.clicked.connect(self.close)
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.locate_button)
        row.addStretch(1)
        row.addWidget(self.run_button)
        row.addWidget(close)
        return row

    def _start(self):
        left, right = self.left.currentText().strip(), self.right.currentText().strip()
        if not (left and right):
            self._say("Choose two partners first.")
            return
        self.bar.reset()
        try:
            self._prediction = Prediction(left, right, self.rotations.value(), _self=self._cmd)
        except CmdException as error:
            self.locate_button.setVisible(isinstance(error, worker.ProgramNotFound))
            self._say(_text(error))
            return
        self.locate_button.hide()
        self._show_running(True)
        self._say("Starting the prediction ...")
        self._timer.start()

    def _look(self):
        running = self._prediction.running()
        done, total = self._prediction.progress
        if total and self.run_button.isEnabled():
            self.bar.setRange(0, total)
            self.bar.setValue(done)
            self._say(f"Rotation {done} of {total}")
        if not running:
            self._finish()

    def _finish(self):
        self._timer.stop()
        prediction, self._prediction = self._prediction, None
        try:
            lines = prediction.finish()
        except CmdException as error:
            self.bar.setValue(0)
            self._say(_text(error))
        else:
            print_report(lines)
            self._say(_headlines(lines))
        finally:
            prediction.close()
            self._show_running(False)

    def _tidy_before_quit(self):
        """Hear of PyMOL's end.

        However PyMOL is ended, it comes through `cmd._quit`, which then leaves the program on
        the spot: neither Qt's aboutToQuit nor Python's atexit is heard.
        """
        leave = self._cmd._quit

        def tidy_and_leave(*arguments, **options):
            self._abandon()
            return leave(*arguments, **options)

        self._cmd._quit = tidy_and_leave

    def _abandon(self):
        """Leave neither a child nor files behind."""
        self._timer.stop()
        if self._prediction is not None:
            self._prediction.close()
            self._prediction = None

    def _show_running(self, running):
        self.run_button.setText("Stop" if running else "Run")
        self.run_button.setEnabled(True)
        for field in (self.left, self.right, self.rotations):
            field.setEnabled(not running)
        if running:
            self.bar.setRange(0, 0)  # busy until the first rotation is done
        elif self.bar.maximum() == 0:
            self.bar.setRange(0, 1)

    def _say(self, text):
        self.message.setText(text)


def _headlines(lines):
    """Keep of a report what fits into a dialog: all but the single residues."""
    return "\n".join(line for line in lines if not line.startswith("  "))


def _text(error):
    text = error.message
    return text[:1].upper() + text[1:]
