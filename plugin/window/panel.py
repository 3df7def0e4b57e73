"""The panel: its parts put together and docked into PyMOL's window."""

from __future__ import annotations

from pymol import cmd as _cmd
from pymol.Qt import QtCore, QtWidgets

from .diagnosis import DoctorDialog
from .form import Form
from .run_controls import RunControls
from .showing import Showing
from .walks import Walks

#: Pixels at which the tables show a good many rows.
_GOOD_HEIGHT = 860
_open: list[Panel] = []


def open_panel(_self=_cmd):
    """Show the panel; it is made once and keeps what was typed."""
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
        self.form = Form(_self)
        self.doctor = DoctorDialog(_self, self)
        self.showing = Showing(self.form, _self)
        self.run_controls = RunControls(self.form, self.showing, self.doctor.locate, _self)
        self.walks = Walks(self.form, self.showing, _self)
        self.form.doctor_button.clicked.connect(lambda: self.diagnose())
        self.setWidget(self.form)

    def showEvent(self, event):  # noqa: N802 (Qt's name)
        """Propose the two largest chains in fields that are still empty."""
        super().showEvent(event)
        self.form.partners.propose()
        self.run_controls.estimate()

    def diagnose(self):
        """Show what is installed and what is missing."""
        self.doctor.show()
        self.doctor.raise_()
        self.doctor.look()
