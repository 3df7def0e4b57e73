"""Contacts and buried areas of real complexes, beside brute force and another program."""

import itertools

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from sasnet_core.mining.entries import structure_files
from sasnet_core.structure import reading
from sasnet_core.structure.contacts import contacts
from sasnet_core.structure.surface import buried_area

CUTOFF, PROBE = 6.0, 1.4
#: Van der Waals radii of C, O, N and S in angstrom (Bondi 1964).
BONDI = np.array([1.70, 1.52, 1.55, 1.80])


def touching_pairs(folder, count):
    """Take pairs of chains in contact, two per file at most, from files in random order."""
    files = structure_files(folder)
    found = []
    for row in np.random.default_rng(3).permutation(len(files)):
        entry = reading.read(files[row])
        proteins = [entry.protein([chain]) for chain in entry.chain_ids()[:4]]
        pairs = itertools.combinations(proteins, 2)
        near = (pair for pair in pairs if len(contacts(*pair)) >= 20)
        found += itertools.islice(near, 2)
        if len(found) >= count:
            return found[:count]
    raise AssertionError(f"{len(found)} pairs of {count}")


@pytest.fixture(scope="module", params=[25, pytest.param(200, marks=pytest.mark.sweep)])
def pairs(request, shared_data):
    return touching_pairs(shared_data / "complexes", request.param)


@pytest.mark.slow
def test_contacts_of_complexes_are_those_of_all_distances(pairs):
    for left, right in pairs:
        near = cdist(left.coords.astype(float), right.coords.astype(float)) <= CUTOFF
        rows, columns = np.nonzero(near)
        residues = np.stack([left.atom_residues[rows], right.atom_residues[columns]], axis=1)
        expected = np.unique(residues[(residues >= 0).all(axis=1)], axis=0)
        np.testing.assert_array_equal(contacts(left, right), expected, left.name)


@pytest.mark.slow
def test_buried_areas_of_complexes_are_those_of_freesasa(pairs):
    freesasa = pytest.importorskip("freesasa")
    parameters = freesasa.Parameters(
        {"algorithm": freesasa.LeeRichards, "n-slices": 20, "probe-radius": PROBE, "n-threads": 1}
    )

    def area(*proteins):
        coords = np.concatenate([p.coords for p in proteins]).astype(float).ravel()
        radii = BONDI[np.concatenate([p.elements for p in proteins])]
        return freesasa.calcCoord(coords, radii, parameters).totalArea()

    # Channels other than C, O, N and S have radii that only we need.
    plain = [pair for pair in pairs if all((p.elements >= 0).all() for p in pair)][:100]
    assert len(plain) >= min(len(pairs) - 5, 100)
    errors = {}
    for left, right in plain:
        expected = area(left) + area(right) - area(left, right)
        errors[left.name, right.name] = buried_area(left, right) / expected - 1
    worst = max(errors, key=lambda pair: abs(errors[pair]))
    assert abs(errors[worst]) < 0.02, (worst, errors[worst])
