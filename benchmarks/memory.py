"""How much memory a prediction takes: huge partners, and many of all sizes after one another.

    python -m benchmarks.memory

Scores balls of random residues, as dense as proteins, three rotations, of which two are computed at
once: 2,000 + 2,000 residues with the shipped weights and with the paper's sizes, each in a process
of its own whose peak is read; then 200 of 40 to 400 residues in one process. Writes
docs/benchmarks.md.

    python -m benchmarks.memory --within 2.5

Scores the huge partners with the shipped weights as `sasnet_predict --memory 2.5` does, and says
whether the peak stayed below.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.proteins import ball
from sasnet_core.config import ModelConfig
from sasnet_core.scoring.lookahead import AT_ONCE
from sasnet_core.scoring.memory import sizes_within

GIB = 2**30
#: The first rotation of a process is computed alone, then as many at once as ever are.
ROTATIONS = 1 + AT_ONCE


def predictor(paper: bool, precision: str) -> Any:
    """Load the shipped weights, or make the paper's network with random ones."""
    from sasnet_core.network.network import build_network
    from sasnet_core.network.precision import choose_precision
    from sasnet_core.network.weights_folder import default_folder
    from sasnet_core.scoring.predictor import Predictor, load_predictor

    if paper:
        return Predictor(build_network(ModelConfig(), choose_precision(precision)))
    return load_predictor(default_folder(), precision)


def resident() -> float:
    """Return the memory this process holds now, in GiB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / GIB


def peak_memory() -> float:
    """Return the most memory that this process has held, in GiB.

    getrusage would count what its parent held when it started this process, too.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    [kibibytes] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(kibibytes) / 2**20


def measure(
    paper: bool, precision: str, residues: int, within: float | None = None
) -> dict[str, float]:
    """Score one pair of huge partners; seconds and the process's peak in GiB."""
    loaded = predictor(paper, precision)
    loaded.limit_sizes(sizes_within(within, residues, residues, 1000))
    start = time.perf_counter()
    scores = loaded.score(ball(residues, 1), ball(residues, 2), rotations=ROTATIONS)
    seconds = time.perf_counter() - start
    assert scores.matrix.shape == (residues, residues)
    return {"seconds": seconds, "peak": peak_memory()}


def measure_many(precision: str, count: int) -> dict[str, list[float]]:
    """Score proteins of all sizes one after another; what is held after every tenth of them."""
    loaded, held = predictor(False, precision), []
    rng = np.random.default_rng(0)
    for number in range(count // 2):
        sizes = rng.integers(40, 400, 2)
        pair = ball(sizes[0], 2 * number), ball(sizes[1], 2 * number + 1)
        loaded.score(*pair, rotations=ROTATIONS)
        if (number + 1) % (count // 20) == 0:
            held.append(resident())
    return {"held": held}


def in_child(*words: object) -> dict[str, Any]:
    """Run one measurement in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.memory", "--child", *map(str, words)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def section(huge: dict[str, dict[str, float]], held: list[float], options: Any) -> str:
    """Write the section of docs/benchmarks.md."""
    rows = [
        [name, f"{found['peak']:.2f} GiB", f"{found['seconds']:.0f} s"]
        for name, found in huge.items()
    ]
    size = options.residues
    return "\n".join(
        [
            "## Memory",
            "",
            report.table(
                [f"{size} + {size} residues, {ROTATIONS} rotations", "peak", "time"], rows
            ),
            f"{options.count} proteins of 40 to 400 residues one after another, shipped weights: "
            f"{held[0]:.2f} GiB are held after {options.count // 10} of them, {held[-1]:.2f} GiB "
            f"after all (at most {max(held):.2f}).",
            "",
            f"Command: `python -m benchmarks.memory` (`make bench`). Machine: {report.machine()}, "
            f"shared with other work. Peaks are those of the whole process, TensorFlow included.",
        ]
    )


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--residues", type=int, default=2000, help="of each huge partner")
    parser.add_argument("--count", type=int, default=200, help="proteins of all sizes")
    parser.add_argument("--within", type=float, metavar="GB", help="only measure this limit")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.within:
        peak = measure(False, "auto", options.residues, options.within)["peak"] * GIB / 1e9
        print(f"--memory {options.within:g}: the peak was {peak:.2f} GB")
        return int(peak > options.within)
    if options.child:
        kind, precision, number = options.child
        if kind == "many":
            found: dict[str, Any] = measure_many(precision, int(number))
        else:
            found = measure(kind == "paper", precision, int(number))
        print(json.dumps(found))
        return 0
    huge = {
        f"{name}, {precision}": in_child(kind, precision, options.residues)
        for kind, name in (("shipped", "shipped weights"), ("paper", "the paper's sizes, 35 A"))
        for precision in ("float32", "auto")
    }
    text = section(huge, in_child("many", "auto", options.count)["held"], options)
    print(text)
    report.write_section("memory", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
