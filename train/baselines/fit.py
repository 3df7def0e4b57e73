"""Train the methods that the paper compares SASNet with, on DB3; DB4U chooses among settings.

    python -m train.baselines.fit DB5_DATASET -o RUNS
    python -m train.baselines.fit DB5_DATASET -o RUNS --method node_average --pssm PROFILES
    python -m train.baselines.fit DB5_DATASET -o RUNS3 --method dtnn --leave-out-fold 3

Every combination of --filters, --dropout and --learning-rate is trained once. The one with the best
mean AUROC on DB4U is trained --replicates times in all, from different seeds. Epochs are chosen by
DB4U, too. --leave-out-fold N leaves a fold of the benchmark out of both, so that its complexes can
judge the networks. The graphs of proteins are kept in RUNS/graphs. A network of the default size
takes less than a minute on an idle core. If the command is killed, run it again to continue;
several may run at a time, with different methods.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.dataset.folds import FOLDS
from sasnet_core.errors import SettingError, run_script
from sasnet_core.evaluation.compared import CONSERVATION, STRUCTURE
from sasnet_core.files import json_values
from sasnet_core.graph.features import WIDTHS
from sasnet_core.training.stream import training_sources
from train.baselines import runs
from train.baselines.pairs import GraphPair, load_pairs

if TYPE_CHECKING:
    from train.baselines.learning import Training
    from train.baselines.methods import Sizes

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
    add("--dropout", nargs="+", type=float, default=[0.2], help="default: 0.2")
    add("--learning-rate", nargs="+", type=float, default=[1e-3], help="default: 0.001")
    add("--epochs", type=int, default=12, help="at most (default: 12)")
    add("--replicates", type=int, default=3, help="default: 3")
    add("--leave-out-fold", type=int, choices=range(1, FOLDS + 1),
        help="fold of the benchmark that plays no part")  # fmt: skip
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
        load_pairs(options.dataset, source.rows(), options.features,
                   options.output / runs.GRAPHS, profiles)
        for source in training_sources(
            [options.dataset] * 2, [TRAINED_ON, CHOSEN_BY], [1], options.leave_out_fold
        )
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
    from train.baselines.learning import Training  # takes seconds
    from train.baselines.methods import Sizes

    column = CONSERVATION if options.pssm else STRUCTURE
    folder = options.output / f"{method}-{column}"
    settings = list(itertools.product(options.filters, options.dropout, options.learning_rate))

    def run(filters: tuple[int, ...], dropout: float, rate: float, replicate: int) -> float:
        sizes = Sizes(method, examples[0].nodes.shape[1], filters, options.dense, dropout)
        training = Training(learning_rate=rate, epochs=options.epochs)
        origin = {
            "features": options.features,
            "conservation": bool(options.pssm),
            "left_out_fold": options.leave_out_fold,
        }
        name = f"{'-'.join(map(str, filters))}_{options.dense}_dropout{dropout:g}_rate{rate:g}"
        place = folder / name / f"replicate_{replicate}"
        return train_once(place, sizes, training, origin, examples, held_out)

    best = max(settings, key=lambda one: run(*one, 1))
    found = [run(*best, number) for number in range(1, options.replicates + 1)]
    report(
        f"{method}, {column}: filters {best[0]}, dropout {best[1]:g}, rate {best[2]:g} are best; "
        f"mean AUROC on {CHOSEN_BY} {np.mean(found):.3f} (replicates: {len(found)})"
    )


def train_once(
    folder: Path,
    sizes: Sizes,
    training: Training,
    origin: Mapping[str, Any],
    examples: Sequence[GraphPair],
    held_out: Sequence[GraphPair],
) -> float:
    """Train one network, if its folder is not complete; returns its mean AUROC on DB4U.

    Raises
    ------
    SettingError
        The folder holds a network that was trained with other settings.
    """
    from train.baselines import learning

    if not (folder / learning.RUN).is_file():
        seed = int(folder.name.rpartition("_")[2])
        trained = learning.train(sizes, training, examples, held_out, seed, report)
        learning.save(folder, trained, origin)
    facts = learning.read_facts(folder)
    asked = {**origin, "sizes": asdict(sizes), "training": asdict(training)}
    for name, value in json_values(asked).items():
        if facts.get(name) != value:
            raise SettingError(
                f"{folder}: its network was trained with {name} {facts.get(name)}, asked for is "
                f"{value}; use another folder, or the same settings"
            )
    report(f"{folder}: epoch {facts['epoch']}, mean AUROC {facts['check']['mean_auroc']:.4f}, "
           f"CAUROC {facts['check']['cauroc']:.4f}")  # fmt: skip
    return float(facts["check"]["mean_auroc"])


def report(text: str) -> None:
    """Show a line at once."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(run_script("train.baselines.fit", main))
