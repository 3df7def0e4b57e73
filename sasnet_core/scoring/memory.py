"""How much may be worked on at once, given the memory that a user grants.

The numbers lie above what was measured as peaks of whole processes, shipped weights in bfloat16;
`python -m benchmarks.memory --within 2.5` measures whether a limit holds.
"""

from __future__ import annotations

from dataclasses import dataclass

from sasnet_core.errors import SettingError
from sasnet_core.network.lattice import TILE_VOXELS
from sasnet_core.scoring.lookahead import AT_ONCE

#: Pairs whose rows are listed at a time without a limit; `model.PAIR_BLOCK` of them are scored at
#: a time.
PAIRS_LISTED = 2**22
#: Least voxels of a tile, and pairs in a list.
LEAST_VOXELS, LEAST_PAIRS = 48**3, 2**14
#: TensorFlow, a network of the paper's size and what every prediction holds (bytes).
BASE = 1_200_000_000
#: What a voxel of a tile takes while the tower runs, and a pair in the list that is scored.
TILE_BYTES, LIST_BYTES = 400, 60
#: What each pair takes until the tables are written, and each pair that stands in them.
PAIR_BYTES, ROW_BYTES = 100, 3500
#: What each two residues of one partner take: while neighbours are found, and for smoothing.
FIND_BYTES, SMOOTH_BYTES = 24, 8
#: The part of the memory that embeddings may take which are kept for rows to come.
CACHE_PART = 8


@dataclass(frozen=True)
class Sizes:
    """What is worked on at once."""

    tile_voxels: int
    pairs_listed: int


def sizes_within(gigabytes: float | None, left: int, right: int, listed: int | None) -> Sizes:
    """Choose how much is worked on at once.

    Parameters
    ----------
    gigabytes : float or None
        Memory (1e9 bytes) that the process may take; None: no limit.
    left, right : int
        Residues of the partners.
    listed : int or None
        Pairs that the tables hold; None: all.

    Raises
    ------
    SettingError
        The partners cannot be predicted in so little.
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
            f"{needed:.1f} GB are needed; grant more, or cut the partners to what matters"
        )
    # Embedding and scoring take turns: each may have all the room.
    tile, many = int(room / TILE_BYTES), int(room / LIST_BYTES)
    return Sizes(min(tile, TILE_VOXELS), min(many, PAIRS_LISTED))


def cache_bytes(gigabytes: float | None, most: int) -> int:
    """Return how much memory kept embeddings may take."""
    return most if gigabytes is None else min(most, int(gigabytes * 1e9 / CACHE_PART))
