import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core.structure import reading
from sasnet_core.structure.contacts import contact_matrix, contacts
from tests.core.build import RawAtom, RawResidue, build_protein, random_complex


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


def test_a_contact_matrix_is_true_at_the_contacts_alone():
    assert contact_matrix(np.array([[0, 2], [1, 0]]), 2, 3).tolist() == [
        [False, False, True],
        [True, False, False],
    ]
