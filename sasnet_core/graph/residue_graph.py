"""Residue graphs: every residue with its 20 nearest neighbours, nearest first."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sasnet_core.errors import DatasetError
from sasnet_core.files import read_arrays, write_arrays
from sasnet_core.graph.backbone import find_backbone, plane_normals
from sasnet_core.graph.features import residue_distances, residue_features
from sasnet_core.structure.protein import Protein

#: Neighbours of a residue (Fout et al. 2017).
NEIGHBOURS = 20
#: Spread of the Gaussian of the distance in angstrom (Fout et al. 2017).
SPREAD = 18.0
#: Goes into the names of kept graphs: raise it when features or edges change.
VERSION = 1
#: Larger proteins have no graph: distances of all pairs, and a voxel grid around all atoms, would
#: take gigabytes. Chains may lie far apart, so the box counts as well as the residues.
MOST_RESIDUES, LARGEST_BOX = 5000, 2.0**27  # residues; cubic angstrom


@dataclass(frozen=True)
class Graph:
    """One protein."""

    features: dict[str, np.ndarray]  # name -> (n_residues, width)
    neighbours: np.ndarray  # (n_residues, NEIGHBOURS) int32, rows of residues, nearest first
    edges: np.ndarray  # (n_residues, NEIGHBOURS, 2) float32, closeness and angle of planes


def has_graph(protein: Protein) -> bool:
    """Tell whether a protein is neither too small nor too large for a graph."""
    box = float(np.prod(np.ptp(protein.coords.astype(np.float64), axis=0)))
    return NEIGHBOURS < protein.n_residues <= MOST_RESIDUES and box <= LARGEST_BOX


def build_graph(protein: Protein) -> Graph:
    """Compute the graph of a protein.

    Raises
    ------
    DatasetError
        It has too few residues.
    """
    if protein.n_residues <= NEIGHBOURS:
        raise DatasetError(
            f"{protein.name}: more than {NEIGHBOURS} residues are needed for a graph, it has "
            f"{protein.n_residues}"
        )
    mean, nearest = residue_distances(protein)
    apart = mean + np.diag(np.full(len(mean), np.inf))
    neighbours = np.argsort(apart, axis=1, kind="stable")[:, :NEIGHBOURS]
    normals = plane_normals(protein, find_backbone(protein))
    return Graph(
        {name: values.astype(np.float32) for name, values in
         residue_features(protein, nearest).items()},
        neighbours.astype(np.int32),
        edge_features(np.take_along_axis(mean, neighbours, 1), normals, neighbours),
    )  # fmt: skip


def edge_features(distances: np.ndarray, normals: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """Describe the edges from each residue to its neighbours.

    Parameters
    ----------
    distances : ndarray, shape (n_residues, NEIGHBOURS)
        Mean distance of the atoms, angstrom.
    normals : ndarray, shape (n_residues, 3)
        Unit normals of the planes through N, CA and C.
    neighbours : ndarray, shape (n_residues, NEIGHBOURS)
        Rows of the neighbours.

    Returns
    -------
    ndarray, shape (n_residues, NEIGHBOURS, 2), float32
        A Gaussian of the distance, and the angle between the planes' normals divided by pi.
    """
    closeness = np.exp(-((distances / SPREAD) ** 2))
    cosines = np.einsum("ik,ijk->ij", normals, normals[neighbours]).clip(-1, 1)
    return np.stack([closeness, np.arccos(cosines) / np.pi], axis=-1).astype(np.float32)


def kept_graph(protein: Protein, folder: Path) -> Graph:
    """Read the graph of a protein from a folder; compute and keep it there the first time."""
    content = f"{protein.content_hash} {protein.sequence} {VERSION}"
    path = folder / f"{hashlib.sha256(content.encode()).hexdigest()[:20]}.npz"
    if path.is_file():
        arrays = read_arrays(path)
        return Graph(neighbours=arrays.pop("neighbours"), edges=arrays.pop("edges"),
                     features=arrays)  # fmt: skip
    graph = build_graph(protein)
    write_arrays({**graph.features, "neighbours": graph.neighbours, "edges": graph.edges}, path)
    return graph
