import numpy as np
import pytest

pytest.importorskip("pyopal")

from sasnet_core.structure.chain_matching import MOST_MAPS, equal_maps, map_residues  # noqa: E402
from tests.core.build import RawAtom, RawResidue, build_protein  # noqa: E402

NAMES = "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL".split()


def protein_of(chains):
    """Make CA-only chains of (name, residue names, first number, x of the chain)."""
    residues = []
    for chain, names, first, x in chains:
        for row, name in enumerate(names):
            atom = RawAtom("CA", "C", "", 1.0, (x, 3.8 * row, 0.0))
            residues.append(RawResidue(chain, str(first + row), "", name, (atom,)))
    return build_protein("p", residues)


def names(seed, length=40):
    return np.random.default_rng(seed).choice(NAMES, length).tolist()


def test_residues_are_mapped_by_sequence_and_not_by_number():
    bound = protein_of([("A", names(1), 1, 0)])
    unbound = protein_of([("X", names(1)[4:], 300, 0)])
    rows = map_residues(bound, unbound)
    assert rows.tolist() == [-1] * 4 + list(range(36))


def test_chains_are_matched_whatever_their_order():
    bound = protein_of([("H", names(1), 1, 0), ("L", names(2), 1, 50)])
    unbound = protein_of([("A", names(2), 1, 50), ("B", names(1), 1, 0)])
    assert map_residues(bound, unbound).tolist() == [*range(40, 80), *range(40)]


def test_of_equal_chains_the_nearer_is_taken():
    bound = protein_of([("A", names(1), 1, 0), ("B", names(1), 1, 50)])
    unbound = protein_of([("B", names(1), 1, 51), ("A", names(1), 1, 1)])
    assert map_residues(bound, unbound).tolist() == [*range(40, 80), *range(40)]


def test_a_chain_of_another_protein_is_not_mapped():
    bound = protein_of([("A", names(1), 1, 0)])
    assert set(map_residues(bound, protein_of([("A", names(2), 1, 0)])).tolist()) == {-1}


def test_equal_chains_are_matched_in_every_way_equal_names_first():
    source = protein_of([("A", names(1), 1, 0), ("B", names(1), 1, 50), ("C", names(2), 1, 99)])
    target = protein_of([("C", names(2), 1, 0), ("A", names(1), 1, 99), ("B", names(1), 1, 7)])
    one, two = (rows.tolist() for rows in equal_maps(source, target))
    assert one == [*range(40, 80), *range(80, 120), *range(40)]
    assert two == [*range(80, 120), *range(40, 80), *range(40)]


def test_a_chain_may_be_matched_with_a_copy_that_the_source_lacks():
    source = protein_of([("A", names(1), 1, 0)])
    target = protein_of([("X", names(1), 1, 0), ("Y", names(1), 1, 9)])
    assert [rows[0] for rows in equal_maps(source, target)] == [0, 40]


def test_chains_that_differ_are_matched_in_one_way():
    source = protein_of([("H", names(1), 1, 0), ("L", names(2), 1, 50)])
    target = protein_of([("A", names(2), 1, 0), ("B", names(1)[:-1] + ["TRP"], 1, 0)])
    (rows,) = equal_maps(source, target)
    assert rows[:39].tolist() == list(range(40, 79)) and rows[40:].tolist() == list(range(40))


def test_the_ways_are_limited():
    chains = [(letter, names(1, 12), 1, 0) for letter in "ABCDEF"]
    found = equal_maps(protein_of(chains), protein_of(chains))
    assert len(found) == MOST_MAPS
    assert found[0].tolist() == list(range(72))
