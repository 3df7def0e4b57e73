"""The matrix of pair scores as a picture; a click picks a pair."""

from __future__ import annotations

from pymol.Qt import QtCore, QtGui, QtWidgets

from .. import palettes

_MARGIN = 18  # pixels left and above, for the names of the sides


class HeatMap(QtWidgets.QWidget):
    """Left residues downwards, right ones to the right.

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
        self.setMouseTracking(True)
        self.setMinimumHeight(120)
        self.setCursor(QtCore.Qt.CursorShape.CrossCursor)

    def show_result(self, result, palette):
        """Draw the matrix of a result, nothing for None and for one protein."""
        self._result = result
        self._marked = None
        self._image = None
        if result is not None and result.child_result.scores is not None:
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
        return QtCore.QRect(_MARGIN, _MARGIN, self.width() - _MARGIN, self.height() - _MARGIN)

    def paintEvent(self, event):  # noqa: N802 (Qt's name)
        """Draw matrix, names and marks."""
        if self._image is None:
            return
        painter = QtGui.QPainter(self)
        frame = self._frame()
        smaller = frame.width() < self._image.width() or frame.height() < self._image.height()
        hint = QtGui.QPainter.RenderHint.SmoothPixmapTransform
        painter.setRenderHint(hint, smaller)
        painter.drawPixmap(frame, self._image)
        self._draw_names(painter, frame)
        if self._marked is not None:
            self._draw_marks(painter, frame)
        painter.end()

    def _draw_names(self, painter, frame):
        centre = QtCore.Qt.AlignmentFlag.AlignCenter
        partners = self._result.partners
        words = {side: f"{side}: {', '.join(partners[side].chains)}" for side in partners}
        painter.drawText(frame.left(), 0, frame.width(), _MARGIN, centre, words["right"])
        painter.save()
        painter.rotate(-90)
        painter.drawText(-frame.bottom(), 0, frame.height(), _MARGIN, centre, words["left"])
        painter.restore()

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
