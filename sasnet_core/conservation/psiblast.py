"""psiblast: the search for a protein's relatives in a database of sequences."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sasnet_core.conservation.profile import Profile, empty_profile, read_ascii
from sasnet_core.errors import ProfileError
from sasnet_core.settings import COUNT, POSITIVE, WHOLE, Settings

PROGRAM = "psiblast"
#: Endings of the files of a protein database; the first for one in a single volume.
ENDINGS = (".pin", ".pal")
#: Letters that psiblast knows; others become X.
_LETTERS = frozenset("ABCDEFGHIKLMNPQRSTVWXYZ")
#: What the table of hits holds of each: name of the homolog, first and last residue of the query.
_HIT_COLUMNS = "7 sseqid qstart qend"
#: Residues under which psiblast finds nothing; it seeds alignments with words of 3.
SHORTEST = 4


@dataclass(frozen=True)
class SearchSettings(Settings):
    """How relatives are searched.

    Attributes
    ----------
    iterations : int
        Searches; each one after the first uses the profile of the hits before. The profile of the
        last one's hits is the result: as ``psiblast -save_pssm_after_last_round``.
    evalue : float
        Largest E-value of a homolog that counts.
    database_residues : int
        Size of the database for the E-values (``-dbsize``); 0: its real size.
    most_homologs : int
        Homologs at most (``-max_target_seqs``).
    word_threshold : int
        Score from which similar words start an alignment (``-threshold``); 0: psiblast's own, 11.
        With 15 a search takes less than half the time and misses few relatives.
    """

    iterations: int = 2
    evalue: float = 1e-3
    database_residues: int = 0
    most_homologs: int = 500
    word_threshold: int = 0

    _rules = {
        "iterations": COUNT,
        "evalue": POSITIVE,
        "database_residues": WHOLE,
        "most_homologs": COUNT,
        "word_threshold": WHOLE,
    }


def check_psiblast(database: Path) -> None:
    """Check that the program and the database exist.

    Raises
    ------
    ProfileError
        Says what to install or to make.
    """
    if shutil.which(PROGRAM) is None:
        raise ProfileError(
            f"the program {PROGRAM} is needed, it is not installed; install NCBI BLAST+ "
            "(Debian and Ubuntu: apt install ncbi-blast+; conda: bioconda's blast)"
        )
    if not any(Path(f"{database}{ending}").is_file() for ending in ENDINGS):
        raise ProfileError(
            f"{database}: a protein database of BLAST is needed, there is no {database}"
            f"{ENDINGS[0]}; make one with: makeblastdb -dbtype prot -in SEQUENCES.fasta -out "
            f"{database}"
        )


def search(
    sequence: str,
    database: Path,
    settings: SearchSettings,
    threads: int = 1,
    seconds: float | None = None,
) -> Profile:
    """Search the relatives of one sequence and make its profile.

    Parameters
    ----------
    sequence : str
        One-letter codes.
    database : Path
        Made by makeblastdb; the path without an ending.
    settings : SearchSettings
        Iterations and limits.
    threads : int
        Of psiblast.
    seconds : float, optional
        Limit on its time. Default: none.

    Returns
    -------
    Profile
        Without homologs, that of `empty_profile`.

    Raises
    ------
    ProfileError
        psiblast failed, or took too long; with its last message.
    """
    if len(sequence) < SHORTEST:
        return empty_profile(sequence)
    query = "".join(letter if letter in _LETTERS else "X" for letter in sequence.upper())
    with tempfile.TemporaryDirectory(prefix="sasnet-psiblast-") as folder:
        pssm, hits = Path(folder, "pssm"), Path(folder, "hits")
        command = _command(database, settings, threads, pssm, hits)
        _run(command, f">query\n{query}\n", seconds)
        if not pssm.is_file():
            return empty_profile(sequence)
        found = read_ascii(pssm)
        spans = list(_last_hits(hits.read_text()))
    depths = _depths(spans, len(sequence))
    homologs = len({name for name, _, _ in spans})
    return replace(found, sequence=sequence, depths=depths, homologs=homologs)


def _depths(spans: list[tuple[str, int, int]], length: int) -> np.ndarray:
    """Count the homologs aligned to each residue, shape (length,), int32."""
    covered = {name: np.zeros(length, bool) for name, _, _ in spans}
    for name, first, last in spans:
        covered[name][first - 1 : last] = True
    return sum(covered.values(), np.zeros(length, np.int32))


def _command(
    database: Path, settings: SearchSettings, threads: int, pssm: Path, hits: Path
) -> list[str]:
    """Return the words of the command; psiblast reads the query from its standard input."""
    command = [PROGRAM, "-db", str(database), "-query", "-"]
    command += ["-num_iterations", str(settings.iterations), "-num_threads", str(threads)]
    command += ["-evalue", repr(settings.evalue), "-inclusion_ethresh", repr(settings.evalue)]
    command += ["-max_target_seqs", str(settings.most_homologs), "-save_pssm_after_last_round"]
    if settings.database_residues:
        command += ["-dbsize", str(settings.database_residues)]
    if settings.word_threshold:
        command += ["-threshold", str(settings.word_threshold)]
    return [*command, "-out_ascii_pssm", str(pssm), "-outfmt", _HIT_COLUMNS, "-out", str(hits)]


def _run(command: list[str], query: str, seconds: float | None) -> None:
    try:
        done = subprocess.run(
            command, input=query, text=True, capture_output=True, check=False, timeout=seconds
        )
    except FileNotFoundError:
        raise ProfileError(f"the program {PROGRAM} is needed, it is not installed") from None
    except subprocess.TimeoutExpired:
        raise ProfileError(
            f"{PROGRAM} must end within {seconds:g} s, it did not; allow more time"
        ) from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise ProfileError(f"{PROGRAM} failed: {lines[-1]}")


def _last_hits(table: str) -> Iterator[tuple[str, int, int]]:
    """Yield name, first and last residue (counted from 1) of the alignments of the last search."""
    parts = table.split("# Iteration:")
    last = parts[-1] if len(parts[-1].splitlines()) > 1 else ""
    for line in last.splitlines():
        words = line.split("\t")
        if len(words) == len(_HIT_COLUMNS.split()) - 1:
            yield words[0], int(words[1]), int(words[2])
