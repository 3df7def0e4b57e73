"""How long the command takes to its first score, beyond TensorFlow's import and the arithmetic.

    python -m benchmarks.startup

Runs `sasnet_predict` on two small proteins in fresh processes, best of several: from the start of
the process to the first rotation's score, less a process that only imports TensorFlow and Keras,
less the rotations that are computed at once when all is warm. Writes docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import report
from sasnet_core.scoring.lookahead import AT_ONCE

COMMAND = (sys.executable, "-m", "sasnet_core.cli")
DONE = "sasnet-progress"
IMPORTS = (
    sys.executable,
    "-c",
    f"import sys, tensorflow, keras; print({DONE!r}, file=sys.stderr, flush=True)",
)
ROTATIONS = 8  # the first is what counts, the others are warm


def enterotoxin() -> Path:
    """Find 1TII, which comes with PyMOL: small, and measured since the first release."""
    spec = importlib.util.find_spec("pymol")
    assert spec is not None and spec.origin is not None, "PyMOL is not installed"
    return Path(spec.origin).parent / "data" / "demo" / "1tii.pdb"


def run(command: Sequence[str]) -> tuple[float, list[float]]:
    """Run a command; seconds to its end, and to each of its progress lines."""
    told = []
    start = time.perf_counter()
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        for line in process.stderr or ():
            if line.startswith(DONE):
                told.append(time.perf_counter() - start)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - start, told


def measure(structure: Path, output: Path) -> dict[str, float]:
    """Take each time once, in seconds."""
    command = [*COMMAND, str(structure), "--left", "D", "--right", "E", "-o", str(output)]
    command += ["--rotations", str(ROTATIONS), "--progress-lines", "--quiet", "--no-picture"]
    _, told = run(command)
    return {
        "first": told[0],
        "imports": run(IMPORTS)[1][0],
        "warm": min(later - earlier for earlier, later in zip(told, told[AT_ONCE:], strict=False)),
        "help": run([*COMMAND, "--help"])[0],
    }


def section(best: dict[str, float], repeats: int) -> str:
    """Write the section of docs/benchmarks.md."""
    added = best["first"] - best["imports"] - best["warm"]
    rows = [
        ["start of the process to the first score", f"{best['first']:.2f} s"],
        ["start of a process to TensorFlow and Keras imported", f"{best['imports']:.2f} s"],
        [f"{AT_ONCE} rotations at once when all is warm", f"{best['warm']:.2f} s"],
        ["**what sasnet adds**", f"**{added:.2f} s**"],
        ["`sasnet_predict --help`", f"{best['help']:.2f} s"],
    ]
    return "\n".join(
        [
            "## Start-up",
            "",
            report.table(["PyMOL's 1TII, chains D and E, shipped weights", "wall time"], rows),
            f"Best of {repeats} runs each. Command: `python -m benchmarks.startup` (`make bench`). "
            f"Machine: {report.machine()}.",
        ]
    )


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = [measure(enterotoxin(), Path(folder) / "out") for _ in range(options.repeats)]
    best = {name: min(found[name] for found in runs) for name in runs[0]}
    text = section(best, options.repeats)
    print(text)
    report.write_section("startup", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
