"""A prediction's work apart from PyMOL: write the files, run the child, read what it wrote.

It has a thread of its own, so that PyMOL's window never waits for files. That thread never calls
PyMOL; it is followed by looking at the attributes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pymol import CmdException

from . import child_result, partner_atoms, worker
from .child_result import ChildResult
from .partner_atoms import Atoms
from .selections import PartnerSelection

_INTERVAL = 0.05


class Job:
    """A prediction, running from `start` on.

    Parameters
    ----------
    program : list of str
        Command that starts `sasnet_predict`.
    partners : mapping
        Of each side; one protein alone has one.
    rotations : int
        Random rotations to average over.
    folder : Path
        An empty folder to work in.
    threshold : float, optional
        For the files of the result; `sasnet_predict` takes one between 0 and 1.

    Attributes
    ----------
    moments : list of float
        Seconds since the start: when the network was loaded, then after each rotation.
    first, last : ChildResult or None
        The result of the first rotation, and that of all, once they are read.
    error : CmdException or None
        Why there is no last result.
    """

    def __init__(
        self,
        program: list[str],
        partners: Mapping[str, PartnerSelection],
        rotations: int,
        folder: Path,
        threshold: float | None = None,
    ) -> None:
        self.rotations = rotations
        self.first: ChildResult | None = None
        self.last: ChildResult | None = None
        self.error: CmdException | None = None
        self.began = time.monotonic()
        self._command = [
            *program,
            *(str(folder / f"{side}.cif") for side in partners),
            *(("--alone", "") if child_result.ALONE in partners else ()),
            *("-o", str(folder / "out"), "--attached", str(folder)),
            *("--rotations", str(rotations), "--no-picture", "--progress-lines", "--quiet"),
            *(("--threshold", repr(threshold)) if threshold and threshold < 1 else ()),
        ]
        self._partners = partners
        self._tells_first = child_result.ALONE not in partners and rotations > 1
        self._folder = folder
        self._child: worker.Child | None = None
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._guard, daemon=True)
        self._atoms: Mapping[str, list[Atoms]] = {}

    def start(self, atoms: Mapping[str, list[Atoms]]) -> None:
        """Begin to work on the atoms of each side."""
        self._atoms = atoms
        self.began = time.monotonic()
        self._thread.start()

    @property
    def moments(self) -> list[float]:
        """Seconds from the start to each line of progress."""
        child = self._child
        return [] if child is None else [moment - self.began for moment in child.moments]

    @property
    def stopped(self) -> bool:
        """Whether it was cancelled."""
        return self._cancelled.is_set()

    def running(self) -> bool:
        """Return whether there is still work to do."""
        return self._thread.is_alive()

    def cancel(self) -> None:
        """Ask the child to end, without waiting for it."""
        self._cancelled.set()
        if self._child is not None:
            self._child.cancel()

    def abort(self) -> None:
        """End the child now and wait for it and the thread."""
        self._cancelled.set()
        while self.running():
            if self._child is not None:
                self._child.abort()
            self._thread.join(_INTERVAL)

    def _guard(self) -> None:
        try:
            self._work()
        except CmdException as error:
            self.error = error
        except OSError as error:
            self.error = CmdException(f"{self._folder}: {error.strerror}; nothing was coloured")
        except Exception as error:  # the thread's end must not be silent
            self.error = CmdException(f"{type(error).__name__}: {error}")
        finally:
            if self._child is not None:
                self._child.abort()  # it still runs if what it wrote cannot be read

    def _work(self) -> None:
        for side, partner in self._partners.items():
            text = partner_atoms.document(partner, self._atoms[side])
            (self._folder / f"{side}.cif").write_text(text, encoding="utf-8")
        if not self.stopped:
            self._child = worker.Child(self._command)
            self._follow(self._child)
        if self.stopped:
            return
        self._child.require_success()
        self.last = child_result.read(self._folder / "out")

    def _follow(self, child: worker.Child) -> None:
        while child.running():
            if self.stopped:
                child.cancel()
            elif self._tells_first and self.first is None and child.done:
                self.first = child_result.read(self._folder / "first")
            time.sleep(_INTERVAL)


def wait(
    job: Job, report: Callable[[int, int], None], pause: Callable[[float], None] = time.sleep
) -> None:
    """Return when a job has ended; `report(done, total)` is called after each rotation.

    `pause(seconds)` passes the time between two looks.
    """
    seen = 0
    running = True
    while running:
        running = job.running()
        done = max(len(job.moments) - 1, 0)
        if done > seen:
            seen = done
            report(done, job.rotations)
        if running:
            pause(2 * _INTERVAL)
