"""Residues of one structure of a protein in another: chains matched, sequences aligned."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.structure.alignment import map_sequence
from sasnet_core.structure.protein import Protein, select_chains

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

#: Two chains are of one protein if the identity of their alignment is at least this.
MIN_CHAIN_IDENTITY = 0.3
#: Most ways to match equal chains: all of four chains.
MOST_MAPS = 24


@dataclass(frozen=True)
class _Match:
    source_chain: str
    target_chain: str
    identity: float  # to two decimals
    distance: float  # median CA distance, angstrom
    source_rows: np.ndarray
    target_rows: np.ndarray


def map_residues(source: Protein, target: Protein) -> np.ndarray:
    """Map the residues of a protein onto another structure of it that is superimposed on it.

    Chains are matched one to one, best alignment first. Of equally good matches, the one nearer in
    space is taken: docking benchmark 5 superimposes the unbound files on the bound ones.

    Parameters
    ----------
    source, target : Protein
        Both of the same protein.

    Returns
    -------
    ndarray, shape (source.n_residues,), int64
        Row in the target, -1 where there is none.
    """
    return _rows(source, _chosen(_matches(source, target)).values())


def equal_maps(source: Protein, target: Protein) -> list[np.ndarray]:
    """List the maps onto another structure, wherever it lies: one for each way to match chains.

    Equal chains can be matched in several ways. Those with equal names come first.

    Parameters
    ----------
    source, target : Protein
        Both of the same protein.

    Returns
    -------
    list of ndarray, shape (source.n_residues,), int64
        As `map_residues` returns them; at least one, at most `MOST_MAPS`.
    """
    matches = _matches(source, target)
    best = _chosen(matches)
    alike = {
        chain: sorted(
            (m for m in matches if m.source_chain == chain and m.identity >= match.identity),
            key=lambda m: m.source_chain != m.target_chain,
        )
        for chain, match in best.items()
    }
    ways = _ways(alike, list(alike), frozenset())
    return [_rows(source, way) for way in islice(ways, MOST_MAPS)]


def _matches(source: Protein, target: Protein) -> list[_Match]:
    """Align every chain with every chain; those of different proteins do not match."""
    pairs = (
        _match(source, one, target, other)
        for one in dict.fromkeys(source.chain_ids.tolist())
        for other in dict.fromkeys(target.chain_ids.tolist())
    )
    return [match for match in pairs if match is not None]


def _match(source: Protein, source_chain: str, target: Protein, target_chain: str) -> _Match | None:
    source_rows = np.flatnonzero(source.chain_ids == source_chain)
    target_rows = np.flatnonzero(target.chain_ids == target_chain)
    mapped, identity = map_sequence(
        select_chains(source, [source_chain], "").sequence,
        select_chains(target, [target_chain], "").sequence,
    )
    here = mapped >= 0
    if identity < MIN_CHAIN_IDENTITY or not here.any():
        return None
    source_rows, target_rows = source_rows[here], target_rows[mapped[here]]
    offsets = source.centers[source_rows] - target.centers[target_rows]
    distance = float(np.median(np.linalg.norm(offsets, axis=1)))
    return _Match(
        source_chain, target_chain, round(identity, 2), distance, source_rows, target_rows
    )


def _chosen(matches: Sequence[_Match]) -> dict[str, _Match]:
    """Choose a match for each chain of the source, the best first."""
    chosen: dict[str, _Match] = {}
    taken: set[str] = set()
    for match in sorted(matches, key=lambda m: (-m.identity, m.distance)):
        if match.source_chain not in chosen and match.target_chain not in taken:
            chosen[match.source_chain] = match
            taken.add(match.target_chain)
    return chosen


def _ways(
    alike: Mapping[str, Sequence[_Match]], chains: Sequence[str], taken: frozenset[str]
) -> Iterator[list[_Match]]:
    """Yield each way to give the chains of the source chains of their own."""
    if not chains:
        yield []
        return
    for match in alike[chains[0]]:
        if match.target_chain not in taken:
            for rest in _ways(alike, chains[1:], taken | {match.target_chain}):
                yield [match, *rest]


def _rows(source: Protein, matches: Iterable[_Match]) -> np.ndarray:
    rows = np.full(source.n_residues, -1, np.int64)
    for match in matches:
        rows[match.source_rows] = match.target_rows
    return rows
