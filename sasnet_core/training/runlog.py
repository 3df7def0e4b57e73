"""The record of a training run: log.csv, TensorBoard events, a learning curve."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import keras

from sasnet_core.files import write_table, written_whole

if TYPE_CHECKING:
    from pathlib import Path

LOG_FILE, CURVE_FILE, EVENTS = "log.csv", "curve.png", "tensorboard"
COLUMNS = ("step", "seconds", "loss", "waiting", "cauroc", "mean_auroc")


class RunLog:
    """Keeps what was measured at the checks of a run, one row for each.

    A check first adds its row, then writes its checkpoint, then adds its scores. So a run that was
    killed in between can tell what is missing: rows of later steps than its checkpoint are dropped
    (these steps are done again), and a row without scores is not checked yet.

    TensorBoard events are written where the backend is TensorFlow.

    Parameters
    ----------
    folder : Path
        Of the run.
    step : int
        Steps done; 0 for a new run.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self._folder = folder
        self._path = folder / LOG_FILE
        self._events: Any = None
        rows = self._read() if self._path.exists() else []
        self._rows = {int(row["step"]): row for row in rows if int(row["step"]) <= step}

    def add(self, step: int, seconds: float, loss: float, waiting: float) -> None:
        """Add a check.

        Parameters
        ----------
        step : int
            Steps done.
        seconds : float
            Since this process began to train.
        loss : float
            Mean over the steps since the last check.
        waiting : float
            Share of the time that these steps waited for their batches, 0 to 1.
        """
        self._update(step, {"loss": loss, "waiting": waiting}, {"seconds": f"{seconds:.0f}"})

    def add_scores(self, step: int, scores: tuple[float, float]) -> None:
        """Add CAUROC and mean AUROC on the held-out complexes to the check of a step."""
        self._update(step, dict(zip(COLUMNS[-2:], scores, strict=True)))

    def has_scores(self, step: int) -> bool:
        """Say whether the check of a step has its scores."""
        return bool(self._rows.get(step, {}).get("cauroc"))

    def best(self) -> float:
        """Return the best CAUROC so far, 0 before the first."""
        return max((value for _, value in self._column("cauroc")), default=0.0)

    def draw(self) -> None:
        """Draw loss and CAUROC against steps."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7, 4), layout="constrained")
        left = figure.subplots()
        right = left.twinx()
        losses, checks = self._column("loss"), self._column("cauroc")
        for axes, points, color in ((left, losses, "#0072B2"), (right, checks, "#D55E00")):
            if points:
                axes.plot(*zip(*points, strict=True), color=color, marker=".")
            axes.yaxis.label.set_color(color)
        left.set(xlabel="steps", ylabel="loss of pairs (training)")
        right.set_ylabel("CAUROC (held-out complexes)")
        right.axhline(max((value for _, value in checks), default=0.5), color="#D55E00", lw=0.5)
        with written_whole(self._folder / CURVE_FILE, "wb") as stream:
            figure.savefig(stream, format="png")

    def _update(
        self, step: int, numbers: dict[str, float], texts: dict[str, str] | None = None
    ) -> None:
        """Put numbers into the row of a step, and write everything anew."""
        row = self._rows.setdefault(step, {"step": str(step)})
        row |= {name: f"{value:.4f}" for name, value in numbers.items()} | (texts or {})
        write_table(self._rows.values(), self._path, COLUMNS)
        self._write_events(step, numbers)
        self.draw()

    def _read(self) -> list[dict[str, str]]:
        with self._path.open(newline="") as stream:
            return list(csv.DictReader(stream))

    def _column(self, name: str) -> list[tuple[int, float]]:
        """List (step, value) where there is a value."""
        return [(step, float(row[name])) for step, row in self._rows.items() if row.get(name)]

    def _write_events(self, step: int, numbers: dict[str, float]) -> None:
        if keras.backend.backend() != "tensorflow":
            return
        import tensorflow as tf

        self._events = self._events or tf.summary.create_file_writer(str(self._folder / EVENTS))
        with self._events.as_default(step=step):
            for name, value in numbers.items():
                tf.summary.scalar(name, value)
        self._events.flush()
