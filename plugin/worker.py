"""The child process that predicts: found, started at low priority, followed, ended.

PyMOL's Python is often not the one that sasnet is installed in, and a prediction takes minutes
and memory; so it runs elsewhere. The only thread here reads the child's pipe and never calls
PyMOL. The program may also be named by the Python that has sasnet.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from pymol import CmdException

from . import preferences

PROGRAM = "sasnet_predict"
VARIABLE = "SASNET_PREDICT"
PREFERENCE = "sasnet_command"

#: Seconds that a cancelled child gets to end by itself.
_GRACE = 3.0
_NICENESS = 10
_PROGRESS = re.compile(r"sasnet-progress (\d+) (\d+)")
_PYTHON = re.compile(r"pythonw?[\d.]*(\.exe)?", re.IGNORECASE)
#: What a bundled PyMOL sets for its own Python and would break another one.
_FOREIGN = ("PYTHONHOME", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__")


class ProgramNotFound(CmdException):  # noqa: N818 (named like PyMOL's own exceptions)
    """There is no `sasnet_predict` to run."""


def find_program() -> list[str]:
    """Return the command that starts `sasnet_predict`.

    Looked for in this order: the environment variable SASNET_PREDICT, PyMOL's preference
    ``sasnet_command``, the folder of PyMOL's Python, the PATH.

    Raises
    ------
    ProgramNotFound
        It is nowhere, or not where the preference says: `remember_program` helps.
    pymol.CmdException
        It is not where the environment variable says.
    """
    setting = os.environ.get(VARIABLE)
    if setting:
        return _split(setting, CmdException, f"the environment variable {VARIABLE}")
    setting = preferences.get(PREFERENCE)
    if setting:
        return _split(setting, ProgramNotFound, f"the preference {PREFERENCE}")
    path = _beside_python() or shutil.which(PROGRAM)
    if path is None:
        raise ProgramNotFound(
            f"cannot find the program {PROGRAM}; install sasnet and set the environment variable "
            f"{VARIABLE} to the program's path, or run in PyMOL: import pymol.plugins; "
            f"pymol.plugins.pref_set('{PREFERENCE}', '/path/to/{PROGRAM}')"
        )
    return [path]


def remember_program(path: str) -> None:
    """Keep the program's path in PyMOL's preferences.

    Parameters
    ----------
    path : str
        That of `sasnet_predict`, or of the Python that sasnet is installed in.
    """
    preferences.put(PREFERENCE, path)


class Child:
    """A running `sasnet_predict`.

    Parameters
    ----------
    command : sequence of str
        Program and arguments.

    Attributes
    ----------
    moments : list of float
        When, on the monotonic clock, the child said that the network was loaded, and after each
        rotation.
    cancelled : bool
        Whether `cancel` was called.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.moments: list[float] = []
        self.cancelled = False
        self._deadline = 0.0
        self._last_line = ""
        self._process = _start(command)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def done(self) -> int:
        """Rotations done."""
        return max(len(self.moments) - 1, 0)

    def running(self) -> bool:
        """Return whether the child still runs; kill it if it does not stop in time."""
        if self._process.poll() is not None:
            self._reader.join(1.0)
            self._process.stdin.close()
            return False
        if self.cancelled and time.monotonic() > self._deadline:
            _end(self._process, force=True)
        return True

    def cancel(self) -> None:
        """Ask the child to end; does not wait. `running` follows up."""
        if not self.cancelled and self._process.poll() is None:
            self.cancelled = True
            self._deadline = time.monotonic() + _GRACE
            _end(self._process, force=False)

    def abort(self) -> None:
        """End the child now and wait until it is gone."""
        while self.running():
            self.cancelled = True
            _end(self._process, force=True)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.1)

    def require_success(self) -> None:
        """Raise pymol.CmdException with the child's last message unless it succeeded."""
        code = self._process.returncode
        if self.cancelled:
            raise CmdException("stopped")
        if code == 2:
            raise CmdException(self._last_line or f"{PROGRAM} failed and did not say why")
        if code < 0:
            raise CmdException(f"{PROGRAM} was killed (signal {-code}); too little memory?")
        if code:
            reason = self._last_line or "no message"
            raise CmdException(f"{PROGRAM} failed with exit code {code}: {reason}")

    def _read(self) -> None:
        with self._process.stderr as lines:
            for line in lines:
                progress = _PROGRESS.fullmatch(line.strip())
                if progress:
                    self._note(int(progress[1]))
                elif line.strip():
                    self._last_line = line.strip()

    def _note(self, done: int) -> None:
        missing = done + 1 - len(self.moments)
        self.moments += [time.monotonic()] * missing


def _split(setting: str, error: type[CmdException], origin: str) -> list[str]:
    """Return a setting as program and arguments; a path may hold blanks."""
    whole = os.path.expanduser(setting)
    try:
        parts = [whole] if os.path.isfile(whole) else shlex.split(whole, posix=os.name != "nt")
    except ValueError:  # a quotation mark without its other
        parts = []
    program = shutil.which(parts[0]) if parts else None
    if program is None:
        raise error(f"{origin} names '{setting}', which is not a program; correct it")
    if len(parts) == 1 and _PYTHON.fullmatch(os.path.basename(program)):
        parts += ["-m", "sasnet_core.cli"]
    return [program, *parts[1:]]


def _beside_python() -> str | None:
    if not sys.executable:
        return None
    folder = os.path.dirname(sys.executable)
    places = os.pathsep.join([folder, os.path.join(folder, "Scripts")])
    return shutil.which(PROGRAM, path=places)


def own_environment() -> dict[str, str]:
    """Return the environment without what PyMOL sets for its own Python."""
    return {name: value for name, value in os.environ.items() if name not in _FOREIGN}


def _start(command: Sequence[str]) -> subprocess.Popen:
    try:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,  # its end tells the child that PyMOL is gone
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env=own_environment(),
            **_own_group(),
        )
    except OSError as error:
        raise CmdException(f"cannot start {command[0]}: {error.strerror}") from None
    _lower_priority(process)
    return process


def _own_group() -> dict:
    """Return what makes the child the head of a group that can be ended together."""
    if os.name == "nt":
        return {
            "creationflags": subprocess.CREATE_NO_WINDOW | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        }
    return {"start_new_session": True}


def _lower_priority(process: subprocess.Popen) -> None:
    """Keep PyMOL smooth; set from here, as code between fork and exec is unsafe with threads."""
    if os.name != "nt":
        with contextlib.suppress(OSError):
            niceness = max(_NICENESS, os.getpriority(os.PRIO_PROCESS, 0))
            os.setpriority(os.PRIO_PGRP, process.pid, niceness)


def _end(process: subprocess.Popen, force: bool) -> None:
    if os.name == "nt":  # a console script is a launcher there: its own child must go too
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True)
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL if force else signal.SIGTERM)
