"""Evaluate weights on a dataset: a per-complex table and the median AUROC (CAUROC).

    python -m train.evaluate DB5_DATASET --split DB4U -o table.csv

Prints the CAUROC with a bootstrap interval, the mean, and the two predictors without learning
beside it. A complex that fails counts 0 for every predictor and is listed with its reason. Model
selection belongs on DB4; DB5U is for final tables only.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from sasnet_core.baselines import distance_from_centre_product, exposed_area_product
from sasnet_core.complexes import Complex, benchmark_rows, load_complex
from sasnet_core.config import ROTATIONS
from sasnet_core.errors import DatasetError, SettingError, run_script
from sasnet_core.files import write_table
from sasnet_core.metrics import average_precision, cauroc, mean_auroc, precision_at
from sasnet_core.precision import PRECISIONS
from sasnet_core.predict import ENGINES, Predictor
from sasnet_core.protein import Protein
from sasnet_core.rotations import random_rotation
from sasnet_core.scores import logit
from sasnet_core.weights import default_folder

COLUMNS = (
    "id", "split", "state", "n_left", "n_right", "n_contacts", "auroc", "average_precision",
    "base_rate", "precision_at_10", "exposed_area_auroc", "centre_distance_auroc",
    "failure",
)  # fmt: skip
MEASURES = (
    "auroc", "average_precision", "precision_at_10", "exposed_area_auroc", "centre_distance_auroc",
)  # fmt: skip
BOOTSTRAP = 2000


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--weights", type=Path, help="default: those shipped")
    parser.add_argument("--split", help="DB3, DB4U or DB5U; default: all complexes")
    parser.add_argument("--state", default="unbound", choices=("unbound", "bound"))
    parser.add_argument("--rotations", type=int, default=ROTATIONS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--precision", default="auto", choices=PRECISIONS)
    parser.add_argument(
        "--engine",
        default="lattice",
        choices=ENGINES,
        help="windows: the paper's way, each residue's voxel grid centred exactly on its CA, many "
        "times slower (default: lattice)",
    )
    parser.add_argument("--count", type=int, help="only this many complexes, evenly spread")
    parser.add_argument(
        "--shuffle-partners",
        action="store_true",
        help="control: each protein meets a partner of another complex instead of its own",
    )
    parser.add_argument(
        "--move-partners",
        action="store_true",
        help="control: turn and shift each partner at random first, which must change nothing "
        "(the benchmark's unbound files lie superimposed on the complex)",
    )
    parser.add_argument("-o", "--output", type=Path, help="write the table here as CSV")
    return parser.parse_args(arguments)


def chosen_rows(options: argparse.Namespace) -> list[dict[str, str]]:
    """Pick the rows of the manifest that the options ask for."""
    rows = benchmark_rows(options.dataset, options.split, options.state)
    if options.count:
        places = np.linspace(0, len(rows) - 1, min(options.count, len(rows)))
        rows = [rows[k] for k in places.round().astype(int)]
    return rows


def moved(protein: Protein, rng: np.random.Generator) -> Protein:
    """Turn and shift a protein at random."""
    rotation, shift = random_rotation(rng).T, rng.uniform(-100, 100, 3)
    return protein.with_coordinates(
        protein.coords @ rotation + shift, protein.centers @ rotation + shift
    )


def stranger_matrix(
    item: Complex, other: Complex, predictor: Predictor, rotations: int, seed: int
) -> np.ndarray:
    """Score pairs without the partner: the sum of what each residue reaches with a stranger.

    Parameters
    ----------
    item : Complex
        The complex whose pairs are scored.
    other : Complex
        Gives a wrong partner to each side.
    predictor, rotations, seed
        How to score.

    Returns
    -------
    ndarray, shape (n_left, n_right)
        Best log odds of the left residue with the other's right protein, plus best log odds of
        the right residue with the other's left protein.
    """
    left = predictor.score(item.left, other.right, rotations, seed).matrix.max(axis=1)
    right = predictor.score(other.left, item.right, rotations, seed).matrix.max(axis=0)
    return np.add.outer(logit(left), logit(right))


def evaluate(item: Complex, matrix: np.ndarray) -> dict[str, float | int | str]:
    """Compare the scores of one complex with its contacts.

    Raises
    ------
    DatasetError
        A measure cannot be computed.
    """
    labels = item.labels()
    if not np.isfinite(matrix).all():
        raise DatasetError("scores must be finite numbers, some are not")
    if not 0 < labels.sum() < labels.size:
        raise DatasetError("contacts and non-contacts are needed, one of them is missing")
    return {
        "n_left": item.left.n_residues,
        "n_right": item.right.n_residues,
        "n_contacts": len(item.contacts),
        "auroc": item.auroc(matrix),
        "average_precision": average_precision(labels, matrix),
        "base_rate": float(labels.mean()),
        "precision_at_10": precision_at(labels, matrix, 10),
        "exposed_area_auroc": item.auroc(exposed_area_product(item.left, item.right)),
        "centre_distance_auroc": item.auroc(distance_from_centre_product(item.left, item.right)),
        "failure": "",
    }


def failed(row: dict[str, str], error: Exception) -> dict[str, float | int | str]:
    """Count 0 for a complex that could not be evaluated, and say why."""
    labels = int(row["n_left"]) * int(row["n_right"])
    return {
        "n_left": row["n_left"],
        "n_right": row["n_right"],
        "n_contacts": row["n_contacts"],
        "base_rate": int(row["n_contacts"]) / labels,
        **dict.fromkeys(MEASURES, 0.0),
        "failure": " ".join(f"{type(error).__name__}: {error}".split()),
    }


def bootstrap_interval(values: list[float], seed: int = 0) -> tuple[float, float]:
    """Compute the 95 % interval of the median by resampling complexes."""
    rng = np.random.default_rng(seed)
    picks = rng.integers(len(values), size=(BOOTSTRAP, len(values)))
    medians = np.median(np.asarray(values)[picks], axis=1)
    low, high = np.percentile(medians, [2.5, 97.5])
    return float(low), float(high)


def report(table: list[dict[str, float | int | str]]) -> list[str]:
    """Say the medians in words."""
    lines = []
    for column, name in (
        ("auroc", "sasnet"),
        ("exposed_area_auroc", "exposed area product"),
        ("centre_distance_auroc", "distance from centre product"),
    ):
        values = [float(row[column]) for row in table]
        low, high = bootstrap_interval(values)
        lines.append(
            f"{name:30s} CAUROC {cauroc(values):.3f} (95 % {low:.3f} to {high:.3f}), "
            f"mean {mean_auroc(values):.3f}"
        )
    precision = np.mean([float(row["precision_at_10"]) for row in table])
    return [*lines, f"{'sasnet':30s} precision at 10: {precision:.3f}, mean over complexes"]


def score(
    rows: list[dict[str, str]], place: int, predictor: Predictor, options: argparse.Namespace
) -> tuple[Complex, np.ndarray]:
    """Load one complex, moved when asked, and score its pairs, by strangers when asked."""
    item = load_complex(options.dataset / rows[place]["file"])
    if options.move_partners:
        rng = np.random.default_rng([options.seed, place])
        item = replace(item, left=moved(item.left, rng), right=moved(item.right, rng))
    if options.shuffle_partners:
        other = load_complex(options.dataset / rows[(place + 1) % len(rows)]["file"])
        return item, stranger_matrix(item, other, predictor, options.rotations, options.seed)
    return item, predictor.score(item.left, item.right, options.rotations, options.seed).matrix


def evaluate_all(
    rows: list[dict[str, str]], predictor: Predictor, options: argparse.Namespace
) -> list[dict[str, float | int | str]]:
    """Make the table, one row per complex, those that fail included.

    Raises
    ------
    DatasetError
        Every complex failed.
    """
    table = []
    for place, row in enumerate(tqdm(rows, desc="complexes", disable=None)):
        try:
            values = evaluate(*score(rows, place, predictor, options))
        except SettingError:
            raise
        except Exception as error:  # whatever it is, it must not end an evaluation of hours
            values = failed(row, error)
        table.append({"id": row["id"], "split": row["split"], "state": options.state, **values})
    if all(row["failure"] for row in table):
        raise DatasetError(f"all {len(table)} complexes failed: {table[0]['failure']}")
    return table


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    rows = chosen_rows(options)
    predictor = Predictor.load(
        options.weights or default_folder(), options.precision, options.engine
    )
    table = evaluate_all(rows, predictor, options)
    for row in table:
        line = f"{row['id']:6s} {row['auroc']:.3f}  area {row['exposed_area_auroc']:.3f}"
        print(f"{line}  failed: {row['failure']}" if row["failure"] else line)
    print(
        f"{len(table)} complexes, {options.rotations} rotations, seed {options.seed}, "
        f"{predictor.precision}"
    )
    print("\n".join(report(table)))
    if options.output:
        write_table(table, options.output, COLUMNS)
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.evaluate", main))
