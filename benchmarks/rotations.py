"""How alike two runs of a prediction are, by the number of rotations that each averages.

    python -m benchmarks.rotations DB5_DATASET

Divides the rotations of complexes of DB4U into runs of their own: two of 10 rotations, two of 5,
and so on. Compares of each side the first patches of two runs (the share of residues that both
have) and the probabilities (mean and largest difference), and writes a section of
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.report import write_section
from sasnet_core import markdown
from sasnet_core.config import EXPOSED_SHARE, ROTATIONS
from sasnet_core.dataset.complexes import Complex, benchmark_rows, load_complex
from sasnet_core.errors import run_script
from sasnet_core.evaluation.test_set import refuse_test_set
from sasnet_core.fitted import Calibration
from sasnet_core.network.weights_folder import default_folder, read_info
from sasnet_core.scoring.calibration import residue_probabilities
from sasnet_core.scoring.patches import find_patches, patch_size
from sasnet_core.scoring.predictor import load_predictor
from sasnet_core.scoring.smoothing import Smoother
from sasnet_core.structure.antibody import kinds_of
from sasnet_core.structure.surface import relative_exposure

#: Rotations of a run.
COUNTS = (1, 2, 5, 10)
HEAD = (
    "rotations of each run", "residues that first patches share", "first patches that share half",
    "difference of a probability, mean", "largest of a protein, mean",
)  # fmt: skip


def compare(item: Complex, matrices: list[np.ndarray], calibration: Calibration) -> np.ndarray:
    """Compare two runs, shape (2 sides, 3): shared residues, mean and largest difference."""
    found = []
    for axis, protein, other in ((1, item.left, item.right), (0, item.right, item.left)):
        own = calibration.of_kind(kinds_of(protein, other)[0])
        runs = [residue_probabilities(m.max(axis=axis), own) for m in matrices]
        exposed = relative_exposure(protein) >= EXPOSED_SHARE
        size = patch_size(protein.n_residues, other.n_residues)
        first, second = (set(find_patches(protein, run, exposed, size)[0].rows) for run in runs)
        apart = np.abs(runs[0] - runs[1])
        found.append((len(first & second) / len(first), apart.mean(), apart.max()))
    return np.array(found)


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("dataset", type=Path, metavar="DB5_DATASET")
    add("--every", type=int, default=1, metavar="N", help="every N-th complex only")
    add("--weights", type=Path, help="default: those shipped")
    add("--kept", type=Path, metavar="SCORES", help="keep pair scores in this folder")
    options = parser.parse_args(arguments)
    rows = sorted(benchmark_rows(options.dataset, "DB4U"), key=lambda row: row["id"])
    rows = rows[:: options.every]
    refuse_test_set(rows)
    info = read_info(options.weights or default_folder())
    calibration = info.needed_calibration()
    predictor = load_predictor(info.folder, score_cache=options.kept)
    measured: dict[int, list[np.ndarray]] = {count: [] for count in COUNTS}
    for row in tqdm(rows, disable=None):
        item = load_complex(options.dataset / row["file"])
        smoother = Smoother(item.left, item.right, info.smoothing)
        raw = np.stack(list(predictor.rotation_scores(item.left, item.right, ROTATIONS, 0)))
        for count in COUNTS:
            runs = [smoother.smooth(raw[k * count : (k + 1) * count].mean(axis=0)) for k in (0, 1)]
            measured[count].append(compare(item, runs, calibration))
    lines = []
    for count, found in measured.items():
        shared, mean, largest = np.concatenate(found).T
        half = f"{(shared >= 0.5).mean():.0%}"
        numbers = f"{shared.mean():.0%}", half, f"{mean.mean():.4f}", f"{largest.mean():.3f}"
        lines.append((str(count), *numbers))
    text = "\n".join([
        "## How alike two runs are",
        "",
        markdown.table(HEAD, lines),
        "",
        f"Two runs that share no rotation, {len(rows)} unbound complexes of DB4U, both sides; "
        f"weights (sha256): {info.sha256[:12]}. Command: `python -m benchmarks.rotations "
        f"DB5_DATASET{f' --every {options.every}' if options.every > 1 else ''}`.",
    ])  # fmt: skip
    print(text)
    write_section("rotations", text)
    return 0


if __name__ == "__main__":
    sys.exit(run_script("benchmarks.rotations", main))
