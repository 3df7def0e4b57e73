"""Fits probabilities of residues and pairs to the scores of complexes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.evaluation.interface_residues import Site, sites_of
from sasnet_core.evaluation.logistic_fit import fit_logistic
from sasnet_core.evaluation.residue_fit import fit_with_thresholds
from sasnet_core.scoring.calibration import mean_log_odds
from sasnet_core.scoring.log_odds import logit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.dataset.complexes import Complex
    from sasnet_core.fitted import Calibration

#: Non-contacts of a complex that the fit of pairs uses.
PAIR_SAMPLE = 20_000


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
    of_pairs: dict[str, Any] = dict(zip(names, fit_logistic(pairs, touching, weights), strict=True))
    return replace(
        fit_with_thresholds([site for found in collected for site in found.sites]),
        **of_pairs,
        contact_share=round(float(touching.sum() / weights.sum()), 6),
    )
