"""Train the paper's model of structure and conservation: one linear layer over a pair.

    python -m train.paper_conservation DB5_DATASET --pssm PROFILES --weights complex-only -o OUT

It reads the last hidden layer of the structural network and windows of 5 residues of both profiles;
trained on DB3, the epoch and --weights chosen on DB4U. Weights that were tuned on DB3 give it a
hidden layer that knows the answers there. Writes the AUROC of every complex and replicate.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from sasnet_core.conservation import store
from sasnet_core.conservation.residues import WINDOW, residue_profile, stored_profiles
from sasnet_core.dataset.complexes import Complex
from sasnet_core.errors import SettingError, run_script
from sasnet_core.evaluation.selection_set import SelectionSet, read_selection_set
from sasnet_core.evaluation.tables import spread_of, with_interval
from sasnet_core.files import write_table
from sasnet_core.metrics import auroc, cauroc
from sasnet_core.network.weights import read_info
from sasnet_core.scoring.log_odds import logistic
from sasnet_core.scoring.predictor import Predictor, load_predictor
from sasnet_core.scoring.smoothing import Smoother
from sasnet_core.training.linear_pairs_fit import (
    LinearSettings,
    PairInputs,
    linear_logits,
    pair_inputs,
    train_linear_pairs,
)

COLUMNS = ("split", "id", "replicate", "auroc", "smoothed_auroc")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add, usual = parser.add_argument, LinearSettings()
    add("dataset", type=Path, metavar="DATASET", help="made by train.db5")
    add("--pssm", type=Path, required=True, metavar="PROFILES", help="made by train.pssm")
    add("-o", "--output", type=Path, required=True, help="folder for the table")
    add("--weights", type=Path, default=Path("complex-only"), help="default: complex-only")
    add("--fit-split", default="DB3", help="to train on (default: DB3)")
    add("--split", default="DB4U", help="to validate on (default: DB4U)")
    add("--rotations", type=int, default=2, metavar="N", help="default: 2")
    add("--window", type=int, default=WINDOW, help="residues, an odd number (default: 5)")
    add("--negatives", type=int, default=1000, metavar="N", help="of a complex (default: 1000)")
    add("--replicates", type=int, default=3, metavar="N", help="default: 3")
    for name in ("epochs", "learning_rate", "batch", "weight_decay", "dropout", "seed"):
        value = getattr(usual, name)
        add(
            f"--{name.replace('_', '-')}", type=type(value), default=value, help=f"default: {value}"
        )
    return parser.parse_args(arguments)


def sampled(item: Complex, negatives: int, rng: np.random.Generator) -> np.ndarray:
    """Draw pairs of a complex: all contacts and some others; rows (left, right)."""
    truth = item.labels()
    touching, others = np.flatnonzero(truth), np.flatnonzero(~truth)
    drawn = rng.choice(others, min(negatives, len(others)), replace=False)
    places = np.unravel_index(np.concatenate([touching, drawn]), truth.shape)
    return np.stack(places, axis=1).astype(np.int32)


class Reader:
    """Makes of complexes what the model reads."""

    def __init__(self, predictor: Predictor, options: argparse.Namespace) -> None:
        self.predictor, self.options = predictor, options

    def read(self, item: Complex, pairs: np.ndarray) -> PairInputs:
        """Collect what the model reads of some pairs of a complex."""
        from numpy.random import default_rng

        rotations = range(self.options.rotations)
        embeddings = [
            tuple(
                np.asarray(self.predictor.embed(protein, default_rng([side, k])))
                for side, protein in enumerate((item.left, item.right))
            )
            for k in rotations
        ]
        windows = tuple(
            residue_profile(
                protein, stored_profiles(protein, self.options.pssm), self.options.window
            ).windows
            for protein in (item.left, item.right)
        )
        contacts = item.labels()[tuple(pairs.T)]
        return pair_inputs(self.predictor.network, embeddings, windows, pairs, contacts)

    def samples(self, selection: SelectionSet) -> list[PairInputs]:
        """Read drawn pairs of all complexes."""
        rng = np.random.default_rng(0)
        return [
            self.read(item, sampled(item, self.options.negatives, rng))
            for item in selection.complexes()
        ]


def evaluate(
    reader: Reader, selection: SelectionSet, models: list[object]
) -> Iterator[dict[str, object]]:
    """Yield the AUROC over all pairs of each complex, by each replicate."""
    for row, item in zip(selection.rows, selection.complexes(), strict=True):
        shape = item.left.n_residues, item.right.n_residues
        everything = np.indices(shape, np.int32).reshape(2, -1).T
        inputs = reader.read(item, np.ascontiguousarray(everything))
        smoother = Smoother(item.left, item.right, reader.predictor.smoothing)
        for number, model in enumerate(models, 1):
            scores = logistic(linear_logits(model, inputs).reshape(shape))
            yield {
                "split": row["split"],
                "id": row["id"],
                "replicate": number,
                "auroc": round(auroc(item.labels(), scores), 6),
                "smoothed_auroc": round(auroc(item.labels(), smoother.smooth(scores)), 6),
            }


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    store.read_settings(options.pssm)
    if options.window < 1 or options.window % 2 == 0:
        raise SettingError(f"--window must be an odd number, got {options.window}")
    names = ("epochs", "learning_rate", "batch", "weight_decay", "dropout", "seed")
    settings = LinearSettings(**{name: getattr(options, name) for name in names})
    predictor = load_predictor(read_info(options.weights).folder)
    if not isinstance(predictor, Predictor):
        raise SettingError(f"--weights must be one network, {options.weights} is an ensemble")
    reader = Reader(predictor, options)
    training = reader.samples(read_selection_set(options.dataset, options.fit_split))
    selection = read_selection_set(options.dataset, options.split)
    validation = reader.samples(selection)
    models = []
    for number in range(options.replicates):
        one = replace(settings, seed=settings.seed + number)
        model, best = train_linear_pairs(training, validation, one)
        print(f"replicate {number + 1}: CAUROC over drawn pairs of {options.split} {best:.4f}")
        models.append(model)
    rows = list(evaluate(reader, selection, models))
    write_table(rows, options.output / f"linear-{options.split}.csv", COLUMNS)
    report(rows, options.replicates)
    return 0


def report(rows: list[dict[str, object]], replicates: int) -> None:
    """Print the CAUROC of each replicate and of all."""
    for name in ("auroc", "smoothed_auroc"):
        aurocs = [
            [float(str(row[name])) for row in rows if row["replicate"] == k + 1]
            for k in range(replicates)
        ]
        best = max(aurocs, key=cauroc)
        print(f"{name}: {spread_of([cauroc(one) for one in aurocs])}; best {with_interval(best)}")


if __name__ == "__main__":
    sys.exit(run_script("train.paper_conservation", main))
