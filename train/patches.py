"""Fit how likely patches of residues are right, and show how reliable that is.

    python -m train.patches DB5_DATASET --weights default

Finds the patches of complexes that the weights were not trained on, fits the chance that half of a
patch or more is in the interface, the share of it that is, and the chance that two patches touch
(`fitted.PatchLaw`), and stores them beside the weights; train.calibrate does the same after
calibrating. Then compares what is said with what is true on complexes left out of the fit, and
writes a section of docs/results.md. With --check nothing is fitted: what is stored is compared with
the complexes of --split; DB5U, the test set, needs --look-at-db5u. --sizes fits the number of
residues in interfaces (`config.INTERFACE_SIZE`) and ends.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from sasnet_core import markdown
from sasnet_core.config import ROTATIONS, SELECTION_SPLITS
from sasnet_core.dataset.complexes import benchmark_rows, load_complex
from sasnet_core.errors import WeightsError, run_script
from sasnet_core.evaluation.out_of_fold import described, load_scorer
from sasnet_core.evaluation.patch_fit import (
    ComplexPatches,
    Outcomes,
    collect_patches,
    fit_law,
    fit_sizes,
    held_out_outcomes,
    interface_sizes,
    outcomes,
)
from sasnet_core.evaluation.selection_set import add_fit_options, read_selection_set
from sasnet_core.evaluation.tables import RESULTS_HEAD
from sasnet_core.evaluation.test_set import add_test_set_options, record_access
from sasnet_core.metrics import brier_skill, calibration_error
from sasnet_core.network.weights_folder import WeightsInfo, read_info
from sasnet_core.network.weights_writing import write_fitted

PROGRAM = "python -m train.patches"
DOCS = Path(__file__).parents[1] / "docs"
#: Chances at which the rows of the tables begin.
STEPS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
#: Bins of the calibration error, of equal mass.
BINS = 8


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_fit_options(parser, "DB4U", ROTATIONS)
    parser.add_argument("--weights", type=Path, default=Path("default"))
    parser.add_argument("--check", action="store_true", help="fit nothing, check what is stored")
    parser.add_argument("--sizes", action="store_true", help="fit the sizes of interfaces")
    parser.add_argument("-o", "--output", type=Path, default=DOCS, help="folder of results.md")
    add_test_set_options(parser, DOCS / "db5u_looks.csv")
    return parser.parse_args(arguments)


def show_sizes(dataset: Path) -> None:
    """Fit and print the numbers of residues in interfaces."""
    table = interface_sizes(read_selection_set(dataset, SELECTION_SPLITS).complexes())
    coefficients, residual = fit_sizes(table)
    print(
        f"INTERFACE_SIZE = {coefficients}: {len(table)} proteins of {SELECTION_SPLITS}, median "
        f"{np.median(table[:, 2]):.0f} exposed residues, residual {residual:.0%}"
    )


def collect(
    options: argparse.Namespace, info: WeightsInfo, rows: Sequence[dict[str, str]]
) -> list[ComplexPatches]:
    """Find the patches of all complexes."""
    predictor = load_scorer(info, options.dataset, options.out_of_fold, options.kept)
    calibration, found = info.needed_calibration(), []
    for row in tqdm(rows, desc="complexes", disable=None):
        item = load_complex(options.dataset / row["file"])
        matrix = predictor.score(item.left, item.right, options.rotations).matrix
        found.append(collect_patches(item, matrix, calibration))
    return found


def reliability_rows(chance: np.ndarray, truth: np.ndarray) -> list[list[str]]:
    """Compare chances with outcomes, in steps of the chance."""
    rows = []
    for low, high in zip(STEPS, [*STEPS[1:], 1.01], strict=True):
        chosen = (chance >= low) & (chance < high)
        if chosen.any():
            rows.append(
                [f"{low:g} to {min(high, 1):g}", f"{chosen.sum()}", f"{chance[chosen].mean():.2f}",
                 f"{truth[chosen].mean():.2f}"]
            )  # fmt: skip
    return rows


def summary_rows(found: Outcomes) -> list[list[str]]:
    """Compare the means of what is said with what is true: by rank, and for pairs of patches."""
    rows = []
    for rank in range(1, int(found.rank.max()) + 1):
        of_rank = found.rank == rank
        said = found.chance[of_rank].mean(), found.right[of_rank].mean()
        shares = found.share[of_rank].mean(), found.found[of_rank].mean()
        cells = [f"{value:.2f}" for value in (*said, *shares)]
        rows.append([f"patch {rank}", f"{of_rank.sum()}", *cells])
    return rows


def right_among_first(found: Outcomes, count: int) -> float:
    """Return for how many proteins one of the first patches is right, as a share."""
    protein = np.cumsum(found.rank == 1) - 1
    right = np.bincount(protein, weights=found.right & (found.rank <= count)) > 0
    return float(right.mean())


def section(options: argparse.Namespace, info: WeightsInfo, found: Outcomes, count: int) -> str:
    """Write the section of docs/results.md."""
    assert info.patches is not None
    firsts = found.pair_rank == 1
    error = calibration_error(found.right, found.chance, BINS)
    origin = (
        f"What is stored, fitted on {info.patches.fitted_on}."
        if options.check
        else "Each complex is compared with a fit on the others."
    )
    flags = (
        f"{' --check' * options.check}{' --out-of-fold FOLDS' if options.out_of_fold else ''}"
        f"{' --look-at-db5u' * options.look_at_db5u}"
    )
    heads = ["chance", "number", "mean chance", "true"]
    return "\n\n".join(
        [
            f"## Patches: {options.split}",
            f"{count} complexes, rotations averaged: "
            f"{options.rotations}{described('', options.out_of_fold)}. {origin} A patch is "
            "right if half of its residues or more are in the interface; two patches touch if a "
            "residue of one touches a residue of the other.",
            markdown.table(
                ["", "number", "mean chance", "right", "expected share", "share in the interface"],
                summary_rows(found),
            ),
            f"One of the first three patches is right for {right_among_first(found, 3):.0%} of the "
            "proteins. All patches, by their chance:",
            markdown.table(heads, reliability_rows(found.chance, found.right)),
            "First patches alone:",
            markdown.table(
                heads, reliability_rows(found.chance[found.rank == 1], found.right[found.rank == 1])
            ),
            f"Calibration error of the chance {error:.3f} ({BINS} bins of equal mass), Brier skill "
            f"{brier_skill(found.right, found.chance):.2f}.",
            f"Pairs of patches, by their chance to touch (first with first: mean chance "
            f"{found.pair_chance[firsts].mean():.2f}, {found.touching[firsts].mean():.2f} touch):",
            markdown.table(heads, reliability_rows(found.pair_chance, found.touching)),
            f"Weights (sha256): {info.sha256[:12]}. Command: `{PROGRAM} DB5 --weights "
            f"{options.weights.name} --split {options.split} --rotations {options.rotations}"
            f"{flags}`",
        ]
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    if options.sizes:
        show_sizes(options.dataset)
        return 0
    info = read_info(options.weights)
    if options.check:
        rows = benchmark_rows(options.dataset, options.split)
        record_access(
            rows, allowed=options.look_at_db5u, record=options.looks, command="train.patches",
            weights=[info.sha256], rotations=options.rotations,
        )  # fmt: skip
        if info.patches is None:
            raise WeightsError(
                f"{info.folder}: --check needs weights with fitted patches, these have none; run "
                "without --check first"
            )
        found = outcomes(collect(options, info, rows), info.patches)
    else:
        selection = read_selection_set(options.dataset, options.split)
        rows = selection.rows
        collected = collect(options, info, rows)
        where = described(selection.description, options.out_of_fold)
        origin = {"fitted_on": where, "rotations": options.rotations}
        info = replace(info, patches=replace(fit_law(collected), **origin))
        write_fitted(info, info.calibration, info.smoothing, info.patches)
        found = held_out_outcomes(collected)
        print(info.patches)
    text = section(options, info, found, len(rows))
    name = f"patches {options.split}"
    markdown.write_section(name, text, options.output / "results.md", RESULTS_HEAD)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.patches", main))
