"""A result as HADDOCK restraints: CNS assign statements, with structures and runs they apply to.

Format and rules as HADDOCK 2.4 and 3 have them (bonvinlab.org, "How to use information about
interactions in HADDOCK"; `haddock3-restraints`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.config import CONTACT_CUTOFF, EXPOSED_SHARE
from sasnet_core.files import write_lines
from sasnet_core.results.formats.haddock_bodies import body_lines
from sasnet_core.results.formats.haddock_molecule import PASSIVE_DISTANCE, Molecule, molecule
from sasnet_core.results.formats.haddock_runs import run_lines
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

#: Upper limit of the effective distance of an ambiguous restraint (angstrom; HADDOCK's).
AMBIGUOUS_DISTANCE = 2.0

AMBIGUOUS, UNAMBIGUOUS = "haddock_ambiguous", "haddock_unambiguous"
BODIES = "haddock_bodies.tbl"
MAPPING = "haddock_residues.csv"
#: What the files of the runs say at their top.
AMBIGUOUS_RUN = ["sasnet: docking with ambiguous restraints between the first patches."]
UNAMBIGUOUS_RUN = [
    "sasnet: docking with the best pairs of residues as contacts. Few of such pairs are contacts:",
    "prefer haddock_ambiguous.toml. They stand in ambig_fname, so that HADDOCK leaves out a random",
    "half of them for each model.",
]
COLUMNS = (
    *PLACE_COLUMNS, "haddock_chain", "haddock_number", "role", "probability",
    "relative_exposure",
)  # fmt: skip


def write_haddock(result: Result, folder: Path) -> list[str]:
    """Write restraints, runs, one PDB file for each partner, and a table of all residues.

    Active are the residues of a partner's first patch; passive are exposed ones around them.
    Residues that are known not to touch are neither.

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
    ResultError
        No residue of a first patch may touch.
    """
    molecules = [molecule(result, side) for side in result.sides]
    within = []
    for m in molecules:
        _write_structure(m, folder / m.file)
        within += body_lines(m, folder / m.file)
    if within:
        write_lines(within, folder / BODIES)
    for name, lines, comments in (
        (AMBIGUOUS, ambiguous_lines(result, molecules), AMBIGUOUS_RUN),
        (UNAMBIGUOUS, unambiguous_lines(result, molecules), UNAMBIGUOUS_RUN),
    ):
        write_lines(lines, folder / f"{name}.tbl")
        files = [m.file for m in molecules]
        run = run_lines(name, comments, files, f"{name}.tbl", BODIES if within else None)
        write_lines(run, folder / f"{name}.toml")
    rows = [row for m in molecules for row in _mapping_rows(m)]
    write_spreadsheet(rows, folder / MAPPING, COLUMNS)
    return [note for m in molecules for note in _notes(m)]


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
    known = len(result.included(side))
    more = f"; and {known} known to be in the interface" if known else ""
    return f"{side.side}, {patch_sentence(result.patches[side.side][0], side)}{more}"


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
    write_pdb(molecule.side.structure, labels.get, path, one_location=True, as_atoms=True)


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
        notes.append(f"haddock: {side} was renumbered for {molecule.file}, {MAPPING} says how")
    if len(molecule.side.chain_ids) > 1:
        notes.append(f"haddock: {side} has several chains, {BODIES} keeps them together")
    return notes
