"""Measure how reliable the probabilities are.

    python -m train.reliability DB5_DATASET --weights default

Compares the calibrated probabilities of residues with the interfaces of unbound complexes: a
reliability diagram, the expected calibration error, the Brier skill score, precision and recall at
each threshold, and the precision among likely residues by kind (antibodies, antigens, enzymes,
inhibitors, others) and by size of the protein. Then gives each protein a wrong partner and reports
how far its highest probabilities fall. Writes a section of docs/results.md. DB5U, the test set,
needs --look-at-db5u. Scores of single rotations are stored in --kept, as by train.tables.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from sasnet_core import markdown
from sasnet_core.config import ROTATIONS
from sasnet_core.dataset.complexes import Complex, benchmark_rows, evenly_spread, load_complex
from sasnet_core.errors import DatasetError, run_script
from sasnet_core.evaluation.groups import GroupPrecision, precision_by_group
from sasnet_core.evaluation.interface_residues import Site, labels, probabilities, sites_of
from sasnet_core.evaluation.measures import wrong_partner_row
from sasnet_core.evaluation.out_of_fold import add_out_of_fold_option, described, load_scorer
from sasnet_core.evaluation.tables import RESULTS_HEAD
from sasnet_core.evaluation.test_set import add_test_set_options, record_access
from sasnet_core.files import written_whole
from sasnet_core.fitted import Calibration
from sasnet_core.metrics import auroc, average_precision, brier_skill, calibration_error
from sasnet_core.network.weights_folder import WeightsInfo, read_info
from sasnet_core.scoring.calibration import residue_probabilities
from sasnet_core.scoring.scorer import Scorer
from sasnet_core.structure.antibody import kinds_of
from sasnet_core.structure.protein import Protein

PROGRAM = "python -m train.reliability"
DOCS = Path(__file__).parents[1] / "docs"
#: Residues of a protein whose mean probability the control compares.
TOP = 5
#: Bins of the diagram, of equal mass.
BINS = 15


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path, help="dataset of train.db5 or train.mine")
    parser.add_argument("--weights", type=Path, default=Path("default"))
    parser.add_argument(
        "--split", default="DB4U", help="like DB3,DB4U or validation (default: DB4U)"
    )
    parser.add_argument("--rotations", type=int, default=ROTATIONS)
    parser.add_argument("--control-rotations", type=int, default=5, metavar="N",
                        help="rotations with wrong partners (default: 5)")  # fmt: skip
    parser.add_argument("--count", type=int, help="only this many complexes, evenly spread")
    parser.add_argument("--kept", type=Path, default=Path("kept_scores"), metavar="SCORES")
    parser.add_argument("-o", "--output", type=Path, default=DOCS, help="folder of results.md")
    add_out_of_fold_option(parser)
    add_test_set_options(parser, DOCS / "db5u_looks.csv")
    return parser.parse_args(arguments)


def top_mean(
    matrix: np.ndarray, axis: int, partners: tuple[Protein, Protein], calibration: Calibration
) -> float:
    """Average the highest probabilities of one of two partners."""
    kind = kinds_of(*partners)[0 if axis == 1 else 1]
    probability = residue_probabilities(matrix.max(axis=axis), calibration.of_kind(kind))
    return float(np.sort(probability)[-TOP:].mean())


def wrong_partners(
    rows: Sequence[Mapping[str, str]],
    items: Sequence[Complex],
    predictor: Scorer,
    rotations: int,
    calibration: Calibration,
) -> np.ndarray:
    """Compare each protein's highest probabilities with its own partner and with a wrong one.

    Returns
    -------
    ndarray, shape (2 * n_complexes, 2)
        Mean of the `TOP` highest probabilities of each protein: with its own partner, and with the
        other side's protein of another complex (`measures.wrong_partner_row`).
    """
    found = []
    for index, item in enumerate(tqdm(items, desc="wrong partners", disable=None)):
        other = items[wrong_partner_row(rows, index)]
        own = predictor.score(item.left, item.right, rotations).matrix
        for axis, left, right in ((1, item.left, other.right), (0, other.left, item.right)):
            wrong = predictor.score(left, right, rotations).matrix
            pairs = ((own, (item.left, item.right)), (wrong, (left, right)))
            found.append([top_mean(m, axis, both, calibration) for m, both in pairs])
    return np.array(found)


def draw(truth: np.ndarray, probability: np.ndarray, path: Path) -> None:
    """Draw the reliability diagram: bins of equal mass, and a histogram of the probabilities."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2, 4.6), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    bins = np.array_split(np.argsort(probability, kind="stable"), BINS)
    points = np.array([[probability[rows].mean(), truth[rows].mean(), len(rows)] for rows in bins])
    error = np.sqrt(points[:, 1] * (1 - points[:, 1]) / points[:, 2])
    limit = 1.05 * max(points[:, :2].max(), (points[:, 1] + error).max())
    upper.plot([0, limit], [0, limit], color="0.7", zorder=0)
    upper.errorbar(points[:, 0], points[:, 1], yerr=error, fmt="o", color="#0072B2", markersize=4)
    upper.set(ylabel="share in the interface", ylim=(0, limit))
    lower.hist(probability, bins=40, color="#0072B2")
    lower.set(xlabel="probability", ylabel="residues", yscale="log", xlim=(0, None))
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
    with written_whole(path, "wb") as stream:
        figure.savefig(stream, format="png", dpi=130)


