"""Keeps the window alive while a typed command waits for its child."""

from __future__ import annotations

import time

from pymol import cmd as _cmd
from pymol.Qt import QtCore, QtWidgets

from .. import pymol_session

#: Milliseconds for which Qt may work before the time is looked at again.
_SLICE = 20


def keep_alive(_self=_cmd):
    """From now on let Qt work while commands wait."""
    pymol_session.of(_self).pause = _pause


def _pause(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QtWidgets.QApplication.processEvents(QtCore.QEventLoop.ProcessEventsFlag.AllEvents, _SLICE)
        time.sleep(0.01)
