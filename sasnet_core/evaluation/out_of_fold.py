"""Scores out of fold: each complex is scored by the network that was not trained on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sasnet_core.dataset.complexes import benchmark_rows, load_complex
from sasnet_core.dataset.folds import FOLDS
from sasnet_core.errors import DatasetError
from sasnet_core.scoring.scorer import Scorer

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np

    from sasnet_core.fitted import Smoothing
    from sasnet_core.network.weights_folder import WeightsInfo
    from sasnet_core.scoring.embedding_cache import EmbeddingCache
    from sasnet_core.scoring.memory import Sizes
    from sasnet_core.scoring.smoothing import Barred, PairTerms
    from sasnet_core.structure.protein import Protein

    #: Content hashes of the left and of the right protein.
    Pair = tuple[str, str]


class OutOfFold(Scorer):
    """Hands each pair of proteins to the scorer of its fold.

    Parameters
    ----------
    scorers : mapping
        Fold -> the scorer that was trained without it.
    folds : mapping
        Content hashes of a complex's proteins -> its fold. Of two proteins that are no complex, the
        left one decides.
    smoothing : Smoothing
        Of all scores.
    """

    def __init__(
        self, scorers: Mapping[int, Scorer], folds: Mapping[Pair, int], smoothing: Smoothing
    ) -> None:
        super().__init__(smoothing)
        self._scorers, self._folds = scorers, folds
        self._proteins = {name: fold for pair, fold in folds.items() for name in pair}
        for scorer in scorers.values():
            scorer.smoothing = smoothing

    @property
    def precision(self) -> str:
        """What is computed in: the same in all folds."""
        return next(iter(self._scorers.values())).precision

    def use_cache(self, cache: EmbeddingCache | None, member: int = 0) -> None:
        """Store embeddings in a cache; each fold has its own there."""
        for fold, scorer in self._scorers.items():
            scorer.use_cache(cache, member * (FOLDS + 1) + fold)

    def limit_sizes(self, sizes: Sizes) -> None:
        """Limit how much the scorers work on at once."""
        for scorer in self._scorers.values():
            scorer.limit_sizes(sizes)

    def _rotations(
        self, left: Protein, right: Protein, rotations: int, seed: int
    ) -> Iterator[tuple[np.ndarray, Sequence[np.ndarray]]]:
        """Yield what the scorer of the complex's fold yields."""
        return self._of(left, right)._rotations(left, right, rotations, seed)

    def terms(
        self, left: Protein, right: Protein, barred: Barred | None = None
    ) -> PairTerms | None:
        """Return the terms of the scorer of the complex's fold."""
        return self._of(left, right).terms(left, right, barred)

    def site_rotations(self, protein: Protein, rotations: int, seed: int) -> Iterator[np.ndarray]:
        """Yield what the scorer of the protein's fold yields."""
        return self._of(protein, protein).site_rotations(protein, rotations, seed)

    def _of(self, left: Protein, right: Protein) -> Scorer:
        """Find the scorer of two proteins.

        Raises
        ------
        DatasetError
            The left one is in no fold.
        """
        pair = left.content_hash, right.content_hash
        fold = self._folds.get(pair) or self._proteins.get(left.content_hash)
        if fold is None:
            raise DatasetError(
                f"{left.name} is in no fold; only complexes on which networks are trained have a "
                "score out of fold: omit --out-of-fold"
            )
        return self._scorers[fold]


def add_out_of_fold_option(parser: argparse.ArgumentParser) -> None:
    """Add the option of commands that judge networks on what they were trained on."""
    parser.add_argument(
        "--out-of-fold",
        type=Path,
        metavar="FOLDS",
        help="folder with a folder of weights for each fold of the benchmark, 1, 2, ..., trained "
        "without it: each complex is scored by those that do not know it",
    )


def load_scorer(
    info: WeightsInfo, dataset: Path, folds: Path | None, kept: Path | None = None
) -> Scorer:
    """Load the weights themselves, or the networks of the folds.

    Parameters
    ----------
    info : WeightsInfo
        The weights; their smoothing is used in all folds.
    dataset : Path
        Made by `train.db5`.
    folds : Path or None
        The folder that --out-of-fold names.
    kept : Path, optional
        Folder in which scores are stored and looked up.
    """
    from sasnet_core.scoring.predictor import load_predictor  # takes seconds

    if folds is None:
        return load_predictor(info.folder, score_cache=kept)
    return load_out_of_fold(folds, dataset, info.smoothing, kept)


def described(description: str, folds: Path | None) -> str:
    """Add to the description of complexes how they were scored."""
    return description if folds is None else f"{description}, out of fold"


def load_out_of_fold(
    weights: Path,
    dataset: Path,
    smoothing: Smoothing,
    score_cache: Path | None = None,
    precision: str = "auto",
) -> OutOfFold:
    """Load the networks that were each trained without one fold.

    Parameters
    ----------
    weights : Path
        Folder with a folder of weights for each fold: 1, 2, ...
    dataset : Path
        Made by `train.db5`.
    smoothing : Smoothing
        Of all scores.
    score_cache : Path, optional
        Folder in which scores are stored and looked up.
    precision : str
        As `load_predictor` takes it.

    Raises
    ------
    WeightsError
        A fold has no weights.
    """
    from sasnet_core.scoring.predictor import load_predictor

    folds = {}
    for row in benchmark_rows(dataset, None, "unbound"):
        if row.get("fold"):
            item = load_complex(dataset / row["file"])
            folds[item.left.content_hash, item.right.content_hash] = int(row["fold"])
    scorers = {
        fold: load_predictor(weights / str(fold), precision, score_cache=score_cache)
        for fold in sorted(set(folds.values()))
    }
    return OutOfFold(scorers, folds, smoothing)
