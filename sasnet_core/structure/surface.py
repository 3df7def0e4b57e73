"""Exposed and buried surface area."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.config import SURFACE_POINTS, SURFACE_PROBE
from sasnet_core.structure.boxes import BOX_SLACK, in_box, overlap
from sasnet_core.structure.chemistry import CHANNELS, largest_area

if TYPE_CHECKING:
    from sasnet_core.structure.protein import Protein


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


def relative_exposure(protein: Protein, areas: np.ndarray | None = None) -> np.ndarray:
    """Compute each residue's exposed area relative to the largest it can have.

    Parameters
    ----------
    protein : Protein
        The protein, alone.
    areas : ndarray, shape (n_residues,), optional
        Its result of `exposed_area`, if that is known.

    Returns
    -------
    ndarray, shape (n_residues,), float64
        About 0 to 1; more than 1 is possible at chain ends.
    """
    largest = np.array([largest_area(name) for name in protein.residue_names.tolist()])
    return (exposed_area(protein) if areas is None else areas) / largest


def buried_area(left: Protein, right: Protein, probe: float = SURFACE_PROBE) -> float:
    """Compute the buried surface area: area(left) + area(right) - area(both together).

    Areas are computed only for atoms that the partner can shield; all others are as exposed in the
    complex as they are apart. Atoms in no channel (metals) count as iron.

    Returns
    -------
    float
        Square angstrom, both sides together, heavy atoms, third chains absent.
    """
    largest = max(_radii()[protein.elements].max() for protein in (left, right))
    reach = 2 * (float(largest) + probe)
    low, high = overlap(left, right, reach)
    parts, exposed, apart = [], [], 0.0
    for protein, partner in ((left, right), (right, left)):
        rows = in_box(protein.coords, low, high)
        distances = partner.tree.query(protein.coords[rows], distance_upper_bound=reach)[0]
        own_reach = _radii()[protein.elements[rows]] + largest + 2 * probe
        shielded = rows[distances < own_reach]
        if not len(shielded):
            return 0.0
        near, grown = protein.coords[shielded], reach + BOX_SLACK
        around = in_box(protein.coords, near.min(axis=0) - grown, near.max(axis=0) + grown)
        parts.append((protein.coords[around], protein.elements[around]))
        areas = _atom_areas(*parts[-1], np.isin(around, shielded), probe)
        exposed.append(areas > 0)  # a buried atom stays buried in the complex
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
