"""What stands in the panel and where; what it does is connected elsewhere."""

from __future__ import annotations

from pymol.Qt import QtCore, QtWidgets

from .. import colouring, palettes, viewing, worker
from ..prediction_run import PRESETS
from .heatmap import HeatMap
from .partner_fields import PartnerFields
from .result_tables import PairTable, PatchTable, ResidueTable
from .scale import ScaleBar, ThresholdSlider

#: Results that the list shows at once.
_LINES = 4


class Form(QtWidgets.QWidget):
    """The panel's fields, buttons and views."""

    def __init__(self, _self, parent=None):
        super().__init__(parent)
        self.partners = PartnerFields(_self)
        self._make_run_fields()
        self._make_result_fields()
        self._make_colour_fields()
        self._make_views()
        self._make_walk_fields()
        layout = QtWidgets.QVBoxLayout(self)
        layout.addWidget(self.partners)
        layout.addWidget(_row((self.preset, 1), self.locate_button, self.run_button))
        layout.addWidget(self.bar)
        layout.addWidget(self.message)
        layout.addWidget(self._result_row())
        self._about_result = (
            _row(self.what_box, self.palette_box, self.restore_button),
            self.scale,
            self.threshold,
            self.tabs,
            _row(self.lines_box, self.line_count, None, self.pick_button),
        )
        for part in self._about_result:
            layout.addWidget(part, 1 if part is self.tabs else 0)

    def say(self, text):
        """Show a message."""
        self.message.setText(text)

    def switch_on(self, there):
        """Switch what is about a result on or off."""
        for part in (*self._about_result, self.save_button):
            part.setEnabled(there)
        self.forget_button.setEnabled(bool(self.list.count()))

    def _make_run_fields(self):
        self.preset = QtWidgets.QComboBox()
        for name in PRESETS:
            self.preset.addItem(name, name)
        self.preset.setCurrentIndex(len(PRESETS) - 1)
        self.run_button = QtWidgets.QPushButton("Run")
        self.locate_button = QtWidgets.QPushButton(f"Locate {worker.PROGRAM} ...")
        self.locate_button.hide()
        self.bar = QtWidgets.QProgressBar()
        self.bar.hide()
        self.message = QtWidgets.QLabel("Choose two partners, or the left one only, and press Run.")
        self.message.setWordWrap(True)
        self.message.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)

    def _make_result_fields(self):
        self.list = QtWidgets.QListWidget()
        self.list.setMaximumHeight(_LINES * (self.list.fontMetrics().height() + 4))
        self.list.setToolTip("Results of this session: click one to colour by it")
        self.save_button = QtWidgets.QPushButton("Save ...")
        self.load_button = QtWidgets.QPushButton("Load ...")
        self.forget_button = QtWidgets.QPushButton("Forget")
        self.doctor_button = QtWidgets.QPushButton("Doctor")

    def _result_row(self):
        buttons = QtWidgets.QGridLayout()
        buttons.addWidget(self.save_button, 0, 0)
        buttons.addWidget(self.load_button, 0, 1)
        buttons.addWidget(self.forget_button, 1, 0)
        buttons.addWidget(self.doctor_button, 1, 1)
        row = _row((self.list, 1))
        row.layout().addLayout(buttons)
        return row

    def _make_colour_fields(self):
        self.what_box = QtWidgets.QComboBox()
        self.what_box.addItems(colouring.WHAT)
        self.palette_box = QtWidgets.QComboBox()
        self.palette_box.addItems(palettes.PALETTES)
        self.restore_button = QtWidgets.QPushButton("Restore my colours")
        self.scale = ScaleBar()
        self.threshold = ThresholdSlider()

    def _make_views(self):
        self.patches = PatchTable()
        self.residues = ResidueTable()
        self.pairs = PairTable()
        self.map = HeatMap()
        self.tabs = QtWidgets.QTabWidget()
        self.tabs.addTab(self.patches, "Patches")
        self.tabs.addTab(self.residues, "Residues")
        self.tabs.addTab(self.pairs, "Pairs")
        self.tabs.addTab(self.map, "Map")

    def _make_walk_fields(self):
        self.lines_box = QtWidgets.QCheckBox("Lines for the best")
        self.line_count = QtWidgets.QSpinBox()
        self.line_count.setRange(1, 200)
        self.line_count.setValue(viewing.PAIRS)
        self.line_count.setSuffix(" pairs")
        self.pick_button = QtWidgets.QPushButton("Pick in the viewer")


def _row(*parts):
    """Put widgets side by side, each alone or with its stretch; None stands for empty space."""
    row = QtWidgets.QWidget()
    layout = QtWidgets.QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for part in parts:
        if part is None:
            layout.addStretch(1)
        else:
            layout.addWidget(*(part if isinstance(part, tuple) else (part,)))
    return row
