"""Folders that a run fills before its files get their places; those of killed runs are removed."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
import threading
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sasnet_core.ending import cleaned_up_by

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = ".sasnet-run-"


class StagingFolder:
    """A hidden folder, locked as long as its process lives.

    The process number is part of the name, for people. The lock tells a folder in use from one
    that a killed process left, also where two machines share a disk.

    Parameters
    ----------
    parent : Path
        Where to make it.

    Raises
    ------
    OSError
        It cannot be made.
    """

    def __init__(self, parent: Path) -> None:
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent))
            try:
                self._descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                continue  # another process took it for a leftover
            with suppress(OSError):  # some network file systems have no locks
                fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            if self.path.exists():
                break
            os.close(self._descriptor)  # the same, after it was opened and before the lock
        self._registered = ExitStack()
        self._registered.enter_context(cleaned_up_by(self._remove_files))

    def _remove_files(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def remove(self) -> None:
        """Remove it with its files."""
        self._remove_files()
        self._registered.close()
        os.close(self._descriptor)


def remove_leftovers(parent: Path) -> None:
    """Remove the staging folders in a folder that no process uses."""
    for path in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(descriptor)


@contextmanager
def folder_locked(folder: Path) -> Iterator[None]:
    """Wait until no other process is in such a block for this folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # some network file systems have no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def signals_held() -> Iterator[None]:
    """Let SIGINT and SIGTERM wait until the block has ended."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []
    numbers = signal.SIGINT, signal.SIGTERM
    before = [signal.signal(number, lambda got, _: caught.append(got)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
        if caught:
            signal.raise_signal(caught[0])
