"""Fit probabilities of residues and pairs to scores.

    python -m train.calibrate DB5_DATASET --split DB3,DB4U --weights resources/default

Fits logistic functions (`fitted.Calibration`) on unbound complexes that were not trained on,
--rotations of them averaged, and writes them beside the weights, with the threshold of the best F1,
what other thresholds are worth, and what all that was fitted on. Weights with a matcher
(`train.compatibility`) are also shown each left protein with a stranger, and residues are the less
likely the less two proteins look like partners. Prints how good the residue
probabilities are on complexes left out of the fit: expected calibration error, Brier skill score.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from tqdm import tqdm

from sasnet_core.complexes import Complex
from sasnet_core.config import ROTATIONS
from sasnet_core.errors import run_script
from sasnet_core.fit_set import add_fit_options, read_fit_set
from sasnet_core.fitted import Calibration
from sasnet_core.metrics import auroc, brier_skill, calibration_error
from sasnet_core.predict import load_predictor
from sasnet_core.scorer import Scorer
from sasnet_core.scores import PairScores, logistic, logit
from sasnet_core.sites import Site, labels, probabilities, sites_of
from sasnet_core.weights import default_folder, read_info, write_fitted

#: Non-contacts of a complex that the fit of pairs looks at.
PAIR_SAMPLE = 20_000
#: Parts in which complexes are left out of the fit.
PARTS = 8
#: Thresholds whose worth is told, and the fewest residues that must reach one.
THRESHOLDS = tuple(k / 20 for k in range(1, 20))
FEWEST_CALLED = 50


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
    pairs: np.ndarray  # (n, 3), what a pair's log odds are a sum of
    contacts: np.ndarray  # (n,) bool
    pair_weights: np.ndarray  # (n,), pairs that each row stands for
    compatibility: float | None


def collect(item: Complex, scores: PairScores, rng: np.random.Generator) -> Collected:
    """Gather the scores of a complex; of the non-contacts, a sample stands for all."""
    matrix = scores.matrix
    truth = item.labels()
    contacts, others = np.flatnonzero(truth), np.flatnonzero(~truth)
    drawn = rng.choice(others, min(PAIR_SAMPLE, len(others)), replace=False)
    rows = np.concatenate([contacts, drawn])
    constant = np.broadcast_to([np.log(truth.size), 1.0], (len(rows), 2))
    return Collected(
        sites_of(item, matrix, scores.compatibility),
        np.column_stack([logit(matrix.ravel()[rows]), constant]),
        truth.ravel()[rows],
        np.repeat([1.0, len(others) / len(drawn)], [len(contacts), len(drawn)]),
        scores.compatibility,
    )


def fit_logistic(
    x: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray | None = None,
    offset: np.ndarray | float = 0.0,
) -> list[float]:
    """Fit coefficients of log odds by maximum likelihood.

    Parameters
    ----------
    x : ndarray, shape (n, n_coefficients)
        What the log odds are a sum of.
    labels : ndarray, shape (n,), bool
        Outcomes.
    weights : ndarray, shape (n,), optional
        Cases that each row stands for.
    offset : ndarray, shape (n,), or float
        Part of the log odds that is known.
    """
    y = labels.astype(float)
    w = np.ones(len(y)) if weights is None else weights

    def loss(coefficients: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ coefficients + offset
        value = np.average(np.logaddexp(0, z) - y * z, weights=w)
        return float(value), (w * (logistic(z) - y)) @ x / w.sum()

    result = minimize(loss, np.zeros(x.shape[1]), jac=True, method="BFGS")
    return [round(float(number), 4) for number in result.x]


def residue_terms(site: Site) -> np.ndarray:
    """Return what a residue's log odds are a sum of, shape (n_residues, 4)."""
    sizes = np.log([len(site.best_scores), site.partner_size])
    columns = np.broadcast_to([*sizes, 1.0], (len(site.best_scores), 3))
    return np.column_stack([logit(site.best_scores), columns])


def fit_compatibility(partners: np.ndarray, strangers: np.ndarray) -> Calibration:
    """Fit how likely two proteins of a compatibility are partners, if half of all pairs are.

    Parameters
    ----------
    partners, strangers : ndarray, shape (n_partners,), (n_strangers,)
        Compatibilities; none of strangers without a matcher.

    Returns
    -------
    Calibration
        Nothing but this is fitted. Compatibility plays no part if strangers have more of it.
    """
    values = np.concatenate([partners, strangers])
    kinds = np.repeat([True, False], [len(partners), len(strangers)])
    if kinds.all():
        return Calibration()
    weights = np.where(kinds, 1 / len(partners), 1 / len(strangers))
    terms = np.column_stack([values, np.ones(len(values))])
    slope, intercept = fit_logistic(terms, kinds, weights)
    if slope <= 0:
        return Calibration()
    return Calibration(
        compatibility_slope=slope,
        compatibility_intercept=intercept,
        compatibility_auroc=round(auroc(kinds, values), 3),
    )


