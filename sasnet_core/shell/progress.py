"""How far a prediction is, and how long the rest will take, on standard error."""

from __future__ import annotations

import sys
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from sasnet_core.scoring.lookahead import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")

#: If a run will take longer, a note says so as soon as that is known (seconds).
LONG_RUN = 60.0
#: The pace is measured on this many of the last rotations: a machine may become busy.
LAPS = 200


@contextmanager
def rotation_progress(rotations: int, style: str) -> Iterator[Callable[[int], None] | None]:
    """Give a function that shows how many rotations are done and how long the rest takes.

    Parameters
    ----------
    rotations : int
        Of the prediction.
    style : str
        "bar" for people, "lines" for programs, "none".
    """
    if style == "lines":
        yield lambda done: print_progress(done, rotations) if done else None
    elif style == "none":
        yield None
    else:
        from tqdm import tqdm

        with tqdm(total=rotations, desc="rotations", unit="", file=sys.stderr) as bar:
            clock = Clock()

            def show(done: int) -> None:
                bar.update(done - bar.n)
                if done == 0:
                    clock.lap()
                elif done == AT_ONCE:
                    seconds = clock.lap() / AT_ONCE * (rotations - AT_ONCE)
                    _note_long_run(bar, seconds)

            yield show


def _note_long_run(bar: Any, seconds: float) -> None:
    if seconds > LONG_RUN:
        text = f"note: {duration(seconds)} for the other rotations, as measured on the first; "
        bar.write(text + "use --rotations to do fewer", file=sys.stderr)


def print_progress(done: int, total: int) -> None:
    """Print a line of progress for a program that reads standard error."""
    print(f"sasnet-progress {done} {total}", file=sys.stderr, flush=True)


def watched(items: list[Item], title: str, style: str) -> Iterable[Item]:
    """Go through some items; style "bar" shows a progress bar."""
    if style != "bar":
        return items
    from tqdm import tqdm

    bar: Iterable[Item] = tqdm(items, desc=title, file=sys.stderr, leave=False)
    return bar


def announce(line: str, style: str) -> None:
    """Print a line on standard error, above a progress bar of style "bar"."""
    if style != "bar":
        print(line, file=sys.stderr, flush=True)
        return
    from tqdm import tqdm

    tqdm.write(line, file=sys.stderr)


class Clock:
    """A stopwatch: seconds between one call and the next."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def lap(self) -> float:
        """Return the seconds since the last call, or since it was made."""
        before, self._last = self._last, time.perf_counter()
        return self._last - before


def duration(seconds: float) -> str:
    """Say roughly how long something takes, like ``about 12 min``."""
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * size:
            return f"about {seconds / size:.0f} {unit}"
    return f"about {max(seconds, 1):.0f} s"


@dataclass
class Pace:
    """Time that residues to embed and pairs to score take, as measured in this run."""

    _laps: deque[tuple[float, float, float]] = field(default_factory=lambda: deque(maxlen=LAPS))

    #: Pairs are counted in this many, so that both costs are of one size.
    PAIRS = 300.0

    def add(self, residues: int, pairs: int, seconds: float) -> None:
        """Take a lap into account: so many residues embedded, pairs scored, in so many seconds."""
        self._laps.append((residues, pairs / self.PAIRS, seconds))

    def seconds(self, residues: int, pairs: int) -> float:
        """Say how long so many residues and pairs take; 0 before the first lap."""
        if not self._laps:
            return 0.0
        laps = np.array(self._laps)
        costs = np.linalg.lstsq(laps[:, :2], laps[:, 2], rcond=None)[0]
        if (costs < 0).any():  # too few or too noisy laps to tell the two costs apart
            costs = np.full(2, laps[:, 2].sum() / laps[:, :2].sum())
        return float(costs @ [residues, pairs / self.PAIRS])


@dataclass(frozen=True)
class Work:
    """What a row of a list is expected to take."""

    residues: int  # to embed in each rotation; proteins of earlier rows are embedded already
    pairs: int  # to score in each rotation


class ListProgress:
    """Shows how many rows of a list are done, and how long the rest takes.

    Parameters
    ----------
    work : list of Work
        Of the rows to do, in order.
    rows_before : int
        Rows of the list that are done already.
    rotations : int
        Of each row.
    style : str
        "bar" for people, "lines" for programs, "none".
    """

    def __init__(self, work: list[Work], rows_before: int, rotations: int, style: str) -> None:
        self._work, self._rotations, self._style = work, rotations, style
        self._row, self._noted = 0, False
        self._pace, self._clock = Pace(), Clock()
        self._between: list[float] = []  # seconds of each row apart from its rotations
        self._bar = self._make_bar(rows_before) if style == "bar" else None

    def _make_bar(self, rows_before: int) -> Any:
        from tqdm import tqdm

        return tqdm(
            total=rows_before + len(self._work),
            initial=rows_before,
            desc="rows",
            file=sys.stderr,
            bar_format="{desc}: {n_fmt}/{total_fmt}|{bar}| {elapsed}{postfix}",
        )

    def __enter__(self) -> ListProgress:
        self._clock.lap()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def rotation(self, done: int) -> None:
        """Note that a row has begun (0) or that so many of its rotations are done."""
        work, seconds = self._work[self._row], self._clock.lap()
        if done:
            self._pace.add(work.residues, work.pairs, seconds)
        else:
            self._between.append(seconds)
        self._show(done)

    def row_done(self) -> None:
        """Note that a row has ended, well or badly."""
        self._between.append(self._clock.lap())
        self._row += 1
        if self._bar is not None:
            self._bar.update(1)
        self._show(0)

    def seconds_left(self, done: int = 0) -> float:
        """Return how long the rows to come take, and the one at work after so many rotations."""
        rest = self._work[self._row :]
        rotations = [self._rotations] * len(rest)
        if rest:
            rotations[0] -= done
        steps = list(zip(rest, rotations, strict=True))
        residues = sum(work.residues * count for work, count in steps)
        pairs = sum(work.pairs * count for work, count in steps)
        between = sum(self._between) / max(self._row, 1)
        return self._pace.seconds(residues, pairs) + between * len(rest)

    def _show(self, done: int) -> None:
        steps = self._row * self._rotations + done
        if self._style == "lines" and steps:
            print_progress(steps, len(self._work) * self._rotations)
        if self._bar is None or steps == 0:
            return
        left = self.seconds_left(done)
        text = f"rotation {done}/{self._rotations}, {duration(left)} left" if left else ""
        self._bar.set_postfix_str(text)
        if not self._noted and left > LONG_RUN:
            self._noted = True
            self._bar.write(f"note: {duration(left)} for the list", file=sys.stderr)
