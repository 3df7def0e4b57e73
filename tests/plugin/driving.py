"""Runs inside PyMOL's window: a scenario, step by step, each waited for while the window lives.

A scenario is a generator that yields conditions: it goes on once a condition holds. What it finds
out goes into a dictionary, which is written as JSON when it ends or fails.
"""

import json
import os
import time
import traceback

from pymol import cmd
from pymol.Qt import QtCore, QtGui, QtWidgets

PATIENCE = 60.0  # seconds for one condition
_INTERVAL = 30  # milliseconds


def drive(scenario, place, **arguments):
    """Run a scenario once the window is up, write its facts to a file, and quit PyMOL."""
    facts = {"trouble": ""}
    steps = scenario(facts, **arguments)
    state = {"condition": lambda: True, "since": time.monotonic()}

    def look():
        try:
            if state["condition"]():
                state["condition"], state["since"] = next(steps), time.monotonic()
            elif time.monotonic() - state["since"] > PATIENCE:
                raise TimeoutError("waited in vain: see the last step")
        except StopIteration:
            finish()
        except BaseException:
            where = traceback.format_stack(steps.gi_frame)[-1] if steps.gi_frame else ""
            facts["trouble"] = traceback.format_exc() + where
            finish()
        else:
            QtCore.QTimer.singleShot(_INTERVAL, look)

    def finish():
        with open(f"{place}.new", "w") as stream:
            json.dump(facts, stream)
        os.replace(f"{place}.new", place)
        cmd.quit()

    QtCore.QTimer.singleShot(500, look)


def after(seconds):
    """Make a condition that holds some time from now."""
    moment = time.monotonic() + seconds
    return lambda: time.monotonic() > moment


def open_panel():
    """Choose the plugin's entry in the menu and return the panel."""
    from pymol.gui import get_qtwindow

    window = get_qtwindow()
    for widget in [*window.findChildren(QtWidgets.QWidget), window]:
        for entry in widget.actions():
            if "SASNet" in entry.text():
                entry.trigger()
                return next(
                    dock
                    for dock in window.findChildren(QtWidgets.QDockWidget)
                    if dock.objectName() == "sasnet_panel"
                )
    raise LookupError("no entry of the plugin in the menu")


def click(widget, x, y, button=QtCore.Qt.MouseButton.LeftButton):
    """Click at a point of a widget, as a mouse does."""
    kinds = QtCore.QEvent.Type
    for kind, held in (
        (kinds.MouseButtonPress, button),
        (kinds.MouseButtonRelease, QtCore.Qt.MouseButton.NoButton),
    ):
        place = QtCore.QPointF(x, y)
        event = QtGui.QMouseEvent(
            kind, place, QtCore.QPointF(widget.mapToGlobal(place.toPoint())), button, held,
            QtCore.Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QtWidgets.QApplication.sendEvent(widget, event)


def viewer():
    """Return the widget that PyMOL draws into; the scene is at its left upper corner."""
    from pmg_qt.pymol_gl_widget import PyMOLGLWidget
    from pymol.gui import get_qtwindow

    return get_qtwindow().findChild(PyMOLGLWidget)


def click_viewer_centre():
    """Click into the middle of the scene, as a mouse does; PyMOL finds out what is there."""
    width, height = cmd.get_viewport()
    click(viewer(), width / 2, height / 2)


def scene_colour(x, y):
    """Return red, green and blue of a point of the scene on the screen; places from 0 to 1."""
    width, height = cmd.get_viewport()
    corner = viewer().mapToGlobal(QtCore.QPoint(int(x * width), int(y * height)))
    point = QtWidgets.QApplication.primaryScreen().grabWindow(0, corner.x(), corner.y(), 1, 1)
    return list(point.toImage().pixelColor(0, 0).getRgbF()[:3])


def click_row(table, row, column=0):
    """Click a cell of a table."""
    box = table.visualRect(table.model().index(row, column))
    click(table.viewport(), box.center().x(), box.center().y())


def photograph(name):
    """Keep a picture of the window as it stands on the screen.

    Only where SASNET_TEST_PICTURES names a folder for it.
    """
    folder = os.environ.get("SASNET_TEST_PICTURES")
    if folder:
        from pymol.gui import get_qtwindow

        QtWidgets.QApplication.processEvents()
        os.makedirs(folder, exist_ok=True)
        frame = get_qtwindow().frameGeometry()
        screen = QtWidgets.QApplication.primaryScreen()
        picture = screen.grabWindow(0, frame.x(), frame.y(), frame.width(), frame.height())
        picture.save(os.path.join(folder, f"{name}.png"))


def colours(selection):
    """Return the colour numbers of some atoms."""
    found = set()
    cmd.iterate(selection, "found.add(color)", space={"found": found})
    return sorted(found)


def residues(selection):
    """Return chain and number of the residues of a selection."""
    found = set()
    cmd.iterate(selection, "found.add(chain + resi)", space={"found": found})
    return sorted(found)
