"""Features and graphs of the compared methods: hand values, Biopython, turning, keeping."""

import numpy as np
import pytest
from Bio.PDB.Atom import Atom
from Bio.PDB.Chain import Chain
from Bio.PDB.HSExposure import HSExposureCB
from Bio.PDB.Model import Model
from Bio.PDB.Residue import Residue
from Bio.SeqUtils.ProtParamData import kd

from sasnet_core.errors import DatasetError
from sasnet_core.graph import features
from sasnet_core.graph.backbone import find_backbone, plane_normals, side_chain_directions
from sasnet_core.graph.residue_graph import (
    NEIGHBOURS,
    SPREAD,
    build_graph,
    edge_features,
    kept_graph,
)
from sasnet_core.structure import reading
from sasnet_core.structure.chemistry import AMINO_ACIDS, one_letter
from sasnet_core.structure.rotations import random_rotation
from tests.core.build import RawAtom, RawResidue, build_protein


@pytest.fixture(scope="module")
def structure(demo_pdb):
    return reading.read(demo_pdb)


@pytest.fixture(scope="module")
def protein(structure):
    """Chain D of the demo: 98 residues, glycines among them."""
    return structure.protein(["D"])


@pytest.fixture(scope="module")
def graph(protein):
    return build_graph(protein)


def one_atom(position, number, name="ALA"):
    return RawResidue("A", str(number), "A", name, (RawAtom("CA", "C", "", 1.0, position),))


def test_geometry_finds_the_atoms_that_the_file_names(protein, demo_pdb):
    """Compared with the atom names, which datasets do not keep."""
    named = {}
    for line in demo_pdb.read_text().splitlines():
        if line.startswith("ATOM") and line[21] == "D":
            place = tuple(float(line[k : k + 8]) for k in (30, 38, 46))
            named[line[22:27].strip(), line[12:16].strip()] = np.float32(place)
    found = find_backbone(protein)
    for row, number in enumerate(protein.residue_ids.tolist()):
        for name, atoms in (("N", found.nitrogen), ("C", found.carbon), ("CB", found.beta)):
            if (number, name) in named:
                assert np.allclose(protein.coords[atoms[row]], named[number, name]), (number, name)
            else:
                assert name == "CB" and protein.residue_names[row] == "GLY"
                assert atoms[row] == -1


def biopython_model(protein):
    """Give Biopython the same atoms under their names."""
    backbone, chain = find_backbone(protein), Chain("A")
    for row, name in enumerate(protein.residue_names.tolist()):
        residue = Residue((" ", row, " "), name, "")
        places = {"CA": protein.centers[row]}
        places |= {
            atom: protein.coords[rows[row]]
            for atom, rows in (("N", backbone.nitrogen), ("C", backbone.carbon),
                               ("CB", backbone.beta)) if rows[row] >= 0
        }  # fmt: skip
        for number, (atom, place) in enumerate(places.items()):
            residue.add(Atom(atom, place.astype(float), 0, 1, " ", atom, number, atom[0]))
        chain.add(residue)
    model = Model(0)
    model.add(chain)
    return model


def test_half_spheres_hold_as_many_residues_as_biopython_counts(protein):
    between = np.linalg.norm(protein.centers[:, None] - protein.centers, axis=2)
    directions = side_chain_directions(protein, find_backbone(protein))
    counts = features.half_sphere_composition(protein, directions, between < 12)
    theirs = HSExposureCB(biopython_model(protein), radius=12)
    for row in range(protein.n_residues):
        up, down = theirs["A", (" ", row, " ")][:2]
        assert (counts[row, :20].sum(), counts[row, 20:].sum()) == (up, down), row


def test_half_spheres_count_amino_acids_on_each_side():
    atoms = {"ALA": (0, 0, 0), "TRP": (0, 0, 5), "LYS": (0, 1, -5), "GLY": (0, 0, 30)}
    protein = build_protein("p", [one_atom(xyz, k, n) for k, (n, xyz) in enumerate(atoms.items())])
    near = features.residue_distances(protein)[1] < 8
    up = np.tile([0.0, 0.0, 1.0], (4, 1))
    counts = features.half_sphere_composition(protein, up, near)
    letters = AMINO_ACIDS + AMINO_ACIDS.lower()
    found = [{letters[k]: row[k] for k in np.flatnonzero(row)} for row in counts]
    assert found == [{"W": 1, "k": 1}, {"a": 1}, {"A": 1}, {}]


