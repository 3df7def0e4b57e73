"""What the tests of graphs share: a protein of PyMOL's demo structure, and its graph."""

import pytest

from sasnet_core.graph.residue_graph import build_graph
from sasnet_core.structure import reading


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
