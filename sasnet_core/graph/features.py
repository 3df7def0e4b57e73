"""Features of residues: exposure, depth, protrusion, surroundings, hydrophobicity, amino acid.

Those of Fout et al. 2017 and of PAIRpred (Minhas et al. 2014), from whom they took them, computed
without STRIDE, MSMS and PSAIA.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage, spatial
from scipy.spatial.distance import cdist

from sasnet_core.config import SURFACE_PROBE
from sasnet_core.graph.backbone import Backbone, find_backbone, side_chain_directions
from sasnet_core.structure.chemistry import AMINO_ACIDS
from sasnet_core.structure.protein import Protein
from sasnet_core.structure.surface import atom_radii, relative_exposure

#: Radius of the sphere of the protrusion index, and the volume of an atom (Pintar et al. 2002).
PROTRUSION_RADIUS, ATOM_VOLUME = 10.0, 20.1
#: Residues belong to each other's surroundings if two of their atoms are this near (angstrom).
SURROUNDINGS = 8.0
#: Edge of the voxels in which the molecular surface is found (angstrom).
SURFACE_VOXEL = 1.0
#: Hydropathy of Kyte and Doolittle 1982, in the order of `AMINO_ACIDS`.
HYDROPATHY = (
    1.8, 2.5, -3.5, -3.5, 2.8, -0.4, -3.2, 4.5, -3.9, 3.8,
    1.9, -3.5, -1.6, -3.5, -4.5, -0.8, -0.7, 4.2, -0.9, -1.3,
)  # fmt: skip
#: Number of columns of each feature.
WIDTHS = {
    "exposure": 1,
    "depth": 2,
    "protrusion": 6,
    "half_spheres": 2 * len(AMINO_ACIDS),
    "hydrophobicity": 1,
    "amino_acid": len(AMINO_ACIDS),
}
#: Atoms whose distances to all others are computed at a time.
BLOCK = 500


def residue_features(protein: Protein, nearest: np.ndarray) -> dict[str, np.ndarray]:
    """Compute the features of every residue.

    Parameters
    ----------
    protein : Protein
        The protein, alone.
    nearest : ndarray, shape (n_residues, n_residues)
        See `residue_distances`.

    Returns
    -------
    dict
        Name of a feature -> ndarray, shape (n_residues, `WIDTHS`).
    """
    backbone = find_backbone(protein)
    types = amino_acid_types(protein)
    hydropathy = np.append(HYDROPATHY, 0.0)[types]
    return {
        "exposure": relative_exposure(protein)[:, None],
        "depth": residue_depth(protein),
        "protrusion": protrusion(protein, backbone),
        "half_spheres": half_sphere_composition(
            protein, side_chain_directions(protein, backbone), nearest < SURROUNDINGS
        ),
        "hydrophobicity": hydropathy[:, None],
        "amino_acid": one_hot(types),
    }


def amino_acid_types(protein: Protein) -> np.ndarray:
    """Return the place of each residue in `AMINO_ACIDS`, shape (n_residues,); unknown: -1."""
    return np.array([AMINO_ACIDS.find(letter) for letter in protein.sequence])


def one_hot(types: np.ndarray) -> np.ndarray:
    """Return indicators of the amino acids, shape (n, 20); a row of zeros if it is unknown."""
    return np.eye(len(AMINO_ACIDS) + 1)[types][:, :-1]


def residue_distances(protein: Protein) -> tuple[np.ndarray, np.ndarray]:
    """Compute the mean and the smallest distance between the atoms of any two residues.

    Returns
    -------
    mean, nearest : ndarray, shape (n_residues, n_residues)
        Angstrom.
    """
    order = np.argsort(protein.atom_residues, kind="stable")
    order = order[np.searchsorted(protein.atom_residues[order], 0) :]
    coords, residues = protein.coords[order], protein.atom_residues[order]
    starts = np.searchsorted(residues, np.arange(protein.n_residues))
    sums = np.zeros((protein.n_residues, protein.n_residues))
    nearest = np.full(sums.shape, np.inf)
    for first in range(0, len(coords), BLOCK):
        between = cdist(coords[first : first + BLOCK], coords)
        rows = residues[first : first + BLOCK]
        np.add.at(sums, rows, np.add.reduceat(between, starts, axis=1))
        np.minimum.at(nearest, rows, np.minimum.reduceat(between, starts, axis=1))
    counts = np.bincount(residues)
    return sums / np.outer(counts, counts), nearest


def protrusion(protein: Protein, backbone: Backbone) -> np.ndarray:
    """Compute the protrusion index CX of Pintar et al. 2002 and summarize it over residues.

    CX of an atom is the free part of a sphere around it divided by the part that atoms fill.

    Returns
    -------
    ndarray, shape (n_residues, 6)
        Mean, standard deviation, smallest and largest of all atoms; mean and standard deviation of
        the side chain (0 without one). These are the six of PSAIA that PAIRpred uses.
    """
    filled = ATOM_VOLUME * protein.tree.query_ball_point(
        protein.coords, PROTRUSION_RADIUS, return_length=True
    )
    index = (4 / 3 * np.pi * PROTRUSION_RADIUS**3 - filled) / filled
    on_chain = np.ones(len(index), bool)
    for atoms in (backbone.nitrogen, backbone.carbon, backbone.oxygen):
        on_chain[atoms[atoms >= 0]] = False
    on_chain[protein.tree.query(protein.centers)[1]] = False
    inside = protein.atom_residues >= 0
    everything = _summary(index[inside], protein.atom_residues[inside], protein.n_residues)
    side = inside & on_chain
    chain = _summary(index[side], protein.atom_residues[side], protein.n_residues)
    return np.concatenate([everything, chain[:, :2]], axis=1)


def _summary(values: np.ndarray, residues: np.ndarray, count: int) -> np.ndarray:
    """Return mean, standard deviation, minimum and maximum for each residue, shape (count, 4)."""
    numbers = np.maximum(np.bincount(residues, minlength=count), 1)
    mean = np.bincount(residues, values, count) / numbers
    spread = np.sqrt(np.bincount(residues, (values - mean[residues]) ** 2, count) / numbers)
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(low, residues, values)
    np.maximum.at(high, residues, values)
    return np.stack([mean, spread, low, high], axis=1)


def residue_depth(protein: Protein) -> np.ndarray:
    """Compute the depth of each residue below the molecular surface.

    The depth of an atom is its distance to the nearest place where the centre of a water probe can
    be, minus the radius of the probe: to the surface that the probe touches. Places that are not
    connected with the outside do not count. (Biopython's ``ResidueDepth`` needs MSMS.)

    Returns
    -------
    ndarray, shape (n_residues, 2)
        Angstrom: mean of the residue's atoms, and CA.
    """
    places = spatial.cKDTree(_places_of_probe(protein))
    depths = places.query(protein.coords)[0] - SURFACE_PROBE
    inside = protein.atom_residues >= 0
    mean = _summary(depths[inside], protein.atom_residues[inside], protein.n_residues)[:, 0]
    return np.stack([mean, places.query(protein.centers)[0] - SURFACE_PROBE], axis=1)


def _places_of_probe(protein: Protein) -> np.ndarray:
    """Return the innermost centres that a probe from outside reaches, shape (n_places, 3)."""
    radii = np.array(list(atom_radii().values()))[protein.elements] + SURFACE_PROBE
    low = protein.coords.min(axis=0) - radii.max() - 2 * SURFACE_VOXEL
    shape = np.ceil((np.ptp(protein.coords, axis=0) + 2 * radii.max()) / SURFACE_VOXEL) + 5
    filled = np.zeros(shape.astype(int), bool)
    reach = radii.max() / SURFACE_VOXEL + 1
    ball = np.indices([2 * int(reach) + 1] * 3).reshape(3, -1).T - int(reach)
    ball = ball[np.linalg.norm(ball, axis=1) < reach]  # (n_ball, 3)
    for first in range(0, len(radii), BLOCK):
        centers = (protein.coords[first : first + BLOCK] - low) / SURFACE_VOXEL
        voxels = np.rint(centers).astype(int)[:, None] + ball  # (block, n_ball, 3)
        squares = ((voxels - centers[:, None]) ** 2).sum(axis=2)
        limits = (radii[first : first + BLOCK, None] / SURFACE_VOXEL) ** 2
        filled[tuple(voxels[squares < limits].T)] = True
    regions = ndimage.label(~filled)[0]
    edge = (regions == regions[0, 0, 0]) & ndimage.binary_dilation(filled, iterations=2)
    return np.argwhere(edge) * SURFACE_VOXEL + low


def half_sphere_composition(
    protein: Protein, directions: np.ndarray, near: np.ndarray
) -> np.ndarray:
    """Count the amino acids on the side chain's side of each residue and on the other side.

    Parameters
    ----------
    protein : Protein
        The protein.
    directions : ndarray, shape (n_residues, 3)
        From CA to the side chain.
    near : ndarray of bool, shape (n_residues, n_residues)
        Which residues are in whose surroundings; a residue itself does not count.

    Returns
    -------
    ndarray, shape (n_residues, 40)
        Counts of the 20 amino acids in the half-sphere that the side chain points into, then in
        the other one. Their sums are the half-sphere exposures (Hamelryck 2005).
    """
    steps = protein.centers[None, :, :] - protein.centers[:, None, :]  # (n, n, 3), from i to j
    up = np.einsum("ijk,ik->ij", steps, directions) > 0
    near = near & ~np.eye(len(near), dtype=bool)
    types = one_hot(amino_acid_types(protein))
    return np.concatenate([(near & up) @ types, (near & ~up) @ types], axis=1)
