import csv
import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sasnet_core.conservation.profile import COLUMNS, empty_profile, save_profile
from sasnet_core.conservation.residues import chain_sequences, residue_profile, stored_profiles
from sasnet_core.conservation.store import profile_path
from sasnet_core.structure import reading
from sasnet_core.structure.protein import Protein
from tests.conftest import SHARED

#: Profiles of two chains of docking benchmark 5, made with the database of docs/conservation.md.
KEPT = Path(__file__).with_name("profiles")
CHAINS = [("1F6M", "ligand", "l"), ("1JK9", "ligand", "l")]
OTHERS = SHARED / "conservation" / "db5_unbound_pssm.csv.gz"


def profile_of(sequence, homologs=7):
    rows = np.arange(len(sequence) * 20, dtype=np.int16).reshape(-1, 20)
    shares = np.full((len(sequence), 20), 0.05, np.float32)
    depths = np.arange(len(sequence), dtype=np.int32)
    return replace(
        empty_profile(sequence),
        scores=rows,
        frequencies=shares,
        depths=depths,
        information=depths - 1.0,
        homologs=homologs,
    )


def protein_of(*chains):
    """Make a protein of chains, given as (name, sequence), without reading a file."""
    names = {"A": "ALA", "R": "ARG", "N": "ASN", "D": "ASP", "K": "LYS", "W": "TRP"}
    letters = "".join(sequence for _, sequence in chains)
    size = len(letters)
    return Protein(
        name="made up",
        coords=np.zeros((size, 3), np.float32),
        elements=np.zeros(size, np.int8),
        atom_residues=np.arange(size, dtype=np.int32),
        centers=np.arange(3 * size, dtype=np.float32).reshape(-1, 3),
        chain_ids=np.array([name for name, sequence in chains for _ in sequence]),
        residue_ids=np.array([str(k) for k in range(size)]),
        residue_names=np.array([names[letter] for letter in letters]),
        segment_ids=np.array([name for name, sequence in chains for _ in sequence]),
    )


def test_each_chain_has_its_own_sequence():
    protein = protein_of(("H", "ARN"), ("L", "DW"))
    assert chain_sequences(protein) == {"H": "ARN", "L": "DW"}


def test_rows_of_a_longer_profile_reach_the_residues_observed():
    sequence = "WWKKAARRNNDDWWKK"
    protein = protein_of(("A", sequence[4:10]), ("B", "DDDD"))
    laid = residue_profile(protein, {"A": profile_of(sequence)})
    assert laid.depths.tolist() == [4, 5, 6, 7, 8, 9, 0, 0, 0, 0]
    assert laid.found.tolist() == [True] * 6 + [False] * 4
    np.testing.assert_array_equal(laid.scores[0], profile_of(sequence).scores[4])
    assert laid.scores[6, COLUMNS.index("D")] == 6  # BLOSUM62
    assert laid.information.tolist() == [3, 4, 5, 6, 7, 8, 0, 0, 0, 0]
    assert laid.homologs == {"A": 7}


def test_a_window_holds_neighbours_in_the_profile_even_those_not_observed():
    sequence = "WWKKAARRNNDDKAKA"
    laid = residue_profile(protein_of(("A", sequence[:7])), {"A": profile_of(sequence)})
    rows = profile_of(sequence).scores
    np.testing.assert_array_equal(laid.windows[6], rows[4:9].ravel())
    np.testing.assert_array_equal(laid.windows[0], [*np.zeros(40), *rows[0:3].ravel()])


def test_profiles_are_looked_up_by_sequence(tmp_path):
    protein = protein_of(("A", "ARN"), ("B", "DW"))
    save_profile(profile_of("DW"), profile_path(tmp_path, "DW"))
    found = stored_profiles(protein, tmp_path)
    assert list(found) == ["B"]
    assert found["B"].sequence == "DW"


def others_scores(code, partner):
    """Read the profile of one chain that others made (blank chain names are omitted there)."""
    with gzip.open(OTHERS, "rt") as stream:
        rows = [r for r in csv.DictReader(stream) if (r["code"], r["partner"]) == (code, partner)]
    rows = [r for r in rows if r["chain"] == rows[0]["chain"]]
    return {r["residue_id"]: [float(r[letter]) for letter in COLUMNS] for r in rows}


@pytest.mark.skipif(not OTHERS.is_file(), reason=f"no profiles of others at {OTHERS}")
@pytest.mark.parametrize(("code", "partner", "side"), CHAINS)
def test_profiles_are_like_those_that_others_made(code, partner, side):
    protein = reading.read(SHARED / "db5" / f"{code}_{side}_u.pdb.gz").protein()
    laid = residue_profile(protein, stored_profiles(protein, KEPT))
    assert laid.found.all()
    theirs = others_scores(code, partner)
    rows = [k for k, name in enumerate(protein.residue_ids.tolist()) if name in theirs]
    assert len(rows) > 0.9 * protein.n_residues
    other = np.array([theirs[protein.residue_ids[k]] for k in rows])
    columns = [np.corrcoef(laid.scores[rows, c], other[:, c])[0, 1] for c in range(20)]
    assert np.median(columns) > 0.8
    assert min(columns) > 0.6
