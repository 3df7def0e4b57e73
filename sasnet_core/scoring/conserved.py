"""Scores of structure and conservation together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.conservation.features import site_features
from sasnet_core.scoring.scorer import Scorer
from sasnet_core.scoring.smoothing import PairTerms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sasnet_core.conservation.residues import ResidueProfile
    from sasnet_core.fitted import SiteTerms
    from sasnet_core.scoring.embedding_cache import EmbeddingCache
    from sasnet_core.scoring.memory import Sizes
    from sasnet_core.scoring.smoothing import Barred
    from sasnet_core.structure.protein import Protein

    #: Returns the profiles of a protein's residues.
    FindProfile = Callable[[Protein], ResidueProfile]


def residue_terms(features: np.ndarray, profile: ResidueProfile, fitted: SiteTerms) -> np.ndarray:
    """Compute the term of each residue.

    Parameters
    ----------
    features : ndarray, shape (n_residues, n_features)
        From `site_features`.
    profile : ResidueProfile
        Of the same protein.
    fitted : SiteTerms
        Weights of the features.

    Returns
    -------
    ndarray, shape (n_residues,), float64
        Added to the log odds of the residue's pairs; 0 where no homologs are found.
    """
    standard = (features - np.array(fitted.means)) / np.array(fitted.scales)
    terms: np.ndarray = standard @ np.array(fitted.weights) * trust(profile, fitted.half_depth)
    return terms


def trust(profile: ResidueProfile, half_depth: float) -> np.ndarray:
    """Return how much the profile of each residue counts, shape (n_residues,), 0 to 1."""
    depths = profile.depths.astype(np.float64)
    share = np.where(depths < 0, 1.0, depths / np.maximum(depths + half_depth, 1.0))
    return np.where(profile.found, share if half_depth else 1.0, 0.0)


class ConservedScorer(Scorer):
    """Scores pairs by structure and conservation.

    Parameters
    ----------
    scorer : Scorer
        Scores by structure; its smoothing is used.
    fitted : SiteTerms
        Fitted to the scores of its weights.
    find_profile : callable
        Takes a protein and returns its `ResidueProfile`.
    """

    def __init__(self, scorer: Scorer, fitted: SiteTerms, find_profile: FindProfile) -> None:
        super().__init__(scorer.smoothing)
        self._scorer, self._fitted, self._find_profile = scorer, fitted, find_profile

    @property
    def precision(self) -> str:
        """What is computed in: "float32" or "bfloat16"."""
        return self._scorer.precision

    def use_cache(self, cache: EmbeddingCache | None, member: int = 0) -> None:
        """Store embeddings of proteins that occur again in a cache, from now on."""
        self._scorer.use_cache(cache, member)

    def limit_sizes(self, sizes: Sizes) -> None:
        """Limit how much the scorer works on at once."""
        self._scorer.limit_sizes(sizes)

    def _rotations(
        self, left: Protein, right: Protein, rotations: int, seed: int
    ) -> Iterator[tuple[np.ndarray, Sequence[np.ndarray]]]:
        """Yield the structural scores of each rotation, and the views of its spread."""
        return self._scorer._rotations(left, right, rotations, seed)

    def terms(
        self, left: Protein, right: Protein, barred: Barred | None = None
    ) -> PairTerms | None:
        """Return the terms of both residues of each pair; without any homologs, the scorer's."""
        before = self._scorer.terms(left, right, barred)
        profiles = self._find_profile(left), self._find_profile(right)
        if not any(profile.found.any() for profile in profiles):
            return before
        one, other = (
            residue_terms(site_features(protein, profile), profile, self._fitted)
            for protein, profile in zip((left, right), profiles, strict=True)
        )
        terms = np.add.outer(one, other)
        if before is not None:  # of graphs
            return PairTerms(
                self._fitted.slope * before.slope, self._fitted.slope * before.terms + terms
            )
        return PairTerms(self._fitted.slope, terms)
