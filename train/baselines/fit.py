"""Train the methods that the paper compares SASNet with, on DB3; DB4U chooses among settings.

    python -m train.baselines.fit DB5_DATASET -o RUNS
    python -m train.baselines.fit DB5_DATASET -o RUNS --method node_average --pssm PROFILES

Every combination of --filters and --dropout is trained once. The one with the best mean AUROC on
DB4U is trained --replicates times in all, from different seeds. Epochs are chosen by DB4U, too. The
graphs of proteins are kept in RUNS/graphs. A network takes about a minute on an idle core. If the
command is killed, run it again to continue; several may run at a time, with different methods.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sasnet_core.dataset.complexes import benchmark_rows
from sasnet_core.errors import SettingError, run_script
from sasnet_core.evaluation.compared import CONSERVATION, STRUCTURE
from train.baselines import runs
from train.baselines.features import WIDTHS
from train.baselines.pairs import GraphPair, load_pairs

TRAINED_ON, CHOSEN_BY = "DB3", "DB4U"


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("dataset", type=Path, help="dataset of train.db5")
    add("-o", "--output", type=Path, required=True, metavar="RUNS")
    add("--method", nargs="+", choices=runs.METHODS, default=runs.METHODS, help="default: all")
    add("--pssm", type=Path, metavar="PROFILES",
        help="made by train.pssm: the column with conservation")  # fmt: skip
    add("--features", nargs="+", choices=WIDTHS, default=list(WIDTHS), help="default: all")
    add("--filters", nargs="+", type=sizes, default=[(128,)], metavar="N[,N...]",
        help="of each convolution (default: 128, one convolution)")  # fmt: skip
    add("--dense", type=int, default=128, help="units of the dense layer (default: 128)")
    add("--dropout", nargs="+", type=float, default=[0.5], help="default: 0.5")
    add("--epochs", type=int, default=12, help="at most (default: 12)")
    add("--replicates", type=int, default=3, help="default: 3")
    return parser.parse_args(arguments)


def sizes(text: str) -> tuple[int, ...]:
    """Read numbers between commas."""
    return tuple(int(word) for word in text.split(","))


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    if options.replicates < 1 or options.epochs < 1:
        raise SettingError(
            "--replicates and --epochs must be 1 or more; "
            f"they are {options.replicates} and {options.epochs}"
        )
    profiles = runs.profile_reader(options.pssm) if options.pssm else None
    examples, held_out = (
        load_pairs(options.dataset, benchmark_rows(options.dataset, split, "unbound"),
                   options.features, options.output / runs.GRAPHS, profiles)
        for split in (TRAINED_ON, CHOSEN_BY)
    )  # fmt: skip
    for method in options.method:
        train_method(options, method, examples, held_out)
    return 0


def train_method(
    options: argparse.Namespace,
    method: str,
    examples: Sequence[GraphPair],
    held_out: Sequence[GraphPair],
) -> None:
    """Train a method with all settings once, then with the best of them again."""
    column = CONSERVATION if options.pssm else STRUCTURE
    folder = options.output / f"{method}-{column}"
    checks = {}
    for filters, dropout in itertools.product(options.filters, options.dropout):
        name = f"{'-'.join(map(str, filters))}_{options.dense}_dropout{dropout:g}"
        checks[filters, dropout, name] = train_once(
            options, method, filters, dropout, folder / name / "replicate_1", examples, held_out
        )
    filters, dropout, name = max(checks, key=checks.__getitem__)
    found = [
        train_once(options, method, filters, dropout, folder / name / f"replicate_{number}",
                   examples, held_out)
        for number in range(1, options.replicates + 1)
    ]  # fmt: skip
    print(f"{method}, {column}: {name} is best; mean AUROC on {CHOSEN_BY} "
          f"{np.mean(found):.3f} (replicates: {len(found)})")  # fmt: skip


def train_once(
    options: argparse.Namespace,
    method: str,
    filters: tuple[int, ...],
    dropout: float,
    folder: Path,
    examples: Sequence[GraphPair],
    held_out: Sequence[GraphPair],
) -> float:
    """Train one network, if its folder is not complete; returns its mean AUROC on DB4U."""
    from train.baselines import learning  # takes seconds
    from train.baselines.methods import Sizes

    if not (folder / learning.RUN).is_file():
        shape = Sizes(method, examples[0].nodes.shape[1], filters, options.dense, dropout)
        seed = int(folder.name.rpartition("_")[2])
        settings = learning.Training(epochs=options.epochs)
        trained = learning.train(shape, settings, examples, held_out, seed, report)
        origin = {"features": options.features, "conservation": bool(options.pssm)}
        learning.save(folder, trained, origin)
    facts = learning.read_facts(folder)
    print(f"{folder}: epoch {facts['epoch']}, mean AUROC {facts['check']['mean_auroc']:.4f}, "
          f"CAUROC {facts['check']['cauroc']:.4f}", flush=True)  # fmt: skip
    return float(facts["check"]["mean_auroc"])


def report(text: str) -> None:
    """Show a line at once."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(run_script("train.baselines.fit", main))
