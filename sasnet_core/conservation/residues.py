"""Profiles of a protein's chains as numbers for each of its residues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.conservation.matching import align_rows
from sasnet_core.conservation.profile import COLUMNS, empty_profile
from sasnet_core.conservation.store import find_profile, read_settings
from sasnet_core.structure.chemistry import one_letter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sasnet_core.conservation.profile import Profile
    from sasnet_core.structure.protein import Protein


@dataclass(frozen=True)
class ResidueProfile:
    """Rows of profiles, one for each residue of a protein."""

    scores: np.ndarray  # (n_residues, 20) float32, half bits, columns as in profile.COLUMNS
    frequencies: np.ndarray  # (n_residues, 20) float32, weighted observed shares, 0 to 1
    information: np.ndarray  # (n_residues,) float32, bits, 0 or more
    weight: np.ndarray  # (n_residues,) float32, of observed against expected amino acids
    depths: np.ndarray  # (n_residues,) int32, homologs aligned to it; -1: not known
    windows: np.ndarray  # (n_residues, 5 * 20) float32, scores of it and its sequence neighbours
    found: np.ndarray  # (n_residues,) bool, whether its chain has homologs
    homologs: Mapping[str, int]  # of each chain; -1: not known


#: Residues in a window of the sequence (paper: 5).
WINDOW = 5


def chain_sequences(protein: Protein) -> dict[str, str]:
    """Return the sequence of observed residues of each chain, by the chain's name."""
    letters = np.array([one_letter(name) for name in protein.residue_names.tolist()])
    chains = dict.fromkeys(protein.chain_ids.tolist())
    return {chain: "".join(letters[protein.chain_ids == chain]) for chain in chains}


def stored_profiles(protein: Protein, folder: Path) -> dict[str, Profile]:
    """Look up the profiles of a protein's chains in a folder of `train.pssm`.

    Returns
    -------
    dict
        Chain -> profile. Chains that the folder does not hold are missing.
    """
    found = {c: find_profile(folder, s) for c, s in chain_sequences(protein).items()}
    return {chain: profile for chain, profile in found.items() if profile is not None}


def profile_finder(folder: Path) -> Callable[[Protein], ResidueProfile]:
    """Return a function that lays the profiles of a folder of `train.pssm` over proteins.

    Raises
    ------
    ProfileError
        The folder is none.
    """
    read_settings(folder)
    return lambda protein: residue_profile(protein, stored_profiles(protein, folder))


def residue_profile(
    protein: Protein, profiles: Mapping[str, Profile], window: int = WINDOW
) -> ResidueProfile:
    """Lay the profiles of chains over the residues of a protein.

    Parameters
    ----------
    protein : Protein
        The protein.
    profiles : mapping
        Chain -> profile of its sequence, or of a longer one that contains it. A chain without one
        gets that of `empty_profile`.
    window : int
        Residues in a window, an odd number.

    Returns
    -------
    ResidueProfile
        Residues that a profile does not cover have rows of BLOSUM62 and are not `found`.
    """
    sequences = chain_sequences(protein)
    size, count = protein.n_residues, len(COLUMNS)
    shapes = {"scores": (count,), "frequencies": (count,), "information": (), "weight": ()}
    columns = {name: np.zeros((size, *shape), np.float32) for name, shape in shapes.items()}
    depths, found = np.zeros(size, np.int32), np.zeros(size, bool)
    windows = np.zeros((size, window * count), np.float32)
    for chain, sequence in sequences.items():
        rows = np.flatnonzero(protein.chain_ids == chain)
        empty = empty_profile(sequence)
        for profile in (empty, profiles.get(chain, empty)):
            places = map_rows(sequence, profile.sequence)
            here, there = rows[places >= 0], places[places >= 0]
            for name, column in columns.items():
                column[here] = getattr(profile, name)[there]
            depths[here], found[here] = profile.depths[there], not profile.is_empty
            windows[here] = sequence_windows(profile.scores, window)[there]
    columns["information"] = np.maximum(columns["information"], 0)
    homologs = {chain: profiles[chain].homologs for chain in sequences if chain in profiles}
    return ResidueProfile(**columns, depths=depths, windows=windows, found=found, homologs=homologs)


def sequence_windows(rows: np.ndarray, window: int) -> np.ndarray:
    """Join each row with those before and after it; zeros beyond the ends.

    Parameters
    ----------
    rows : ndarray, shape (length, n_columns)
        A profile's scores, say.
    window : int
        Rows in a window, an odd number.

    Returns
    -------
    ndarray, shape (length, window * n_columns), float32

    Examples
    --------
    >>> sequence_windows(np.array([[1], [2], [3]]), 3).tolist()
    [[0.0, 1.0, 2.0], [1.0, 2.0, 3.0], [2.0, 3.0, 0.0]]
    """
    half = window // 2
    padded = np.pad(rows.astype(np.float32), ((half, half), (0, 0)))
    return np.hstack([padded[k : k + len(rows)] for k in range(window)])


def map_rows(sequence: str, profile_sequence: str) -> np.ndarray:
    """Map a chain's observed residues onto the sequence of a profile.

    Returns
    -------
    ndarray, shape (len(sequence),), int64
        Row of the profile for each residue, -1 where there is none.
    """
    if sequence == profile_sequence:
        return np.arange(len(sequence))
    return align_rows(sequence, profile_sequence)[0]
