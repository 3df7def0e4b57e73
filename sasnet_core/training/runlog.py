"""What a training run tells while it goes: log.csv, TensorBoard events, a learning curve."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import keras

from sasnet_core.files import written_whole

if TYPE_CHECKING:
    from pathlib import Path

LOG_FILE, CURVE_FILE, EVENTS = "log.csv", "curve.png", "tensorboard"
COLUMNS = ("step", "seconds", "loss", "waiting", "cauroc", "mean_auroc")


class RunLog:
    """Keeps the checks of a run.

    TensorBoard events are written where the backend is TensorFlow.

    Parameters
    ----------
    folder : Path
        Of the run; a log that is there is gone on with.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / LOG_FILE
        self._events: Any = None
        if not self._path.exists():
            self._append(COLUMNS)

    def add(
        self,
        step: int,
        seconds: float,
        loss: float,
        waiting: float,
        scores: tuple[float, float] | None = None,
    ) -> None:
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
        scores : tuple of float, optional
            CAUROC and mean AUROC on the held-out complexes.
        """
        texts = [f"{value:.4f}" for value in (loss, waiting, *(scores or ()))]
        texts += [""] * (len(COLUMNS) - 2 - len(texts))
        self._append((step, f"{seconds:.0f}", *texts))
        self._write_events(step, dict(zip(COLUMNS[2:], texts, strict=True)))
        self.draw()

    def best(self) -> float:
        """Return the best CAUROC so far, 0 before the first."""
        return max((value for _, value in self._column("cauroc")), default=0.0)

    def draw(self) -> None:
        """Draw loss and CAUROC against steps."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7, 4), layout="constrained")
        left = figure.subplots()
        right = left.twinx()
        left.plot(*zip(*self._column("loss"), strict=True), color="#0072B2", marker=".")
        left.set(xlabel="steps", ylabel="loss of pairs (training)")
        left.yaxis.label.set_color("#0072B2")
        checks = self._column("cauroc")
        if checks:
            right.plot(*zip(*checks, strict=True), color="#D55E00", marker=".")
        right.set_ylabel("CAUROC (held-out complexes)")
        right.yaxis.label.set_color("#D55E00")
        right.axhline(max((value for _, value in checks), default=0.5), color="#D55E00", lw=0.5)
        with written_whole(self._folder / CURVE_FILE, "wb") as stream:
            figure.savefig(stream, format="png")

    def _append(self, row: tuple[object, ...]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerow(row)

    def _column(self, name: str) -> list[tuple[int, float]]:
        """Read (step, value) where there is a value."""
        with self._path.open(newline="") as stream:
            return [(int(r["step"]), float(r[name])) for r in csv.DictReader(stream) if r[name]]

    def _write_events(self, step: int, texts: dict[str, str]) -> None:
        if keras.backend.backend() != "tensorflow":
            return
        import tensorflow as tf

        self._events = self._events or tf.summary.create_file_writer(str(self._folder / EVENTS))
        with self._events.as_default(step=step):
            for name, text in texts.items():
                if text:
                    tf.summary.scalar(name, float(text))
        self._events.flush()
