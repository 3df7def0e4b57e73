"""Fit probabilities of residues and pairs to scores.

    python -m train.calibrate DB5_DATASET --split DB3,DB4U --weights resources/default

Fits logistic functions (`fitted.Calibration`) on complexes that the weights were not trained on,
with --rotations averaged, and stores them beside the weights, with the threshold of the best F1 and
the precision and recall of other thresholds. Then fits how likely patches of residues are right
(`fitted.PatchLaw`; train.patches shows how reliable that is). Prints the expected calibration error
and the Brier skill score of the residue probabilities on complexes left out of the fit.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from sasnet_core.config import ROTATIONS
from sasnet_core.errors import run_script
from sasnet_core.evaluation.calibration_fit import collect, fit
from sasnet_core.evaluation.interface_residues import labels
from sasnet_core.evaluation.out_of_fold import described, load_scorer
from sasnet_core.evaluation.patch_fit import collect_patches, fit_law
from sasnet_core.evaluation.residue_fit import held_out_probabilities
from sasnet_core.evaluation.selection_set import add_fit_options, read_selection_set
from sasnet_core.metrics import brier_skill, calibration_error
from sasnet_core.network.weights_folder import default_folder, read_info
from sasnet_core.network.weights_writing import write_fitted


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_fit_options(parser, "DB4U", ROTATIONS)
    parser.add_argument("--weights", type=Path, help="default: those shipped")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    selection = read_selection_set(options.dataset, options.split)
    info = read_info(options.weights or default_folder())
    predictor = load_scorer(info, options.dataset, options.out_of_fold, options.kept)
    rng = np.random.default_rng(0)
    collected, scored = [], []
    for item in selection.complexes():
        matrix = predictor.score(item.left, item.right, options.rotations).matrix
        collected.append(collect(item, matrix, rng))
        scored.append((item, matrix))
    where = described(selection.description, options.out_of_fold)
    origin = {"fitted_on": where, "rotations": options.rotations}
    calibration = replace(fit(collected), **origin)
    patches = [collect_patches(item, matrix, calibration) for item, matrix in scored]
    law = replace(fit_law(patches), **origin)
    write_fitted(info, calibration, info.smoothing, law)
    print(calibration, law, sep="\n")
    truth = labels([site for found in collected for site in found.sites])
    held_out = held_out_probabilities([found.sites for found in collected])
    print(
        "complexes left out of the fit: expected calibration error "
        f"{calibration_error(truth, held_out):.4f}, Brier skill score "
        f"{brier_skill(truth, held_out):.4f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.calibrate", main))
