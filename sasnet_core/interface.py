"""Where two proteins touch: contacts, negative sampling, exposed and buried surface area."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.chemistry import CHANNELS, largest_area
from sasnet_core.config import CONTACT_CUTOFF, SURFACE_POINTS, SURFACE_PROBE

if TYPE_CHECKING:
    from sasnet_core.protein import Protein

#: Boxes are this much larger than need be, so that rounding loses no atom (angstrom).
BOX_SLACK = 0.01
#: Rows of no residue.
NOWHERE = np.zeros(0, np.int32)


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
    low, high = _overlap(left, right, cutoff)
    if (low > high).any():
        return np.zeros((0, 2), np.int32)
    near = left.tree.sparse_distance_matrix(right.tree, cutoff, output_type="ndarray")
    rows = left.atom_residues[near["i"]].astype(np.int64), right.atom_residues[near["j"]]
    with_center = (rows[0] >= 0) & (rows[1] >= 0)
    codes = np.unique((rows[0] * right.n_residues + rows[1])[with_center])
    return np.stack(np.divmod(codes, right.n_residues), axis=1).astype(np.int32)


def _overlap(left: Protein, right: Protein, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Corners of the box that holds every atom within a reach of the other side, in angstrom.

    The first corner lies beyond the second where there is no such box.
    """
    low = np.maximum(left.tree.mins, right.tree.mins) - reach - BOX_SLACK
    high = np.minimum(left.tree.maxes, right.tree.maxes) + reach + BOX_SLACK
    return low, high


def _in_box(coords: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Rows of the positions in a box."""
    return np.flatnonzero(((coords >= low) & (coords <= high)).all(axis=1))


def contact_matrix(contact_pairs: np.ndarray, n_left: int, n_right: int) -> np.ndarray:
    """Return contacts as a boolean matrix, shape (n_left, n_right)."""
    matrix = np.zeros((n_left, n_right), bool)
    matrix[contact_pairs[:, 0], contact_pairs[:, 1]] = True
    return matrix


def all_negatives(
    contact_pairs: np.ndarray,
    n_left: int,
    n_right: int,
    spared: tuple[np.ndarray, np.ndarray] = (NOWHERE, NOWHERE),
) -> np.ndarray:
    """List the non-contact pairs.

    Parameters
    ----------
    contact_pairs : ndarray, shape (n_contacts, 2)
        The pairs to avoid.
    n_left, n_right : int
        Residues of the partners.
    spared : tuple of ndarray
        Left and right residues of which no pair is listed.

    Returns
    -------
    ndarray, shape (n_negatives, 2), int32
    """
    allowed = ~contact_matrix(contact_pairs, n_left, n_right)
    allowed[spared[0]] = False
    allowed[:, spared[1]] = False
    return np.stack(np.divmod(np.flatnonzero(allowed), n_right), axis=1).astype(np.int32)


def sample_negatives(
    contact_pairs: np.ndarray,
    n_left: int,
    n_right: int,
    count: int,
    rng: np.random.Generator,
    spared: tuple[np.ndarray, np.ndarray] = (NOWHERE, NOWHERE),
) -> np.ndarray:
    """Draw non-contact pairs uniformly, with replacement.

    Parameters
    ----------
    contact_pairs, n_left, n_right, spared
        As `all_negatives` takes them.
    count : int
        How many pairs.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (count, 2), int32
        Empty when there is none to draw.
    """
    negatives = all_negatives(contact_pairs, n_left, n_right, spared)
    return negatives[rng.choice(len(negatives), size=count)] if len(negatives) else negatives


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
    areas = _atom_areas(protein.coords, protein.elements, None, probe, points)
    inside = protein.atom_residues >= 0
    return np.bincount(
        protein.atom_residues[inside], weights=areas[inside], minlength=protein.n_residues
    )


def relative_exposure(protein: Protein) -> np.ndarray:
    """Compute each residue's exposed area relative to the largest it can have.

    Parameters
    ----------
    protein : Protein
        The protein, alone.

    Returns
    -------
    ndarray, shape (n_residues,), float64
        About 0 to 1; chain ends may exceed 1.
    """
    largest = np.array([largest_area(name) for name in protein.residue_names.tolist()])
    return exposed_area(protein) / largest


def buried_area(left: Protein, right: Protein, probe: float = SURFACE_PROBE) -> float:
    """Compute the buried surface area: area(left) + area(right) - area(both together).

    Only atoms that the partner can shield are computed, among all atoms that can shield them:
    every other atom is as exposed in the complex as it is apart. Atoms in no channel (metals) are
    taken as iron.

    Returns
    -------
    float
        Square angstrom, both sides together, heavy atoms, third chains absent.
    """
    largest = max(_radii()[protein.elements].max() for protein in (left, right))
    reach = 2 * (float(largest) + probe)
    low, high = _overlap(left, right, reach)
    parts, exposed, apart = [], [], 0.0
    for protein, partner in ((left, right), (right, left)):
        rows = _in_box(protein.coords, low, high)
        distances = partner.tree.query(protein.coords[rows], distance_upper_bound=reach)[0]
        own_reach = _radii()[protein.elements[rows]] + largest + 2 * probe
        shielded = rows[distances < own_reach]
        if not len(shielded):
            return 0.0
        near, grown = protein.coords[shielded], reach + BOX_SLACK
        around = _in_box(protein.coords, near.min(axis=0) - grown, near.max(axis=0) + grown)
        parts.append((protein.coords[around], protein.elements[around]))
        areas = _atom_areas(*parts[-1], np.isin(around, shielded), probe)
        exposed.append(areas > 0)  # what is buried already stays so
        apart += areas.sum()
    coords, elements = (np.concatenate(column) for column in zip(*parts, strict=True))
    together = _atom_areas(coords, elements, np.concatenate(exposed), probe).sum()
    return float(apart - together)


@functools.cache
def _radii() -> np.ndarray:
    """Radii of the channels' atoms in angstrom, shape (5,); row -1 (no channel) takes the last."""
    return np.array(list(atom_radii().values()))


def atom_radii() -> dict[str, float]:
    """Return the radius of each channel's element in angstrom; iron stands for the metals."""
    from biotite.structure.info import vdw_radius_single

    return {symbol: vdw_radius_single(symbol) for symbol in (*CHANNELS, "FE")}


def _atom_areas(
    coords: np.ndarray,
    elements: np.ndarray,
    counted: np.ndarray | None,
    probe: float,
    points: int = SURFACE_POINTS,
) -> np.ndarray:
    """Return the exposed area of each atom, shape (n_atoms,), in square angstrom.

    Atoms that are not counted (None: all are) shield others and get 0.
    """
    from biotite.structure import AtomArray, sasa

    atoms = AtomArray(len(coords))
    atoms.coord = coords
    areas = sasa(
        atoms,
        probe_radius=probe,
        atom_filter=counted,
        point_number=points,
        vdw_radii=_radii()[elements],
        ignore_ions=False,
    )
    return np.nan_to_num(areas)
