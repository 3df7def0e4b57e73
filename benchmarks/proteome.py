"""What all against all of many proteins costs, from a small share of it.

    python -m benchmarks.proteome DB5_DATASET --proteins 6 --rotations 2

Takes proteins of DB4U, spread over the list, and scores each with each of the others as a list of
`sasnet_predict --batch` does: every protein is embedded once, every pair is scored. Prints the
processor time of an embedding and of a pair in one rotation, and from these the hours of one
processor for larger numbers of proteins at 20 rotations; writes them to docs/benchmarks.md.
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

from benchmarks import report
from sasnet_core.config import ROTATIONS
from sasnet_core.dataset.complexes import benchmark_rows, evenly_spread, load_complex
from sasnet_core.errors import run_script
from sasnet_core.network.weights_folder import default_folder
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


def section(sizes: list[int], embedding: float, scoring: float, options: argparse.Namespace) -> str:
    """Write the results as a section of the document."""
    rows = [
        [
            f"{number:,}",
            f"{number * (number - 1) // 2:,}",
            f"{number * embedding * ROTATIONS / 3600:.1f} h",
            f"{number * (number - 1) / 2 * scoring * ROTATIONS / 3600:,.0f} h",
        ]
        for number in NUMBERS
    ]
    head = ["proteins", "pairs", "embedding all once", "scoring all pairs"]
    return (
        "## All against all\n\n"
        f"{report.table(head, rows)}\n"
        f"Hours of one processor at {ROTATIONS} rotations, from a small share: all pairs of "
        f"{len(sizes)} proteins of {min(sizes)} to {max(sizes)} residues (mean "
        f"{np.mean(sizes):.0f}) with {options.rotations} rotation(s), {embedding:.2f} s for each "
        f"embedding and {scoring:.2f} s for each pair. Scoring grows with the square of the "
        "number, so a first pass with `--rotations 2` costs a tenth. On a cluster each worker "
        "embeds the proteins that it meets. Writing the files of the rows is not in it. Command: "
        f"`python -m benchmarks.proteome DB5_DATASET --proteins {len(sizes)} --rotations "
        f"{options.rotations}`. Machine: {report.machine()}, shared with other work."
    )


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
    text = section(sizes, embedding, scoring, options)
    print(text)
    report.write_section("proteome", text)
    return 0


if __name__ == "__main__":
    sys.exit(run_script("benchmarks.proteome", main))