def fit_residues(sites: Sequence[Site], start: Calibration) -> Calibration:
    """Fit the probability of residues alone, given what compatibility adds."""
    x = np.concatenate([residue_terms(site) for site in sites])
    known = [np.full(len(site.labels), start.shift(site.compatibility)) for site in sites]
    names = ("slope", "own_size", "partner_size", "intercept")
    found = fit_logistic(x, labels(sites), offset=np.concatenate(known))
    return replace(start, **dict(zip(names, found, strict=True)))


def held_out_probabilities(
    complexes: Sequence[tuple[Site, Site]], strangers: np.ndarray
) -> np.ndarray:
    """Return each residue's probability by a fit on the other parts of the complexes.

    Parameters
    ----------
    complexes : sequence of (Site, Site)
        Of every complex.
    strangers : ndarray, shape (n_complexes,) or (0,)
        Compatibility of each left protein with a stranger; none without a matcher.
    """
    parts = np.arange(len(complexes)) % min(PARTS, len(complexes))
    found: list[np.ndarray] = [np.zeros(0)] * len(complexes)
    for part in np.unique(parts):
        others = np.flatnonzero(parts != part)
        own = np.array([complexes[k][0].compatibility for k in others], float)
        start = fit_compatibility(own, strangers[others] if len(strangers) else strangers)
        calibration = fit_residues([site for k in others for site in complexes[k]], start)
        for k in np.flatnonzero(parts == part):
            found[k] = probabilities(complexes[k], calibration)
    return np.concatenate(found)


def worth(probability: np.ndarray, labels: np.ndarray) -> dict[str, tuple[float, ...]]:
    """Say what each of `THRESHOLDS` is worth, as far as enough residues reach it."""
    rows = []
    for threshold in THRESHOLDS:
        called = probability >= threshold
        if called.sum() >= FEWEST_CALLED:
            found = int((called & labels).sum())
            rows.append((threshold, found / int(called.sum()), found / int(labels.sum())))
    names = ("thresholds", "precisions", "recalls")
    columns = zip(*rows, strict=True)
    return {
        name: tuple(round(float(v), 3) for v in column)
        for name, column in zip(names, columns, strict=True)
    }


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


def fit(collected: Sequence[Collected], strangers: np.ndarray) -> Calibration:
    """Fit compatibility, residues and pairs, and say what thresholds are worth."""
    sites = [site for found in collected for site in found.sites]
    truth = labels(sites)
    own = np.array([found.compatibility for found in collected], float)
    start = fit_compatibility(own, strangers)
    fitted = fit_residues(sites, start)
    probability = probabilities(sites, fitted)
    threshold, precision, recall = best_threshold(probability, truth)
    pairs, touching, weights = (
        np.concatenate([getattr(found, name) for found in collected])
        for name in ("pairs", "contacts", "pair_weights")
    )
    known = [np.full(len(one.contacts), start.shift(one.compatibility)) for one in collected]
    pair_slope, pair_size, pair_intercept = fit_logistic(
        pairs, touching, weights, np.concatenate(known)
    )
    return replace(
        fitted,
        pair_slope=pair_slope,
        pair_size=pair_size,
        pair_intercept=pair_intercept,
        threshold=round(threshold, 3),
        precision=round(precision, 3),
        recall=round(recall, 3),
        **worth(probability, truth),
        residues=len(truth),
        interface_share=round(float(truth.mean()), 4),
        contact_share=round(float(touching.sum() / weights.sum()), 6),
    )


def strangers_compatibility(
    items: Sequence[Complex], predictor: Scorer, rotations: int
) -> np.ndarray:
    """Match each left protein with the right one of another complex, shape (n_complexes,).

    The other complex stands half the list away: `train.reliability` takes the next one.
    """
    rights = [item.right for item in items]
    found = []
    for place, item in enumerate(tqdm(items, desc="strangers", disable=None)):
        other = rights[(place + max(1, len(items) // 2)) % len(items)]
        found.append(predictor.score(item.left, other, rotations).compatibility)
    return np.array(found, float)


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    fit_set = read_fit_set(options.dataset, options.split)
    info = read_info(options.weights or default_folder())
    predictor = load_predictor(info.folder, kept=options.kept)
    rng = np.random.default_rng(0)
    items = list(fit_set.complexes())
    collected = [
        collect(item, predictor.score(item.left, item.right, options.rotations), rng)
        for item in tqdm(items, desc="partners", disable=None)
    ]
    strangers = np.zeros(0)
    if info.matcher_sha256:
        strangers = strangers_compatibility(items, predictor, options.rotations)
    calibration = replace(
        fit(collected, strangers),
        matcher=info.matcher_sha256,
        fitted_on=fit_set.words,
        rotations=options.rotations,
    )
    write_fitted(info, calibration, info.smoothing)
    print(calibration)
    truth = labels([site for found in collected for site in found.sites])
    held_out = held_out_probabilities([found.sites for found in collected], strangers)
    print(
        "complexes left out of the fit: expected calibration error "
        f"{calibration_error(truth, held_out):.4f}, Brier skill score "
        f"{brier_skill(truth, held_out):.4f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.calibrate", main))
