"""Fit the probabilities of one protein alone: where any other protein would bind.

    python -m train.alone DB5_DATASET --weights default

Scores every protein of --split without its partner (`scoring.site_scores`), fits the probability
of residues and the chances of patches, and stores them beside the weights. Prints how good the
scores are on complexes left out of the fit. With --check nothing is fitted: what is stored is
judged on the proteins of --split; DB5U, the test set, needs --look-at-db5u.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from sasnet_core.config import ROTATIONS, USUAL_PARTNER
from sasnet_core.dataset.complexes import Complex, benchmark_rows, load_complex
from sasnet_core.errors import run_script
from sasnet_core.evaluation.interface_residues import Site, labels, probabilities
from sasnet_core.evaluation.out_of_fold import (
    add_out_of_fold_option,
    described,
    load_scorer,
)
from sasnet_core.evaluation.patch_fit import RIGHT, SidePatches, fit_side_law, side_patches
from sasnet_core.evaluation.residue_fit import fit_with_thresholds, held_out_probabilities
from sasnet_core.evaluation.test_set import add_test_set_options, record_access, refuse_test_set
from sasnet_core.fitted import AloneFit, Calibration
from sasnet_core.metrics import auroc, average_precision, brier_skill, calibration_error
from sasnet_core.network.weights_folder import read_info
from sasnet_core.network.weights_writing import write_fitted
from sasnet_core.scoring.patches import patch_size
from sasnet_core.scoring.scorer import Scorer
from sasnet_core.scoring.site_scores import score_sites
from sasnet_core.structure.antibody import kind_alone
from sasnet_core.structure.surface import relative_exposure

LOOKS = Path(__file__).parents[1] / "docs" / "db5u_looks.csv"


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path, help="dataset of train.db5")
    parser.add_argument(
        "--split", default="DB4U", help="splits to fit on, like DB3,DB4U (default: DB4U)"
    )
    parser.add_argument(
        "--rotations", type=int, default=ROTATIONS, help=f"to average (default: {ROTATIONS})"
    )
    parser.add_argument("--weights", type=Path, default=Path("default"))
    parser.add_argument("--check", action="store_true", help="fit nothing, judge what is stored")
    add_out_of_fold_option(parser)
    add_test_set_options(parser, LOOKS)
    return parser.parse_args(arguments)


def sites_alone(scorer: Scorer, item: Complex, rotations: int) -> tuple[Site, Site]:
    """Score both proteins of a complex, each without the other."""
    truth = item.labels()
    left, right = (
        Site(
            score_sites(scorer, protein, rotations).scores,
            np.asarray(truth.any(axis=axis)),
            kind_alone(protein),
        )
        for protein, axis in ((item.left, 1), (item.right, 0))
    )
    return left, right


def patches_alone(
    item: Complex, sites: tuple[Site, Site], calibration: Calibration
) -> list[SidePatches]:
    """Find the patches of both proteins of a complex, and compare them with its interface."""
    return [
        side_patches(protein, site, calibration, patch_size(protein.n_residues, USUAL_PARTNER))[1]
        for protein, site in zip((item.left, item.right), sites, strict=True)
    ]


def quality(items: Sequence[Complex], sites: Sequence[tuple[Site, Site]]) -> dict[str, float]:
    """Measure how well scores rank the residues of each protein; means over proteins."""
    proteins = [protein for item in items for protein in (item.left, item.right)]
    judged = [
        (protein, site)
        for protein, site in zip(proteins, (s for pair in sites for s in pair), strict=True)
        if site.labels.any() and not site.labels.all()
    ]
    exposed = [auroc(site.labels, relative_exposure(protein)) for protein, site in judged]
    top = [site.labels[np.argsort(-site.best_scores)[:5]].mean() for _, site in judged]
    return {
        "proteins": len(judged),
        "AUROC of residues": float(np.mean([auroc(s.labels, s.best_scores) for _, s in judged])),
        "AUPRC of residues": float(
            np.mean([average_precision(s.labels, s.best_scores) for _, s in judged])
        ),
        "right among the five best": float(np.mean(top)),
        "AUROC of exposed area": float(np.mean(exposed)),
    }


def outcome_lines(
    sites: Sequence[tuple[Site, Site]], probability: np.ndarray, law_sides: Sequence[SidePatches]
) -> list[str]:
    """Say how reliable probabilities are, and how often the first patch is right."""
    truth = labels([site for pair in sites for site in pair])
    first = np.mean([side.shares[0] >= RIGHT for side in law_sides])
    return [
        f"calibration error {calibration_error(truth, probability):.4f}, Brier skill "
        f"{brier_skill(truth, probability):.4f}",
        f"half of the first patch or more is in the interface in {first:.0%} of the proteins",
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    info = read_info(options.weights)
    rows = benchmark_rows(options.dataset, options.split)
    if options.check:
        record_access(
            rows, allowed=options.look_at_db5u, record=options.looks,
            command="train.alone --check", weights=[info.sha256],
            rotations=options.rotations,
        )  # fmt: skip
    else:
        refuse_test_set(rows)
    scorer = load_scorer(info, options.dataset, options.out_of_fold, None)
    items = [load_complex(options.dataset / row["file"]) for row in rows]
    sites = [
        sites_alone(scorer, item, options.rotations)
        for item in tqdm(items, desc="complexes", disable=None)
    ]
    for name, value in quality(items, sites).items():
        print(f"{name}: {value:.4g}")
    if options.check:
        calibration = info.needed_alone().calibration
        probability = probabilities([site for pair in sites for site in pair], calibration)
    else:
        calibration = fit_with_thresholds([site for pair in sites for site in pair])
        probability = held_out_probabilities(sites)
    both = zip(items, sites, strict=True)
    sides = [side for item, pair in both for side in patches_alone(item, pair, calibration)]
    print(*outcome_lines(sites, probability, sides), sep="\n")
    if not options.check:
        origin = {
            "fitted_on": described(
                f"{2 * len(rows)} {rows[0]['state']} proteins of {options.split}",
                options.out_of_fold,
            ),
            "rotations": options.rotations,
        }
        fitted = AloneFit(replace(calibration, **origin), replace(fit_side_law(sides), **origin))
        write_fitted(info, info.calibration, info.smoothing, info.patches, fitted)
        print(fitted)
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.alone", main))
