"""Antibodies are recognized by the variable domain of their heavy chain."""

from types import SimpleNamespace

import numpy as np
import pytest

from sasnet_core.dataset.db5 import read_case, read_table
from sasnet_core.structure.antibody import (
    ANTIBODY,
    ANTIGEN,
    is_antibody,
    kind_alone,
    kinds_of,
)
from tests.conftest import SHARED

#: Made up, with the marks of each kind: heavy and light chain, T-cell receptor, trypsin.
BEFORE = "EVQLVESGGGLVQPGGSLRLS"
HEAVY = BEFORE + "C" + "A" * 13 + "W" + "S" * 56 + "YYC" + "ARDG" + "WGQGTLVTVSS"
LIGHT = BEFORE + "C" + "A" * 11 + "W" + "S" * 52 + "YYC" + "QQYN" + "FGQGTKLEIK"
SERINE_PROTEASE = BEFORE + "C" + "A" * 13 + "W" + "S" * 56 + "AAC" + "QGDS" + "WGSGCAQ"


def protein(**chains):
    """Stand in for a protein: its chains and their letters."""
    ids = np.concatenate([[name] * len(letters) for name, letters in chains.items()])
    return SimpleNamespace(sequence="".join(chains.values()), chain_ids=ids)


@pytest.mark.parametrize(
    ("chains", "expected"),
    [
        ({"H": HEAVY}, True),
        ({"L": LIGHT, "H": HEAVY}, True),
        ({"L": LIGHT}, False),
        ({"E": SERINE_PROTEASE}, False),
        ({"H": HEAVY.replace("A" * 13, "A" * 10)}, True),  # residues that are not resolved
        ({"A": HEAVY[:50], "B": HEAVY[50:]}, False),  # not in one chain
    ],
)
def test_a_heavy_chain_makes_an_antibody(chains, expected):
    assert is_antibody(protein(**chains)) is expected
    assert kind_alone(protein(**chains)) == (ANTIBODY if expected else "")


def test_an_antigen_is_what_an_antibody_binds():
    antibody, antigen = protein(H=HEAVY), protein(A="MKT" * 30)
    assert kinds_of(antibody, antigen) == (ANTIBODY, ANTIGEN)
    assert kinds_of(antigen, antibody) == (ANTIGEN, ANTIBODY)
    assert kinds_of(antigen, antigen) == kinds_of(antibody, antibody) == ("", "")


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no structures at {SHARED}")
@pytest.mark.parametrize(
    ("code", "expected"),
    [("1AHW", (ANTIBODY, ANTIGEN)), ("1KXQ", (ANTIGEN, ANTIBODY)), ("1AVX", ("", "")),
     ("1SBB", ("", ""))],
)  # fmt: skip
def test_complexes_of_the_benchmark_are_told_apart(code, expected):
    """1KXQ has a nanobody as its ligand, 1AVX a trypsin, 1SBB a T-cell receptor."""
    (entry,) = [row for row in read_table(SHARED / "db5") if row["code"] == code]
    case = read_case(SHARED / "db5", entry)
    assert kinds_of(case.unbound.left, case.unbound.right) == expected
