"""Which complexes of a benchmark have a protein that resembles one of other complexes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sasnet_core.config import MiningConfig
from sasnet_core.dataset.complexes import load_complex
from sasnet_core.errors import DatasetError
from sasnet_core.structure.alignment import find_similar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def find_relatives(
    dataset: Path,
    rows: Sequence[dict[str, str]],
    others: Sequence[dict[str, str]],
    limit: float = MiningConfig.max_identity,
) -> set[str]:
    """Find the complexes that resemble others by sequence.

    Networks that were tuned on some complexes of a benchmark may know their relatives.

    Parameters
    ----------
    dataset : Path
        Folder of both.
    rows, others : sequence of dict
        Rows of its manifest.
    limit : float
        Sequence identity above which two proteins are relatives, 0 to 1 (as for mined complexes).

    Returns
    -------
    set of str
        Ids of the rows of which either protein is a relative of any protein of the others.
    """
    queries = _sequences(dataset, rows)
    targets = sorted({sequence for _, sequence in _sequences(dataset, others)})
    hits = find_similar([sequence for _, sequence in queries], targets, limit)
    return {queries[hit.query][0] for hit in hits}


def _sequences(dataset: Path, rows: Sequence[dict[str, str]]) -> list[tuple[str, str]]:
    """List (id, sequence) of each protein; its chains are one sequence after the other.

    Complexes that cannot be read are omitted: they count 0 in every table.
    """
    found = []
    for row in rows:
        with contextlib.suppress(DatasetError, OSError):
            item = load_complex(dataset / row["file"])
            found += [(row["id"], protein.sequence) for protein in (item.left, item.right)]
    return found
