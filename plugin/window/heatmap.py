"""The matrix of pair scores as a picture; a click picks a pair."""

from __future__ import annotations

from pymol.Qt import QtCore, QtGui, QtWidgets

from .. import palettes
from ..child_result import SIDES

#: Height of the colour scale, length of a tick and space beside texts (pixels).
_BAR, _TICK, _GAP = 10, 4, 3
#: Lines of text between two numbers of the left axis.
_APART = 1.3
#: Distances of numbers on the axes, in residues.
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_TITLE = "score of a pair: it ranks pairs, it is no probability"


class HeatMap(QtWidgets.QWidget):
    """Left residues downwards, right ones to the right, numbered; the colour scale beneath.

    Signals
    -------
    picked (object)
        Left and right row of the pair under a click; where one point stands for several pairs,
        the best of them.
    """

    picked = QtCore.Signal(object)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._result = None
        self._image = None
        self._marked = None
        self._palette = palettes.DEFAULT
        self._widths = dict.fromkeys(SIDES, 0)  # of the longest names of residues, pixels
        self.setMouseTracking(True)
        self.setMinimumHeight(180)
        self.setCursor(QtCore.Qt.CursorShape.CrossCursor)

    def show_result(self, result, palette):
        """Draw the matrix of a result, nothing for None and for one protein."""
        self._result = result
        self._palette = palette
        self._marked = None
        self._image = None
        if result is not None and result.child_result.scores is not None:
            for side in SIDES:
                longest = max(map(_name, result.keys[side]), key=len)
                self._widths[side] = self.fontMetrics().boundingRect(longest).width()
            scores = result.child_result.scores
            form = QtGui.QImage.Format.Format_Indexed8
            levels = result.child_result.levels
            image = QtGui.QImage(levels, scores.n_columns, scores.n_rows, scores.n_columns, form)
            image.setColorTable(_colour_table(palette))
            self._image = QtGui.QPixmap.fromImage(image)
        self.update()

    def mark(self, left=None, right=None, protein=None):
        """Draw a line at a left row, a right row, or both; there is none for one protein."""
        self._marked = left, right
        self.update()

    def pair_at(self, x, y):
        """Return the pair at a point of the widget, None beside the matrix."""
        frame = self._frame()
        if self._image is None or not frame.contains(int(x), int(y)):
            return None
        scores = self._result.child_result.scores
        rows = _span(y - frame.top(), frame.height(), scores.n_rows)
        columns = _span(x - frame.left(), frame.width(), scores.n_columns)
        return max(
            ((row, column) for row in rows for column in columns),
            key=lambda pair: scores.at(*pair),
        )

    def _frame(self):
        metrics = self.fontMetrics()
        line = metrics.height()
        left = line + self._widths["left"] + _TICK + 2 * _GAP
        above = 2 * line + _TICK + 2 * _GAP
        below = _BAR + line + 3 * _GAP
        width, height = self.width() - left - _GAP, self.height() - above - below
        return QtCore.QRect(left, above, max(width, 1), max(height, 1))

    def paintEvent(self, event):  # noqa: N802 (Qt's name)
        """Draw matrix, names, numbers, scale and marks."""
        if self._image is None:
            return
        painter = QtGui.QPainter(self)
        frame = self._frame()
        smaller = frame.width() < self._image.width() or frame.height() < self._image.height()
        hint = QtGui.QPainter.RenderHint.SmoothPixmapTransform
        painter.setRenderHint(hint, smaller)
        painter.drawPixmap(frame, self._image)
        self._draw_names(painter, frame)
        self._draw_numbers(painter, frame)
        self._draw_scale(painter, frame)
        if self._marked is not None:
            self._draw_marks(painter, frame)
        painter.end()

    def _draw_names(self, painter, frame):
        centre = QtCore.Qt.AlignmentFlag.AlignCenter
        partners = self._result.partners
        words = {side: f"{side}: {', '.join(partners[side].chains)}" for side in partners}
        line = painter.fontMetrics().height()
        painter.drawText(frame.left(), 0, frame.width(), line, centre, words["right"])
        painter.save()
        painter.rotate(-90)
        painter.drawText(-frame.bottom(), 0, frame.height(), line, centre, words["left"])
        painter.restore()

    def _draw_numbers(self, painter, frame):
        """Write residue numbers along both axes, the chain before the first of each chain."""
        metrics = painter.fontMetrics()
        scores = self._result.child_result.scores
        middle = metrics.height() // 3
        size = frame.height() / scores.n_rows
        for row, text in self.ticks("left"):
            y = int(frame.top() + (row + 0.5) * size)
            painter.drawLine(frame.left() - _TICK, y, frame.left() - 1, y)
            width = metrics.boundingRect(text).width()
            painter.drawText(frame.left() - _TICK - _GAP - width, y + middle, text)
        size = frame.width() / scores.n_columns
        for column, text in self.ticks("right"):
            x = int(frame.left() + (column + 0.5) * size)
            painter.drawLine(x, frame.top() - _TICK, x, frame.top() - 1)
            width = metrics.boundingRect(text).width()
            left = min(x - width // 2, frame.right() - width)
            painter.drawText(left, frame.top() - _TICK - _GAP, text)

    def ticks(self, side):
        """List row and text of what is written along the axis of a side."""
        frame, keys = self._frame(), self._result.keys[side]
        if side == "left":
            return _ticks(keys, frame.height() / len(keys), _APART * self.fontMetrics().height())
        return _ticks(keys, frame.width() / len(keys), 1.5 * self._widths["right"])

    def _draw_scale(self, painter, frame):
        """Draw the colours of scores from 0 to 1 beneath the matrix."""
        metrics = painter.fontMetrics()
        above = frame.bottom() + 2 * _GAP
        bar = QtCore.QRect(frame.left(), above, frame.width(), _BAR)
        gradient = QtGui.QLinearGradient(bar.left(), 0, bar.right(), 0)
        stops = palettes.PALETTES[self._palette]
        for number, rgb in enumerate(stops):
            gradient.setColorAt(number / (len(stops) - 1), QtGui.QColor.fromRgbF(*rgb))
        painter.fillRect(bar, gradient)
        base = above + _BAR + metrics.ascent() + _GAP // 2
        painter.drawText(bar.left(), base, "0")
        painter.drawText(bar.right() - metrics.boundingRect("1").width() - 1, base, "1")
        room = bar.width() - 4 * metrics.boundingRect("0").width()
        title = metrics.elidedText(_TITLE, QtCore.Qt.TextElideMode.ElideRight, room)
        left = bar.left() + (bar.width() - metrics.boundingRect(title).width()) // 2
        painter.drawText(left, base, title)

    def _draw_marks(self, painter, frame):
        scores = self._result.child_result.scores
        left, right = self._marked
        painter.setPen(QtGui.QPen(QtGui.QColor("black"), 1, QtCore.Qt.PenStyle.DotLine))
        if left is not None:
            y = int(frame.top() + (left + 0.5) * frame.height() / scores.n_rows)
            painter.drawLine(frame.left(), y, frame.right(), y)
        if right is not None:
            x = int(frame.left() + (right + 0.5) * frame.width() / scores.n_columns)
            painter.drawLine(x, frame.top(), x, frame.bottom())

    def mousePressEvent(self, event):  # noqa: N802 (Qt's name)
        """Pick the pair."""
        pair = self.pair_at(event.pos().x(), event.pos().y())
        if pair is not None:
            self.mark(*pair)
            self.picked.emit(pair)

    def mouseMoveEvent(self, event):  # noqa: N802 (Qt's name)
        """Show which pair is under the mouse."""
        pair = self.pair_at(event.pos().x(), event.pos().y())
        text = ""
        if pair is not None:
            result = self._result
            score = result.child_result.scores.at(*pair)
            spread = result.child_result.spread.at(*pair)
            names = f"{result.label('left', pair[0])} - {result.label('right', pair[1])}"
            text = f"{names}  {score:.3f} +/- {spread:.3f}"
        self.setToolTip(text)


def _name(key):
    """Name a residue on an axis by chain and number."""
    _, chain, resi = key
    return f"{chain}{resi}"


def _ticks(keys, size, least):
    """Choose what is written along an axis.

    Parameters
    ----------
    keys : list of tuple
        PyMOL's keys of its residues.
    size : float
        Pixels of a residue.
    least : float
        Pixels between two texts.

    Returns
    -------
    list of tuple
        Row and text: chain and number at the first residue of each chain, as far as there is room,
        and between them round numbers.
    """
    step = next((step for step in _STEPS if step * size >= least), _STEPS[-1])
    starts = [row for row, key in enumerate(keys) if not row or key[:2] != keys[row - 1][:2]]
    chosen = {}
    for row in starts:
        if not chosen or (row - max(chosen)) * size >= least:
            chosen[row] = _name(keys[row])
    for row, (_, _, resi) in enumerate(keys):
        if resi.lstrip("-").isdigit() and int(resi) % step == 0:
            if all(abs(row - other) * size >= least for other in chosen):
                chosen[row] = resi
    return sorted(chosen.items())


def _span(offset, length, count):
    """Return the rows or columns that a pixel covers, at least one."""
    first = min(int(offset * count / length), count - 1)
    return range(first, max(min(int((offset + 1) * count / length), count), first + 1))


def _colour_table(palette):
    table = []
    for level in range(256):
        red, green, blue = palettes.colour(palettes.value_at(level / 255), palette)
        table.append(QtGui.QColor.fromRgbF(red, green, blue).rgb())
    return table
