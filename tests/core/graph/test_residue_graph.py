"""Graphs of residues: neighbours, edges, turning, keeping."""

import numpy as np
import pytest

from sasnet_core.errors import DatasetError
from sasnet_core.graph import features, residue_graph
from sasnet_core.graph.residue_graph import (
    NEIGHBOURS,
    SPREAD,
    build_graph,
    edge_features,
    kept_graph,
)
from sasnet_core.structure.rotations import random_rotation
from tests.core.build import build_protein
from tests.core.graph.build_residues import one_atom


def test_neighbours_stand_nearest_first_and_without_the_residue_itself(graph, protein):
    mean, _ = features.residue_distances(protein)
    rows = np.arange(protein.n_residues)[:, None]
    assert (graph.neighbours != rows).all()
    assert (np.diff(mean[rows, graph.neighbours], axis=1) >= 0).all()
    farthest = mean[rows, graph.neighbours][:, -1:]
    assert ((mean < farthest).sum(axis=1) == NEIGHBOURS).all()  # with the residue itself


def test_edges_hold_a_gaussian_of_the_distance_and_the_angle_of_the_planes():
    normals = np.array([[0, 0, 1.0], [0, 1, 0], [0, 0, -1]])
    edges = edge_features(
        np.array([[SPREAD, 0.0]] * 3), normals, np.array([[1, 2], [0, 2], [0, 1]])
    )
    assert edges[:, :, 0] == pytest.approx(np.tile([np.exp(-1), 1], (3, 1)))
    assert edges[:, :, 1] == pytest.approx(np.array([[0.5, 1], [0.5, 0.5], [1, 0.5]]))


def test_turning_and_shifting_a_protein_changes_little(graph, protein):
    turn = random_rotation(np.random.default_rng(3)).T
    there = protein.with_coordinates(protein.coords @ turn + 7, protein.centers @ turn + 7)
    turned = build_graph(there)
    assert (turned.neighbours == graph.neighbours).mean() > 0.999  # but for equal distances
    assert turned.edges == pytest.approx(graph.edges, abs=1e-3)
    for name in ("protrusion", "half_spheres", "hydrophobicity", "amino_acid"):
        assert turned.features[name] == pytest.approx(graph.features[name], abs=1e-3), name
    for name, limit in (("depth", 0.3), ("exposure", 0.05)):  # voxels and points do not turn
        change = np.abs(turned.features[name] - graph.features[name])
        assert change.mean() < limit, name


def test_a_graph_is_computed_once_and_kept(protein, graph, tmp_path, monkeypatch):
    kept_graph(protein, tmp_path)
    monkeypatch.setattr(residue_graph, "build_graph", None)
    again = kept_graph(protein, tmp_path)
    assert (again.neighbours == graph.neighbours).all() and (again.edges == graph.edges).all()
    assert again.features.keys() == graph.features.keys()
    assert all((again.features[name] == graph.features[name]).all() for name in graph.features)


def test_too_few_residues_are_one_line():
    protein = build_protein("tiny", [one_atom((4 * k, 0, 0), k) for k in range(NEIGHBOURS)])
    with pytest.raises(DatasetError, match="tiny: more than 20 residues are needed"):
        build_graph(protein)
