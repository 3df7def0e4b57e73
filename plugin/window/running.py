"""A prediction that runs while the window lives: checked now and then, never waited for."""

from __future__ import annotations

from pymol.Qt import QtCore

from .. import worker
from ..console import say
from ..prediction_run import PredictionRun, headline, report
from .turns import Turns

#: Milliseconds between two looks at the child.
_INTERVAL = 100


class Runner(QtCore.QObject):
    """Starts, follows and ends predictions, one at a time.

    Parameters
    ----------
    show : callable
        Shows a BoundResult in pieces: the result of the first rotation, then the final one.

    Signals
    -------
    advanced (int, int, float)
        Rotations done (-1 while the network loads) and wanted, seconds left.
    shown (object)
        A BoundResult that was shown.
    ended (str)
        A headline, or what went wrong.
    """

    advanced = QtCore.Signal(int, int, float)
    shown = QtCore.Signal(object)
    ended = QtCore.Signal(str)

    def __init__(self, _self, show, parent=None):
        super().__init__(parent)
        self._cmd = _self
        self._show = show
        self._prediction = None
        self._turns = Turns(self._end_badly, self)
        self._tidy_before_quit()

    def running(self):
        """Return whether a prediction runs."""
        return self._prediction is not None

    def start(self, left, right, rotations):
        """Start a prediction; raises pymol.CmdException if it cannot be."""
        self._prediction = PredictionRun(left, right, rotations, _self=self._cmd)
        self._turns.start(self._work(self._prediction))

    def warnings(self):
        """Return what may make the result of the prediction wrong."""
        return self._prediction.warnings if self._prediction is not None else []

    def stop(self):
        """Ask the child to end."""
        if self._prediction is not None:
            self._prediction.cancel()

    def _work(self, prediction):
        yield from prediction.beginning()
        while prediction.running():
            done, total = prediction.progress
            self.advanced.emit(done if prediction.loaded else -1, total, prediction.seconds_left())
            prediction.require_atoms()
            yield from self._tell(prediction.first_result())
            yield _INTERVAL
        result = prediction.finish()
        yield from self._tell(result)
        say(report(result, prediction.warnings))
        self._end(headline(result, prediction.warnings))

    def _tell(self, result):
        if result is not None:
            yield
            yield from self._show(result)
            self.shown.emit(result)

    def _end_badly(self, error):
        self._end(sentence(error))

    def _end(self, text):
        prediction, self._prediction = self._prediction, None
        prediction.close()
        self.ended.emit(text)

    def _tidy_before_quit(self):
        """Tidy up when PyMOL quits.

        However PyMOL is ended, it comes through `cmd._quit`, which ends the program
        at once: neither Qt's aboutToQuit nor Python's atexit is called.
        """
        leave = self._cmd._quit

        def tidy_and_leave(*arguments, **options):
            self._abandon()
            return leave(*arguments, **options)

        self._cmd._quit = tidy_and_leave

    def _abandon(self):
        """End the child and remove its files."""
        self._turns.drop()
        if self._prediction is not None:
            self._prediction.close()
            self._prediction = None


def sentence(error):
    """Return the text of a CmdException as a sentence."""
    text = error.message
    return text if text.startswith(worker.PROGRAM) else text[:1].upper() + text[1:]
