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
    import argparse
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")

#: Runs that take longer are told about once it is known (seconds).
LONG_RUN = 60.0
#: The last rotations that the pace is measured on: a machine may become busy.
LAPS = 200


@contextmanager
def progress_callback(options: argparse.Namespace) -> Iterator[Callable[[int], None] | None]:
    """Give a function that shows how many rotations are done and how long the rest takes."""
    if options.progress_lines:
        yield lambda done: show_line(done, options.rotations)
    elif options.quiet:
        yield None
    else:
        from tqdm import tqdm

        with tqdm(total=options.rotations, desc="rotations", unit="", file=sys.stderr) as bar:
            started = time.perf_counter()

            def show(done: int) -> None:
                nonlocal started
                bar.update(done - bar.n)
                if done == 0:
                    started = time.perf_counter()
                seconds = (time.perf_counter() - started) / AT_ONCE * (options.rotations - AT_ONCE)
                if done == AT_ONCE and seconds > LONG_RUN:
                    told = f"{duration(seconds)} for the other rotations"
                    bar.write(f"note: {told}, by the first; fewer: --rotations", file=sys.stderr)

            yield show


def show_line(done: int, total: int) -> None:
    """Tell a program that reads standard error how far it is; nothing before the first step."""
    if done:
        write_line(done, total)


def write_line(done: int, total: int) -> None:
    """Write a line of progress as such programs expect it."""
    print(f"sasnet-progress {done} {total}", file=sys.stderr, flush=True)


def watched(items: list[Item], title: str, style: str) -> Iterable[Item]:
    """Go through some items, with a bar if `style` is that of `ListProgress` for people."""
    if style != "bar":
        return items
    from tqdm import tqdm

    bar: Iterable[Item] = tqdm(items, desc=title, file=sys.stderr, leave=False)
    return bar


class Clock:
    """Tells the seconds between one call and the next."""

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
    """What residues to embed and pairs to score cost, as measured in this run."""

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

    residues: int  # to embed in each rotation; those of proteins seen before are at hand
    pairs: int  # to score in each rotation


class ListProgress:
    """Shows how far a list of questions is, and how long the rest takes.

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
        self._row, self._told = 0, False
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
        if self._style == "lines":
            steps = self._row * self._rotations + done
            show_line(steps, len(self._work) * self._rotations)
        if self._bar is None or self._row + done == 0:
            return
        left = self.seconds_left(done)
        told = f"rotation {done}/{self._rotations}, {duration(left)} left" if left else ""
        self._bar.set_postfix_str(told)
        if not self._told and left > LONG_RUN:
            self._told = True
            self._bar.write(f"note: {duration(left)} for the list", file=sys.stderr)
