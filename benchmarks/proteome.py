"""What all against all of many proteins costs, from a small share of it.

    python -m benchmarks.proteome DB5_DATASET --proteins 6 --rotations 2

Takes proteins of DB4U, spread over the list, and scores each with each of the others as a list of
`sasnet_predict --batch` does: every protein is embedded once, every pair is scored. Prints the
processor time of an embedding and of a pair in one rotation, and from these the hours of one
processor for larger numbers of proteins at 20 rotations. On a cluster every worker embeds the
proteins that it meets, at most all of them. Writing the files of a row is not in it.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from sasnet_core.config import ROTATIONS
from sasnet_core.dataset.complexes import benchmark_rows, evenly_spread, load_complex
from sasnet_core.errors import run_script
from sasnet_core.network.weights import default_folder
from sasnet_core.scoring.embedding_cache import EmbeddingCache
from sasnet_core.scoring.predictor import load_predictor

#: Sizes to extrapolate to: the list of the issue, a bacterium, human proteins.
NUMBERS = (200, 2_000, 20_000)


def costs(proteins: list, rotations: int, folder: Path) -> tuple[float, float]:
    """Measure processor seconds of embedding a protein, and of scoring a pair, in one rotation."""
    predictor = load_predictor(default_folder(), at_once=0)
    predictor.score(proteins[0], proteins[1], 3)  # compiles
    uses = Counter({protein.content_hash: len(proteins) for protein in proteins})
    with EmbeddingCache(uses, folder, 1 << 30, 1 << 30) as cache:
        predictor.use_cache(cache)
        start = time.process_time()
        for protein, other in zip(proteins[::2], proteins[1::2], strict=True):
            predictor.score(protein, other, rotations)
        first = time.process_time() - start
        pairs = list(itertools.combinations(proteins, 2))
        start = time.process_time()
        for left, right in pairs:
            predictor.score(left, right, rotations)
        scoring = (time.process_time() - start) / len(pairs)
    embedding = (first - scoring * len(proteins) / 2) / len(proteins)
    return embedding / rotations, scoring / rotations


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path, metavar="DB5_DATASET")
    parser.add_argument("--proteins", type=int, default=6, help="an even number")
    parser.add_argument("--rotations", type=int, default=2)
    options = parser.parse_args(arguments)
    rows = evenly_spread(benchmark_rows(options.dataset, "DB4U"), options.proteins)
    proteins = [load_complex(options.dataset / row["file"]).left for row in rows]
    sizes = [protein.n_residues for protein in proteins]
    with tempfile.TemporaryDirectory() as folder:
        embedding, scoring = costs(proteins, options.rotations, Path(folder))
    print(
        f"{len(sizes)} proteins of {min(sizes)} to {max(sizes)} residues, mean {np.mean(sizes):.0f}"
    )
    print(f"an embedding {embedding:.2f} s, a pair {scoring:.3f} s of one rotation")
    for number in NUMBERS:
        hours = np.array([number * embedding, number * (number - 1) / 2 * scoring])
        hours *= ROTATIONS / 3600
        print(f"{number} proteins: embedding {hours[0]:.1f} h once, pairs {hours[1]:.0f} h")
    return 0


if __name__ == "__main__":
    sys.exit(run_script("benchmarks.proteome", main))
