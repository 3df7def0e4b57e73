"""Backbone atoms of each residue, found by geometry: datasets keep elements but no atom names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from sasnet_core.structure.chemistry import CHANNELS
from sasnet_core.structure.protein import Protein

CARBON, OXYGEN, NITROGEN = (CHANNELS.index(symbol) for symbol in "CON")
#: Atoms bonded to a CA are nearer to it than this (angstrom; the longest bond has 1.55).
BOND = 1.9
#: No atom.
MISSING = -1


@dataclass(frozen=True)
class Backbone:
    """Rows of the atoms around each CA, `MISSING` where there is none."""

    nitrogen: np.ndarray  # (n_residues,) int, N
    carbon: np.ndarray  # (n_residues,) int, C
    oxygen: np.ndarray  # (n_residues,) int, O (or OXT, if that is nearer to C)
    beta: np.ndarray  # (n_residues,) int, CB


def find_backbone(protein: Protein) -> Backbone:
    """Find N, C, O and CB of each residue.

    N is the nitrogen bonded to the CA. Of the carbons bonded to the CA, C is the one nearest to an
    oxygen (1.23 A; the CB of a serine has 1.42 A), and CB is the other one.
    """
    found = np.full((4, protein.n_residues), MISSING)
    order = np.argsort(protein.atom_residues, kind="stable")
    bounds = np.searchsorted(protein.atom_residues[order], np.arange(protein.n_residues + 1))
    for row in range(protein.n_residues):
        atoms = order[bounds[row] : bounds[row + 1]]
        found[:, row] = _of_residue(protein, atoms, protein.centers[row])
    return Backbone(*found)


def _of_residue(protein: Protein, atoms: np.ndarray, center: np.ndarray) -> tuple[int, ...]:
    elements, coords = protein.elements[atoms], protein.coords[atoms]
    steps = np.linalg.norm(coords - center, axis=1)
    bonded = (steps > 0.1) & (steps < BOND)
    nitrogens = np.flatnonzero(bonded & (elements == NITROGEN))
    carbons = np.flatnonzero(bonded & (elements == CARBON))
    oxygens = np.flatnonzero(elements == OXYGEN)
    c = o = MISSING
    if len(carbons) and len(oxygens):
        between = cdist(coords[carbons], coords[oxygens])
        nearest = np.unravel_index(between.argmin(), between.shape)
        if between[nearest] < BOND:
            c, o = int(carbons[nearest[0]]), int(oxygens[nearest[1]])
    betas = carbons[carbons != c]
    n = int(nitrogens[0]) if len(nitrogens) else MISSING
    cb = int(betas[0]) if len(betas) else MISSING
    return tuple(MISSING if place == MISSING else int(atoms[place]) for place in (n, c, o, cb))


def plane_normals(protein: Protein, backbone: Backbone) -> np.ndarray:
    """Return the unit normals of the planes through N, CA and C.

    Returns
    -------
    ndarray, shape (n_residues, 3)
        Zero where an atom is missing.
    """
    first = _from_center(protein, backbone.nitrogen)
    second = _from_center(protein, backbone.carbon)
    return _unit(np.cross(first, second))


def side_chain_directions(protein: Protein, backbone: Backbone) -> np.ndarray:
    """Return the unit vectors from CA to CB.

    Without a CB (glycine) it is N turned by -120 degrees about the axis from CA to C, as in
    Biopython's ``HSExposureCB``.

    Returns
    -------
    ndarray, shape (n_residues, 3)
        Zero where CB and N or C are missing.
    """
    axes = _unit(_from_center(protein, backbone.carbon))
    turns = Rotation.from_rotvec(np.radians(-120) * axes)
    turned = turns.apply(_from_center(protein, backbone.nitrogen))
    turned[(backbone.carbon == MISSING) | (backbone.nitrogen == MISSING)] = 0
    without = (backbone.beta == MISSING)[:, None]
    return _unit(np.where(without, turned, _from_center(protein, backbone.beta)))


def _from_center(protein: Protein, atoms: np.ndarray) -> np.ndarray:
    steps = protein.coords[atoms].astype(float) - protein.centers
    steps[atoms == MISSING] = 0
    return steps


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)
