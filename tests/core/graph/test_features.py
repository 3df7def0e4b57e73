"""Features of residues: hand values, Biopython."""

import numpy as np
import pytest
from Bio.PDB.Atom import Atom
from Bio.PDB.Chain import Chain
from Bio.PDB.HSExposure import HSExposureCB
from Bio.PDB.Model import Model
from Bio.PDB.Residue import Residue
from Bio.SeqUtils.ProtParamData import kd

from sasnet_core.graph import features
from sasnet_core.graph.backbone import find_backbone, side_chain_directions
from sasnet_core.structure.chemistry import AMINO_ACIDS, one_letter
from tests.core.build import RawAtom, RawResidue, build_protein
from tests.core.graph.build_residues import one_atom


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
