"""Tables of residues and of pairs: sortable by every column, a click walks there."""

from __future__ import annotations

import re

from pymol.Qt import QtCore, QtGui, QtWidgets

from .. import palettes

_NUMBER = re.compile(r"(-?\d+)(.*)")
_DISPLAY = QtCore.Qt.ItemDataRole.DisplayRole
_BACKGROUND = QtCore.Qt.ItemDataRole.BackgroundRole
_FOREGROUND = QtCore.Qt.ItemDataRole.ForegroundRole
_ALIGNMENT = QtCore.Qt.ItemDataRole.TextAlignmentRole


class Rows(QtCore.QAbstractTableModel):
    """Rows of values under headings.

    Parameters
    ----------
    headings : sequence of str
        Of the columns.
    coloured : int
        Column whose numbers are shown on their colour.
    """

    def __init__(self, headings, coloured, parent=None):
        super().__init__(parent)
        self._headings = headings
        self._coloured = coloured
        self._rows = []
        self._colour = None
        self._sorted_by = (coloured, QtCore.Qt.SortOrder.DescendingOrder)

    def fill(self, rows, colour):
        """Show other rows.

        Parameters
        ----------
        rows : list of tuple
            First what the row is about, which is not shown; then a value for each column.
        colour : callable
            Red, green and blue of a value of the coloured column.
        """
        self.beginResetModel()
        self._rows = rows
        self._colour = colour
        self._order()
        self.endResetModel()

    def subject(self, row):
        """Return what a row is about."""
        return self._rows[row][0]

    def row_of(self, subject):
        """Return where a subject stands, -1 if nowhere."""
        return next((n for n, row in enumerate(self._rows) if row[0] == subject), -1)

    def rowCount(self, parent=None):  # noqa: N802 (Qt's name)
        """Count the rows."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent=None):  # noqa: N802 (Qt's name)
        """Count the columns."""
        return len(self._headings)

    def headerData(self, section, orientation, role=_DISPLAY):  # noqa: N802 (Qt's name)
        """Return a heading."""
        if role == _DISPLAY and orientation == QtCore.Qt.Orientation.Horizontal:
            return self._headings[section]
        return None

    def data(self, index, role=_DISPLAY):
        """Return text, colour or alignment of a cell."""
        value = self._rows[index.row()][index.column() + 1]
        if role == _DISPLAY:
            return f"{value:.3f}" if isinstance(value, float) else str(value)
        if role == _ALIGNMENT and isinstance(value, float):
            return int(QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter)
        if index.column() == self._coloured and role in (_BACKGROUND, _FOREGROUND):
            red, green, blue = self._colour(value)
            if role == _BACKGROUND:
                return QtGui.QBrush(QtGui.QColor.fromRgbF(red, green, blue))
            dark = 0.3 * red + 0.6 * green + 0.1 * blue < 0.5
            return QtGui.QBrush(QtGui.QColor("white" if dark else "black"))
        return None

    def sort(self, column, order=QtCore.Qt.SortOrder.AscendingOrder):
        """Sort by a column."""
        self.layoutAboutToBeChanged.emit()
        self._sorted_by = column, order
        self._order()
        self.layoutChanged.emit()

    def _order(self):
        column, order = self._sorted_by
        falling = order == QtCore.Qt.SortOrder.DescendingOrder
        self._rows.sort(key=lambda row: _sort_key(row[column + 1]), reverse=falling)


def _sort_key(value):
    """Sort residue numbers as numbers, insertion codes after them."""
    if isinstance(value, float):
        return (value,)
    match = _NUMBER.fullmatch(value)
    return (0, int(match[1]), match[2]) if match else (1, 0, value)


class WalkTable(QtWidgets.QTableView):
    """A table whose rows are walked to by click or arrow keys.

    Signals
    -------
    walked (object)
        What the row is about.
    """

    walked = QtCore.Signal(object)

    def __init__(self, headings, coloured, parent=None):
        super().__init__(parent)
        self.rows = Rows(headings, coloured, self)
        self.setModel(self.rows)
        self.setSortingEnabled(True)
        self.sortByColumn(coloured, QtCore.Qt.SortOrder.DescendingOrder)
        behaviour = QtWidgets.QAbstractItemView
        self.setSelectionBehavior(behaviour.SelectionBehavior.SelectRows)
        self.setSelectionMode(behaviour.SelectionMode.SingleSelection)
        self.setEditTriggers(behaviour.EditTrigger.NoEditTriggers)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 4)
        modes = QtWidgets.QHeaderView.ResizeMode
        self.horizontalHeader().setSectionResizeMode(modes.Stretch)
        self.selectionModel().currentRowChanged.connect(self._walk)

    def fill(self, rows, colour):
        """Show other rows; walks nowhere."""
        self.selectionModel().blockSignals(True)
        self.rows.fill(rows, colour)
        self.selectionModel().blockSignals(False)

    def mark(self, subject):
        """Show where a subject stands; walks nowhere."""
        row = self.rows.row_of(subject)
        if row < 0:
            return
        self.selectionModel().blockSignals(True)
        self.selectRow(row)
        self.scrollTo(self.rows.index(row, 0))
        self.selectionModel().blockSignals(False)
        self.viewport().update()

    def _walk(self, current, previous):
        if current.isValid():
            self.walked.emit(self.rows.subject(current.row()))


class PatchTable(WalkTable):
    """The patches of both sides; subjects are (side, row of the central residue)."""

    def __init__(self, parent=None):
        headings = ("Side", "No.", "Around", "Size", "Chance", "Expected")
        super().__init__(headings, 4, parent)
        fitting = QtWidgets.QHeaderView.ResizeMode.ResizeToContents
        self.horizontalHeader().setSectionResizeMode(2, fitting)  # names are whole
        self.setToolTip(
            "Chance: that half of the patch or more is in the interface. Expected: the share of "
            "its residues that is there. Selections: sasnet_patch_1, ..."
        )

    def show_result(self, result, palette):
        """Fill it with a result."""
        rows = [
            (
                (patch.side, patch.center),
                patch.side,
                str(patch.rank),
                result.label(patch.side, patch.center),
                str(len(patch.rows)),
                patch.chance,
                patch.share,
            )
            for patch in result.child_result.patches
        ]
        self.fill(rows, lambda value: palettes.colour(0.0 if value != value else value, palette))


class ResidueTable(WalkTable):
    """Every predicted residue of both sides; subjects are (side, row)."""

    def __init__(self, parent=None):
        super().__init__(("Side", "Chain", "No.", "Name", "Prob.", "Spread"), 4, parent)

    def show_result(self, result, palette):
        """Fill it with a result."""
        rows = [
            ((side, row), side, key[1], key[2], residue.name, residue.probability, residue.spread)
            for side in result.partners
            for row, (key, residue) in enumerate(result.residues(side))
        ]
        self.fill(rows, lambda value: palettes.colour(value, palette))


class PairTable(WalkTable):
    """The best pairs; subjects are (left row, right row)."""

    def __init__(self, parent=None):
        super().__init__(("Left", "Right", "Score", "Spread"), 2, parent)

    def show_result(self, result, palette):
        """Fill it with a result."""
        rows = [
            (
                (pair.left, pair.right),
                result.label("left", pair.left),
                result.label("right", pair.right),
                pair.score,
                pair.spread,
            )
            for pair in result.child_result.pairs
        ]
        self.fill(rows, lambda value: palettes.colour(palettes.value_at(value), palette))
