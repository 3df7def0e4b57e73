"""Backbone atoms by geometry, and what is derived from them."""

import numpy as np
import pytest

from sasnet_core.graph.backbone import find_backbone, plane_normals


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


def test_planes_stand_upright_on_their_atoms(protein):
    backbone = find_backbone(protein)
    normals = plane_normals(protein, backbone)
    bond = protein.coords[backbone.carbon] - protein.centers
    assert np.abs((normals * bond).sum(axis=1)).max() < 1e-4
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1)
