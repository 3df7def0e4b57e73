"""The window of the doctor: what is installed, what is missing, which program predicts."""

from __future__ import annotations

import threading

from pymol.Qt import QtCore, QtGui, QtWidgets

from .. import installation_check, worker


class DoctorDialog(QtWidgets.QDialog):
    """Shows the diagnosis; the slow part runs in a thread that does not call PyMOL."""

    def __init__(self, _self, parent=None):
        super().__init__(parent)
        self._cmd = _self
        self._thread = None
        self._there = []
        self.setWindowTitle("sasnet: check of the installation")
        self.text = QtWidgets.QPlainTextEdit()
        self.text.setReadOnly(True)
        fixed = QtGui.QFontDatabase.systemFont(QtGui.QFontDatabase.SystemFont.FixedFont)
        self.text.setFont(fixed)
        self.text.setLineWrapMode(QtWidgets.QPlainTextEdit.LineWrapMode.NoWrap)
        self.locate_button = QtWidgets.QPushButton("Choose program or Python ...")
        self.locate_button.clicked.connect(self.locate)
        again = QtWidgets.QPushButton("Check again")
        again.clicked.connect(self.look)
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.locate_button)
        row.addStretch(1)
        row.addWidget(again)
        layout = QtWidgets.QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addLayout(row)
        self.resize(760, 420)
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(100)
        self._timer.timeout.connect(self._ask)

    def look(self):
        """Run the diagnosis again."""
        if self._thread is not None:
            return
        self.text.setPlainText(
            "\n".join([*installation_check.here(self._cmd), "", "sasnet_predict --doctor ..."])
        )
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        self._timer.start()

    def locate(self):
        """Ask for `sasnet_predict` or the Python that has sasnet; keep it in the preferences."""
        title = f"Choose {worker.PROGRAM}, or the Python that has sasnet"
        path, _ = QtWidgets.QFileDialog.getOpenFileName(self, title)
        if path:
            worker.remember_program(path)
            self.look()

    def _work(self):
        self._there = installation_check.there()

    def _ask(self):
        if not self._thread.is_alive():
            self._timer.stop()
            self._thread = None
            lines = [*installation_check.here(self._cmd), "", *self._there]
            self.text.setPlainText("\n".join(lines))
