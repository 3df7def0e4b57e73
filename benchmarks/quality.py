"""Compare `docking.quality` with the package DockQ on poses that `benchmarks.docking` made.

    python -m benchmarks.quality DECOYS --benchmark ../shared/data/db5 --dockq .venv-docking/bin

DockQ needs an older numpy, so its own Python runs it. Of each complex with one chain on each side,
poses spread over all are compared with the bound complex; the unbound proteins lack some of its
residues and have others. Prints the largest differences, and the time that one pose takes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import astuple
from pathlib import Path

import numpy as np

from benchmarks.docking import write_poses
from sasnet_core.docking.ranking import PoseReader, make_reference
from sasnet_core.errors import run_script
from sasnet_core.structure import reading
from sasnet_core.structure.models import read_models

#: Poses of each complex.
POSES = 10
NAMES = ("fnat", "iRMSD", "LRMSD", "DockQ")
#: Runs in DockQ's environment: files of poses, the complex last; prints measures and seconds.
SCRIPT = """
import json, sys, time
from DockQ.DockQ import load_PDB, run_on_all_native_interfaces
native, rows, start = load_PDB(sys.argv[-1]), [], time.perf_counter()
for path in sys.argv[1:-1]:
    found = run_on_all_native_interfaces(load_PDB(path), native, chain_map={"A": "A", "B": "B"})
    found = next(iter(found[0].values()))
    rows.append([found[name] for name in ("fnat", "iRMSD", "LRMSD", "DockQ")])
print(json.dumps([rows, (time.perf_counter() - start) / len(rows)]))
"""


def write_complex(benchmark: Path, code: str, path: Path) -> bool:
    """Write the bound complex with chains A and B; False if a side has more chains."""
    lines = []
    for side, chain in zip("rl", "AB", strict=True):
        structure = reading.read(benchmark / f"{code}_{side}_b.pdb.gz")
        if len(structure.chain_ids()) > 1:
            return False
        for (_, number, _), residue in structure.residues():
            digits = number.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            code_letter = number[len(digits) :] or " "
            lines += [
                f"ATOM  {k:5d}  {atom.name:<3} {residue.name:>3} {chain}{digits:>4}{code_letter}   "
                f"{atom.pos.x:8.3f}{atom.pos.y:8.3f}{atom.pos.z:8.3f}  1.00  0.00          "
                f"{atom.element.name:>2}"
                for k, atom in enumerate(residue, len(lines) + 1)
                if len(atom.name) < 4
            ]
        lines.append("TER")
    path.write_text("\n".join(lines) + "\nEND\n")
    return True


def compare(decoys: Path, benchmark: Path, dockq: Path, folder: Path) -> tuple | None:
    """Measure some poses in both ways; None if the complex has more chains.

    Returns
    -------
    tuple
        Our measures and DockQ's, shape (n_poses, 4) each, and seconds of a pose in both.
    """
    native, poses = folder / "native.pdb", folder / "poses.pdb"
    if not write_complex(benchmark, decoys.name, native):
        return None
    write_poses(decoys, poses)
    models = list(read_models(poses))
    models = models[:: max(1, len(models) // POSES)][:POSES]
    files = []
    for model in models:
        files.append(folder / f"{model.number}.pdb")
        files[-1].write_bytes(model.own_text())
    reader = PoseReader(models[0], ["A"], ["B"])
    if len(reader.structure.chain_ids()) > 2:
        return None
    reference = make_reference(reading.read(native), (["A"], ["B"]), reader.first)
    start = time.perf_counter()
    poses = [reader.read(model) for model in models]
    ours = [astuple(reference.measure(*pose.partners, pose.backbones)) for pose in poses]
    seconds = (time.perf_counter() - start) / len(models)
    command = [str(dockq / "python"), "-c", SCRIPT, *map(str, files), str(native)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    theirs, their_seconds = json.loads(done.stdout.splitlines()[-1])
    return np.array(ours), np.array(theirs), seconds, their_seconds


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("decoys", type=Path, metavar="DECOYS")
    parser.add_argument("--benchmark", type=Path, required=True)
    parser.add_argument("--dockq", type=Path, required=True, metavar="BIN")
    options = parser.parse_args(arguments)
    found = []
    for place in sorted(path.parent for path in options.decoys.glob("*/times.json")):
        with tempfile.TemporaryDirectory() as folder:
            one = compare(place, options.benchmark, options.dockq.absolute(), Path(folder))
        if one is not None:
            found.append(one)
            worst = np.abs(one[0] - one[1]).max(axis=0)
            print(place.name, *(f"{n} {d:.4f}" for n, d in zip(NAMES, worst, strict=True)))
    ours, theirs = (np.concatenate([one[k] for one in found]) for k in (0, 1))
    difference = np.abs(ours - theirs)
    print(f"{len(ours)} poses of {len(found)} complexes; largest and median difference:")
    for name, column in zip(NAMES, difference.T, strict=True):
        print(f"  {name} {column.max():.4f} {np.median(column):.6f}")
    seconds = [np.mean([one[k] for one in found]) for k in (2, 3)]
    print(f"a pose: {seconds[0]:.4f} s, DockQ {seconds[1]:.3f} s")
    return 0


if __name__ == "__main__":
    sys.exit(run_script("benchmarks.quality", main))
