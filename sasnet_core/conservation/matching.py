"""Which profile belongs to which chain, by alignment of their sequences."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.conservation.profile import empty_profile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sasnet_core.conservation.profile import Profile

#: A profile belongs to a chain if this share of the shorter sequence is identical.
LEAST_IDENTITY = 0.9
#: Letters of a word that sequences of the same protein share.
WORD = 6
#: Costs of the first residue of a gap, and of each further one.
_GAPS = (-12, -1)


def align_rows(sequence: str, target: str) -> tuple[np.ndarray, float]:
    """Map the residues of a sequence onto a longer one of the same protein.

    Parameters
    ----------
    sequence, target : str
        One-letter codes. Ends that do not overlap cost nothing.

    Returns
    -------
    rows : ndarray, shape (len(sequence),), int64
        Row in the target for each residue, -1 where there is none.
    identity : float
        Identical residues divided by the length of the shorter sequence, 0 to 1.

    Examples
    --------
    >>> rows, identity = align_rows("TAYIA", "MKTAYIAKQ")
    >>> rows.tolist(), identity
    ([2, 3, 4, 5, 6], 1.0)
    """
    from biotite.sequence import ProteinSequence
    from biotite.sequence.align import SubstitutionMatrix, align_optimal

    rows = np.full(len(sequence), -1, np.int64)
    if not sequence or not target:
        return rows, 0.0
    both = [ProteinSequence(_known(text)) for text in (sequence, target)]
    matrix = SubstitutionMatrix.std_protein_matrix()
    found = align_optimal(*both, matrix, gap_penalty=_GAPS, terminal_penalty=False, max_number=1)[0]
    pairs = found.trace[(found.trace >= 0).all(axis=1)]
    rows[pairs[:, 0]] = pairs[:, 1]
    same = sum(sequence[a] == target[b] for a, b in pairs.tolist())
    return rows, same / min(len(sequence), len(target))


def _known(sequence: str) -> str:
    """Replace letters that biotite's alphabet does not have by X."""
    return "".join(c if c in "ACDEFGHIKLMNPQRSTVWYBZX" else "X" for c in sequence.upper())


def match_profiles(sequences: Mapping[str, str], profiles: Sequence[Profile]) -> dict[str, Profile]:
    """Give each chain the profile that shares most residues with it.

    Parameters
    ----------
    sequences : mapping
        Chain -> observed sequence.
    profiles : sequence of Profile
        Profiles in any order; several chains may share one.

    Returns
    -------
    dict
        Chain -> profile. Chains with no profile of 90 % identity or more are missing.
    """
    matches = {}
    for chain, sequence in sequences.items():
        near = [profile for profile in profiles if _share_word(sequence, profile.sequence)]
        found = [(*_likeness(sequence, profile.sequence), profile) for profile in near]
        fitting = [each for each in found if each[0] >= LEAST_IDENTITY]
        if fitting:
            matches[chain] = max(fitting, key=lambda each: each[1])[2]
    return matches


def observed_part(profile: Profile, sequence: str) -> Profile:
    """Cut the rows of a chain's observed residues out of the profile of its protein.

    Residues that the profile does not cover get rows of `empty_profile`.
    """
    if profile.sequence == sequence:
        return profile
    rows = align_rows(sequence, profile.sequence)[0]
    here = rows >= 0
    part = replace(empty_profile(sequence), homologs=profile.homologs)
    for name in ("scores", "frequencies", "information", "weight", "depths"):
        getattr(part, name)[here] = getattr(profile, name)[rows[here]]
    return part


def _share_word(sequence: str, target: str) -> bool:
    """Return whether both have a word of a few letters: cheap, and true of all that are alike."""
    if min(len(sequence), len(target)) < 2 * WORD:  # too short to tell
        return True
    one, other = (
        {text[k : k + WORD] for k in range(len(text) - WORD + 1)} for text in (sequence, target)
    )
    return not one.isdisjoint(other)


def _likeness(sequence: str, target: str) -> tuple[float, float]:
    """Return the identity of two sequences, and the number of identical residues."""
    shorter = min(len(sequence), len(target))
    identity = 1.0 if sequence == target else align_rows(sequence, target)[1]
    return identity, identity * shorter
