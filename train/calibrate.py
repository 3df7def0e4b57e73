"""Fit the residue probability: a logistic function of the residue's best pair score.

    python -m train.calibrate DB5_DATASET --split DB3,DB4U --weights resources/default

Fits on unbound complexes that were not trained on, --rotations of them averaged, and
writes slope, intercept, the threshold with the best F1 and what they were fitted on beside the
weights.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from tqdm import tqdm

from sasnet_core.complexes import benchmark_rows, load_complex
from sasnet_core.config import ROTATIONS, Calibration
from sasnet_core.errors import run_script
from sasnet_core.looks import refuse_test_set
from sasnet_core.predict import Predictor
from sasnet_core.scores import logit, residue_probabilities
from sasnet_core.weights import default_folder, read_info, write_fitted


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path, help="dataset of train.db5")
    parser.add_argument("--split", default="DB4U", help="splits to fit on, like DB3,DB4U")
    parser.add_argument("--weights", type=Path, help="default: those shipped")
    parser.add_argument("--rotations", type=int, default=ROTATIONS)
    parser.add_argument("--kept", type=Path, metavar="SCORES", help="keep scores in this folder")
    return parser.parse_args(arguments)


def collect(
    dataset: Path, rows: list[dict[str, str]], predictor: Predictor, rotations: int
) -> tuple[np.ndarray, np.ndarray]:
    """Gather best pair scores and interface labels of the residues of all complexes.

    Returns
    -------
    best_scores : ndarray, shape (n_residues,), float
    labels : ndarray, shape (n_residues,), bool
    """
    best, labels = [], []
    for row in tqdm(rows, desc="complexes", disable=None):
        item = load_complex(dataset / row["file"])
        matrix = predictor.score(item.left, item.right, rotations).matrix
        truth = item.labels()
        for axis in (1, 0):
            best.append(matrix.max(axis=axis))
            labels.append(truth.any(axis=axis))
    return np.concatenate(best), np.concatenate(labels)


def fit_logistic(best_scores: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Fit slope and intercept by maximum likelihood.

    Returns
    -------
    tuple of float
        Slope (of the score's log odds) and intercept.
    """
    x, y = logit(best_scores), labels.astype(float)

    def loss(parameters: np.ndarray) -> float:
        z = parameters[0] * x + parameters[1]
        return float(np.mean(np.logaddexp(0, z) - y * z))

    result = minimize(loss, np.array([1.0, -1.0]), method="Nelder-Mead")
    return float(result.x[0]), float(result.x[1])


def best_threshold(probabilities: np.ndarray, labels: np.ndarray) -> tuple[float, float, float]:
    """Find the threshold with the best F1.

    Returns
    -------
    tuple of float
        Threshold, and precision and recall at it.
    """
    order = np.argsort(-probabilities, kind="stable")
    found = np.cumsum(labels[order])
    called = np.arange(1, len(labels) + 1)
    best = int(np.argmax(2 * found / (called + labels.sum())))
    precision, recall = found[best] / called[best], found[best] / labels.sum()
    return float(probabilities[order][best]), float(precision), float(recall)


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    rows = benchmark_rows(options.dataset, options.split)
    refuse_test_set(rows)
    info = read_info(options.weights or default_folder())
    predictor = Predictor.load(info.folder, kept=options.kept)
    best, labels = collect(options.dataset, rows, predictor, options.rotations)
    slope, intercept = fit_logistic(best, labels)
    fitted = Calibration(slope=round(slope, 4), intercept=round(intercept, 4))
    threshold, precision, recall = best_threshold(residue_probabilities(best, fitted), labels)
    calibration = replace(
        fitted,
        threshold=round(threshold, 3),
        precision=round(precision, 3),
        recall=round(recall, 3),
        fitted_on=f"{len(rows)} unbound complexes of {options.split}",
        rotations=options.rotations,
        residues=len(labels),
        interface_share=round(float(labels.mean()), 4),
    )
    write_fitted(info, calibration, info.smoothing)
    print(calibration)
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.calibrate", main))
