"""Several networks whose scores are combined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sasnet_core.scoring.mixture import member_views, mixed
from sasnet_core.scoring.scorer import Scorer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

    from sasnet_core.fitted import Mixture, Smoothing
    from sasnet_core.scoring.embedding_cache import EmbeddingCache
    from sasnet_core.scoring.memory import Sizes
    from sasnet_core.structure.protein import Protein


class Ensemble(Scorer):
    """Several networks whose scores are combined.

    In each rotation all members score the partners in the same poses, and their scores are mixed.
    Mean and smoothing are as for one network. The spread is over all rotations of all members.

    Parameters
    ----------
    members : sequence of Scorer
        The networks. Their own smoothing is not used.
    mixture : Mixture
        How their scores are mixed.
    smoothing : Smoothing, optional
        Smoothing of the mixed scores.
    """

    def __init__(
        self, members: Sequence[Scorer], mixture: Mixture, smoothing: Smoothing | None = None
    ) -> None:
        super().__init__(smoothing)
        self._members = tuple(members)
        self._mixture = mixture

    def use_cache(self, cache: EmbeddingCache | None, member: int = 0) -> None:
        """Store the members' embeddings of proteins that occur again in a cache, from now on."""
        for number, scorer in enumerate(self._members):
            scorer.use_cache(cache, member + number)

    def limit_sizes(self, sizes: Sizes) -> None:
        """Limit how much each member works on at once."""
        for member in self._members:
            member.limit_sizes(sizes)

    @property
    def precision(self) -> str:
        """The precision of the members: "float32" or "bfloat16"."""
        return self._members[0].precision

    def _rotations(
        self, left: Protein, right: Protein, rotations: int, seed: int
    ) -> Iterator[tuple[np.ndarray, Sequence[np.ndarray]]]:
        """Yield the mixed scores of each rotation, and each member's on the same scale."""
        runs = [member.rotation_scores(left, right, rotations, seed) for member in self._members]
        for scores in zip(*runs, strict=True):
            yield mixed(scores, self._mixture), member_views(scores, self._mixture)
