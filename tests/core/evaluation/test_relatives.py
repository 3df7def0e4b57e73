"""Relatives are found by either protein, and only above the limit."""

import numpy as np
import pytest

pytest.importorskip("pyopal")

from dataclasses import replace  # noqa: E402

from sasnet_core.dataset.complexes import Complex, read_manifest  # noqa: E402
from sasnet_core.evaluation.relatives import find_relatives  # noqa: E402
from tests.core.build import random_protein, write_dataset  # noqa: E402

LETTERS = np.array(
    "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL".split()
)


def protein(seed, mutated=False):
    """A protein of 80 residues; mutated, every fourth is another."""
    rng = np.random.default_rng(seed)
    names = rng.choice(LETTERS, 80)
    if mutated:
        names[::4] = np.roll(names, 1)[::4]
    return replace(random_protein(seed, 80), residue_names=names)


@pytest.fixture
def dataset(tmp_path):
    sides = {
        "known": (protein(1), protein(2)),
        "left": (protein(1, mutated=True), protein(3)),
        "right": (protein(4), protein(2, mutated=True)),
        "apart": (protein(5), protein(6)),
    }
    none = np.zeros((0, 2), np.int32)
    complexes = [Complex(name, *pair, none) for name, pair in sides.items()]
    return write_dataset(tmp_path, complexes, list("abcd"))


def test_a_complex_is_a_relative_by_either_protein(dataset):
    known, *rows = read_manifest(dataset)
    assert find_relatives(dataset, rows, [known]) == {"left", "right"}


def test_the_limit_decides(dataset):
    known, *rows = read_manifest(dataset)
    assert find_relatives(dataset, rows, [known], limit=0.95) == set()
