"""Measure what knowing one residue tells about the others.

    python -m train.known DB5_DATASET --split DB4U --weights resources/default

Of each complex, each side in turn, it includes one residue of the interface, drawn at random, or
excludes the residue outside the interface with the highest probability (what an experiment would
refute). Prints, before and after, the mean AUROC of the other residues of that side and of the
partner's residues, and the Brier skill score of all these probabilities; also the AUROC of the
distance to the included residue alone. The constants of `scoring.known` were chosen with --part 0:
the first, third, ... complex. --part 1 takes the others.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sasnet_core.config import ROTATIONS
from sasnet_core.dataset.complexes import Complex
from sasnet_core.errors import run_script
from sasnet_core.evaluation.interface_residues import sites_of
from sasnet_core.evaluation.out_of_fold import load_scorer
from sasnet_core.evaluation.selection_set import add_fit_options, read_selection_set
from sasnet_core.fitted import Calibration, Smoothing
from sasnet_core.metrics import auroc, brier_skill
from sasnet_core.network.weights_folder import default_folder, read_info
from sasnet_core.scoring.known import InformedSmoother, Known
from sasnet_core.scoring.smoothing import Smoother


@dataclass(frozen=True)
class Outcome:
    """Residues other than the known one: those of its side, and the partner's.

    Attributes
    ----------
    labels, before, after : tuple of ndarray
        Whether they are in the interface, and their probabilities without and with the knowledge.
    nearness : ndarray
        Minus the distance of each residue of the side from the known one (angstrom).
    """

    labels: tuple[np.ndarray, np.ndarray]
    before: tuple[np.ndarray, np.ndarray]
    after: tuple[np.ndarray, np.ndarray]
    nearness: np.ndarray


def sides(item: Complex, matrix: np.ndarray, calibration: Calibration) -> list[np.ndarray]:
    """Return the probabilities of both sides."""
    return [site.probabilities(calibration) for site in sites_of(item, matrix)]


def outcomes(
    item: Complex,
    raw: np.ndarray,
    smoothing: Smoothing,
    calibration: Calibration,
    exclude: bool,
    rng: np.random.Generator,
) -> Iterator[Outcome]:
    """Tell the predictor of one residue of each side in turn."""
    truth = [item.labels().any(axis=axis) for axis in (1, 0)]
    before = sides(item, Smoother(item.left, item.right, smoothing).smooth(raw), calibration)
    for side, protein in enumerate((item.left, item.right)):
        if exclude:
            row = int(np.argmax(np.where(truth[side], -1, before[side])))
        else:
            row = int(rng.choice(np.flatnonzero(truth[side])))
        rows = [np.zeros(0, np.int64)] * 2
        rows[side] = np.array([row])
        known = Known(excluded=tuple(rows)) if exclude else Known(included=tuple(rows))
        informed = InformedSmoother(item.left, item.right, smoothing, known)
        after = sides(item, informed.smooth(raw), calibration)
        others = np.arange(protein.n_residues) != row
        nearness = -np.linalg.norm(protein.centers - protein.centers[row], axis=1)
        yield Outcome(
            *((values[side][others], values[1 - side]) for values in (truth, before, after)),
            nearness[others],
        )


def report(found: list[Outcome]) -> list[str]:
    """Say in words how the others changed."""
    lines = []
    for k, name in enumerate(("others of the side", "partner")):
        means = [
            np.nanmean([auroc(one.labels[k], getattr(one, when)[k]) for one in found])
            for when in ("before", "after")
        ]
        lines.append(f"mean AUROC, {name}: {means[0]:.3f} before, {means[1]:.3f} after")
    near = np.nanmean([auroc(one.labels[0], one.nearness) for one in found])
    lines.append(f"mean AUROC, others of the side, by nearness to the residue alone: {near:.3f}")
    truth = np.concatenate([part for one in found for part in one.labels])
    skills = [
        brier_skill(truth, np.concatenate([p for one in found for p in getattr(one, when)]))
        for when in ("before", "after")
    ]
    lines.append(f"Brier skill score: {skills[0]:.3f} before, {skills[1]:.3f} after")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_fit_options(parser, "DB4U", ROTATIONS)
    parser.add_argument("--weights", type=Path, help="default: those shipped")
    parser.add_argument("--part", type=int, choices=(0, 1), help="every second complex only")
    options = parser.parse_args(arguments)
    info = read_info(options.weights or default_folder())
    predictor = load_scorer(info, options.dataset, options.out_of_fold, options.kept)
    calibration = info.needed_calibration()
    found: dict[bool, list[Outcome]] = {False: [], True: []}
    rng = np.random.default_rng(0)
    items = read_selection_set(options.dataset, options.split).complexes()
    for number, item in enumerate(items):
        if options.part in (None, number % 2):
            raw = predictor.unsmoothed(item.left, item.right, options.rotations)
            for exclude, some in found.items():
                some += outcomes(item, raw, info.smoothing, calibration, exclude, rng)
    for exclude, some in found.items():
        print("one residue excluded:" if exclude else "one residue included:")
        print(*(f"  {line}" for line in report(some)), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.known", main))
