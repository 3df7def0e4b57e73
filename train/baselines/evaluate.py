"""Evaluate the networks of train.baselines.fit: the rows of table 2 for the compared methods.

    python -m train.baselines.evaluate DB5_DATASET RUNS
    python -m train.baselines.evaluate DB5_DATASET RUNS --pssm PROFILES --look-at-db5u

Writes METHOD-structure.csv, or with --pssm METHOD-conservation.csv, into docs/results/table2: the
AUROC over all pairs of every complex for each replicate. `python -m train.tables table2` reads
these files. The settings of a method are those with the best mean AUROC on DB4U. Each network keeps
its numbers beside its weights, so no complex is evaluated twice, and DB5U is looked at once.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from sasnet_core.config import TEST_SPLIT
from sasnet_core.dataset.complexes import benchmark_rows
from sasnet_core.errors import DatasetError, run_script
from sasnet_core.evaluation.compared import CONSERVATION, FOLDER, STRUCTURE, write_measured
from sasnet_core.evaluation.test_set import add_test_set_options, record_access
from sasnet_core.files import write_json
from sasnet_core.metrics import auroc, cauroc
from train.baselines import runs
from train.baselines.pairs import load_pairs

DOCS = Path(__file__).parents[2] / "docs"
CHOSEN_BY = "DB4U"


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("dataset", type=Path, help="dataset of train.db5")
    add("runs", type=Path, metavar="RUNS", help="folder of train.baselines.fit")
    add("-o", "--output", type=Path, default=DOCS / "results" / FOLDER, metavar="FOLDER",
        help="of the tables (default: docs/results/table2)")  # fmt: skip
    add("--method", nargs="+", choices=runs.METHODS, default=runs.METHODS, help="default: all")
    add("--pssm", type=Path, metavar="PROFILES", help="the column with conservation")
    add_test_set_options(parser, DOCS / "db5u_looks.csv")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    column = CONSERVATION if options.pssm else STRUCTURE
    chosen = {name: best_replicates(options.runs / f"{name}-{column}") for name in options.method}
    splits = [CHOSEN_BY, *([TEST_SPLIT] if options.look_at_db5u else [])]
    for split in splits:
        replicates = [folder for folders in chosen.values() for folder in folders]
        evaluate(options, split, [one for one in replicates if not kept(one, split).is_file()])
    for method, folders in chosen.items():
        rows = [row for split in splits for folder in folders for row in rows_of(folder, split)]
        path = write_measured(options.output, method, column, rows)
        for split in splits:
            found = [cauroc(list(aurocs_of(folder, split).values())) for folder in folders]
            print(f"{method}, {column}, {split}: {' '.join(f'{each:.3f}' for each in found)}")
        print(f"written to {path}")
    return 0


def best_replicates(folder: Path) -> list[Path]:
    """List the replicates of the settings whose first replicate is best on DB4U.

    Raises
    ------
    DatasetError
        The folder holds no network.
    """
    from train.baselines.learning import RUN, read_facts  # takes seconds

    firsts = sorted(folder.glob(f"*/replicate_1/{RUN}"))
    if not firsts:
        raise DatasetError(f"{folder}: no network is here; train one with train.baselines.fit")
    best = max(firsts, key=lambda path: read_facts(path.parent)["check"]["mean_auroc"])
    return sorted(path.parent for path in best.parents[1].glob(f"*/{RUN}"))


def evaluate(options: argparse.Namespace, split: str, folders: list[Path]) -> None:
    """Evaluate networks on a split; an access to the test set is recorded first."""
    from train.baselines import learning

    if not folders:
        return
    rows = benchmark_rows(options.dataset, split, "unbound")
    record_access(
        rows, allowed=options.look_at_db5u, record=options.looks,
        command="train.baselines.evaluate", rotations=0,
        weights=[file_hash(folder / learning.WEIGHTS) for folder in folders],
    )  # fmt: skip
    features = learning.read_facts(folders[0])["features"]
    profiles = runs.profile_reader(options.pssm) if options.pssm else None
    graphs = options.runs / runs.GRAPHS
    items = load_pairs(options.dataset, rows, features, graphs, profiles)
    for folder in tqdm(folders, desc=split, disable=None):
        trained = learning.load(folder)
        if trained.facts["features"] != features:
            raise DatasetError(
                f"{folder}: networks of one folder must have the same features; evaluate it alone "
                "with --method"
            )
        found = {i.name: auroc(i.labels(), learning.score(trained, i)) for i in items}
        write_json(found, kept(folder, split))


def kept(folder: Path, split: str) -> Path:
    """Return the file of a network's numbers."""
    return folder / f"aurocs-{split}.json"


def aurocs_of(folder: Path, split: str) -> dict[str, float]:
    """Read a network's AUROC of each complex."""
    found: dict[str, float] = json.loads(kept(folder, split).read_text())
    return found


def rows_of(folder: Path, split: str) -> Iterable[dict[str, object]]:
    """Yield the rows of a network for the file of its method."""
    number = folder.name.rpartition("_")[2]
    for name, value in aurocs_of(folder, split).items():
        yield {"split": split, "id": name, "replicate": number, "auroc": round(value, 6)}


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(run_script("train.baselines.evaluate", main))
