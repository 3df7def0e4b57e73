"""A prediction that runs while the window lives: looked at by a timer, never waited for."""

from __future__ import annotations

from pymol import CmdException
from pymol.Qt import QtCore

from .. import worker
from ..console import say
from ..prediction import Prediction, report

#: Milliseconds between two looks at the child.
_INTERVAL = 100


class Runner(QtCore.QObject):
    """Starts, follows and ends predictions, one at a time.

    Signals
    -------
    advanced (int, int, float)
        Rotations done (-1 while the network loads) and wanted, seconds left.
    answered (object)
        A Result to show: that of the first rotation, then the final one.
    ended (str)
        A headline, or what went wrong.
    """

    advanced = QtCore.Signal(int, int, float)
    answered = QtCore.Signal(object)
    ended = QtCore.Signal(str)

    def __init__(self, _self, parent=None):
        super().__init__(parent)
        self._cmd = _self
        self._prediction = None
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(_INTERVAL)
        self._timer.timeout.connect(self._look)
        self._tidy_before_quit()

    def running(self):
        """Tell whether a prediction runs."""
        return self._prediction is not None

    def start(self, left, right, rotations):
        """Start a prediction; raises pymol.CmdException if it cannot be."""
        self._prediction = Prediction(left, right, rotations, _self=self._cmd)
        self._timer.start()

    def stop(self):
        """Ask the child to end."""
        if self._prediction is not None:
            self._prediction.cancel()

    def _look(self):
        prediction = self._prediction
        running = prediction.running()
        done, total = prediction.progress
        self.advanced.emit(done if prediction.loaded else -1, total, prediction.seconds_left())
        try:
            if running:
                prediction.require_atoms()
                self._tell(prediction.first_result())
            else:
                self._finish(prediction)
        except CmdException as error:
            self._end(sentence(error))

    def _finish(self, prediction):
        self._timer.stop()
        result = prediction.finish()
        self._tell(result)
        lines = report(result)
        say(lines)
        self._end("\n".join(line for line in lines if not line.startswith("  ")))

    def _tell(self, result):
        if result is not None:
            self.answered.emit(result)

    def _end(self, text):
        self._timer.stop()
        prediction, self._prediction = self._prediction, None
        prediction.close()
        self.ended.emit(text)

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


def sentence(error):
    """Return the text of a CmdException as a sentence."""
    text = error.message
    return text if text.startswith(worker.PROGRAM) else text[:1].upper() + text[1:]
