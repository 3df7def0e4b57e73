"""Fits what conservation adds to the scores of pairs: a term for each residue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.conservation.features import site_features
from sasnet_core.evaluation.logistic_fit import most_likely
from sasnet_core.fitted import SiteTerms
from sasnet_core.scoring.conserved import residue_terms, trust
from sasnet_core.scoring.log_odds import logit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sasnet_core.conservation.residues import ResidueProfile
    from sasnet_core.dataset.complexes import Complex
    from sasnet_core.structure.protein import Protein

#: Non-contacts of a complex that a fit uses.
NEGATIVES = 1000
#: Features of less spread than this get no weight.
LEAST_SCALE = 1e-6


@dataclass(frozen=True)
class Case:
    """What the fits need of one complex."""

    item: Complex
    log_odds: np.ndarray  # (n_left, n_right), by structure, smoothed
    profiles: tuple[ResidueProfile, ResidueProfile]
    features: tuple[np.ndarray, np.ndarray]  # (n_left, n_features), (n_right, n_features)

    @property
    def is_covered(self) -> bool:
        """Whether any chain has homologs."""
        return any(bool(profile.found.any()) for profile in self.profiles)

    def with_terms(self, fitted: SiteTerms) -> np.ndarray:
        """Return log odds with terms, shape (n_left, n_right)."""
        if not self.is_covered:
            return self.log_odds
        return fitted.slope * self.log_odds + self.terms(fitted)

    def terms(self, fitted: SiteTerms) -> np.ndarray:
        """Return the sums of both residues' terms, shape (n_left, n_right)."""
        one, other = (
            residue_terms(features, profile, fitted)
            for features, profile in zip(self.features, self.profiles, strict=True)
        )
        return np.add.outer(one, other)


def make_case(
    item: Complex, scores: np.ndarray, find_profile: Callable[[Protein], ResidueProfile]
) -> Case:
    """Collect what the fits need of one complex.

    Parameters
    ----------
    item : Complex
        The complex.
    scores : ndarray, shape (n_left, n_right)
        By structure, smoothed.
    find_profile : callable
        Takes a protein and returns its profile.
    """
    proteins = item.left, item.right
    profiles = find_profile(item.left), find_profile(item.right)
    features = [site_features(*each) for each in zip(proteins, profiles, strict=True)]
    return Case(item, logit(scores), profiles, (features[0], features[1]))


def draw_pairs(case: Case, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Draw the pairs of a complex that a fit uses: all contacts, and a sample of the others.

    Returns
    -------
    left, right : ndarray, shape (n,), int64
        Rows of the residues.
    contacts : ndarray, shape (n,), bool
        Whether they touch.
    weights : ndarray, shape (n,)
        Contacts and non-contacts weigh alike and sum to 1.
    """
    truth = case.item.labels()
    touching, others = np.flatnonzero(truth), np.flatnonzero(~truth)
    drawn = rng.choice(others, min(NEGATIVES, len(others)), replace=False)
    left, right = np.unravel_index(np.concatenate([touching, drawn]), truth.shape)
    counts = [len(touching), len(drawn)]
    contacts = np.repeat([True, False], counts)
    return left, right, contacts, np.repeat([0.5 / max(1, n) for n in counts], counts)


def fit_terms(
    cases: Sequence[Case], penalty: float, rng: np.random.Generator, half_depth: float = 0.0
) -> SiteTerms:
    """Fit slope and weights by penalized maximum likelihood; all complexes weigh alike.

    Parameters
    ----------
    cases : sequence of Case
        Complexes on which the structural scores are not optimistic. Those without homologs are
        omitted.
    penalty : float
        Half the weight of the sum of squared weights of standardized features.
    rng : numpy.random.Generator
        Draws non-contacts.
    half_depth : float
        See `SiteTerms`.
    """
    used = [case for case in cases if case.is_covered]
    known = [
        features[profile.found]
        for case in used
        for features, profile in zip(case.features, case.profiles, strict=True)
    ]
    means, scales = np.concatenate(known).mean(axis=0), np.concatenate(known).std(axis=0)
    scales = np.where(scales < LEAST_SCALE, np.inf, scales)
    rows = [_rows(case, means, scales, half_depth, rng) for case in used]
    x, y, weights = (np.concatenate(column) for column in zip(*rows, strict=True))
    found = _maximize(x, y, weights / len(used), penalty)
    scales = np.where(np.isfinite(scales), scales, 1.0)
    return SiteTerms(
        weights=_rounded(found[:-2]),
        means=_rounded(means),
        scales=_rounded(scales),
        slope=round(float(found[-2]), 6),
        half_depth=half_depth,
    )


def _rows(
    case: Case, means: np.ndarray, scales: np.ndarray, half_depth: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return terms of log odds (n, n_features + 2), outcomes and weights of drawn pairs."""
    left, right, contacts, weights = draw_pairs(case, rng)
    one, other = (
        (features - means) / scales * trust(profile, half_depth)[:, None]
        for features, profile in zip(case.features, case.profiles, strict=True)
    )
    own = case.log_odds[left, right]
    return np.column_stack([one[left] + other[right], own, np.ones(len(own))]), contacts, weights


def _maximize(x: np.ndarray, y: np.ndarray, weights: np.ndarray, penalty: float) -> np.ndarray:
    """Fit coefficients of log odds; the last two, slope and intercept, have no penalty."""
    free = x.shape[1] - 2
    penalties = np.r_[np.full(free, penalty / 2), 0.0, 0.0]
    start = np.r_[np.zeros(free), 1.0, 0.0]
    bounds = [*[(None, None)] * free, (1e-3, None), (None, None)]
    return most_likely(x, y, weights, penalties, start, bounds)


def fit_to_scores(cases: Sequence[Case], fitted: SiteTerms, rng: np.random.Generator) -> SiteTerms:
    """Fit slope and size of the terms to the scores of other weights; two numbers.

    Weights that were tuned on the complexes of the terms' fit score these too well, so that the
    terms would be too small for them.

    Parameters
    ----------
    cases : sequence of Case
        Other complexes, with the scores of these weights.
    fitted : SiteTerms
        From `fit_terms`.
    rng : numpy.random.Generator
        Draws non-contacts.
    """
    used = [case for case in cases if case.is_covered]
    x, y, w = [], [], []
    for case in used:
        left, right, contacts, weights = draw_pairs(case, rng)
        values = case.terms(fitted)[left, right], case.log_odds[left, right]
        x.append(np.column_stack([*values, np.ones(len(left))]))
        y.append(contacts)
        w.append(weights / len(used))
    size, slope, _ = _maximize(np.concatenate(x), np.concatenate(y), np.concatenate(w), 0.0)
    return replace(
        fitted,
        weights=_rounded(size * np.array(fitted.weights)),
        slope=round(float(slope), 6),
    )


def _rounded(values: np.ndarray) -> tuple[float, ...]:
    """Round to six digits after the point, as JSON carries them."""
    return tuple(round(float(value), 6) for value in values)