def per_protein(sites: Sequence[Site], calibration: Calibration) -> tuple[float, float]:
    """Average AUROC and average precision over the proteins in which both kinds occur."""
    mixed = [site for site in sites if 0 < site.labels.sum() < len(site.labels)]
    probability = [site.probabilities(calibration) for site in mixed]
    pairs = [(site.labels, p) for site, p in zip(mixed, probability, strict=True)]
    return (
        float(np.mean([auroc(*pair) for pair in pairs])),
        float(np.mean([average_precision(*pair) for pair in pairs])),
    )


def threshold_rows(
    truth: np.ndarray, probability: np.ndarray, calibration: Calibration
) -> list[list[str]]:
    """Compare precision and recall at each threshold with those that the calibration states."""
    rows = []
    columns = (calibration.thresholds, calibration.precisions, calibration.recalls)
    for threshold, precision, recall in zip(*columns, strict=True):
        called = probability >= threshold
        if called.any():
            hits = int((truth & called).sum())
            rows.append(
                [f"{threshold:.2f}", f"{called.sum():,}", f"{precision:.2f}",
                 f"{hits / called.sum():.2f}", f"{recall:.2f}", f"{hits / truth.sum():.2f}"]
            )  # fmt: skip
    return rows


def group_rows(groups: dict[str, GroupPrecision]) -> list[list[str]]:
    """Write the precision of each group as cells."""
    return [
        [name, f"{group.proteins}", f"{group.residues:,}", f"{group.likely:,}",
         f"{group.expected:.2f}",
         f"{group.found:.2f} ({group.interval[0]:.2f} to {group.interval[1]:.2f})"]
        for name, group in groups.items()
    ]  # fmt: skip


def section(
    options: argparse.Namespace,
    info: WeightsInfo,
    rows: Sequence[dict[str, str]],
    sites: Sequence[Site],
    control: np.ndarray,
    picture: str,
) -> str:
    """Write the section of docs/results.md."""
    from scipy.stats import wilcoxon

    calibration, truth = info.needed_calibration(), labels(sites)
    probability = probabilities(sites, calibration)
    site_auroc, site_precision = per_protein(sites, calibration)
    measured = [
        ["expected calibration error (15 bins of equal mass)",
         f"{calibration_error(truth, probability, BINS):.4f}"],
        ["Brier skill score (0: as good as the base rate)",
         f"{brier_skill(truth, probability):.3f}"],
        ["AUROC per protein, mean", f"{site_auroc:.3f}"],
        ["average precision per protein, mean", f"{site_precision:.3f}"],
        ["base rate", f"{truth.mean():.3f}"],
        ["highest probability", f"{probability.max():.2f}"],
    ]  # fmt: skip
    heads = ["threshold", "residues", "precision (calibration)", "here", "recall (calibration)",
             "here"]  # fmt: skip
    own, wrong = control.T
    p_value = wilcoxon(own, wrong, alternative="greater").pvalue
    return "\n\n".join(
        [
            f"## Probabilities: {options.split}",
            f"{len(sites) // 2} {rows[0]['state']} complexes, {len(truth):,} residues, "
            f"rotations averaged: {options.rotations}{described('', options.out_of_fold)}. The "
            f"calibration was fitted on {calibration.fitted_on}.",
            markdown.table(["residues", ""], measured) + f"\n![Reliability]({picture})",
            markdown.table(heads, threshold_rows(truth, probability, calibration)),
            f"Likely residues (probability {calibration.threshold:g} or more) by kind and size of "
            "the protein. Expected: their mean probability. Found: the share of them in the "
            "interface, with its 95 % interval from resampling proteins.",
            markdown.table(
                ["proteins", "number", "residues", "likely", "expected precision", "found"],
                group_rows(precision_by_group(rows, sites, calibration)),
            ),
            "With a wrong partner (the other side's protein of the next complex, of its fold if "
            "there are folds, "
            f"rotations: {options.control_rotations}) the mean of a protein's {TOP} highest "
            f"probabilities goes from {own.mean():.3f} to {wrong.mean():.3f} on average; it is "
            f"lower for {np.mean(wrong < own):.0%} of {len(own)} proteins (Wilcoxon's signed "
            f"ranks, one-sided: p = {p_value:.1g}).",
            f"Weights (sha256): {info.sha256[:12]}. Command: `{PROGRAM} DB5 "
            f"--split {options.split} --rotations {options.rotations} "
            f"--control-rotations {options.control_rotations}"
            f"{' --out-of-fold FOLDS' if options.out_of_fold else ''}"
            f"{' --look-at-db5u' if options.look_at_db5u else ''}`",
        ]
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    info = read_info(options.weights)
    calibration = info.needed_calibration()
    rows = benchmark_rows(options.dataset, options.split)
    if len(rows) < 2 or (options.count or len(rows)) < 2:
        raise DatasetError("two complexes or more are needed for wrong partners, got fewer")
    rows = evenly_spread(rows, options.count)
    record_access(
        rows, allowed=options.look_at_db5u, record=options.looks, command="train.reliability",
        weights=[info.sha256], rotations=options.rotations,
    )  # fmt: skip
    predictor = load_scorer(info, options.dataset, options.out_of_fold, options.kept)
    items = [load_complex(options.dataset / row["file"]) for row in rows]
    sites = [
        site
        for item in tqdm(items, desc="complexes", disable=None)
        for site in sites_of(item, predictor.score(item.left, item.right, options.rotations).matrix)
    ]
    control = wrong_partners(rows, items, predictor, options.control_rotations, calibration)
    picture = options.output / f"reliability-{options.split.replace(',', '-')}.png"
    draw(labels(sites), probabilities(sites, calibration), picture)
    text = section(options, info, rows, sites, control, picture.name)
    name = f"probabilities {options.split}"
    markdown.write_section(name, text, options.output / "results.md", RESULTS_HEAD)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.reliability", main))
