"""Poses by rigid placement, for `benchmarks.docked` where docking takes too long.

    python -m benchmarks.placing ../shared/data/db5 -o PLACED

For the complexes of `benchmarks.docking`: the right protein slides onto the left one from random
directions in random orientations until they touch (300 poses), and from near its place in the
known complex (30 poses, NOT docked: perturbed by up to 30 degrees and 6 A). The poses say whether
a score tells near poses from others, not whether an engine finds any. Their own score is the number
of atoms in contact.
"""

from __future__ import annotations

import argparse
import string
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from benchmarks.docking import COLUMNS, chosen, prepare
from sasnet_core.errors import run_script
from sasnet_core.files import write_json, write_table
from sasnet_core.structure import reading

RANDOM, PERTURBED = 300, 30
#: Largest turn (degrees) and shift (angstrom) of perturbed poses.
TURN, SHIFT = 30.0, 6.0
#: Proteins touch at this distance of their nearest atoms, and these atoms count (angstrom).
TOUCH, NEAR = 3.0, 6.0
#: Steps until they touch, at most.
STEPS = 40


@dataclass(frozen=True)
class Placer:
    """Two proteins; the right one is placed."""

    tree: object  # of the left one's atoms
    centers: tuple[np.ndarray, np.ndarray]
    moving: np.ndarray  # (n_atoms, 3), about its centre

    def slide(self, rotation: Rotation, direction: np.ndarray, aside: np.ndarray) -> np.ndarray:
        """Come in from a direction until atoms touch; return the shift, shape (3,)."""
        atoms = rotation.apply(self.moving)
        away = 60.0 + np.linalg.norm(self.moving, axis=1).max()
        away += np.linalg.norm(self.tree.data - self.centers[0], axis=1).max()
        for _ in range(STEPS):
            shift = self.centers[0] + aside + away * direction
            gap = self.tree.query(atoms + shift)[0].min() - TOUCH
            if gap < 0.2:
                break
            away -= gap  # no atom moves farther than the gap, so none passes another
        return shift

    def contacts(self, rotation: Rotation, shift: np.ndarray) -> int:
        """Count atoms of the right protein near the left one."""
        near = self.tree.query(rotation.apply(self.moving) + shift, distance_upper_bound=NEAR)[0]
        return int(np.isfinite(near).sum())


def place(benchmark: Path, code: str, folder: Path, rng: np.random.Generator) -> None:
    """Write the poses of a complex."""
    folder.mkdir(parents=True, exist_ok=True)
    start = time.process_time()
    rest = prepare(benchmark / f"{code}_r_u.pdb.gz", folder / "left.pdb", string.ascii_uppercase)
    prepare(benchmark / f"{code}_l_u.pdb.gz", folder / "right.pdb", rest)
    left, right = (reading.read(folder / f"{side}.pdb").protein() for side in ("left", "right"))
    centers = left.coords.mean(axis=0), right.coords.mean(axis=0)
    placer = Placer(left.tree, centers, right.coords - centers[1])
    native = (centers[1] - centers[0]) / np.linalg.norm(centers[1] - centers[0])
    rows = []
    for number in range(RANDOM + PERTURBED):
        if number < RANDOM:
            rotation, direction = Rotation.random(rng=rng), rng.normal(size=3)
            direction, aside = direction / np.linalg.norm(direction), np.zeros(3)
        else:
            turn = rng.normal(size=3)
            turn *= np.radians(rng.uniform(0, TURN)) / np.linalg.norm(turn)
            rotation, direction = Rotation.from_rotvec(turn), native
            aside = rng.normal(size=3)
            aside *= rng.uniform(0, SHIFT) / np.linalg.norm(aside)
        shift = placer.slide(rotation, direction, aside)
        # Files hold the protein where it was, so its centre is moved to the origin first.
        place = shift - rotation.apply(centers[1])
        x, y, z, w = rotation.as_quat()
        score = placer.contacts(rotation, shift)
        rows.append((number + 1, 0, number, *place.tolist(), w, x, y, z, score))
    write_table(
        (dict(zip(COLUMNS, row, strict=True)) for row in rows), folder / "engine.csv", COLUMNS
    )
    seconds = round(time.process_time() - start, 1)
    settings = {"engine": "contacts", "random": RANDOM, "perturbed": PERTURBED, "seconds": seconds}
    write_json(settings, folder / "times.json")


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", type=Path, help="folder with db5.csv and the structures")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="PLACED")
    options = parser.parse_args(arguments)
    for number, code in enumerate(chosen(options.benchmark)):
        if not (options.output / code / "times.json").exists():
            rng = np.random.default_rng(number)
            place(options.benchmark, code, options.output / code, rng)
            print(code, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(run_script("benchmarks.placing", main))
