"""Fields to choose the two partners in."""

from __future__ import annotations

from pymol import CmdException
from pymol.Qt import QtWidgets

from .. import selections


class PartnerBox(QtWidgets.QComboBox):
    """A field for a selection that offers what is loaded each time its list drops down."""

    def __init__(self, _self, parent=None):
        super().__init__(parent)
        self._cmd = _self
        self.setEditable(True)
        self.setMinimumContentsLength(18)
        self.lineEdit().setPlaceholderText("any atom selection")

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

    def chosen(self):
        """Return the selection."""
        return self.currentText().strip()


class PartnerFields(QtWidgets.QWidget):
    """Left and right partner, and a button that proposes the two largest chains."""

    def __init__(self, _self, parent=None):
        super().__init__(parent)
        self._cmd = _self
        self.left = PartnerBox(_self)
        self.right = PartnerBox(_self)
        self.right.lineEdit().setPlaceholderText("none: where would any protein bind?")
        self.propose_button = QtWidgets.QPushButton("Largest\nchains")
        self.propose_button.setToolTip("Choose the two largest chains of the visible objects")
        self.propose_button.setAutoDefault(False)
        self.propose_button.clicked.connect(lambda: self.propose(anyway=True))
        policy = QtWidgets.QSizePolicy.Policy
        self.propose_button.setSizePolicy(policy.Preferred, policy.Preferred)  # as high as both
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        for row, (name, box) in enumerate((("Left", self.left), ("Right", self.right))):
            grid.addWidget(QtWidgets.QLabel(name), row, 0)
            grid.addWidget(box, row, 1)
        grid.addWidget(self.propose_button, 0, 2, 2, 1)
        grid.setColumnStretch(1, 1)

    def propose(self, anyway=False):
        """Put the two largest chains into empty fields, or into both anyway."""
        for box in (self.left, self.right):
            box.refill()
        if (self.left.chosen() or self.right.chosen()) and not anyway:
            return
        try:
            chains = selections.largest_chains("", self._cmd)
        except CmdException:
            return  # nothing is loaded yet
        for box, chain in zip((self.left, self.right), chains):  # noqa: B905 (Python 3.9)
            box.setEditText(chain)

    def count_residues(self):
        """Return the number of residues of both or of one, 0 if a selection will not do."""
        counted = 0
        for box in (self.left, self.right):
            if not box.chosen():
                if box is self.left:
                    return 0
                continue
            try:
                here = f"({box.chosen()}) and polymer.protein and name CA"
                counted += self._cmd.count_atoms(here)
            except CmdException:
                return 0
        return counted
