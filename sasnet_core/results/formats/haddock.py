"""A result as HADDOCK restraints: CNS assign statements, with the structures they apply to.

Format and rules as HADDOCK 2.4 and 3 have them (bonvinlab.org, "How to use information about
interactions in HADDOCK"; `haddock3-restraints`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.config import CONTACT_CUTOFF, EXPOSED_SHARE
from sasnet_core.files import write_lines
from sasnet_core.results.partner import PLACE_COLUMNS
from sasnet_core.results.patches import patch_sentence
from sasnet_core.results.spreadsheet import write_spreadsheet
from sasnet_core.results.top_pairs import MOST_PAIRS, best_separate_pairs
from sasnet_core.structure.writing import write_pdb

if TYPE_CHECKING:
    from pathlib import Path

    from sasnet_core.results.partner import PredictedPartner
    from sasnet_core.results.result import Result
    from sasnet_core.structure.writing import NamedResidue

#: Passive: an atom within this of an active residue's (angstrom; HADDOCK's default).
PASSIVE_DISTANCE = 6.5
#: Active residues of a partner, at most: with more, docking is not guided any longer.
MOST_ACTIVE = 20
#: Upper limit of the effective distance of an ambiguous restraint (angstrom; HADDOCK's).
AMBIGUOUS_DISTANCE = 2.0
#: Each partner is one molecule of one chain.
MOLECULES = {"left": "A", "right": "B"}
#: Numbers left out where a renumbered chain breaks, so that the break can be seen.
BREAK = 10

AMBIGUOUS, UNAMBIGUOUS = "haddock_ambiguous.tbl", "haddock_unambiguous.tbl"
MAPPING = "haddock_residues.csv"
COLUMNS = (
    *PLACE_COLUMNS, "haddock_chain", "haddock_number", "role", "probability",
    "relative_exposure",
)  # fmt: skip


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

    def selection(self, row: int) -> str:
        """Select a residue, in CNS."""
        return f"( resid {self.numbers[row]} and segid {self.segid} )"

    def roles(self) -> list[str]:
        """Say of each residue whether it is active, passive or neither."""
        return np.where(self.active, "active", np.where(self.passive, "passive", "")).tolist()


def write_haddock(result: Result, folder: Path) -> list[str]:
    """Write restraints, one PDB file for each partner, and a table of all residues.

    Active are the residues of a partner's first patch; passive are exposed ones around them.

    Parameters
    ----------
    result : Result
        What to write.
    folder : Path
        Where; must be there.

    Returns
    -------
    list of str
        What was renumbered or is missing.

    Raises
    ------
    StructureError
        A PDB file has no room for the structure.
    """
    molecules = [molecule(result, side) for side in result.sides]
    for m in molecules:
        _write_structure(m, folder / f"haddock_{m.side.side}.pdb")
    write_lines(ambiguous_lines(result, molecules), folder / AMBIGUOUS)
    write_lines(unambiguous_lines(result, molecules), folder / UNAMBIGUOUS)
    rows = [row for m in molecules for row in _mapping_rows(m)]
    write_spreadsheet(rows, folder / MAPPING, COLUMNS)
    return [note for m in molecules for note in _notes(m)]


def molecule(result: Result, side: PredictedPartner) -> Molecule:
    """Assign HADDOCK numbers to a partner's residues; find the active and passive ones."""
    exposure = side.exposure
    exposed = exposure >= EXPOSED_SHARE
    active = np.zeros(len(exposure), bool)
    active[list(result.patches[side.side][0].rows[:MOST_ACTIVE])] = True
    numbers, renumbered = residue_numbers(side)
    return Molecule(
        side=side,
        segid=MOLECULES[side.side],
        numbers=numbers,
        renumbered=renumbered,
        exposure=exposure,
        active=active,
        passive=exposed & ~active & _near(side, active),
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


def ambiguous_lines(result: Result, molecules: list[Molecule]) -> list[str]:
    """Restrain each active residue to any active or passive one of the partner."""
    lines = [
        "! sasnet: ambiguous interaction restraints; partner left is segid A, right is segid B",
        *(f"! active: {_patch_line(result, m.side)}" for m in molecules),
        f"! passive: exposed and within {PASSIVE_DISTANCE:g} A of an active residue",
        f"! residues: {MAPPING}",
    ]
    limits = f"{AMBIGUOUS_DISTANCE:.1f} {AMBIGUOUS_DISTANCE:.1f} 0.0"
    for own, other in (molecules, molecules[::-1]):
        targets = [other.selection(row) for row in _rows(other.active | other.passive)]
        for row in _rows(own.active):
            lines += [f"! {own.side.label(row)}", f"assign {own.selection(row)}", "("]
            lines.append("     " + "\n  or ".join(targets))
            lines.append(f") {limits}")
    return lines


def _patch_line(result: Result, side: PredictedPartner) -> str:
    return f"{side.side}, {patch_sentence(result.patches[side.side][0], side)}"


def unambiguous_lines(result: Result, molecules: list[Molecule]) -> list[str]:
    """Restrain the best pairs to be contacts."""
    left, right = molecules
    limits = f"{CONTACT_CUTOFF:.1f} {CONTACT_CUTOFF:.1f} 0.0"
    lines = [
        f"! sasnet: the best pairs of exposed residues as contacts of up to {CONTACT_CUTOFF:g} A;",
        f"! each residue once, at most {MOST_PAIRS}. Single pairs are far less certain than",
        "! residues: prefer the ambiguous restraints.",
    ]
    exposed = left.exposure >= EXPOSED_SHARE, right.exposure >= EXPOSED_SHARE
    for i, j in best_separate_pairs(result.scores, *exposed):
        names = f"{left.side.label(i)} - {right.side.label(j)}"
        lines.append(f"! {names}: score {result.scores[i, j]:.3f}")
        lines.append(f"assign {left.selection(i)} {right.selection(j)} {limits}")
    return lines


def _rows(mask: np.ndarray) -> list[int]:
    rows: list[int] = np.flatnonzero(mask).tolist()
    return rows


def _write_structure(molecule: Molecule, path: Path) -> None:
    """Write a partner's residues, one conformer, under their HADDOCK names."""
    protein = molecule.side.protein
    keys = zip(protein.residue_keys(), protein.residue_names.tolist(), strict=True)
    labels: dict[NamedResidue, tuple[str, str]] = {
        (*key, name): (molecule.segid, str(number))
        for (key, name), number in zip(keys, molecule.numbers, strict=True)
    }
    write_pdb(molecule.side.structure, labels.get, path, one_location=True)


def _mapping_rows(molecule: Molecule) -> list[dict[str, object]]:
    side = molecule.side
    roles = molecule.roles()
    return [
        {
            **side.place(row),
            "haddock_chain": molecule.segid,
            "haddock_number": molecule.numbers[row],
            "role": roles[row],
            "probability": side.probability[row],
            "relative_exposure": f"{molecule.exposure[row]:.3f}",
        }
        for row in range(side.protein.n_residues)
    ]


def _notes(molecule: Molecule) -> list[str]:
    side = molecule.side.side
    notes = []
    if molecule.renumbered:
        notes.append(f"haddock: {side} was renumbered for haddock_{side}.pdb, {MAPPING} says how")
    if len(molecule.side.chain_ids) > 1:
        notes.append(
            f"haddock: {side} has several chains; restraints that keep them together: "
            f"haddock3-restraints restrain_bodies haddock_{side}.pdb"
        )
    return notes
