"""What a user can mend: every message says what must be, what came and what to do."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from sasnet_core.ending import end_at_signals, raising

if TYPE_CHECKING:
    from collections.abc import Callable

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 128 + signal.SIGINT


class SasnetError(Exception):
    """Base of the errors that end a command with one line and exit code 2."""

    def __str__(self) -> str:
        """Return the message in one line: control characters, as in file names, are escaped."""
        return "".join(c if c.isprintable() else repr(c)[1:-1] for c in super().__str__())


def run_script(name: str, main: Callable[[], int], *, resumable: bool = False) -> int:
    """Run a script; what its user can mend becomes one line instead of a traceback.

    Parameters
    ----------
    name : str
        What the line begins with.
    main : callable
        The script; returns an exit code.
    resumable : bool
        Whether it may be killed at any moment and goes on when it is started again: then SIGINT and
        SIGTERM end it at once. They raise no exception in libraries that may not bear it.

    Returns
    -------
    int
        That of `main`, `EXIT_BAD_INPUT`, or `EXIT_INTERRUPTED` after Ctrl-C.
    """
    if resumable:
        end_at_signals(f"\n{name}: interrupted; start it again to continue")
    try:
        with contextlib.nullcontext() if resumable else raising():
            return main()
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except (SasnetError, OSError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT


class StructureError(SasnetError):
    """A structure file cannot be used."""


class DownloadError(SasnetError):
    """A structure cannot be had from where its id says it is."""


class SelectionError(SasnetError):
    """The chosen chains are not those of two partners."""


class WeightsError(SasnetError):
    """A weights folder is missing, damaged or made with other settings."""


class ProfileError(SasnetError):
    """Profiles of conservation cannot be made or used."""


class DatasetError(SasnetError):
    """A dataset or benchmark folder cannot be used."""


class OutputError(SasnetError):
    """Results cannot be written."""


class OccupiedError(OutputError):
    """Results would replace files that are not of an earlier run."""


class SettingError(SasnetError):
    """A number or a choice is out of its range."""


class ResultError(SasnetError):
    """A saved result cannot be used."""


class BatchError(SasnetError):
    """A list of questions cannot be used."""


class WorkerError(SasnetError):
    """The processes that are to do the work cannot be had."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong with a command line in one line, as every other error."""

    def error(self, message: str) -> NoReturn:
        """Raise SettingError instead of printing the usage."""
        raise SettingError(f"{message}; see {self.prog} --help")
