"""Rank the poses of `benchmarks.docking` or `benchmarks.placing`: engine, sasnet, both.

    python -m benchmarks.docked DB5_DATASET DECOYS --benchmark ../shared/data/db5

A complex is a success at N if one of its N best poses is acceptable (DockQ 0.23 or more).
DB5_DATASET is that of `train.db5`. Prints a table of success at 1, 10 and 100 and writes it to
DECOYS/success.csv. Contacts and DockQ of the poses are computed once and kept in
DECOYS/CODE/measured.npz; with --kept, so are the pair scores. --choose also tries powers of the
number of contacts and weights of the residues (`docking.agreement`).
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.docking import read_decoys
from sasnet_core.config import ROTATIONS
from sasnet_core.dataset.complexes import benchmark_rows, load_complex
from sasnet_core.docking import agreement
from sasnet_core.docking.quality import ACCEPTABLE, Reference
from sasnet_core.docking.ranking import Pose, match_residues
from sasnet_core.errors import run_script
from sasnet_core.evaluation.test_set import refuse_test_set
from sasnet_core.files import read_arrays, write_arrays, write_table
from sasnet_core.metrics import auroc
from sasnet_core.network.weights_folder import default_folder, read_info
from sasnet_core.scoring.predictor import load_predictor
from sasnet_core.structure import reading
from sasnet_core.structure.antibody import kinds_of
from sasnet_core.structure.contacts import contacts
from sasnet_core.structure.surface import exposed_area

LEVELS = (1, 10, 100)
MEASURED = "measured.npz"
#: What --choose tries.
POWERS, SITE_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0), (0.0, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Measured:
    """The poses of a complex: their contacts, quality and engine's score."""

    contacts: list[np.ndarray]  # of each pose, (n, 2) rows of the dataset's proteins
    dockq: np.ndarray  # (n_poses,)
    engine: np.ndarray  # (n_poses,)


def measure(folder: Path, benchmark: Path, item_path: Path) -> Measured:
    """Find contacts and quality of the poses of a complex, or read them if that was done before."""
    path = folder / MEASURED
    if not path.exists():
        decoys, item = read_decoys(folder), load_complex(item_path)
        rows = match_residues(decoys.left, item.left), match_residues(decoys.right, item.right)
        first = Pose(
            (decoys.left, decoys.pose(0)),
            tuple(s.backbone(p) for s, p in zip(
                decoys.structures, (decoys.left, decoys.right), strict=True
            )),
        )  # fmt: skip
        reference = _reference(benchmark, folder.name, first)
        found, qualities = [], []
        for number in range(len(decoys.scores)):
            right = decoys.pose(number)
            touching = contacts(decoys.left, right)
            found.append(np.stack([rows[k][touching[:, k]] for k in (0, 1)], axis=1))
            qualities.append(reference.measure(decoys.left, right).dockq)
        arrays = {
            "contacts": np.concatenate(found).astype(np.int16),
            "counts": np.array([len(pairs) for pairs in found]),
            "dockq": np.array(qualities),
            "engine": decoys.scores,
        }
        write_arrays(arrays, path)
    arrays = read_arrays(path)
    pairs = np.split(arrays["contacts"].astype(np.int64), np.cumsum(arrays["counts"])[:-1])
    return Measured(pairs, arrays["dockq"], arrays["engine"])


def _reference(benchmark: Path, code: str, pose: Pose) -> Reference:
    """Make a reference of the two files of a bound complex."""
    files = [reading.read(benchmark / f"{code}_{side}_b.pdb.gz") for side in "rl"]
    proteins = tuple(file.protein() for file in files)
    backbones = tuple(f.backbone(p) for f, p in zip(files, proteins, strict=True))
    return Reference(proteins, backbones, pose.partners, pose.backbones)


def terms(judge: agreement.Judge, measured: Measured) -> np.ndarray:
    """Return contacts, pair term and site term of each pose, shape (n_poses, 3)."""
    judged = [judge.judge(pairs) for pairs in measured.contacts]
    return np.array([(a.contacts, a.pairs, a.sites) for a in judged])


def own_scores(found: np.ndarray, power: float, site_weight: float) -> np.ndarray:
    """Score poses by their terms, as `agreement` does."""
    return found[:, 0] ** power * (found[:, 1] + site_weight * found[:, 2])


def both(own: np.ndarray, engine: np.ndarray) -> np.ndarray:
    """Add two scores, each in standard deviations of its own."""
    return sum((x - x.mean()) / (x.std() or 1.0) for x in (own, engine))


def success(scores: np.ndarray, dockq: np.ndarray) -> list[bool]:
    """Tell for each of `LEVELS` whether one of so many best poses is acceptable."""
    order = np.argsort(-scores, kind="stable")
    return [bool((dockq[order[:level]] >= ACCEPTABLE).any()) for level in LEVELS]


