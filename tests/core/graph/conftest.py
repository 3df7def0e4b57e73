"""What the tests of graphs share: a protein of PyMOL's demo structure, and its graph."""

import pytest

from sasnet_core.graph.residue_graph import build_graph
from sasnet_core.structure import reading
from tests.core.build import random_protein


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


@pytest.fixture(scope="module")
def two_graphs():
    """Graphs of 25 and 22 residues."""
    return [build_graph(random_protein(seed, size)) for seed, size in ((1, 25), (2, 22))]
