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
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sasnet_core.config import ROTATIONS
from sasnet_core.dataset.complexes import Complex
from sasnet_core.errors import run_script
from sasnet_core.evaluation.interface_residues import Site, labels, sites_of
from sasnet_core.evaluation.logistic_fit import fit_logistic
from sasnet_core.evaluation.patch_fit import collect_patches, fit_law
from sasnet_core.evaluation.residue_fit import fit_with_thresholds, held_out_probabilities
from sasnet_core.evaluation.selection_set import add_fit_options, read_selection_set
from sasnet_core.fitted import Calibration
from sasnet_core.metrics import brier_skill, calibration_error
from sasnet_core.network.weights import default_folder, read_info, write_fitted
from sasnet_core.scoring.calibration import mean_log_odds
from sasnet_core.scoring.log_odds import logit
from sasnet_core.scoring.predictor import load_predictor

#: Non-contacts of a complex that the fit of pairs uses.
PAIR_SAMPLE = 20_000


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_fit_options(parser, "DB4U", ROTATIONS)
    parser.add_argument("--weights", type=Path, help="default: those shipped")
    return parser.parse_args(arguments)


@dataclass(frozen=True)
class Collected:
    """What the fits need of one complex."""

    sites: tuple[Site, Site]
    pairs: np.ndarray  # (n, 4), terms of a pair's log odds
    contacts: np.ndarray  # (n,) bool
    pair_weights: np.ndarray  # (n,), pairs that each row represents


def collect(item: Complex, matrix: np.ndarray, rng: np.random.Generator) -> Collected:
    """Collect the scores of a complex; a sample represents all non-contacts."""
    truth = item.labels()
    contacts, others = np.flatnonzero(truth), np.flatnonzero(~truth)
    drawn = rng.choice(others, min(PAIR_SAMPLE, len(others)), replace=False)
    rows = np.concatenate([contacts, drawn])
    sites = sites_of(item, matrix)
    means = sum(mean_log_odds(site.best_scores) for site in sites)
    constant = np.broadcast_to([means, np.log(truth.size), 1.0], (len(rows), 3))
    return Collected(
        sites,
        np.column_stack([logit(matrix.ravel()[rows]), constant]),
        truth.ravel()[rows],
        np.repeat([1.0, len(others) / len(drawn)], [len(contacts), len(drawn)]),
    )


def fit(collected: Sequence[Collected]) -> Calibration:
    """Fit residues and pairs, and compute the table of thresholds."""
    pairs, touching, weights = (
        np.concatenate([getattr(found, name) for found in collected])
        for name in ("pairs", "contacts", "pair_weights")
    )
    names = ("pair_slope", "pair_means", "pair_size", "pair_intercept")
    return replace(
        fit_with_thresholds([site for found in collected for site in found.sites]),
        **dict(zip(names, fit_logistic(pairs, touching, weights), strict=True)),
        contact_share=round(float(touching.sum() / weights.sum()), 6),
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    selection = read_selection_set(options.dataset, options.split)
    info = read_info(options.weights or default_folder())
    predictor = load_predictor(info.folder, score_cache=options.kept)
    rng = np.random.default_rng(0)
    collected, scored = [], []
    for item in selection.complexes():
        matrix = predictor.score(item.left, item.right, options.rotations).matrix
        collected.append(collect(item, matrix, rng))
        scored.append((item, matrix))
    origin = {"fitted_on": selection.description, "rotations": options.rotations}
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
