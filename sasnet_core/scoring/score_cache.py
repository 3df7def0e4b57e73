"""Pair scores of every rotation, kept in files: what took hours once is read in seconds."""

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


class KeptScores:
    """Keeps the scores of one network, a file for each pair of proteins and seed.

    Scores are those of single rotations, not smoothed, so that every number of rotations up to
    that kept, every smoothing and every ensemble can be made of them.

    Parameters
    ----------
    folder : Path
        Of all networks' scores; each has a folder of its own in it.
    network : sequence
        What tells this network and its way of computing from others: plain values.
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
        """Yield the scores of the first rotations; those that are missing are computed and kept.

        Parameters
        ----------
        left, right : Protein
            The partners.
        seed : int
            Of the rotations.
        count : int
            Rotations.
        compute : callable
            Takes partners, seed and the numbers of the missing rotations to their scores.

        Yields
        ------
        ndarray, shape (n_left, n_right), float32
        """
        path = self._path(left, right, seed)
        kept = _read(path)[:count]
        yield from kept
        missing = range(len(kept), count)
        if not missing:
            return
        scores = list(kept)
        for matrix in compute(left, right, seed, missing):
            scores.append(matrix)
            if len(scores) == count:  # before the last is given away: nobody need ask for more
                with written_whole(path, "wb") as stream:
                    np.save(stream, np.stack(scores))
            yield matrix

    def _path(self, left: Protein, right: Protein, seed: int) -> Path:
        """Name a file by all that a network reads of the proteins, and by their names."""
        names = re.sub(r"[^\w.-]+", "_", f"{left.name}-{right.name}")[:80]
        content = f"{left.content_hash[:16]}-{right.content_hash[:16]}"
        return self._folder / f"{names}-{content}-seed{seed}.npy"


def _read(path: Path) -> np.ndarray:
    """Read kept scores, shape (rotations, n_left, n_right); none where there is no whole file."""
    try:
        kept: np.ndarray = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return np.zeros((0, 0, 0), np.float32)
    return kept
