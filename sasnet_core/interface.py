"""Where two proteins touch: contacts, negative sampling, exposed and buried surface area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.config import CONTACT_CUTOFF, SURFACE_POINTS, SURFACE_PROBE

if TYPE_CHECKING:
    from sasnet_core.protein import Protein


def contacts(left: Protein, right: Protein, cutoff: float = CONTACT_CUTOFF) -> np.ndarray:
    """Find the residue pairs in contact.

    A pair is in contact when any two of its heavy atoms lie within the cutoff (paper, section 3).

    Parameters
    ----------
    left, right : Protein
        The partners, as they lie in the complex.
    cutoff : float
        Angstrom, inclusive.

    Returns
    -------
    ndarray, shape (n_contacts, 2), int32
        Rows (left residue, right residue), sorted.
    """
    from scipy.spatial import cKDTree

    tree_left, tree_right = cKDTree(left.coords), cKDTree(right.coords)
    near = tree_left.sparse_distance_matrix(tree_right, cutoff, output_type="ndarray")
    pairs = np.stack([left.atom_residues[near["i"]], right.atom_residues[near["j"]]], axis=1)
    pairs = pairs[(pairs >= 0).all(axis=1)]
    return np.unique(pairs, axis=0).astype(np.int32).reshape(-1, 2)


def contact_matrix(contact_pairs: np.ndarray, n_left: int, n_right: int) -> np.ndarray:
    """Return contacts as a boolean matrix, shape (n_left, n_right)."""
    matrix = np.zeros((n_left, n_right), bool)
    matrix[contact_pairs[:, 0], contact_pairs[:, 1]] = True
    return matrix


def sample_negatives(
    contact_pairs: np.ndarray, n_left: int, n_right: int, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw non-contact pairs uniformly, with replacement.

    Parameters
    ----------
    contact_pairs : ndarray, shape (n_contacts, 2)
        The pairs to avoid.
    n_left, n_right : int
        Residues of the partners.
    count : int
        How many pairs.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (count, 2), int32
        Empty when every pair is a contact.
    """
    negatives = np.flatnonzero(~contact_matrix(contact_pairs, n_left, n_right))
    if not len(negatives):
        return np.zeros((0, 2), np.int32)
    chosen = rng.choice(negatives, size=count)
    return np.stack(np.divmod(chosen, n_right), axis=1).astype(np.int32)


def exposed_area(
    protein: Protein, probe: float = SURFACE_PROBE, points: int = SURFACE_POINTS
) -> np.ndarray:
    """Compute the solvent-exposed area of each residue (Shrake and Rupley, by biotite).

    Parameters
    ----------
    protein : Protein
        The protein, alone.
    probe : float
        Probe radius in angstrom.
    points : int
        Points on each atom's sphere.

    Returns
    -------
    ndarray, shape (n_residues,), float64
        Square angstrom.
    """
    areas = _atom_areas(protein.coords, protein.elements, probe, points)
    inside = protein.atom_residues >= 0
    return np.bincount(
        protein.atom_residues[inside], weights=areas[inside], minlength=protein.n_residues
    )


def buried_area(left: Protein, right: Protein, probe: float = SURFACE_PROBE) -> float:
    """Compute the buried surface area: area(left) + area(right) - area(both together).

    Returns
    -------
    float
        Square angstrom, both sides together, heavy atoms, third chains absent.
    """
    coords = np.concatenate([left.coords, right.coords])
    elements = np.concatenate([left.elements, right.elements])
    apart = sum(_atom_areas(p.coords, p.elements, probe).sum() for p in (left, right))
    return float(apart - _atom_areas(coords, elements, probe).sum())


def _atom_areas(
    coords: np.ndarray, elements: np.ndarray, probe: float, points: int = SURFACE_POINTS
) -> np.ndarray:
    """Return the exposed area of each atom, shape (n_atoms,), in square angstrom."""
    from biotite.structure import AtomArray, sasa
    from biotite.structure.info import vdw_radius_single

    # Row -1 (no channel) takes the last entry: iron stands for the metals.
    radii = np.array([vdw_radius_single(symbol) for symbol in ("C", "O", "N", "S", "FE")])
    atoms = AtomArray(len(coords))
    atoms.coord = coords
    areas = sasa(
        atoms, probe_radius=probe, point_number=points, vdw_radii=radii[elements], ignore_ions=False
    )
    return np.nan_to_num(areas)