Complexes = dict[str, tuple[Measured, np.ndarray]]


def outcome(complexes: Complexes, scores: list[np.ndarray]) -> dict[str, float]:
    """Count successes, and average the AUROC of acceptable poses against the others."""
    pairs = list(zip(complexes.values(), scores, strict=True))
    hits = np.sum([success(own, m.dockq) for (m, _), own in pairs], axis=0)
    aurocs = [auroc(m.dockq >= ACCEPTABLE, own) for (m, _), own in pairs]
    counts = {f"success@{n}": int(count) for n, count in zip(LEVELS, hits, strict=True)}
    return {**counts, "mean AUROC": round(float(np.nanmean(aurocs)), 3)}


def by_chance(complexes: Complexes, orders: int = 200) -> dict[str, float]:
    """Average over random orders."""
    rng = np.random.default_rng(0)
    hits = np.mean([
        np.sum([success(rng.random(len(m.dockq)), m.dockq) for m, _ in complexes.values()], axis=0)
        for _ in range(orders)
    ], axis=0)  # fmt: skip
    counts = {f"success@{n}": round(float(c), 1) for n, c in zip(LEVELS, hits, strict=True)}
    return {**counts, "mean AUROC": 0.5}


def table(complexes: Complexes, power: float, weight: float) -> list[dict[str, object]]:
    """Count successes of each way to rank."""
    measured = [m for m, _ in complexes.values()]
    own = [own_scores(terms_, power, weight) for _, terms_ in complexes.values()]
    engine = [m.engine for m in measured]
    together = [both(x, y) for x, y in zip(own, engine, strict=True)]
    some = {f"success@{n}": sum((m.dockq >= ACCEPTABLE).any() for m in measured) for n in LEVELS}
    return [
        {"ranked by": "engine", **outcome(complexes, engine)},
        {"ranked by": "sasnet", **outcome(complexes, own)},
        {"ranked by": "both", **outcome(complexes, together)},
        {"ranked by": "chance", **by_chance(complexes)},
        {"ranked by": "possible", **some, "mean AUROC": 1.0},
    ]


def choose(complexes: Complexes) -> tuple[float, float]:
    """Try powers and weights; return the pair with the best mean AUROC of acceptable poses."""
    best = (-1.0, 0.0, 0.0)
    for power, weight in itertools.product(POWERS, SITE_WEIGHTS):
        own = [own_scores(terms_, power, weight) for _, terms_ in complexes.values()]
        found = outcome(complexes, own)
        print(power, weight, *found.values())
        best = max(best, (found["mean AUROC"], power, weight))
    return best[1:]


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("dataset", type=Path, metavar="DB5_DATASET")
    add("decoys", type=Path, metavar="DECOYS")
    add("--benchmark", type=Path, required=True, help="folder with the structures of benchmark 5")
    add("--weights", type=Path, help="default: those shipped")
    add("--rotations", type=int, default=ROTATIONS)
    add("--kept", type=Path, metavar="SCORES", help="keep pair scores in this folder")
    add("--choose", action="store_true", help="try other powers and weights")
    options = parser.parse_args(arguments)
    rows = {row["id"]: row for row in benchmark_rows(options.dataset, "DB4U")}
    refuse_test_set(rows.values())
    info = read_info(options.weights or default_folder())
    predictor = load_predictor(info.folder, score_cache=options.kept)
    complexes: Complexes = {}
    start = time.perf_counter()
    folders = sorted(path.parent for path in options.decoys.glob("*/times.json"))
    for folder in tqdm(folders, disable=None):
        item_path = options.dataset / rows[folder.name]["file"]
        measured = measure(folder, options.benchmark, item_path)
        item = load_complex(item_path)
        matrix = predictor.score(item.left, item.right, options.rotations).matrix
        exposure = exposed_area(item.left), exposed_area(item.right)
        kinds = kinds_of(item.left, item.right)
        judge = agreement.Judge(matrix, info.needed_calibration(), exposure, kinds)
        complexes[folder.name] = measured, terms(judge, measured)
    hits = {code: int((m.dockq >= ACCEPTABLE).sum()) for code, (m, _) in complexes.items()}
    print(
        f"{len(hits)} complexes, {sum(n > 0 for n in hits.values())} with acceptable poses: {hits}"
    )
    if options.choose:
        print("best:", choose(complexes))
    found = table(complexes, agreement.POWER, agreement.SITE_WEIGHT)
    write_table(found, options.decoys / "success.csv", list(found[0]))
    for row in found:
        print(*row.values(), sep="  ")
    print(f"{time.perf_counter() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(run_script("benchmarks.docked", main))
