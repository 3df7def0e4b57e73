"""Profile: how often each amino acid stands at each position of a protein's relatives."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.errors import ProfileError
from sasnet_core.files import read_arrays, write_arrays

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: Columns of a profile: the order in which psiblast writes amino acids.
COLUMNS = "ARNDCQEGHILKMFPSTWYV"
#: Number of homologs where it is not known: ASCII PSSM files do not hold it.
UNKNOWN = -1
#: Words of a position's line: number, letter, scores, percentages, information, weight.
_WORDS = 2 + 2 * len(COLUMNS) + 2
#: Fields of a profile that are arrays.
_ARRAYS = ("scores", "frequencies", "information", "weight", "depths")


@dataclass(frozen=True)
class Profile:
    """A position-specific scoring matrix (PSSM), one row for each residue of its sequence."""

    sequence: str  # of the query
    scores: np.ndarray  # (length, 20) int16, half bits, columns as in `COLUMNS`
    frequencies: np.ndarray  # (length, 20) float32, weighted observed shares, 0 to 1
    information: np.ndarray  # (length,) float32, bits; -1 where the query has no amino acid
    weight: np.ndarray  # (length,) float32, of observed against expected amino acids
    depths: np.ndarray  # (length,) int32, homologs aligned to each residue, or `UNKNOWN`
    homologs: int  # found in the last search, or `UNKNOWN`

    @property
    def is_empty(self) -> bool:
        """Whether it holds no more than the sequence itself: no homolog was found."""
        return self.homologs == 0


def empty_profile(sequence: str) -> Profile:
    """Make the profile of a sequence without homologs: rows of BLOSUM62, no information.

    Examples
    --------
    >>> profile = empty_profile("AX")
    >>> profile.scores[0, :3].tolist(), profile.is_empty
    ([4, -1, -2], True)
    """
    from biotite.sequence.align import SubstitutionMatrix

    length = len(sequence)
    matrix = SubstitutionMatrix.std_protein_matrix()  # BLOSUM62
    rows = [[matrix.get_score(letter, column) for column in COLUMNS] for letter in sequence]
    return Profile(
        sequence=sequence,
        scores=np.array(rows, np.int16).reshape(length, len(COLUMNS)),
        frequencies=np.zeros((length, len(COLUMNS)), np.float32),
        information=np.zeros(length, np.float32),
        weight=np.zeros(length, np.float32),
        depths=np.zeros(length, np.int32),
        homologs=0,
    )


def read_ascii(path: Path) -> Profile:
    """Read an ASCII PSSM, as ``psiblast -out_ascii_pssm`` and blastpgp write it.

    Parameters
    ----------
    path : Path
        The file. The last 22 columns (percentages, information, weight) may be missing.

    Returns
    -------
    Profile
        Its number of homologs is `UNKNOWN`.

    Raises
    ------
    ProfileError
        The file does not exist or is not an ASCII PSSM.
    """
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise ProfileError(
            f"{path}: an ASCII PSSM is needed, as psiblast -out_ascii_pssm writes it; this file "
            "cannot be read"
        ) from None
    try:
        return parse_ascii(text)
    except ValueError as error:
        raise ProfileError(
            f"{path}: an ASCII PSSM is needed, as psiblast -out_ascii_pssm writes it; {error}"
        ) from None


def parse_ascii(text: str) -> Profile:
    """Parse the text of an ASCII PSSM.

    Raises
    ------
    ValueError
        It is none; says what is wrong.
    """
    lines = [line.split() for line in text.splitlines()]
    heads = [k for k, words in enumerate(lines) if "".join(words[:20]) == COLUMNS]
    if not heads:
        raise ValueError(f"no line names the columns {COLUMNS}")
    rows: list[list[str]] = []
    for words in lines[heads[0] + 1 :]:
        if not words or not words[0].isdigit():
            break
        rows.append(words)
    if [words[0] for words in rows] != [str(k) for k in range(1, len(rows) + 1)] or not rows:
        raise ValueError("its lines must be numbered 1, 2, 3, ...")
    return _from_words(rows)


def _from_words(rows: Sequence[Sequence[str]]) -> Profile:
    """Make a profile from the words of its lines."""
    bare = 2 + len(COLUMNS)
    if {len(words) for words in rows} not in ({bare}, {_WORDS}):
        raise ValueError(f"its lines must have {_WORDS} or {bare} words")
    numbers = np.zeros((len(rows), _WORDS - 2), np.float32)
    for row, words in zip(numbers, rows, strict=True):
        row[: len(words) - 2] = [float(word) for word in words[2:]]
    if not np.isfinite(numbers).all():
        raise ValueError("its numbers must be finite")
    count = len(COLUMNS)
    return Profile(
        sequence="".join(words[1] for words in rows),
        scores=numbers[:, :count].astype(np.int16),
        frequencies=numbers[:, count : 2 * count] / 100,
        information=numbers[:, 2 * count],
        weight=numbers[:, 2 * count + 1],
        depths=np.full(len(rows), UNKNOWN, np.int32),
        homologs=UNKNOWN,
    )


def save_profile(profile: Profile, path: Path) -> None:
    """Write a profile as .npz, whole or not at all."""
    write_arrays({f.name: np.asarray(getattr(profile, f.name)) for f in fields(Profile)}, path)


def load_profile(path: Path) -> Profile:
    """Read what `save_profile` wrote.

    Raises
    ------
    ProfileError
        The file is missing or damaged.
    """
    try:
        arrays = read_arrays(path)
        kept = {name: arrays[name] for name in _ARRAYS}
        return Profile(str(arrays["sequence"]), **kept, homologs=int(arrays["homologs"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ProfileError(
            f"{path}: a profile of train.pssm is needed ({error}); remove the file and run "
            "train.pssm again"
        ) from None
