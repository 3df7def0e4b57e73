"""Fit what conservation adds to the scores of structure.

    python -m train.pssm DB5_DATASET --database DB -o PROFILES
    python -m train.conservation DB5_DATASET --pssm PROFILES --weights default -o OUT

Log odds of a pair: those of structure, smoothed, plus a term for each residue, linear in numbers
from its profile and from those around it (conservation/features.py). The terms are fitted on DB3
with the scores of --fit-weights, which must not have seen DB3. Penalty, weight of the depth, slope
and size of the terms for --weights are fitted on DB4U, and so is the calibration. Writes
conservation.json, the AUROC of every complex as CSV, and a picture of what the depth of the
profiles does.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sasnet_core import markdown
from sasnet_core.conservation import store
from sasnet_core.conservation.residues import ResidueProfile, profile_finder
from sasnet_core.conservation.terms import ConservationInfo, find_info, save_info
from sasnet_core.errors import run_script
from sasnet_core.evaluation import curves
from sasnet_core.evaluation.calibration_fit import collect, fit
from sasnet_core.evaluation.measures import paired_interval
from sasnet_core.evaluation.out_of_fold import (
    add_out_of_fold_option,
    described,
    load_scorer,
)
from sasnet_core.evaluation.patch_fit import collect_patches, fit_law
from sasnet_core.evaluation.selection_set import SelectionSet, read_selection_set
from sasnet_core.evaluation.tables import difference, with_interval
from sasnet_core.evaluation.terms_fit import Case, fit_terms, fit_to_scores, make_case
from sasnet_core.files import write_table
from sasnet_core.fitted import Calibration, PatchLaw, SiteTerms
from sasnet_core.metrics import auroc
from sasnet_core.network.weights_folder import read_info
from sasnet_core.scoring.log_odds import logistic
from sasnet_core.scoring.predictor import load_predictor
from sasnet_core.scoring.scorer import Scorer
from sasnet_core.structure.protein import Protein

#: Penalties and half depths that are tried on the selection split.
PENALTIES = (1e-2, 1e-1, 1.0)
HALF_DEPTHS = (0.0, 20.0, 100.0)
#: Numbers of homologs at which a group of complexes begins.
DEPTHS = (0, 10, 100, 500)
COLUMNS = ("split", "id", "replicate", "auroc", "structure_auroc", "least_homologs")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("dataset", type=Path, metavar="DATASET", help="made by train.db5")
    add("--pssm", type=Path, required=True, metavar="PROFILES", help="made by train.pssm")
    add("--fit-pssm", type=Path, metavar="PROFILES", help="for the terms' fit (default: --pssm)")
    add("-o", "--output", type=Path, required=True, help="folder for conservation.json")
    add("--weights", type=Path, default=Path("default"), help="to fit to (default: default)")
    add("--fit-weights", type=Path, default=Path("complex-only"), metavar="WEIGHTS",
        help="for the terms' fit (default: complex-only)")  # fmt: skip
    add("--fit-split", default="DB3", help="of the terms (default: DB3)")
    add("--split", default="DB4U", help="of everything else (default: DB4U)")
    add("--fit-rotations", type=int, default=2, metavar="N", help="default: 2")
    add("--rotations", type=int, default=20, metavar="N", help="default: 20")
    add("--kept", type=Path, metavar="SCORES", help="keep scores in this folder")
    add_out_of_fold_option(parser)
    return parser.parse_args(arguments)


def make_cases(
    selection: SelectionSet,
    scorer: Scorer,
    rotations: int,
    find_profile: Callable[[Protein], ResidueProfile],
) -> list[Case]:
    """Score complexes by structure, and collect their profiles."""
    return [
        make_case(item, scorer.score(item.left, item.right, rotations).matrix, find_profile)
        for item in selection.complexes()
    ]


def choose(fitting: Sequence[Case], cases: Sequence[Case]) -> SiteTerms:
    """Fit with each penalty and half depth; keep what is best on other complexes."""
    best, choice = -1.0, None
    for half_depth in HALF_DEPTHS:
        for penalty in PENALTIES:
            fitted = fit_terms(fitting, penalty, np.random.default_rng(0), half_depth)
            fitted = fit_to_scores(cases, fitted, np.random.default_rng(1))
            found = float(np.mean(aurocs(cases, fitted)))
            print(f"half depth {half_depth:g}, penalty {penalty:g}: mean AUROC {found:.4f}")
            if found > best:
                best, choice = found, fitted
    assert choice is not None
    return choice


def aurocs(cases: Sequence[Case], fitted: SiteTerms | None) -> list[float]:
    """Return the AUROC of each complex; without terms, that of structure."""
    return [
        auroc(case.item.labels(), case.with_terms(fitted) if fitted else case.log_odds)
        for case in cases
    ]


def calibrated(
    cases: Sequence[Case], fitted: SiteTerms, selection: SelectionSet, rotations: int
) -> tuple[Calibration, PatchLaw]:
    """Fit the calibration of scores with terms, and how likely patches are right."""
    rng = np.random.default_rng(0)
    scored = [
        (case.item, logistic(case.with_terms(fitted)).astype(np.float32))
        for case in cases
        if case.is_covered
    ]
    origin = {"fitted_on": selection.description, "rotations": rotations}
    collected = [collect(item, matrix, rng) for item, matrix in scored]
    calibration = replace(fit(collected), **origin)
    patches = [collect_patches(item, matrix, calibration) for item, matrix in scored]
    return calibration, replace(fit_law(patches), **origin)


def write_aurocs(
    path: Path, selection: SelectionSet, cases: Sequence[Case], fitted: SiteTerms
) -> None:
    """Write the AUROC of each complex, with and without terms, and the depth of its profiles."""
    both = zip(selection.rows, cases, aurocs(cases, fitted), aurocs(cases, None), strict=True)
    rows = [
        {
            "split": row["split"],
            "id": row["id"],
            "replicate": 1,
            "auroc": f"{with_terms:.6f}",
            "structure_auroc": f"{alone:.6f}",
            "least_homologs": least_homologs(case),
        }
        for row, case, with_terms, alone in both
    ]
    write_table(rows, path, COLUMNS)


def least_homologs(case: Case) -> int:
    """Return the number of homologs of the chain that has fewest."""
    numbers = [
        profile.homologs.get(chain, 0)
        for protein, profile in zip((case.item.left, case.item.right), case.profiles, strict=True)
        for chain in dict.fromkeys(protein.chain_ids.tolist())
    ]
    return min(numbers)


def depth_table(cases: Sequence[Case], fitted: SiteTerms) -> str:
    """Compare scores with and without terms by the depth of the shallowest profile."""
    after, before = np.array(aurocs(cases, fitted)), np.array(aurocs(cases, None))
    depths = np.array([least_homologs(case) for case in cases])
    rows = []
    for low, high in zip(DEPTHS, [*DEPTHS[1:], np.inf], strict=True):
        here = (depths >= low) & (depths < high)
        if here.any():
            one, other = after[here].tolist(), before[here].tolist()
            change = difference(one, other, np.mean)
            number = f"{low} or more" if high == np.inf else f"{low} to {high - 1}"
            means = [f"{np.mean(values):.3f}" for values in (other, one)]
            rows.append([number, str(here.sum()), *means, change])
    heads = ["homologs of the chain with fewest", "complexes", "mean AUROC by structure",
             "with conservation", "difference"]  # fmt: skip
    return markdown.table(heads, rows)


def draw_depths(path: Path, cases: Sequence[Case], fitted: SiteTerms) -> None:
    """Draw the AUROC of each complex, with terms and without, by the depth of its profiles."""
    depths = [1 + least_homologs(case) for case in cases]  # 0 has no logarithm

    def decorate(axes) -> None:  # noqa: ANN001
        before, after = aurocs(cases, None), aurocs(cases, fitted)
        axes.vlines(depths, before, after, color="#999999", lw=1)
        axes.plot(depths, before, ".", color=curves.REFERENCE_COLOUR, label="structure")
        axes.plot(depths, after, ".", color=curves.TREND_COLOUR, label="with conservation")
        axes.set(xscale="log", ylabel="AUROC of a complex",
                 xlabel="1 + homologs of the chain that has fewest")  # fmt: skip
        axes.legend(fontsize="small")

    curves.draw(path, decorate)


def report(cases: Sequence[Case], fitted: SiteTerms) -> None:
    """Print how the AUROC changes."""
    after, before = aurocs(cases, fitted), aurocs(cases, None)
    low, high = paired_interval(after, before, np.mean)
    print(f"CAUROC by structure {with_interval(before)}, with conservation {with_interval(after)}")
    print(
        f"mean AUROC by structure {np.mean(before):.4f}, with conservation {np.mean(after):.4f}; "
        f"difference {np.mean(after) - np.mean(before):+.4f} ({low:+.4f} to {high:+.4f})"
    )
    print(depth_table(cases, fitted))


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    profiles = store.read_settings(options.pssm)
    info, clean = read_info(options.weights), read_info(options.fit_weights)
    fitting_set = read_selection_set(options.dataset, options.fit_split)
    selection = read_selection_set(options.dataset, options.split)
    selection = replace(
        selection, description=described(selection.description, options.out_of_fold)
    )
    fitting = make_cases(
        fitting_set,
        load_predictor(clean.folder, score_cache=options.kept),
        options.fit_rotations,
        profile_finder(options.fit_pssm or options.pssm),
    )
    scorer = load_scorer(info, options.dataset, options.out_of_fold, options.kept)
    cases = make_cases(selection, scorer, options.rotations, profile_finder(options.pssm))
    fitted = replace(
        choose(fitting, cases),
        fitted_on=f"{sum(case.is_covered for case in fitting)} of {fitting_set.description}",
    )
    calibration, patches = calibrated(cases, fitted, selection, options.rotations)
    found = ConservationInfo(info.sha256, profiles, fitted, calibration, patches)
    save_info(found, options.output)
    write_aurocs(options.output / f"{options.split}.csv", selection, cases, fitted)
    draw_depths(options.output / f"depth-{options.split}.png", cases, fitted)
    report(cases, find_info([options.output], info.sha256).terms)
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.conservation", main))
