"""A partner as HADDOCK sees it: one molecule with numbers, active and passive residues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.config import EXPOSED_SHARE

if TYPE_CHECKING:
    from sasnet_core.results.partner import PredictedPartner
    from sasnet_core.results.result import Result

#: Passive: an atom within this of an active residue's (angstrom; HADDOCK's default).
PASSIVE_DISTANCE = 6.5
#: Active residues of a partner, at most: with more, docking is not guided any longer.
MOST_ACTIVE = 20
#: Each partner is one molecule of one chain.
MOLECULES = {"left": "A", "right": "B"}
#: Numbers left out where a renumbered chain breaks, so that the break can be seen.
BREAK = 10


@dataclass(frozen=True)
class Molecule:
    """One partner as HADDOCK sees it; arrays have a row for each residue."""

    side: PredictedPartner
    segid: str
    numbers: np.ndarray  # (n_residues,) int
    renumbered: bool
    exposure: np.ndarray  # (n_residues,) float, share of the largest area
    active: np.ndarray  # (n_residues,) bool
    passive: np.ndarray  # (n_residues,) bool

    @property
    def file(self) -> str:
        """Name of its PDB file."""
        return f"haddock_{self.side.side}.pdb"

    def selection(self, row: int) -> str:
        """Select a residue, in CNS."""
        return f"( resid {self.numbers[row]} and segid {self.segid} )"

    def roles(self) -> list[str]:
        """Say of each residue whether it is active, passive or neither."""
        return np.where(self.active, "active", np.where(self.passive, "passive", "")).tolist()


def molecule(result: Result, side: PredictedPartner) -> Molecule:
    """Assign HADDOCK numbers to a partner's residues; find the active and passive ones."""
    exposure = side.exposure
    possible = side.probability > 0  # others are known not to touch
    active = np.zeros(len(exposure), bool)
    active[result.guiding(side)[:MOST_ACTIVE]] = True
    numbers, renumbered = residue_numbers(side)
    return Molecule(
        side=side,
        segid=MOLECULES[side.side],
        numbers=numbers,
        renumbered=renumbered,
        exposure=exposure,
        active=active,
        passive=(exposure >= EXPOSED_SHARE) & possible & ~active & _near(side, active),
    )


def residue_numbers(side: PredictedPartner) -> tuple[np.ndarray, bool]:
    """Give a partner's residues numbers so that numbers alone tell them apart.

    Their own numbers stay if there are no insertion codes and none occurs twice; otherwise they
    are numbered from 1 on, and where the chain breaks `BREAK` numbers are left out.

    Returns
    -------
    numbers : ndarray, shape (n_residues,), int
    renumbered : bool
    """
    protein = side.protein
    own = protein.residue_ids.tolist()
    if len(set(own)) == len(own) and all(text.lstrip("-").isdigit() for text in own):
        return np.array([int(text) for text in own]), False
    return np.cumsum([1, *np.where(protein.chain_breaks(), BREAK + 1, 1)]), True


def _near(side: PredictedPartner, active: np.ndarray) -> np.ndarray:
    """Find the residues with an atom near one of an active residue; shape (n_residues,), bool."""
    protein = side.protein
    inside = protein.atom_residues >= 0
    of_active = np.zeros(len(inside), bool)
    of_active[inside] = active[protein.atom_residues[inside]]
    groups = protein.tree.query_ball_point(protein.coords[of_active], PASSIVE_DISTANCE)
    atoms = np.unique(np.concatenate(groups).astype(int))
    rows = protein.atom_residues[atoms]
    near = np.zeros(protein.n_residues, bool)
    near[rows[rows >= 0]] = True
    return near
