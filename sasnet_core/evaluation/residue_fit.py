"""Probabilities of residues, fitted to their scores and judged on complexes left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from sasnet_core.evaluation.interface_residues import labels, probabilities
from sasnet_core.evaluation.logistic_fit import fit_logistic
from sasnet_core.fitted import Calibration
from sasnet_core.scoring.log_odds import logit
from sasnet_core.structure.antibody import ANTIBODY, ANTIGEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.evaluation.interface_residues import Site

#: Parts into which the complexes are divided; each part is left out of one fit.
PARTS = 8
#: Names of the columns of `residue_terms` in a `Calibration`.
TERMS = (
    "slope", "own_mean", "own_size", "antibody", "antibody_slope", "antigen", "antigen_slope",
    "intercept",
)  # fmt: skip
#: Of squared coefficients: where no protein is an antibody or an antigen, theirs are 0.
PENALTY = 1e-6
#: Thresholds in the table, and the smallest number of residues that must reach one.
THRESHOLDS = tuple(k / 20 for k in range(1, 20))
FEWEST_CALLED = 50


def residue_terms(site: Site) -> np.ndarray:
    """Return the terms of the log odds of residues, shape (n_residues, len(TERMS))."""
    log_odds = logit(site.best_scores)
    above = log_odds - log_odds.mean()
    own, ones = [log_odds.mean(), np.log(len(log_odds))], np.ones(len(log_odds))
    kinds = [part * (site.kind == kind) for kind in (ANTIBODY, ANTIGEN) for part in (ones, above)]
    return np.column_stack([log_odds, *np.outer(own, ones), *kinds, ones])


def fit_residues(sites: Sequence[Site]) -> Calibration:
    """Fit the probability of residues alone."""
    x = np.concatenate([residue_terms(site) for site in sites])
    fitted = fit_logistic(x, labels(sites), penalty=PENALTY)
    return Calibration.from_dict(dict(zip(TERMS, fitted, strict=True)))


def held_out_probabilities(complexes: Sequence[tuple[Site, Site]]) -> np.ndarray:
    """Return each residue's probability by a fit on complexes of the other parts."""
    parts = np.arange(len(complexes)) % min(PARTS, len(complexes))
    found: list[np.ndarray] = [np.zeros(0)] * len(complexes)
    for part in np.unique(parts):
        others = [site for k in np.flatnonzero(parts != part).tolist() for site in complexes[k]]
        calibration = fit_residues(others)
        for k in np.flatnonzero(parts == part).tolist():
            found[k] = probabilities(complexes[k], calibration)
    return np.concatenate(found)


def threshold_table(probability: np.ndarray, labels: np.ndarray) -> dict[str, tuple[float, ...]]:
    """Return precision and recall of those `THRESHOLDS` that enough residues reach."""
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


def fit_with_thresholds(sites: Sequence[Site]) -> Calibration:
    """Fit the probability of residues, the threshold of the best F1, and the table of others."""
    truth = labels(sites)
    fitted = fit_residues(sites)
    probability = probabilities(sites, fitted)
    threshold, precision, recall = best_threshold(probability, truth)
    return replace(
        fitted,
        threshold=round(threshold, 3),
        precision=round(precision, 3),
        recall=round(recall, 3),
        **cast("dict[str, Any]", threshold_table(probability, truth)),
        residues=len(truth),
        interface_share=round(float(truth.mean()), 4),
    )
