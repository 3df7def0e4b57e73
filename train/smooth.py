"""Choose how pair scores are smoothed over neighbouring pairs.

    python -m train.smooth DB5_DATASET --split DB3 --weights resources/default

Tries a small grid of widths, sharpnesses and shares on complexes that the weights were not trained
on, and stores the best one beside the weights: the one with the highest sum of CAUROC, mean AUROC
and residue AUROC. The residue AUROC is of all residues together, by their best pair score, because
one threshold serves all proteins. An earlier calibration is removed, because it no longer fits: run
train.calibrate afterwards.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

import numpy as np

from sasnet_core.config import SELECTION_SPLITS
from sasnet_core.dataset.complexes import Complex
from sasnet_core.errors import run_script
from sasnet_core.evaluation.interface_residues import Site, labels, sites_of
from sasnet_core.evaluation.out_of_fold import described, load_scorer
from sasnet_core.evaluation.selection_set import add_fit_options, read_selection_set
from sasnet_core.fitted import Smoothing
from sasnet_core.metrics import auroc, cauroc, mean_auroc
from sasnet_core.network.weights_folder import default_folder, read_info
from sasnet_core.network.weights_writing import write_fitted
from sasnet_core.scoring.smoothing import Smoother

WIDTHS = (6.0, 8.0, 10.0, 12.0)  # angstrom
SHARPNESSES = (4.0, 8.0, 16.0)
SHARES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_fit_options(parser, SELECTION_SPLITS, rotations=2)
    parser.add_argument("--weights", type=Path, help="default: those shipped")
    return parser.parse_args(arguments)


def quality(
    cases: list[tuple[Complex, np.ndarray]], smoothing: Smoothing
) -> tuple[float, float, float]:
    """Compute CAUROC, mean AUROC and residue AUROC of smoothed scores."""
    pairs: list[float] = []
    sites: list[Site] = []
    for item, scores in cases:
        smoothed = Smoother(item.left, item.right, smoothing).smooth(scores)
        pairs.append(item.auroc(smoothed))
        sites += sites_of(item, smoothed)
    residues = auroc(labels(sites), np.concatenate([site.best_scores for site in sites]))
    return cauroc(pairs), mean_auroc(pairs), residues


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    selection = read_selection_set(options.dataset, options.split)
    info = read_info(options.weights or default_folder())
    predictor = load_scorer(info, options.dataset, options.out_of_fold, options.kept)
    cases = [
        (item, predictor.unsmoothed(item.left, item.right, options.rotations))
        for item in selection.complexes()
    ]
    results = []
    for width, sharpness, share in itertools.product(WIDTHS, SHARPNESSES, SHARES):
        smoothing = Smoothing(
            width, sharpness, share, described(selection.description, options.out_of_fold)
        )
        median, mean, residues = quality(cases, smoothing)
        results.append((median + mean + residues, smoothing))
        print(
            f"{width:4.0f} A  {sharpness:4.0f}  {share:.2f}  "
            f"CAUROC {median:.3f} mean {mean:.3f} residues {residues:.3f}"
        )
    best = max(results, key=lambda result: result[0])[1]
    write_fitted(info, None, best)  # an earlier calibration no longer fits
    print(best)
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.smooth", main))
