"""Splits of a dataset that share no protein cluster: training tells nothing about validation."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.errors import DatasetError, SettingError
from sasnet_core.grouping import connected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: Split of all mined complexes until train.split divides them, then of the rest.
TRAIN = "train"
#: Split on which training is validated.
VALIDATION = "validation"
#: Split of the complexes that belong to no other.
LEFT_OUT = "left_out"
#: A held-out split is filled first with groups up to this share of it, so that it has many groups.
MAX_GROUP_SHARE = 0.1
#: Groups with more complexes of unlike partners are held out last, so that a split has many groups.
FEW_UNLIKE = 4


@dataclass(frozen=True)
class Splits:
    """A split for each complex, and the groups that decided it.

    Attributes
    ----------
    names : list of str
        The split of each complex.
    groups : ndarray, shape (n_complexes,), int64
        Complexes of one group are joined by shared protein clusters, directly or by way of others.
    """

    names: list[str]
    groups: np.ndarray


def protein_clusters(cluster: str) -> tuple[str, str]:
    """Return the clusters of the two proteins of a complex, given its cluster ``"12-57"``.

    Raises
    ------
    DatasetError
        The cluster is not such a pair.
    """
    left, dash, right = cluster.partition("-")
    if not (left and dash and right) or "-" in right:
        raise DatasetError(
            f"column cluster must hold two protein clusters like 12-57, got {cluster!r}; "
            "split datasets of train.mine"
        )
    return left, right


def connected_groups(pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """Group complexes so that no protein cluster is in two groups.

    Parameters
    ----------
    pairs : sequence of (str, str)
        The protein clusters of each complex.

    Returns
    -------
    ndarray, shape (n_complexes,), int64
        Group numbers, the same whatever the order of the complexes.
    """
    nodes = {name: row for row, name in enumerate(sorted({c for pair in pairs for c in pair}))}
    ends = np.array([(nodes[left], nodes[right]) for left, right in pairs], int).reshape(-1, 2)
    return connected(ends, len(nodes))[ends[:, 0]]


def split_complexes(
    clusters: Sequence[str], shares: Mapping[str, float], seed: int, cut: bool = False
) -> Splits:
    """Divide complexes into splits that never share a protein cluster.

    For each held-out split, whole groups of joined complexes are drawn at random until it has its
    share; the others are for training. If the remaining groups are too large, a cut can divide the
    largest: a region of its protein clusters is held out, and complexes with one protein inside the
    region and one outside are omitted.

    Parameters
    ----------
    clusters : sequence of str
        Cluster of each complex: those of its proteins, like ``"12-57"``.
    shares : mapping
        Held-out split to its share of the complexes, 0 to 1; the sum must be below 1.
    seed : int
        Of the draw.
    cut : bool
        Whether a group may be cut.

    Returns
    -------
    Splits
        A held-out split has at most its share, rounded; without a cut it may have less.

    Raises
    ------
    SettingError
        The shares or the seed are out of range.
    DatasetError
        A cluster is not a pair of protein clusters.
    """
    if any(share < 0 for share in shares.values()) or sum(shares.values()) >= 1:
        raise SettingError(
            f"shares of the splits must be 0 or more and less than 1 together, got {dict(shares)}"
        )
    if seed < 0:
        raise SettingError(f"seed must be 0 or more, got {seed}")
    pairs = [protein_clusters(cluster) for cluster in clusters]
    groups = connected_groups(pairs)
    names = np.full(len(pairs), TRAIN, dtype=object)
    rng = np.random.default_rng(seed)
    for split, share in shares.items():
        wanted = round(share * len(pairs))
        free = np.where(names == TRAIN, groups, -1)
        names[np.isin(groups, _draw_groups(free, wanted, rng))] = split
        missing = wanted - int((names == split).sum())
        if cut and missing:
            _cut(pairs, names, split, missing, rng)
    return Splits(names.tolist(), groups)


def hold_out_unlike(clusters: Sequence[str], seen: Sequence[bool], count: int, seed: int) -> Splits:
    """Hold out complexes of unlike partners that a network trained on other data has not seen.

    Whole groups without a complex that was seen are drawn at random until they hold enough
    complexes of unlike partners; those with more than `FEW_UNLIKE` come last, smaller ones first.

    Parameters
    ----------
    clusters : sequence of str
        Cluster of each complex: those of its proteins, like ``"12-57"``; unlike partners are of
        different ones.
    seen : sequence of bool
        Whether other data holds the entry of each complex.
    count : int
        Complexes of unlike partners to hold out, at least.
    seed : int
        Of the draw.

    Returns
    -------
    Splits
        Of the groups that were drawn, complexes of unlike partners are `VALIDATION` and the others
        `LEFT_OUT`; all other groups train. Fewer than `count` are held out if all such groups
        together have fewer.

    Raises
    ------
    SettingError
        The count or the seed is out of range.
    DatasetError
        A cluster is not a pair of protein clusters.
    """
    if count < 1 or seed < 0:
        raise SettingError(
            f"count must be 1 or more and seed 0 or more, got count {count} and seed {seed}"
        )
    pairs = [protein_clusters(cluster) for cluster in clusters]
    groups = connected_groups(pairs)
    unlike = np.array([left != right for left, right in pairs], bool)
    sizes = np.bincount(groups[unlike], minlength=len(set(groups.tolist())))
    sizes[groups[np.asarray(seen, bool)]] = 0
    order = np.random.default_rng(seed).permutation(np.flatnonzero(sizes))
    order = order[np.argsort(np.maximum(sizes[order], FEW_UNLIKE), kind="stable")]
    enough = int(np.searchsorted(np.cumsum(sizes[order]), count)) + 1
    held_out = np.isin(groups, order[:enough])
    names = np.where(held_out, np.where(unlike, VALIDATION, LEFT_OUT), TRAIN)
    return Splits(names.tolist(), groups)


def _draw_groups(groups: np.ndarray, wanted: int, rng: np.random.Generator) -> list[int]:
    """Draw groups (-1: none) that together have at most the wanted number of complexes."""
    numbers, sizes = np.unique(groups[groups >= 0], return_counts=True)
    order = rng.permutation(len(numbers))
    drawn: list[int] = []
    for limit in (max(1, round(MAX_GROUP_SHARE * wanted)), wanted):
        for row in order.tolist():
            if sizes[row] <= min(limit, wanted) and numbers[row] not in drawn:
                drawn.append(int(numbers[row]))
                wanted -= int(sizes[row])
    return drawn


def _cut(
    pairs: Sequence[tuple[str, str]],
    names: np.ndarray,
    split: str,
    missing: int,
    rng: np.random.Generator,
) -> None:
    """Hold out a region of the largest training group."""
    rows = np.flatnonzero(names == TRAIN)
    if not len(rows):
        return
    groups = connected_groups([pairs[row] for row in rows.tolist()])
    rows = rows[groups == np.bincount(groups).argmax()]
    inside = _region([pairs[row] for row in rows.tolist()], missing, rng)
    for row in rows.tolist():
        if inside.intersection(pairs[row]):
            names[row] = split if inside.issuperset(pairs[row]) else LEFT_OUT


def _region(pairs: Iterable[tuple[str, str]], wanted: int, rng: np.random.Generator) -> set[str]:
    """Grow a region of protein clusters with at most a wanted number of complexes inside.

    Each step takes the neighbour that adds many complexes and leaves few across the border.
    """
    links: dict[str, Counter[str]] = defaultdict(Counter)
    for left, right in pairs:
        links[left][right] += 1
        if left != right:
            links[right][left] += 1
    start = sorted(links)[rng.integers(len(links))]
    inside: set[str] = set()
    border = {start}
    held = 0
    while border:
        added = {c: sum(n for o, n in links[c].items() if o in inside or o == c) for c in border}
        best = max(sorted(border), key=lambda c: 2 * added[c] - links[c].total())
        if held + added[best] > wanted:
            border.discard(best)
            continue
        held += added[best]
        inside.add(best)
        border = (border | set(links[best])) - inside
    return inside
