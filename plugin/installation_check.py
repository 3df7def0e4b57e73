"""What a prediction needs: what is installed, and what is missing, for PyMOL and for the child."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from pymol import CmdException
from pymol import cmd as _cmd

from . import worker

#: Seconds that the program's own diagnosis may take: it loads TensorFlow.
_PATIENCE = 180


def here(_self: Any = _cmd) -> list[str]:
    """Report on PyMOL, its Python, and where `sasnet_predict` is; fast."""
    lines = [
        f"ok      PyMOL       {_self.get_version()[0]}",
        f"ok      its Python  {sys.version.split()[0]}, {sys.executable}",
    ]
    try:
        program = worker.find_program()
    except CmdException as error:
        return [*lines, f"MISSING program     {error.message}"]
    return [*lines, f"ok      program     {' '.join(program)}"]


def there() -> list[str]:
    """Let the program report on its own Python; takes seconds, and does not call PyMOL."""
    try:
        program = worker.find_program()
    except CmdException:
        return []
    try:
        done = subprocess.run(
            [*program, "--doctor"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=_PATIENCE,
            env=worker.own_environment(),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return [f"MISSING program     {os.path.basename(program[0])} does not answer: {error}"]
    return done.stdout.splitlines()[-25:] or ["MISSING program     it printed nothing"]
