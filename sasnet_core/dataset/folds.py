"""Folds of a benchmark: parts that are left out of training in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.config import MiningConfig
from sasnet_core.grouping import connected
from sasnet_core.structure import alignment

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Number of folds, numbered from 1.
FOLDS = 5
#: Larger groups go where there is most space; smaller ones with antibodies, where antibodies lack.
LARGE_GROUP = 10


def assign_folds(
    sequences: Sequence[tuple[str, str]],
    antibodies: Sequence[tuple[bool, bool]],
    count: int = FOLDS,
) -> list[int]:
    """Divide complexes into folds so that relatives are in the same one.

    Relatives are complexes with proteins over 30 % identical. All antibodies are relatives of one
    another, so antibody complexes are grouped by their antigens alone and spread over all folds: a
    network that was tuned on some antibodies is judged on others, as it will be used.

    Parameters
    ----------
    sequences : sequence of (str, str)
        Sequences of the left and the right protein.
    antibodies : sequence of (bool, bool)
        Whether the left and the right protein are antibodies.
    count : int
        Number of folds.

    Returns
    -------
    list of int
        The fold of each complex, from 1.
    """
    if not sequences:
        return []
    distinct = sorted({sequence for pair in sequences for sequence in pair})
    labels = dict(
        zip(distinct, alignment.cluster(distinct, MiningConfig.max_identity).tolist(), strict=True)
    )
    ends = [
        [labels[sequence] for sequence, antibody in zip(pair, kind, strict=True) if not antibody]
        for pair, kind in zip(sequences, antibodies, strict=True)
    ]
    links = np.array([[end[0], end[-1]] for end in ends])
    groups = connected(links, len(distinct))[links[:, 0]]
    has_antibody = np.any(antibodies, axis=1)
    folds, sizes, antibody_sizes = np.zeros(len(groups), int), np.zeros(count), np.zeros(count)
    members = np.bincount(groups)
    with_antibodies = np.bincount(groups, has_antibody)
    for group in np.lexsort((-with_antibodies, -members))[: np.count_nonzero(members)]:
        inside, found = groups == group, with_antibodies[group]
        small = found and inside.sum() < LARGE_GROUP
        fold = int(np.lexsort((sizes, antibody_sizes))[0] if small else np.argmin(sizes))
        folds[inside] = fold + 1
        sizes[fold] += inside.sum()
        antibody_sizes[fold] += found
    return [int(fold) for fold in folds]
