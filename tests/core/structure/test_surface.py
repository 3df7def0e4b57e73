from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core.config import EXPOSED_SHARE
from sasnet_core.structure import reading
from sasnet_core.structure.surface import (
    atom_radii,
    buried_area,
    exposed_area,
    relative_exposure,
)
from tests.core.build import RawAtom, RawResidue, build_protein, moved, random_protein


def carbons(*residue_names):
    """Make residues of one carbon each, far apart."""
    return build_protein("p", [
        RawResidue("A", str(k), "", name, (RawAtom("CA", "C", "", 1.0, (50.0 * k, 0.0, 0.0)),))
        for k, name in enumerate(residue_names)
    ])  # fmt: skip


#: Area of a carbon's sphere, grown by the probe, in square angstrom.
SPHERE = 4 * np.pi * (1.70 + 1.4) ** 2


def test_radii_are_those_of_bondi_and_of_iron_for_metals():
    assert list(atom_radii().values()) == [1.70, 1.52, 1.55, 1.80, 2.05]


def test_an_atom_in_no_channel_is_taken_as_iron():
    metal = replace(carbons("GLY"), elements=np.array([-1], np.int8))
    assert exposed_area(metal)[0] == pytest.approx(4 * np.pi * (2.05 + 1.4) ** 2, rel=0.02)


def test_a_lone_carbon_exposes_the_sphere_of_its_radius_and_the_probe():
    assert exposed_area(carbons("GLY"))[0] == pytest.approx(SPHERE, rel=0.02)


def test_exposure_is_relative_to_the_largest_area_of_the_amino_acid():
    found = relative_exposure(carbons("GLY", "ALA", "TRP", "MSE"))
    expected = SPHERE / np.array([104, 129, 285, 224])  # Tien et al. 2013, theoretical
    np.testing.assert_allclose(found, expected, rtol=0.02)


def test_a_residue_is_exposed_from_15_percent_on():
    assert EXPOSED_SHARE == 0.15  # as haddock3 takes for passive residues


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
