"""The colour scale, and on the same axis the slider of the threshold."""

from __future__ import annotations

from pymol.Qt import QtCore, QtGui, QtWidgets

from .. import palettes

_STEPS = 400
_HEIGHT = 14  # pixels of the bar
#: Of a scale of probabilities, and of spreads.
_TITLES = {
    True: "Probability of being in the interface",
    False: "Spread of the probability over the rotations",
}
#: What to call the residues of the only side of one protein.
_COUNTED = {"protein": "residues"}


class ScaleBar(QtWidgets.QWidget):
    """A bar of colours under a title, with its numbers beneath; stops are evenly spaced."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._palette = palettes.DEFAULT
        self._labels = [f"{stop:g}" for stop in palettes.STOPS]
        self._title = _TITLES[True]
        self.setFixedHeight(_HEIGHT + 2 * self.fontMetrics().height() + 2)

    def show_scale(self, palette, top=None):
        """Draw a palette, its numbers the stops, or evenly from 0 to a top."""
        count = len(palettes.STOPS) - 1
        self._palette = palette
        self._title = _TITLES[top is None]
        self._labels = [
            f"{palettes.STOPS[n] if top is None else top * n / count:g}" for n in range(count + 1)
        ]
        self.update()

    def paintEvent(self, event):  # noqa: N802 (Qt's name)
        """Draw it."""
        painter = QtGui.QPainter(self)
        width, count = self.width(), len(self._labels) - 1
        gradient = QtGui.QLinearGradient(0, 0, width, 0)
        for number, rgb in enumerate(palettes.PALETTES[self._palette]):
            gradient.setColorAt(number / count, QtGui.QColor.fromRgbF(*rgb))
        metrics = painter.fontMetrics()
        painter.drawText(0, metrics.ascent(), self._title)
        painter.fillRect(0, metrics.height(), width, _HEIGHT, gradient)
        for number, label in enumerate(self._labels):
            size = metrics.boundingRect(label).width() + 2
            left = min(max(width * number / count - size / 2, 0), width - size)
            painter.drawText(int(left), self.height() - metrics.descent(), label)
        painter.end()


class ThresholdSlider(QtWidgets.QWidget):
    """Sets the least probability of the interface.

    Signals
    -------
    moved (float)
        The new threshold, not more often than twenty times a second.
    """

    moved = QtCore.Signal(float)

    def __init__(self, parent=None):
        super().__init__(parent)
        self.slider = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal)
        self.slider.setRange(0, _STEPS)
        self.slider.setToolTip("Selects sasnet_left_interface and sasnet_right_interface")
        self.text = QtWidgets.QLabel()
        self._delay = QtCore.QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(50)
        self._delay.timeout.connect(lambda: self.moved.emit(self.threshold()))
        self.slider.valueChanged.connect(lambda _: self._delay.isActive() or self._delay.start())
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.slider)
        layout.addWidget(self.text)

    def threshold(self):
        """Return the probability that the slider stands at."""
        return palettes.value_at(self.slider.value() / _STEPS)

    def set_quietly(self, threshold):
        """Move the slider without telling anybody."""
        self.slider.blockSignals(True)
        self.slider.setValue(round(palettes.even(threshold) * _STEPS))
        self.slider.blockSignals(False)

    def say(self, threshold, counts):
        """Write the threshold and the number of residues of each side beneath."""
        self.text.setText(
            f"Interface from {threshold:.3f}: "
            + ", ".join(f"{count} {_COUNTED.get(side, side)}" for side, count in counts.items())
        )
