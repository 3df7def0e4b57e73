"""Patches of a prediction: where they are, how likely they are right, and which may touch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.config import EXPOSED_SHARE
from sasnet_core.results.partner import Partner, residue_key
from sasnet_core.scoring.patches import (
    chances,
    find_patches,
    patch_size,
    touch_chances,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.fitted import PatchLaw

NAME, PAIRS_NAME = "patches.csv", "patch_pairs.csv"
COLUMNS = (
    "side", "patch", "chance", "expected_share", "residues", "around", "area", "x", "y", "z",
    "members",
)  # fmt: skip
PAIR_COLUMNS = ("left_patch", "right_patch", "chance")


@dataclass(frozen=True)
class PredictedPatch:
    """Likely residues that lie together on the surface of a partner.

    Attributes
    ----------
    side : str
        "left" or "right".
    rank : int
        1 for the likeliest of its side.
    rows : tuple of int
        Rows of its residues, the likeliest first.
    center : int
        Row of the residue around which they lie.
    position : tuple of float
        Mean of its residues' mean atom positions, x, y, z in angstrom.
    area : float
        Exposed area of its residues in the partner alone, square angstrom.
    share : float
        Share of its residues that is expected in the interface.
    chance : float or None
        That half of them or more are; None if the weights have no `PatchLaw`.
    """

    side: str
    rank: int
    rows: tuple[int, ...]
    center: int
    position: tuple[float, float, float]
    area: float
    share: float
    chance: float | None

    def mask(self, n_residues: int) -> np.ndarray:
        """Return which residues of the partner belong to it, shape (n_residues,), bool."""
        return np.isin(np.arange(n_residues), self.rows)


@dataclass(frozen=True)
class PatchPair:
    """A left and a right patch, by their ranks, and the chance that they touch."""

    left: int
    right: int
    chance: float


def predicted_patches(
    partner: Partner, probability: np.ndarray, partner_size: int, law: PatchLaw | None
) -> tuple[PredictedPatch, ...]:
    """Find the patches of a partner, the likeliest first.

    Parameters
    ----------
    partner : Partner
        The partner.
    probability : ndarray, shape (n_residues,)
        Of its residues.
    partner_size : int
        Residues of the other side.
    law : PatchLaw or None
        Fitted for the weights; without it, the expected share is the mean probability.
    """
    protein = partner.protein
    size = patch_size(protein.n_residues, partner_size)
    found = find_patches(protein, probability, partner.exposure >= EXPOSED_SHARE, size)
    means = [patch.mean for patch in found]
    shares: list[float] = means
    likely: list[float | None] = [None] * len(found)
    if law is not None:
        chance, share = chances(means, law)
        likely, shares = [_rounded(value) for value in chance], share.tolist()
    places = protein.residue_means()
    return tuple(
        PredictedPatch(
            side=partner.side,
            rank=rank,
            rows=patch.rows,
            center=patch.center,
            position=_place(places[list(patch.rows)]),
            area=_rounded(partner.exposed_area[list(patch.rows)].sum(), 1),
            share=_rounded(share),
            chance=right,
        )
        for rank, (patch, share, right) in enumerate(zip(found, shares, likely, strict=True), 1)
    )


def _place(positions: np.ndarray) -> tuple[float, float, float]:
    """Return the mean of positions, shape (n, 3)."""
    x, y, z = (_rounded(value, 2) for value in positions.mean(axis=0))
    return x, y, z


def patch_pairs(
    left: Sequence[PredictedPatch], right: Sequence[PredictedPatch], law: PatchLaw | None
) -> tuple[PatchPair, ...]:
    """List the pairs of patches by falling chance that they touch; none without a law."""
    if law is None:
        return ()
    first, second = (np.array([patch.chance for patch in side], float) for side in (left, right))
    touching = touch_chances(first, second, law)
    pairs = [
        PatchPair(a.rank, b.rank, _rounded(touching[i, j]))
        for i, a in enumerate(left)
        for j, b in enumerate(right)
    ]
    return tuple(sorted(pairs, key=lambda pair: -pair.chance))


def patch_numbers(patches: Sequence[PredictedPatch], n_residues: int) -> np.ndarray:
    """Return the rank of each residue's patch, 0 for none; shape (n_residues,), int."""
    numbers = np.zeros(n_residues, int)
    for patch in patches:
        numbers[list(patch.rows)] = patch.rank
    return numbers


