"""Dock unbound pairs of DB4U with LightDock, for `benchmarks.docked`, which ranks the poses.

    python3.11 -m venv .venv-docking
    .venv-docking/bin/pip install -r benchmarks/docking_requirements.txt
    python -m benchmarks.docking ../shared/data/db5 -o DECOYS --lightdock .venv-docking/bin

LightDock needs an older numpy, so it has an environment of its own. Complexes: `chosen`, a rule
that was written down before the first pose was looked at. Of each it writes CODE/left.pdb and
CODE/right.pdb (left chains A, ..., right chains those that follow), CODE/engine.csv (for each pose
shift and quaternion of the right protein, and LightDock's own score, higher is better) and
CODE/times.json. A complex that is there already is not docked again. `write_poses` writes the poses
as one PDB file.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import resource
import shutil
import string
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.dataset.db5 import read_table
from sasnet_core.errors import SasnetError, SettingError, run_script
from sasnet_core.files import write_json, write_table
from sasnet_core.structure import reading

if TYPE_CHECKING:
    from sasnet_core.structure.protein import Protein
    from sasnet_core.structure.reading import Structure

#: Larger complexes take LightDock too long here (residues of both sides).
MOST_RESIDUES = 800
#: Atoms that LightDock's fastdfire knows, by residue.
DFIRE = {
    "ALA": "CB", "CYS": "CB SG", "ASP": "CB CG OD1 OD2", "GLU": "CB CG CD OE1 OE2",
    "PHE": "CB CG CD1 CD2 CE1 CE2 CZ", "GLY": "", "HIS": "CB CG ND1 CD2 CE1 NE2",
    "ILE": "CB CG1 CG2 CD1", "LYS": "CB CG CD CE NZ", "LEU": "CB CG CD1 CD2",
    "MET": "CB CG SD CE", "ASN": "CB CG OD1 ND2", "PRO": "CB CG CD",
    "GLN": "CB CG CD OE1 NE2", "ARG": "CB CG CD NE CZ NH1 NH2", "SER": "CB OG",
    "THR": "CB OG1 CG2", "VAL": "CB CG1 CG2", "TRP": "CB CG CD1 CD2 CE2 NE1 CE3 CZ3 CH2 CZ2",
    "TYR": "CB CG CD1 CD2 CE1 CE2 CZ OH",
}  # fmt: skip
COLUMNS = ("model", "swarm", "glowworm", "x", "y", "z", "qw", "qx", "qy", "qz", "score")
_GLOWWORM = re.compile(r"\(([^)]*)\)\s+\d+\s+\d+\s+\S+\s+\d+\s+\S+\s+(\S+)")


def chosen(benchmark: Path) -> list[str]:
    """Choose complexes: every second of DB4U by code, the first among them.

    Those of over `MOST_RESIDUES` residues are left out.
    """
    codes = sorted(row["code"] for row in read_table(benchmark) if row["split"] == "DB4U")
    return [code for code in codes[::2] if _size(benchmark, code) <= MOST_RESIDUES]


def _size(benchmark: Path, code: str) -> int:
    files = (benchmark / f"{code}_{side}_u.pdb.gz" for side in "rl")
    return sum(reading.read(file).protein().n_residues for file in files)


def prepare(source: Path, path: Path, chains: str) -> str:
    """Write a protein as LightDock wants it; chains get new letters, in order.

    Parameters
    ----------
    source, path : Path
        Structure to read, PDB file to write.
    chains : str
        Letters to use.

    Returns
    -------
    str
        The letters that are left.
    """
    structure = reading.read(source)
    names = structure.chain_ids()
    letters = dict(zip(names, chains, strict=False))
    lines = []
    for (chain, number, _), residue in structure.residues():
        name = "MET" if residue.name == "MSE" else residue.name
        if name not in DFIRE:
            continue
        known = {"N", "CA", "C", "O", *DFIRE[name].split()}
        seen = set()
        for atom in residue:
            title = "SD" if atom.name == "SE" else atom.name
            if title in known and title not in seen:
                seen.add(title)
                digits = re.match(r"-?\d+", number)[0]
                lines.append(
                    f"ATOM  {len(lines) + 1:5d}  {title:<3} {name} {letters[chain]}{digits:>4}"
                    f"{number[len(digits) :] or ' '}   {atom.pos.x:8.3f}{atom.pos.y:8.3f}"
                    f"{atom.pos.z:8.3f}  1.00  0.00           {title[0]}"
                )
    path.write_text("\n".join(lines) + "\nEND\n")
    return chains[len(names) :]


def dock(benchmark: Path, code: str, folder: Path, options: argparse.Namespace) -> None:
    """Dock one complex in a folder, and write its poses there."""
    work = folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    rest = prepare(benchmark / f"{code}_r_u.pdb.gz", work / "left.pdb", string.ascii_uppercase)
    prepare(benchmark / f"{code}_l_u.pdb.gz", work / "right.pdb", rest)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    run = ["left.pdb", "right.pdb", "-s", str(options.swarms), "-g", str(options.glowworms)]
    call(options.lightdock, "lightdock3_setup.py", [*run, "--noxt", "--noh", "--now"], work)
    run = ["setup.json", str(options.steps), "-c", "1", "-s", "fastdfire"]
    call(options.lightdock, "lightdock3.py", run, work)
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    count = keep_poses(work, folder, options.steps)
    settings = {name: getattr(options, name) for name in ("swarms", "glowworms", "steps")}
    write_json({**settings, "poses": count, "seconds": round(seconds, 1)}, folder / "times.json")
    shutil.rmtree(work)


def call(place: Path, script: str, arguments: list[str], folder: Path) -> None:
    """Run a script of LightDock in its own environment."""
    command = [str(place.absolute() / "python"), str(place.absolute() / script), *arguments]
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **one}, capture_output=True, text=True, check=False
    )
    errors = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line]
    if done.returncode or errors:
        reason = (errors or done.stderr.strip().splitlines() or ["no message"])[-1]
        raise SettingError(f"{script} must end well in {folder}, it said: {reason}; see there")


def keep_poses(work: Path, folder: Path, steps: int) -> int:
    """Keep both proteins as the engine placed them, and where each glowworm ended."""
    for side in ("left", "right"):
        shutil.copy(work / f"lightdock_{side}.pdb", folder / f"{side}.pdb")
    rows = [
        dict(zip(COLUMNS, (number, swarm, glowworm, *place, score), strict=True))
        for number, (swarm, glowworm, place, score) in enumerate(glowworms(work, steps), 1)
    ]
    write_table(rows, folder / "engine.csv", COLUMNS)
    return len(rows)


@dataclass(frozen=True)
class Decoys:
    """The poses of a complex.

    Attributes
    ----------
    left, right : Protein
        The proteins; the right one as it is to be turned.
    turns : ndarray, shape (n_poses, 3, 3)
    shifts : ndarray, shape (n_poses, 3)
        ``coords @ turn.T + shift`` is where the right protein lies in a pose.
    scores : ndarray, shape (n_poses,)
        The engine's; higher is better.
    structures : tuple of Structure
        Of both sides.
    """

    left: Protein
    right: Protein
    turns: np.ndarray
    shifts: np.ndarray
    scores: np.ndarray
    structures: tuple[Structure, Structure]

    def pose(self, number: int) -> Protein:
        """Return the right protein as it lies in a pose, counted from 0."""
        turn, shift = self.turns[number], self.shifts[number]
        moved = [x @ turn.T + shift for x in (self.right.coords, self.right.centers)]
        return self.right.with_coordinates(*moved)


def read_decoys(folder: Path) -> Decoys:
    """Read the poses of a complex."""
    left, right = (reading.read(folder / f"{side}.pdb") for side in ("left", "right"))
    with (folder / "engine.csv").open(newline="") as stream:
        table = np.array([[float(row[name]) for name in COLUMNS] for row in csv.DictReader(stream)])
    turns = np.array([rotation_matrix(*row) for row in table[:, 6:10]])
    return Decoys(
        left.protein(), right.protein(), turns, table[:, 3:6], table[:, 10], (left, right)
    )


def write_poses(folder: Path, path: Path, count: int | None = None) -> None:
    """Write poses as the models of one PDB file, for `sasnet_rank`."""
    decoys = read_decoys(folder)
    left, right = (
        [line for line in (folder / f"{side}.pdb").read_text().splitlines() if line[:4] == "ATOM"]
        for side in ("left", "right")
    )
    form = "\n".join(f"{line[:30]}%8.3f%8.3f%8.3f{line[54:]}" for line in right)
    places = np.array([[float(line[k : k + 8]) for k in (30, 38, 46)] for line in right])
    with path.open("w") as stream:
        for number in range(len(decoys.scores))[:count]:
            moved = places @ decoys.turns[number].T + decoys.shifts[number]
            body = "\n".join([*left, "TER", form % tuple(moved.ravel()), "TER"])
            stream.write(f"MODEL     {number + 1:4d}\n{body}\nENDMDL\n")
        stream.write("END\n")


def rotation_matrix(w: float, x: float, y: float, z: float) -> np.ndarray:
    """Turn a quaternion into a rotation matrix, shape (3, 3)."""
    w, x, y, z = np.array([w, x, y, z]) / np.linalg.norm([w, x, y, z])
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip


def glowworms(work: Path, steps: int) -> list[tuple[int, int, list[float], float]]:
    """List swarm, number, position (shift and quaternion) and score of each glowworm."""
    found = []
    for swarm in range(len(list(work.glob("swarm_*")))):
        lines = (work / f"swarm_{swarm}" / f"gso_{steps}.out").read_text().splitlines()[1:]
        for number, line in enumerate(lines):
            position, score = _GLOWWORM.match(line).groups()
            found.append((swarm, number, [float(v) for v in position.split(",")], float(score)))
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("benchmark", type=Path, help="folder with db5.csv and the structures")
    add("-o", "--output", type=Path, required=True, metavar="DECOYS")
    add("--lightdock", type=Path, required=True, metavar="BIN", help="folder of its scripts")
    add("--only", metavar="CODE[,CODE...]", help="some of the complexes (default: all)")
    add("--swarms", type=int, default=60)
    add("--glowworms", type=int, default=20)
    add("--steps", type=int, default=15)
    options = parser.parse_args(arguments)
    for code in options.only.split(",") if options.only else chosen(options.benchmark):
        folder = options.output / code
        if (folder / "times.json").exists():
            continue
        try:
            dock(options.benchmark, code, folder, options)
            print(code, (folder / "times.json").read_text().replace("\n", ""), flush=True)
        except SasnetError as error:
            print(f"{code}: {error}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(run_script("benchmarks.docking", main))
