"""Sequence identity by local alignment, the 30 % rule, clusters; sequence mapping."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.grouping import connected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Score matrix, and gap costs: 12 for the first residue of a gap, 1 for each further one.
MATRIX = "BLOSUM62"
GAP_OPEN, GAP_EXTEND = 12, 1
#: Karlin-Altschul parameters of gapped BLOSUM62 11/1 alignments (Altschul et al. 1997).
KARLIN_LAMBDA, KARLIN_K = 0.267, 0.041
#: A local alignment counts when it is significant ...
MAX_EVALUE = 1e-3
#: ... and covers this many columns, or half of the shorter chain.
MIN_COLUMNS = 50

#: Factor by which E differs between programs, which correct it for lengths and composition.
EVALUE_MARGIN = 20.0
#: How often the aligned part of a sequence is masked to find further alignments (other domains).
MASKINGS = 2

_ALPHABET = frozenset("ARNDCQEGHILKMFPSTWYVBZX")


@dataclass(frozen=True)
class Hit:
    """A significant local alignment: rows of query and target, identity over aligned columns."""

    query: int
    target: int
    identity: float
    columns: int


def find_similar(
    queries: Sequence[str],
    targets: Sequence[str],
    min_identity: float,
    *,
    careful: bool = False,
    threads: int = 1,
) -> list[Hit]:
    """Find the pairs of a query and a target whose identity is above a limit.

    A pair counts when its best local alignment (BLOSUM62, SIMD Smith-Waterman by pyopal) has
    E <= 1e-3 against all targets and at least 50 columns, or half of the shorter sequence.

    Parameters
    ----------
    queries, targets : sequence of str
        One-letter sequences.
    min_identity : float
        0 to 1; hits lie above it.
    careful : bool
        Whether to report also what another program might call similar: E may be 20 times as large,
        and the local alignment with the highest identity counts, not that with the highest score.
    threads : int
        Number of queries to search at a time.

    Returns
    -------
    list of Hit
        Identity is the share of identical columns among the aligned ones, gaps included.
    """
    import pyopal

    targets = [_clean(t) for t in targets]
    if not any(targets):
        return []
    aligner = pyopal.Aligner(MATRIX, gap_open=GAP_OPEN, gap_extend=GAP_EXTEND)
    search = _Search(aligner, targets, pyopal.Database(targets), min_identity, careful)
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(search.hits, range(len(queries)), map(_clean, queries))
        return [hit for hits in found for hit in hits]


@dataclass(frozen=True)
class _Search:
    """The targets of a search and its limits."""

    aligner: Any
    targets: Sequence[str]
    database: Any
    min_identity: float
    careful: bool

    def hits(self, row: int, query: str) -> list[Hit]:
        """Return the hits of one query, targets in order."""
        if not query:
            return []
        evalue = MAX_EVALUE * (EVALUE_MARGIN if self.careful else 1)
        space = KARLIN_K * len(query) * self.database.total_length
        least = math.log(space / evalue) / KARLIN_LAMBDA
        scores = self.aligner.align(query, self.database, overflow="simple")
        found = []
        for target in (result.target_index for result in scores if result.score >= least):
            alignments = self._align(query, self.targets[target], least, MASKINGS * self.careful)
            identity, columns = max(alignments, default=(0.0, 0))
            if identity > self.min_identity:
                found.append(Hit(row, target, identity, columns))
        return found

    def _align(
        self, query: str, target: str, least: float, maskings: int
    ) -> Iterator[tuple[float, int]]:
        """Yield identity and columns of the local alignments that count, best score first."""
        import pyopal

        best = self.aligner.align(query, pyopal.Database([target]), mode="full")[0]
        columns = len(best.alignment)
        if best.score < least or columns < min(MIN_COLUMNS, min(len(query), len(target)) / 2):
            return
        identity = best.alignment.count("M") / columns
        yield identity, columns
        if maskings and identity <= self.min_identity:
            masked = _mask(query, best.query_start, best.query_end)
            yield from self._align(masked, target, least, maskings - 1)
            masked = _mask(target, best.target_start, best.target_end)
            yield from self._align(query, masked, least, maskings - 1)


def _mask(sequence: str, start: int, end: int) -> str:
    """Replace the letters from start to end, both included."""
    return sequence[:start] + "X" * (end + 1 - start) + sequence[end + 1 :]


def cluster(sequences: Sequence[str], min_identity: float) -> np.ndarray:
    """Group sequences so that two above an identity share a group (single linkage).

    Returns
    -------
    ndarray, shape (n_sequences,), int64
        Cluster numbers, counted from 0 in order of first member.
    """
    hits = find_similar(sequences, sequences, min_identity, threads=os.cpu_count() or 1)
    links = np.array([(hit.query, hit.target) for hit in hits], np.int64).reshape(-1, 2)
    return connected(links, len(sequences))


def map_sequence(source: str, target: str) -> tuple[np.ndarray, float]:
    """Map the residues of one sequence onto another of the same protein (global alignment).

    Parameters
    ----------
    source, target : str
        One-letter sequences.

    Returns
    -------
    rows : ndarray, shape (len(source),), int64
        Row in the target for each residue of the source, -1 where there is none.
    identity : float
        Number of identical pairs, divided by the length of the shorter sequence.

    Examples
    --------
    >>> rows, identity = map_sequence("MKTAYIAK", "KTAYGAK")
    >>> rows.tolist(), round(identity, 2)
    ([-1, 0, 1, 2, 3, 4, 5, 6], 0.86)
    """
    import pyopal

    source, target = _clean(source), _clean(target)
    aligner = pyopal.Aligner(MATRIX, gap_open=GAP_OPEN, gap_extend=GAP_EXTEND)
    result = aligner.align(source, pyopal.Database([target]), mode="full", algorithm="nw")[0]
    rows = np.full(len(source), -1, np.int64)
    i = j = identical = 0
    for operation in result.alignment:
        if operation in "MX":
            rows[i] = j
            identical += operation == "M"
        i += operation != "I"  # pyopal: I is a residue of the target alone
        j += operation != "D"
    return rows, identical / max(1, min(len(source), len(target)))


def _clean(sequence: str) -> str:
    return "".join(letter if letter in _ALPHABET else "X" for letter in sequence)