def patch_values(patch: PredictedPatch, partner: Partner) -> dict[str, Any]:
    """Return a patch as result.json has it."""
    return {
        "side": patch.side,
        "rank": patch.rank,
        "chance": patch.chance,
        "expected_share": patch.share,
        "area": patch.area,
        "position": list(patch.position),
        "around": _named(partner, patch.center),
        "residues": [_named(partner, row) for row in patch.rows],
    }


def _named(partner: Partner, row: int) -> dict[str, Any]:
    names = ("chain", "number", "insertion_code", "name")
    key = dict(zip(names, residue_key(partner.protein, row), strict=True))
    return {**key, "row": row}


def patch_of(values: dict[str, Any]) -> PredictedPatch:
    """Make a patch of its values in result.json."""
    x, y, z = map(float, values["position"])
    return PredictedPatch(
        side=values["side"],
        rank=values["rank"],
        rows=tuple(residue["row"] for residue in values["residues"]),
        center=values["around"]["row"],
        position=(x, y, z),
        area=float(values["area"]),
        share=float(values["expected_share"]),
        chance=None if values["chance"] is None else float(values["chance"]),
    )


def patch_row(patch: PredictedPatch, partner: Partner) -> dict[str, Any]:
    """Return a row of patches.csv; its members are like ``D:52A``, separated by spaces."""
    protein = partner.protein
    members = [f"{protein.chain_ids[row]}:{protein.residue_ids[row]}" for row in patch.rows]
    return {
        "side": patch.side,
        "patch": patch.rank,
        "chance": "" if patch.chance is None else patch.chance,
        "expected_share": patch.share,
        "residues": len(patch.rows),
        "around": partner.label(patch.center),
        "area": patch.area,
        **dict(zip("xyz", patch.position, strict=True)),
        "members": " ".join(members),
    }


def pair_row(pair: PatchPair) -> dict[str, Any]:
    """Return a row of patch_pairs.csv."""
    return dict(zip(PAIR_COLUMNS, (pair.left, pair.right, pair.chance), strict=True))


def chain_numbers(patch: PredictedPatch, partner: Partner) -> dict[str, list[str]]:
    """Return the numbers of a patch's residues by chain, in file order."""
    protein, found = partner.protein, dict[str, list[str]]()
    for row in sorted(patch.rows):
        found.setdefault(str(protein.chain_ids[row]), []).append(str(protein.residue_ids[row]))
    return found


def pymol_selection(patch: PredictedPatch, partner: Partner) -> str:
    """Return a patch in PyMOL's syntax, like ``(chain "D" and resi 52+52A)``."""
    return " or ".join(
        f'(chain "{chain}" and resi {"+".join(numbers)})'.replace("resi -", "resi \\-").replace(
            "+-", "+\\-"
        )
        for chain, numbers in chain_numbers(patch, partner).items()
    )


def patch_sentence(patch: PredictedPatch, partner: Partner) -> str:
    """Describe a patch: its place, its size and how likely it is right."""
    chains = list(dict.fromkeys(partner.protein.chain_ids[row] for row in patch.rows))
    named = ", ".join(name or "_" for name in chains)
    chance = "" if patch.chance is None else f"chance {patch.chance:.2f}; "
    return (
        f"Patch {patch.rank} of chain{'s' * (len(chains) > 1)} {named}: {len(patch.rows)} residues "
        f"around {partner.label(patch.center)}, {chance}expected right {patch.share:.0%}"
    )


def _rounded(value: float, digits: int = 4) -> float:
    return round(float(value), digits)
