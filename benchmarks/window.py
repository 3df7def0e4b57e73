"""How PyMOL's window bears a prediction: standstills of its event loop; and its pictures.

    python -m benchmarks.window                           # writes docs/benchmarks.md
    python -m benchmarks.window --pictures docs           # make screenshots

Opens the real window on a virtual screen (Xvfb, software OpenGL) and lets the panel predict with
the shipped weights: sasnet's demo structure for the pictures, PyMOL's and 2,940 residues for the
measurement.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.startup import enterotoxin
from sasnet_core.shell.question import demo_structure
from tests.plugin.screen import virtual_screen

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = """
import importlib.util, sys
sys.path[:0] = {folders!r}
place = {plugin!r}
spec = importlib.util.spec_from_file_location("sasnet_plugin", place)
plugin = sys.modules["sasnet_plugin"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(plugin)
import pymol.plugins
pymol.plugins.initialize(-2)
import driving, window_scenario
from pymol.Qt import QtCore
driving.PATIENCE = 3600
QtCore.QTimer.singleShot(200, plugin.__init_plugin__)
driving.drive(window_scenario.scenario, {facts!r}, demo={demo!r}, large={large!r})
"""
PICTURES = ("panel", "pairs", "walk")


def run(home: Path, large: bool) -> dict[str, Any]:
    """Run the scenario in a PyMOL of its own; pictures go to the folder `home`."""
    facts = home / "facts.json"
    script = SCRIPT.format(
        folders=[str(ROOT / "tests" / "plugin"), str(ROOT / "benchmarks")],
        plugin=str(ROOT / "plugin" / "__init__.py"),
        facts=str(facts),
        demo=str(enterotoxin() if large else demo_structure()),
        large=large,
    )
    (home / "script.py").write_text(script)
    environment = os.environ | {
        "HOME": str(home),
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "PYTHONPATH": str(ROOT),
        "SASNET_PREDICT": f"{sys.executable} -m sasnet_core.cli",
        "SASNET_TEST_PICTURES": str(home),
    }
    environment.pop("QT_QPA_PLATFORM", None)
    with virtual_screen() as display:
        command = [sys.executable, "-m", "pymol", "-q", str(home / "script.py")]
        subprocess.run(command, env=environment | {"DISPLAY": display}, check=False, cwd=home)
    found = json.loads(facts.read_text())
    if found["trouble"]:
        raise RuntimeError(found["trouble"])
    return found


def section(facts: dict[str, Any]) -> str:
    """Write the section of docs/benchmarks.md."""
    rows = [
        [name, f"{1000 * wall:.0f} ms", f"{1000 * computed:.0f} ms"]
        for name, (wall, computed, _) in (
            ("PyMOL's 1TII, chains D and E, 2 rotations", facts["demo"]),
            (f"{facts['residues']:,} residues, 2 rotations", facts["large"]),
        )
    ]
    heading = ["longest standstill while the panel predicts", "wall time", "computing"]
    return "\n".join(
        [
            "## PyMOL's window",
            "",
            report.table(heading, rows),
            "The event loop's longest pause from pressing Run to the final colours, repaints of "
            "the viewer taken off; computing: the processor time of the window's thread in one "
            "pause, which a busy machine does not lengthen. First colours of 1TII after "
            f"{facts['first_colours']:.0f} s, final ones after {facts['seconds']:.0f} s. Command: "
            f"`python -m benchmarks.window`. Machine: {report.machine()}.",
        ]
    )


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, help="only photograph, into this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        facts = run(Path(folder), large=options.pictures is None)
        if options.pictures is not None:
            for name in PICTURES:
                shutil.copy(Path(folder, f"{name}.png"), options.pictures / f"pymol_{name}.png")
            return 0
    text = section(facts)
    print(text)
    report.write_section("window", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
