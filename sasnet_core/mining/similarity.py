"""Similarity of proteins to held-out ones, and clusters of pairs of proteins."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING

from tqdm import tqdm

from sasnet_core.files import write_json
from sasnet_core.mining.entries import structure_files
from sasnet_core.structure import alignment, reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

#: Number of sequences whose identity is remembered; entries have many equal chains.
_REMEMBERED = 1024


def read_sequences(folders: Iterable[Path]) -> list[str]:
    """Read the distinct sequences of all protein chains below some folders.

    Raises
    ------
    StructureError
        A folder holds no structure, or one that cannot be read: omitting it would cause a leak.
    """
    sequences = set()
    for folder in folders:
        for path in tqdm(structure_files(folder), desc="held out", unit="file", disable=None):
            found = reading.read(path)
            sequences |= {found.protein([chain]).sequence for chain in found.chain_ids()}
    return sorted(sequences)


def save(held_out: Sequence[str], path: Path) -> None:
    """Write the held-out sequences."""
    write_json({"sequences": list(held_out)}, path)


def load(path: Path, least: float) -> Callable[[str], float]:
    """Read held-out sequences, once per process unless the file changes.

    Parameters
    ----------
    path : Path
        As `save` wrote it.
    least : float
        Identities up to this are reported as 0; 0 to 1.

    Returns
    -------
    callable
        Takes a sequence and returns its highest identity with any of them, or 0.
    """
    return _load(path, path.stat().st_mtime_ns, least)


@functools.lru_cache(maxsize=1)
def _load(path: Path, modified: int, least: float) -> Callable[[str], float]:
    held_out = json.loads(path.read_text(encoding="utf-8"))["sequences"]

    @functools.lru_cache(maxsize=_REMEMBERED)
    def identity(sequence: str) -> float:
        hits = alignment.find_similar([sequence], held_out, least, careful=True)
        return max((hit.identity for hit in hits), default=0.0)

    return identity


def pair_clusters(pairs: Sequence[Sequence[str]], limit: float) -> list[str]:
    """Name the cluster of each pair of proteins: the unordered pair of their clusters.

    Parameters
    ----------
    pairs : sequence of (str, str)
        Sequences of the left and the right protein.
    limit : float
        Two sequences above this identity share a cluster; 0 to 1.

    Returns
    -------
    list of str
        Like ``"3-17"``.
    """
    sequences = sorted({sequence for pair in pairs for sequence in pair})
    labels = dict(zip(sequences, alignment.cluster(sequences, limit).tolist(), strict=True))
    return ["-".join(map(str, sorted(labels[sequence] for sequence in pair))) for pair in pairs]
