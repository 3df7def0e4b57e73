"""A cache of the pair scores of single rotations, one file for each pair of proteins."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core import __version__
from sasnet_core.files import written_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sasnet_core.structure.protein import Protein


class ScoreCache:
    """Stores the scores of one network, a file for each pair of proteins and seed.

    The scores are of single rotations and not smoothed. Scores for fewer rotations, for any
    smoothing and for ensembles can be computed from them.

    Parameters
    ----------
    folder : Path
        Folder for all networks. Each network gets a subfolder.
    network : sequence
        Plain values that identify the network and how it is computed.
    """

    def __init__(self, folder: Path, network: Sequence[Any]) -> None:
        key = json.dumps([__version__, *network], sort_keys=True)
        self._folder = folder / hashlib.sha256(key.encode()).hexdigest()[:16]

    def rotations(
        self,
        left: Protein,
        right: Protein,
        seed: int,
        count: int,
        compute: Callable[[Protein, Protein, int, range], Iterator[np.ndarray]],
    ) -> Iterator[np.ndarray]:
        """Yield the scores of the first rotations; compute and store those that are missing.

        Parameters
        ----------
        left, right : Protein
            The partners.
        seed : int
            Seed of the rotations.
        count : int
            Number of rotations.
        compute : callable
            Called with partners, seed and the numbers of the missing rotations; yields their
            scores.

        Yields
        ------
        ndarray, shape (n_left, n_right), float32
        """
        path = self._path(left, right, seed)
        stored = _read(path)[:count]
        yield from stored
        missing = range(len(stored), count)
        if not missing:
            return
        scores = list(stored)
        for matrix in compute(left, right, seed, missing):
            scores.append(matrix)
            # Save before the last yield, because the caller may stop there; but keep what another
            # process may have saved meanwhile if it has more.
            if len(scores) == count > len(_read(path)):
                with written_whole(path, "wb") as stream:
                    np.save(stream, np.stack(scores))
            yield matrix

    def _path(self, left: Protein, right: Protein, seed: int) -> Path:
        """Name a file by the names and the content of the proteins."""
        names = re.sub(r"[^\w.-]+", "_", f"{left.name}-{right.name}")[:80]
        content = f"{left.content_hash[:16]}-{right.content_hash[:16]}"
        return self._folder / f"{names}-{content}-seed{seed}.npy"


def _read(path: Path) -> np.ndarray:
    """Read stored scores, shape (rotations, n_left, n_right); none if the file is not whole."""
    try:
        stored: np.ndarray = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return np.zeros((0, 0, 0), np.float32)
    return stored
