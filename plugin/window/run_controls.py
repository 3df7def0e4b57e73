"""Run, Stop, progress: what the panel's upper part does."""

from __future__ import annotations

from pymol import CmdException

from .. import timing, worker
from ..prediction_run import PRESETS
from .running import Runner, sentence


class RunControls:
    """Lets the fields run predictions.

    Parameters
    ----------
    form : Form
        The panel's widgets.
    showing : Showing
        What shows a result.
    locate : callable
        Asks the user for the program.
    """

    def __init__(self, form, showing, locate, _self):
        self._form = form
        self._showing = showing
        self._locate = locate
        self.runner = Runner(_self, showing.pieces, form)
        self.runner.advanced.connect(self._advance)
        self.runner.shown.connect(self._tell)
        self.runner.ended.connect(self._end)
        form.run_button.clicked.connect(lambda: self.start_or_stop())
        form.locate_button.clicked.connect(lambda: self.locate())
        for box in (form.partners.left, form.partners.right):
            box.editTextChanged.connect(lambda _: self.estimate())

    def start_or_stop(self):
        """Start a prediction, or stop the one that runs."""
        if self.runner.running():
            self.runner.stop()
            self._form.run_button.setEnabled(False)
            self._form.say("Stopping ...")
            return
        partners = self._form.partners
        left, right = partners.left.chosen(), partners.right.chosen()
        if not left:
            self._form.say("Choose two partners first, or one protein as the left one.")
            return
        try:
            self._showing.drop_pieces()
            self.runner.start(left, right, PRESETS[self._form.preset.currentData()])
        except CmdException as error:
            self._form.say(sentence(error))
            self._form.locate_button.setVisible(isinstance(error, worker.ProgramNotFound))
        else:
            warnings = [f"Warning: {warning}." for warning in self.runner.warnings()]
            self._form.say("\n".join([f"Starting {worker.PROGRAM} ...", *warnings]))
            self._show_running(True)

    def locate(self):
        """Ask for the program."""
        self._locate()
        self._form.locate_button.hide()
        self._form.say("Press Run.")

    def estimate(self):
        """Write beside each preset how long it takes."""
        count = self._form.partners.count_residues()
        reckoned = timing.recall()
        for place, (name, rotations) in enumerate(PRESETS.items()):
            text = f"{name}: {rotations} rotations"
            if count:
                text += f", about {timing.in_words(reckoned.seconds(rotations, count))}"
            self._form.preset.setItemText(place, text)
        source = "earlier runs here" if reckoned.measured else "runs on another computer, two cores"
        self._form.preset.setToolTip(f"Times are estimated from {source}")

    def _advance(self, done, total, seconds):
        bar = self._form.bar
        bar.setRange(0, total)
        bar.setValue(max(done, 0))
        step = "loading the network" if done < 0 else f"rotation {done} of {total}"
        bar.setFormat(f"{step}, about {timing.in_words(seconds)} left")

    def _tell(self, result):
        if not result.final:
            self._form.say("The colours show one rotation so far; more follow.")

    def _end(self, text):
        self._showing.current()  # whether there is one still
        self._form.say(text)
        self._show_running(False)
        self.estimate()

    def _show_running(self, running):
        form = self._form
        form.run_button.setText("Stop" if running else "Run")
        form.run_button.setEnabled(True)
        form.bar.setVisible(running)
        for field in (form.partners, form.preset):
            field.setEnabled(not running)
        form.bar.reset()
