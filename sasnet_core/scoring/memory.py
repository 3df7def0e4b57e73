"""How much is computed at the same time, given the memory that a user allows.

The numbers are above the measured peaks of whole processes with the shipped weights in bfloat16.
`python -m benchmarks.memory --within 2.5` measures whether a limit holds.
"""

from __future__ import annotations

from dataclasses import dataclass

from sasnet_core.errors import SettingError
from sasnet_core.network.lattice import TILE_VOXELS
from sasnet_core.scoring.lookahead import AT_ONCE

#: Pairs that are listed at a time without a limit; `pair_head.PAIR_BLOCK` of them are scored at
#: once.
PAIRS_LISTED = 2**22
#: Smallest number of voxels of a tile, and of pairs in a list.
LEAST_VOXELS, LEAST_PAIRS = 48**3, 2**14
#: Bytes of TensorFlow, a network of the paper's size and the constant part of a prediction.
BASE = 1_200_000_000
#: Bytes per voxel of a tile while the tower runs, and per pair in the list that is scored.
TILE_BYTES, LIST_BYTES = 400, 60
#: Bytes per pair until the tables are written, and per pair in the tables.
PAIR_BYTES, ROW_BYTES = 100, 3500
#: Bytes per pair of residues of one partner: while neighbours are found, and for smoothing.
FIND_BYTES, SMOOTH_BYTES = 24, 8
#: One part in so many of the memory is for the cache of embeddings.
CACHE_PART = 8


@dataclass(frozen=True)
class Sizes:
    """How much is computed at the same time."""

    tile_voxels: int
    pairs_listed: int


def sizes_within(gigabytes: float | None, left: int, right: int, listed: int | None) -> Sizes:
    """Choose how much is computed at the same time.

    Parameters
    ----------
    gigabytes : float or None
        Memory (1e9 bytes) that the process may use; None: no limit.
    left, right : int
        Residues of the partners.
    listed : int or None
        Pairs in the tables; None: all.

    Raises
    ------
    SettingError
        The partners need more memory.
    """
    if gigabytes is None:
        return Sizes(TILE_VOXELS, PAIRS_LISTED)
    pairs = left * right
    rows = pairs if listed is None else min(listed, pairs)
    held = BASE + PAIR_BYTES * pairs + ROW_BYTES * rows
    held += FIND_BYTES * max(left, right) ** 2 + SMOOTH_BYTES * (left**2 + right**2)
    room = (gigabytes * 1e9 * (1 - 1 / CACHE_PART) - held) / AT_ONCE
    least = max(LEAST_VOXELS * TILE_BYTES, LEAST_PAIRS * LIST_BYTES)
    if room < least:
        needed = (held + least * AT_ONCE) / (1 - 1 / CACHE_PART) / 1e9
        raise SettingError(
            f"--memory {gigabytes:g} is too little for partners of {left} and {right} residues, "
            f"{needed:.1f} GB are needed; allow more, or choose fewer chains"
        )
    # Embedding and scoring take turns, so each may use all of it.
    tile, many = int(room / TILE_BYTES), int(room / LIST_BYTES)
    return Sizes(min(tile, TILE_VOXELS), min(many, PAIRS_LISTED))


def cache_bytes(gigabytes: float | None, most: int) -> int:
    """Return how much memory the cache of embeddings may use."""
    return most if gigabytes is None else min(most, int(gigabytes * 1e9 / CACHE_PART))