def test_distances_are_means_and_minima_over_atoms():
    protein = build_protein(
        "p",
        [
            RawResidue("A", "1", "A", "GLY", (RawAtom("CA", "C", "", 1.0, (0, 0, 0)),
                                              RawAtom("N", "N", "", 1.0, (0, 0, 2)))),
            one_atom((0, 0, 6), 2),
        ],
    )  # fmt: skip
    mean, nearest = features.residue_distances(protein)
    assert mean.tolist() == [[1, 5], [5, 0]]
    assert nearest.tolist() == [[0, 4], [4, 0]]


def test_a_lone_atom_protrudes_from_its_sphere_and_lies_its_radius_deep():
    protein = build_protein("p", [one_atom((1, 2, 3), 1)])
    index = features.protrusion(protein, find_backbone(protein))[0]
    sphere, atom = 4 / 3 * np.pi * 1000, 20.1
    assert index == pytest.approx([(sphere - atom) / atom, 0, *[(sphere - atom) / atom] * 2, 0, 0])
    assert features.residue_depth(protein)[0] == pytest.approx([1.7, 1.7], abs=0.5)


def test_depth_is_the_way_to_the_outside_and_holes_do_not_count():
    """A hollow ball of atoms with an atom in its middle."""
    spiral = np.arange(700) + 0.5
    polar, turn = np.arccos(1 - 2 * spiral / 700), np.pi * (1 + 5**0.5) * spiral
    ball = 10 * np.stack(
        [np.cos(turn) * np.sin(polar), np.sin(turn) * np.sin(polar), np.cos(polar)], axis=1
    )
    protein = build_protein("p", [one_atom(tuple(x), k) for k, x in enumerate([*ball, (0, 0, 0)])])
    depths = features.residue_depth(protein)
    assert depths[-1] == pytest.approx([11.7, 11.7], abs=0.6)
    assert depths[:-1] == pytest.approx(1.7, abs=0.8)


def test_hydropathy_is_that_of_kyte_and_doolittle():
    assert dict(zip(AMINO_ACIDS, features.HYDROPATHY, strict=True)) == kd


def test_every_feature_has_its_width(graph, protein):
    assert {name: part.shape for name, part in graph.features.items()} == {
        name: (protein.n_residues, width) for name, width in features.WIDTHS.items()
    }
    assert all(np.isfinite(part).all() for part in graph.features.values())
    letters = graph.features["amino_acid"].argmax(axis=1)
    assert "".join(AMINO_ACIDS[k] for k in letters) == protein.sequence
    assert one_letter(protein.residue_names[0]) == AMINO_ACIDS[letters[0]]


def test_an_unknown_residue_has_no_amino_acid():
    assert not features.one_hot(np.array([-1])).any()


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


def test_planes_stand_upright_on_their_atoms(protein):
    backbone = find_backbone(protein)
    normals = plane_normals(protein, backbone)
    bond = protein.coords[backbone.carbon] - protein.centers
    assert np.abs((normals * bond).sum(axis=1)).max() < 1e-4
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1)


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
    monkeypatch.setattr("train.baselines.graphs.build_graph", None)
    again = kept_graph(protein, tmp_path)
    assert (again.neighbours == graph.neighbours).all() and (again.edges == graph.edges).all()
    assert again.features.keys() == graph.features.keys()
    assert all((again.features[name] == graph.features[name]).all() for name in graph.features)


def test_too_few_residues_are_one_line():
    protein = build_protein("tiny", [one_atom((4 * k, 0, 0), k) for k in range(NEIGHBOURS)])
    with pytest.raises(DatasetError, match="tiny: more than 20 residues are needed"):
        build_graph(protein)
