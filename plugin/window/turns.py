"""Work in pieces, one in each turn of the event loop, so that the window never freezes."""

from __future__ import annotations

from pymol import CmdException
from pymol.Qt import QtCore


class Turns(QtCore.QObject):
    """Does one piece of work after the other.

    Parameters
    ----------
    fail : callable
        Called with the pymol.CmdException that ended some work.
    """

    def __init__(self, fail, parent=None):
        super().__init__(parent)
        self._fail = fail
        self._pieces = None
        self._timer = QtCore.QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._go_on)

    def start(self, pieces):
        """Do the first piece now, the others later; what is left of earlier work is dropped.

        Parameters
        ----------
        pieces : iterator
            Works between its values: the milliseconds to wait, or None to go on in the next turn.
        """
        self._pieces = pieces
        self._go_on()

    def busy(self):
        """Return whether there is more to do."""
        return self._pieces is not None

    def drop(self):
        """Do no more."""
        self._pieces = None
        self._timer.stop()

    def _go_on(self):
        pieces = self._pieces
        try:
            pause = next(pieces)
        except StopIteration:
            if self._pieces is pieces:
                self.drop()
        except CmdException as error:
            if self._pieces is pieces:
                self.drop()
            self._fail(error)
        else:
            if self._pieces is pieces:
                self._timer.start(pause or 0)
