"""Runs inside PyMOL's window for `benchmarks.window`: real predictions, watched, photographed."""

import time

from driving import after, click_row, open_panel, photograph
from pymol import cmd
from pymol.Qt import QtCore

COPIES = 15  # of two chains of 98 residues


class Watch:
    """Measures how long the event loop stands still; repaints are taken off.

    A busy machine takes the processor away at times, so the seconds that the thread itself
    computed are measured as well.
    """

    def __init__(self):
        self.gaps = []
        self._clocks = time.monotonic, time.thread_time
        self._painting = [0.0, 0.0]
        self._last = self._read()
        self._timer = QtCore.QTimer()
        self._timer.setInterval(2)
        self._timer.timeout.connect(self._tick)

    def start(self):
        """Begin to measure."""
        self.gaps, self._painting, self._last = [], [0.0, 0.0], self._read()
        self._timer.start()

    def stop(self):
        """Return the longest standstill: seconds, and seconds computed in one."""
        self._timer.stop()
        return [max(gaps) for gaps in zip(*self.gaps, strict=True)]

    def paint(self, widget, original):
        """Paint, and note how long that takes."""
        before = self._read()
        original(widget)
        for place, (end, begin) in enumerate(zip(self._read(), before, strict=True)):
            self._painting[place] += end - begin

    def _read(self):
        return [clock() for clock in self._clocks]

    def _tick(self):
        now = self._read()
        gaps = zip(now, self._last, self._painting, strict=True)
        self.gaps.append([end - begin - painting for end, begin, painting in gaps])
        self._last, self._painting = now, [0.0, 0.0]


def watched():
    """Make a watch that hears of every repaint of the viewer."""
    from pmg_qt.pymol_gl_widget import PyMOLGLWidget

    watch, original = Watch(), PyMOLGLWidget.paintGL
    PyMOLGLWidget.paintGL = lambda widget: watch.paint(widget, original)
    return watch


def scenario(facts, demo, large):
    """Predict the demo structure, walk its interface; then perhaps 2,940 residues."""
    left, right = "DE" if large else "AB"
    cmd.load(demo, "demo")
    cmd.remove("not polymer")
    cmd.color("grey70", "demo")
    panel = open_panel()
    form = panel.form
    watch = watched()
    form.partners.left.setEditText(f"demo and chain {left}")
    form.partners.right.setEditText(f"demo and chain {right}")
    form.preset.setCurrentIndex(0 if large else 2)
    yield after(1)
    watch.start()
    begin = time.monotonic()
    form.run_button.click()
    yield lambda: "more follow" in form.message.text()
    facts["first_colours"] = time.monotonic() - begin
    yield lambda: form.run_button.text() == "Run"
    facts["seconds"] = time.monotonic() - begin
    facts["demo"] = [*watch.stop(), len(watch.gaps)]

    cmd.orient(f"demo and chain {left}+{right}")
    cmd.disable("sasnet_legend")
    yield after(2)
    photograph("panel")
    form.tabs.setCurrentWidget(form.pairs)
    form.lines_box.setChecked(True)
    yield after(2)
    photograph("pairs")
    form.tabs.setCurrentWidget(form.map)
    form.lines_box.setChecked(False)
    best = panel.showing.current().child_result.pairs[0]
    panel.walks.pick_in_viewer()
    cmd.select(
        "clicked",
        f"chain {left} and name CA and resi {panel.showing.current().keys['left'][best.left][2]}",
    )
    cmd.get_wizard().do_select("clicked")
    cmd.delete("clicked")
    cmd.get_wizard().look_closer()
    yield after(3)
    photograph("walk")
    cmd.set_wizard()
    form.tabs.setCurrentWidget(form.residues)
    click_row(form.residues, 0)
    yield after(1)

    if not large:
        return
    cmd.delete("demo")
    build_large(demo)
    chains = {side: "+".join(f"{letter}{n}" for n in range(COPIES)) for side, letter in
              (("left", "D"), ("right", "E"))}  # fmt: skip
    form.partners.left.setEditText(f"large and chain {chains['left']}")
    form.partners.right.setEditText(f"large and chain {chains['right']}")
    facts["residues"] = form.partners.count_residues()
    form.preset.setCurrentIndex(0)
    yield after(3)
    watch.start()
    form.run_button.click()
    yield lambda: form.run_button.text() == "Run"
    facts["large"] = [*watch.stop(), len(watch.gaps)]
    facts["large_message"] = form.message.text()


def build_large(demo):
    """Make an object of many copies of chains D and E, each with names of its own."""
    cmd.load(demo, "_source")
    for number in range(COPIES):
        part = f"_part{number}"
        cmd.create(part, "_source and chain D+E and polymer")
        cmd.alter(part, f"chain = chain + '{number}'")
        cmd.alter_state(1, part, f"x += {60 * (number % 4)}; y += {60 * (number // 4)}")
    cmd.create("large", "_part*")
    cmd.delete("_part* _source")
    cmd.orient("large")
