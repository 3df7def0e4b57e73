from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from sasnet_core.structure import reading
from sasnet_core.structure.contacts import contact_matrix, contacts
from sasnet_core.structure.surface import buried_area, exposed_area
from sasnet_core.training.negatives import sample_negatives
from tests.core.build import (
    RawAtom,
    RawResidue,
    build_protein,
    moved,
    random_complex,
    random_protein,
)


def one_atom(x, *more):
    atoms = [RawAtom("CA", "C", "", 1.0, (x, 0.0, 0.0)), *more]
    return build_protein("p", [RawResidue("A", "1", "", "GLY", tuple(atoms))])


def brute_force(left, right, cutoff):
    distances = np.linalg.norm(
        left.coords[:, None].astype(float) - right.coords[None].astype(float), axis=2
    )
    near = np.argwhere(distances <= cutoff)
    pairs = {(int(left.atom_residues[i]), int(right.atom_residues[j])) for i, j in near}
    return sorted(pair for pair in pairs if min(pair) >= 0)


@given(seed=st.integers(0, 99), cutoff=st.sampled_from([2.0, 6.0, 9.0]))
def test_contacts_are_those_of_all_atom_distances(seed, cutoff):
    item = random_complex(seed)
    found = contacts(item.left, item.right, cutoff)
    assert found.dtype == np.int32
    assert list(map(tuple, found.tolist())) == brute_force(item.left, item.right, cutoff)


def test_contacts_of_a_real_complex(demo_pdb):
    entry = reading.read(demo_pdb)
    left, right = entry.protein(["D"]), entry.protein(["E"])
    found = contacts(left, right)
    assert len(found) > 50
    assert list(map(tuple, found.tolist())) == brute_force(left, right, 6.0)


def test_the_cutoff_is_inclusive_and_6_angstrom_by_default():
    assert contacts(one_atom(0), one_atom(6)).tolist() == [[0, 0]]
    assert contacts(one_atom(0), one_atom(6.001)).shape == (0, 2)


def test_atoms_in_one_place_are_in_contact():
    assert contacts(one_atom(0), one_atom(0)).tolist() == [[0, 0]]


def test_side_chain_atoms_make_contacts_and_hydrogens_do_not():
    right = one_atom(20)
    assert len(contacts(one_atom(0, RawAtom("CZ", "C", "", 1.0, (15.0, 0.0, 0.0))), right)) == 1
    assert len(contacts(one_atom(0, RawAtom("HZ", "H", "", 1.0, (15.0, 0.0, 0.0))), right)) == 0


def test_a_residue_without_ca_is_in_no_pair():
    residues = [
        RawResidue("A", "1", "", "GLY", (RawAtom("N", "N", "", 1.0, (0.0, 0.0, 0.0)),)),
        RawResidue("A", "2", "", "GLY", (RawAtom("CA", "C", "", 1.0, (9.0, 0.0, 0.0)),)),
    ]
    assert contacts(build_protein("p", residues), one_atom(0)).shape == (0, 2)


def test_negatives_are_never_contacts_and_all_others_come_alike():
    pairs = np.array([[0, 0], [1, 2], [2, 1]])
    drawn = sample_negatives(pairs, 3, 4, 9000, np.random.default_rng(0))
    assert drawn.shape == (9000, 2) and drawn.dtype == np.int32
    counts = np.zeros((3, 4), int)
    np.add.at(counts, tuple(drawn.T), 1)
    touching = contact_matrix(pairs, 3, 4)
    assert counts[touching].sum() == 0
    assert chisquare(counts[~touching]).pvalue > 1e-3


def test_no_negatives_where_every_pair_touches():
    assert sample_negatives(np.array([[0, 0]]), 1, 1, 5, np.random.default_rng(0)).shape == (0, 2)


def test_a_lone_carbon_exposes_the_sphere_of_its_radius_and_the_probe():
    area = exposed_area(one_atom(0))[0]
    assert area == pytest.approx(4 * np.pi * (1.70 + 1.4) ** 2, rel=0.02)


def test_a_shielded_residue_is_less_exposed():
    protein = random_protein(1, 30)
    areas = exposed_area(protein)
    assert areas.shape == (30,) and (areas >= 0).all()
    middle = np.linalg.norm(protein.centers - protein.centers.mean(axis=0), axis=1)
    nearest, farthest = np.argsort(middle)[:8], np.argsort(middle)[-8:]
    assert areas[nearest].mean() < areas[farthest].mean()


def test_buried_area_of_a_real_complex(demo_pdb):
    entry = reading.read(demo_pdb)
    left, right = entry.protein(["D"]), entry.protein(["E"])
    area = buried_area(left, right)
    assert 1500 < area < 4500  # neighbours in the pentamer of a B subunit
    assert buried_area(right, left) == pytest.approx(area, rel=1e-3)
    assert area < exposed_area(left).sum() + exposed_area(right).sum()


def buried_area_of_all_atoms(left, right):
    whole = replace(
        left,
        coords=np.concatenate([left.coords, right.coords]),
        elements=np.concatenate([left.elements, right.elements]),
        atom_residues=np.concatenate([left.atom_residues * 0, right.atom_residues * 0]),
    )
    parts = [replace(p, atom_residues=p.atom_residues * 0) for p in (left, right)]
    return sum(exposed_area(p).sum() for p in parts) - exposed_area(whole).sum()


@given(seed=st.integers(0, 99), distance=st.floats(0, 14))
def test_buried_area_is_that_of_all_atoms_though_few_are_computed(seed, distance):
    left = random_protein([seed, 0], 25)
    right = moved(random_protein([seed, 1], 20, "B"), np.eye(3), (distance, 0, 0))
    expected = buried_area_of_all_atoms(left, right)
    assert buried_area(left, right) == pytest.approx(expected, rel=1e-5, abs=0.01)


def test_buried_area_of_a_real_complex_is_that_of_all_atoms(demo_pdb):
    entry = reading.read(demo_pdb)
    for chains in ("DE", "AC", "AD", "EG"):
        left, right = (entry.protein([chain]) for chain in chains)
        expected = buried_area_of_all_atoms(left, right)
        assert buried_area(left, right) == pytest.approx(expected, rel=1e-5, abs=0.1)


def test_proteins_apart_bury_nothing():
    left = random_protein(1)
    assert buried_area(left, moved(left, np.eye(3), (80, 0, 0))) == pytest.approx(0, abs=1e-3)
