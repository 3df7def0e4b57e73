"""Choose how pair scores are smoothed over neighbouring pairs, by CAUROC on DB4.

    python -m train.smooth DB5_DATASET --split DB3 --weights resources/default

Tries a small grid of widths, sharpnesses and shares on unbound complexes that were not trained on
and stores the one with the highest sum of CAUROC, mean AUROC and residue AUROC (of all residues
together, by their best pair score: one threshold serves all proteins) beside the weights. Their
calibration no longer fits then and is taken away: run train.calibrate afterwards.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from sasnet_core.complexes import Complex, benchmark_rows, load_complex
from sasnet_core.config import SELECTION_SPLITS
from sasnet_core.errors import run_script
from sasnet_core.fitted import Smoothing
from sasnet_core.looks import refuse_test_set
from sasnet_core.metrics import auroc, cauroc, mean_auroc
from sasnet_core.predict import load_predictor
from sasnet_core.scorer import Scorer
from sasnet_core.scores import Smoother
from sasnet_core.weights import default_folder, read_info, write_fitted

WIDTHS = (6.0, 8.0, 10.0, 12.0)  # angstrom
SHARPNESSES = (4.0, 8.0, 16.0)
SHARES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path, help="dataset of train.db5")
    parser.add_argument("--split", default=SELECTION_SPLITS, help="splits to choose on")
    parser.add_argument("--weights", type=Path, help="default: those shipped")
    parser.add_argument("--rotations", type=int, default=2)
    parser.add_argument("--kept", type=Path, metavar="SCORES", help="keep scores in this folder")
    return parser.parse_args(arguments)


def raw_scores(predictor: Scorer, item: Complex, rotations: int) -> np.ndarray:
    """Average the scores of a complex over rotations, not smoothed, shape (n_left, n_right)."""
    return np.mean(list(predictor.rotation_scores(item.left, item.right, rotations, 0)), axis=0)


def quality(
    cases: list[tuple[Complex, np.ndarray]], smoothing: Smoothing
) -> tuple[float, float, float]:
    """Compute CAUROC, mean AUROC and residue AUROC of smoothed scores."""
    pairs, best, inside = [], [], []
    for item, scores in cases:
        smoothed = Smoother(item.left, item.right, smoothing).smooth(scores)
        pairs.append(item.auroc(smoothed))
        for axis in (1, 0):
            best.append(smoothed.max(axis=axis))
            inside.append(item.labels().any(axis=axis))
    residues = auroc(np.concatenate(inside), np.concatenate(best))
    return cauroc(pairs), mean_auroc(pairs), residues


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    rows = benchmark_rows(options.dataset, options.split)
    refuse_test_set(rows)
    info = read_info(options.weights or default_folder())
    predictor = load_predictor(info.folder, kept=options.kept)
    items = [load_complex(options.dataset / row["file"]) for row in rows]
    cases = [
        (item, raw_scores(predictor, item, options.rotations))
        for item in tqdm(items, desc="complexes", disable=None)
    ]
    fitted_on = f"{len(rows)} unbound complexes of {options.split}"
    results = []
    for width, sharpness, share in itertools.product(WIDTHS, SHARPNESSES, SHARES):
        smoothing = Smoothing(width, sharpness, share, fitted_on)
        median, mean, residues = quality(cases, smoothing)
        results.append((median + mean + residues, smoothing))
        print(
            f"{width:4.0f} A  {sharpness:4.0f}  {share:.2f}  "
            f"CAUROC {median:.3f} mean {mean:.3f} residues {residues:.3f}"
        )
    best = max(results, key=lambda result: result[0])[1]
    write_fitted(info, None, best)  # a calibration would no longer fit
    print(best)
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.smooth", main))
