"""A fixed number of different pairs to learn from: how much data a network needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.errors import DatasetError
from sasnet_core.structure.contacts import NOWHERE
from sasnet_core.training.negatives import all_negatives

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.dataset.complexes import Complex

    #: Positives and negatives, two arrays of shape (n, 2): rows (left residue, right residue).
    Pairs = tuple[np.ndarray, np.ndarray]


def choose_complexes(
    rows: Sequence[dict[str, str]], pairs: int, seed: int
) -> list[tuple[dict[str, str], int]]:
    """Choose complexes that hold a number of pairs together, half of them contacts.

    Parameters
    ----------
    rows : sequence of dict
        Of a manifest.
    pairs : int
        How many different pairs, positives and negatives together.
    seed : int
        Of the random order: one complex of every cluster, then another of those that have more.

    Returns
    -------
    list of (row, contacts)
        How many contacts of each complex to learn from: all, of the last one what is missing.

    Raises
    ------
    DatasetError
        The complexes have fewer contacts.
    """
    rng = np.random.default_rng([seed, pairs])
    turns: dict[str, int] = {}
    order = []
    for row in (rows[k] for k in rng.permutation(len(rows))):
        turns[row["cluster"]] = turns.get(row["cluster"], 0) + 1
        order.append((turns[row["cluster"]], row))
    missing, chosen = pairs // 2, []
    for _, row in sorted(order, key=lambda entry: entry[0]):
        taken = min(missing, int(row["n_contacts"]))
        if taken:
            chosen.append((row, taken))
        missing -= taken
    if missing:
        raise DatasetError(
            f"{pairs:,} pairs need {pairs // 2:,} contacts, the complexes have "
            f"{pairs // 2 - missing:,}; ask for at most {2 * (pairs // 2 - missing):,} pairs"
        )
    return chosen


def fixed_pairs(
    item: Complex,
    contacts: int,
    seed: int,
    spared: tuple[np.ndarray, np.ndarray] = (NOWHERE, NOWHERE),
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the pairs of a complex that are learned from: the same at every call.

    Parameters
    ----------
    item : Complex
        The complex.
    contacts : int
        How many of its contacts; as many non-contacts come with them.
    seed : int
        Of the choice.
    spared : tuple of ndarray
        Left and right residues of which no non-contact is drawn.

    Returns
    -------
    positives, negatives : ndarray, shape (n, 2), int
        Rows (left residue, right residue), all different.
    """
    rng = np.random.default_rng([seed, *item.name.encode()])
    positives = rng.permutation(item.contacts)[:contacts]
    sizes = item.left.n_residues, item.right.n_residues
    negatives = all_negatives(item.contacts, *sizes, spared)
    count = min(contacts, len(negatives))
    return positives, negatives[rng.choice(len(negatives), size=count, replace=False)]
