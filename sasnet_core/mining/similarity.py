"""Which proteins resemble those that are held out, and which pairs of proteins each other."""

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

#: Sequences whose identity is remembered: an entry's chains come again and again.
_REMEMBERED = 1024


def read_sequences(folders: Iterable[Path]) -> list[str]:
    """Read every distinct protein sequence below some folders, each chain on its own.

    Raises
    ------
    StructureError
        A folder holds no structure, or one that cannot be read: leaving it out would leak.
    """
    sequences = set()
    for folder in folders:
        for path in tqdm(structure_files(folder), desc="held out", unit="file", disable=None):
            found = reading.read(path)
            sequences |= {found.protein([chain]).sequence for chain in found.chain_ids()}
    return sorted(sequences)


def save(held_out: Sequence[str], path: Path) -> None:
    """Write the sequences that nothing mined may resemble."""
    write_json({"sequences": list(held_out)}, path)


def load(path: Path, least: float) -> Callable[[str], float]:
    """Read held-out sequences: once per process, as long as the file stays the same.

    Parameters
    ----------
    path : Path
        As `save` wrote it.
    least : float
        Identities up to this do not count, 0 to 1.

    Returns
    -------
    callable
        Gives a sequence's highest identity with any of them, 0 if none counts.
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
        Identity over which two sequences share a cluster, 0 to 1.

    Returns
    -------
    list of str
        Like ``"3-17"``.
    """
    sequences = sorted({sequence for pair in pairs for sequence in pair})
    labels = dict(zip(sequences, alignment.cluster(sequences, limit).tolist(), strict=True))
    return ["-".join(map(str, sorted(labels[sequence] for sequence in pair))) for pair in pairs]
