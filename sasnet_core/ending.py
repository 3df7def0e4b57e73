"""How a process of ours ends at Ctrl-C (SIGINT) and at SIGTERM.

Much of what is imported is written in C++. An exception that a signal raises there can abort the
process, or look like a damaged package. So signals end the process at once wherever that loses
nothing, and raise an exception elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Handler = Callable[[int, Any], Any]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Process:
    """What to do when a signal ends this process at once."""

    def __init__(self) -> None:
        self.line: str | None = None  # to print; None: the process belongs to another program
        self.cleanups: set[Callable[[], None]] = set()


_PROCESS = _Process()


def end_at_signals(line: str) -> None:
    """From now on, SIGINT and SIGTERM end this process at once; the exit code is 128 + the number.

    Only for a process that runs one command. A program that calls sasnet keeps its own handlers.

    Parameters
    ----------
    line : str
        What to print on standard error.
    """
    _PROCESS.line = line
    _set_handlers(_ending(2, line))


@contextmanager
def raising() -> Iterator[None]:
    """Let SIGINT raise KeyboardInterrupt and SIGTERM SystemExit: the block cleans up after itself.

    Without effect in a process that `end_at_signals` was not called for; `at_once` as well.
    """
    with _handlers(_raise) if _PROCESS.line is not None else contextlib.nullcontext():
        yield


@contextmanager
def at_once() -> Iterator[None]:
    """Let signals end the process at once again, after the clean-ups: while packages are imported.

    The line is printed even if the block turns standard error off.
    """
    if _PROCESS.line is None:
        yield
        return
    kept = os.dup(2)
    try:
        with _handlers(_ending(kept, f"\n{_PROCESS.line}")):
            yield
    finally:
        os.close(kept)


@contextmanager
def cleaned_up_by(cleanup: Callable[[], None]) -> Iterator[None]:
    """Call a function if a signal ends the process at once in this block.

    The function may take no lock: the main thread may hold it.
    """
    _PROCESS.cleanups.add(cleanup)
    try:
        yield
    finally:
        _PROCESS.cleanups.discard(cleanup)


def _ending(descriptor: int, line: str) -> Handler:
    def end(number: int, _: object) -> None:
        for cleanup in list(_PROCESS.cleanups):
            with contextlib.suppress(OSError):
                cleanup()
        with contextlib.suppress(OSError):
            os.write(descriptor, f"{line}\n".encode(errors="replace"))
        os._exit(128 + number)

    return end


def _raise(number: int, _: object) -> None:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)


@contextmanager
def _handlers(handler: Handler) -> Iterator[None]:
    before = _set_handlers(handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _set_handlers(handler: Handler) -> dict[int, Any]:
    """Handle the signals that are not ignored; return the handlers before."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    taken = [n for n in _SIGNALS if signal.getsignal(n) != signal.SIG_IGN]
    return {number: signal.signal(number, handler) for number in taken}
