"""Restraints that keep the chains of a partner together while HADDOCK moves it.

HADDOCK takes a partner as one molecule. In its flexible stages nothing but such restraints holds
pieces together that no peptide bond joins: an antibody's chains, or a chain around a gap. The form
is that of ``haddock3-restraints restrain_bodies``, which is used where it is installed.
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from sasnet_core.results.formats.haddock_molecule import Molecule

#: Two CA that follow one another and are this far apart belong to two bodies (angstrom; that of
#: haddock3-restraints).
BODY_GAP = 4.0
#: haddock3's own command.
TOOL = "haddock3-restraints"
#: It takes about two seconds.
TOOL_SECONDS = 60.0


def bodies(molecule: Molecule) -> list[np.ndarray]:
    """Return the rows of each body: residues in file order without a gap between them."""
    protein = molecule.side.protein
    steps = np.linalg.norm(np.diff(protein.centers, axis=0), axis=1)
    apart = (steps >= BODY_GAP) | (protein.chain_ids[1:] != protein.chain_ids[:-1])
    return np.split(np.arange(protein.n_residues), np.flatnonzero(apart) + 1)


def body_lines(molecule: Molecule, structure: Path) -> list[str]:
    """Keep the bodies of a molecule at their distances; no lines if there is one body.

    Parameters
    ----------
    molecule : Molecule
        The molecule.
    structure : Path
        Its PDB file.

    Returns
    -------
    list of str
        CNS assign statements, by haddock3's own command if it is installed, with a comment.
    """
    found = bodies(molecule)
    if len(found) == 1:
        return []
    by_tool = _tool_lines(structure)
    maker = f"{TOOL} restrain_bodies" if by_tool else "sasnet"
    head = f"! {molecule.side.side}: {len(found)} bodies of segid {molecule.segid}, by {maker}"
    return [head, *(by_tool or own_lines(molecule, found))]


def own_lines(molecule: Molecule, found: list[np.ndarray]) -> list[str]:
    """Keep two distances between CA for each pair of bodies, like haddock3's own command.

    The residues are those at a quarter and at three quarters of each body.
    """
    lines = []
    for one, other in itertools.combinations(found, 2):
        for quarters in (1, 3):
            i, j = (int(rows[len(rows) * quarters // 4]) for rows in (one, other))
            distance = np.linalg.norm(np.subtract(*molecule.side.protein.centers[[i, j]]))
            ends = " ".join(_center(molecule, row) for row in (i, j))
            lines.append(f"assign {ends} {distance:.3f} 0.0 0.0")
    return lines


def _center(molecule: Molecule, row: int) -> str:
    return f"( resid {molecule.numbers[row]} and segid {molecule.segid} and name CA )"


def _tool_lines(structure: Path) -> list[str]:
    """Ask haddock3's own command; no lines if it is not there or does not answer."""
    tool = shutil.which(TOOL)
    if tool is None:
        return []
    command = [tool, "restrain_bodies", str(structure)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TOOL_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [line for line in done.stdout.splitlines() if line.startswith("assign")]
