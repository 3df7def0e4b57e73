"""The base class of what scores residue pairs: one network, or an ensemble of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.config import ROTATIONS
from sasnet_core.errors import SettingError, WeightsError
from sasnet_core.fitted import Smoothing
from sasnet_core.scoring.known import InformedSmoother
from sasnet_core.scoring.rotation_sums import RotationSums
from sasnet_core.scoring.smoothing import PairTerms, Smoother

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sasnet_core.scoring.embedding_cache import EmbeddingCache
    from sasnet_core.scoring.known import Known
    from sasnet_core.scoring.memory import Sizes
    from sasnet_core.scoring.pair_scores import PairScores
    from sasnet_core.scoring.smoothing import Barred
    from sasnet_core.structure.protein import Protein


class Scorer(ABC):
    """Scores pairs of proteins in one rotation after another, and averages.

    Parameters
    ----------
    smoothing : Smoothing, optional
        How scores are averaged with those of neighbouring pairs. Default: not at all.
    """

    def __init__(self, smoothing: Smoothing | None = None) -> None:
        self.smoothing = smoothing or Smoothing()

    @property
    @abstractmethod
    def precision(self) -> str:
        """What is computed in: "float32" or "bfloat16"."""

    @abstractmethod
    def use_cache(self, cache: EmbeddingCache | None, member: int = 0) -> None:
        """Store embeddings of proteins that occur again in a cache, from now on.

        Parameters
        ----------
        cache : EmbeddingCache or None
            Its owners are the proteins' content hashes. None: store nothing.
        member : int
            Number that separates networks which share a cache.
        """

    @abstractmethod
    def limit_sizes(self, sizes: Sizes) -> None:
        """Limit how much the scorer works on at once."""

    @abstractmethod
    def _rotations(
        self, left: Protein, right: Protein, rotations: int, seed: int
    ) -> Iterator[tuple[np.ndarray, Sequence[np.ndarray]]]:
        """Yield the scores of each rotation, and the views that its spread is made of."""

    def score(
        self,
        left: Protein,
        right: Protein,
        rotations: int = ROTATIONS,
        seed: int = 0,
        progress: Callable[[int], None] | None = None,
        first: Callable[[PairScores], None] | None = None,
        known: Known | None = None,
    ) -> PairScores:
        """Score every pair of residues, averaged over random rotations and both orders.

        The mean is smoothed over neighbouring pairs; spread and best scores are those of each
        rotation's scores (in an ensemble: of each member in each rotation), smoothed alike.

        Parameters
        ----------
        left, right : Protein
            The partners. Their relative position does not matter: each gets its own rotation
            and lattice offset, derived from its atoms, so that ``score(b, a)`` is ``score(a, b)``
            transposed.
        rotations : int
            Rotations to average (paper: 20).
        seed : int
            Seed of the rotations.
        progress : callable, optional
            Called with the number of rotations done, after each.
        first : callable, optional
            Called with the scores of the first rotation, before `progress`. Not called if there
            is only one rotation.
        known : Known, optional
            Residues that are known to be in the interface, or not.

        Returns
        -------
        PairScores
            ``matrix`` and ``spread`` of shape (n_left, n_right), float32.
        """
        if rotations < 1:
            raise SettingError(f"rotations must be 1 or more, got {rotations}")
        terms = self.terms(left, right, None if known is None else known.barred)
        smoother = (
            Smoother(left, right, self.smoothing, terms=terms)
            if known is None
            else InformedSmoother(left, right, self.smoothing, known, terms)
        )
        sums = RotationSums(left, right, smoother)
        for number, (raw, views) in enumerate(self._rotations(left, right, rotations, seed), 1):
            sums.add(raw, views)
            if first is not None and number == 1 < rotations:
                first(sums.scores())
            if progress is not None:
                progress(number)
        return sums.scores()

    def terms(
        self, left: Protein, right: Protein, barred: Barred | None = None
    ) -> PairTerms | None:
        """Return what is added to the smoothed log odds of two partners; None: nothing."""
        return None

    def site_rotations(self, protein: Protein, rotations: int, seed: int) -> Iterator[np.ndarray]:
        """Yield the site scores of one protein in one rotation after another.

        Yields
        ------
        ndarray, shape (n_residues,), float32
            0 to 1.

        Raises
        ------
        WeightsError
            These are not the weights of one network with `ModelConfig.site_terms`.
        """
        raise WeightsError(
            "one protein alone needs weights of one network with site terms, like 'default'; these "
            "have none: name others with --weights, or give both proteins"
        )

    def rotation_scores(
        self, left: Protein, right: Protein, rotations: int, seed: int
    ) -> Iterator[np.ndarray]:
        """Yield the scores of one rotation after another, not smoothed.

        Yields
        ------
        ndarray, shape (n_left, n_right), float32
        """
        return (raw for raw, _ in self._rotations(left, right, rotations, seed))

    def unsmoothed(
        self, left: Protein, right: Protein, rotations: int, seed: int = 0
    ) -> np.ndarray:
        """Average the scores over rotations without smoothing them.

        Returns
        -------
        ndarray, shape (n_left, n_right), float32
        """
        single = list(self.rotation_scores(left, right, rotations, seed))
        return np.asarray(np.mean(single, axis=0))
