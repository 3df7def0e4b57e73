"""A database of made-up relatives for psiblast, and an ASCII PSSM."""

import shutil
import subprocess

import numpy as np
import pytest

from sasnet_core.conservation.profile import COLUMNS

needs_psiblast = pytest.mark.skipif(
    shutil.which("psiblast") is None, reason="psiblast (NCBI BLAST+) is not installed"
)
#: Positions of the query that no relative changes.
KEPT = slice(20, 30)
RELATIVES = 12


def random_sequence(rng, length):
    return "".join(rng.choice(list(COLUMNS), length))


def relative(rng, sequence):
    """Change a third of a sequence, but not the kept positions."""
    letters = np.array(list(sequence))
    changed = rng.random(len(letters)) < 1 / 3
    changed[KEPT] = False
    letters[changed] = list(random_sequence(rng, changed.sum()))
    return "".join(letters)


@pytest.fixture(scope="session")
def query():
    return random_sequence(np.random.default_rng(1), 80)


@pytest.fixture(scope="session")
def database(query, tmp_path_factory):
    """Twelve relatives of the query among a hundred strangers."""
    rng = np.random.default_rng(2)
    folder = tmp_path_factory.mktemp("database")
    sequences = [relative(rng, query) for _ in range(RELATIVES)]
    sequences += [random_sequence(rng, 100) for _ in range(100)]
    fasta = folder / "sequences.fasta"
    fasta.write_text("".join(f">s{k}\n{text}\n" for k, text in enumerate(sequences)))
    command = ["makeblastdb", "-dbtype", "prot", "-in", str(fasta), "-out", str(folder / "db")]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "db"


ASCII = f"""
Last position-specific scoring matrix computed, weighted observed percentages rounded down
            {"   ".join(COLUMNS)}   {"   ".join(COLUMNS)}
    1 K    -3   6  -2  -3  -5   1  -1  -3  -2  -4  -4   5  -3  -4  -3  -2  -2  -4  -3  -4    0  53   0   0   0   3   0   0   0   0   0  44   0   0   0   0   0   0   0   0  1.14 0.30
    2 D    -2  -3   5   5  -4   0   0  -1  -1  -5  -5  -2  -1  -5  -2   3  -1  -5  -4  -4    0   0  28  33   0   3   5   3   1   0   0   0   2   0   1  22   1   0   0   0  0.80 0.32
    3 X     0   0   0   0   0   0   0   0   0   0   0   0   0   0   0   0   0   0   0   0    0   0   0   0   0   0   0   0   0   0   0   0   0   0   0   0   0   0   0   0 -1.00 0.00

                      K         Lambda
Standard Ungapped    0.1371     0.3171
"""  # noqa: E501


@pytest.fixture
def ascii_pssm(tmp_path):
    path = tmp_path / "left.pssm"
    path.write_text(ASCII)
    return path
