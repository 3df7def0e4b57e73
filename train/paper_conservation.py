"""Train the paper's model of structure and conservation: one linear layer over a pair.

    python -m train.paper_conservation DB5_DATASET --pssm PROFILES --weights complex-only -o OUT
    python -m train.paper_conservation DB5_DATASET --pssm PROFILES -o OUT \
        --weights FIG3A/11A*-1/best FIG3A/27A*-1/best FIG3A/41A*-1/best --window 1 5 9

It reads the last hidden layer of the structural network and windows of 5 residues of both profiles;
trained on DB3, the epoch and --weights chosen on DB4U. Weights that were tuned on DB3 give it a
hidden layer that knows the answers there. --units puts a layer of rectified units before the last
one. Writes the AUROC of every complex and replicate; for several weights or windows a picture, too.
--method NAME also writes the rows of table 2 (smoothed scores), with --bound those of table 3.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sasnet_core.config import TEST_SPLIT
from sasnet_core.conservation import store
from sasnet_core.conservation.residues import WINDOW, residue_profile, stored_profiles
from sasnet_core.dataset.complexes import Complex, benchmark_rows, load_complex
from sasnet_core.errors import SettingError, run_script
from sasnet_core.evaluation import compared, curves
from sasnet_core.evaluation.selection_set import SelectionSet, read_selection_set
from sasnet_core.evaluation.tables import spread_of, with_interval
from sasnet_core.evaluation.test_set import add_test_set_options, record_access
from sasnet_core.files import write_table
from sasnet_core.metrics import auroc, cauroc
from sasnet_core.network.weights_folder import read_info
from sasnet_core.scoring.log_odds import logistic
from sasnet_core.scoring.predictor import Predictor, load_predictor
from sasnet_core.scoring.smoothing import Smoother
from sasnet_core.structure.protein import Protein
from sasnet_core.training.linear_pairs_fit import (
    LinearSettings,
    PairInputs,
    linear_logits,
    mean_hidden,
    pair_inputs,
    train_linear_pairs,
)

DOCS = Path(__file__).parents[1] / "docs"
COLUMNS = ("weights", "edge", "window", "split", "state", "id", "replicate", "auroc",
           "smoothed_auroc")  # fmt: skip
#: Name of all replicates together.
ENSEMBLE = "ensemble"


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add, usual = parser.add_argument, LinearSettings()
    add("dataset", type=Path, metavar="DATASET", help="made by train.db5")
    add("--pssm", type=Path, required=True, metavar="PROFILES", help="made by train.pssm")
    add("-o", "--output", type=Path, required=True, help="folder for the table")
    add("--weights", type=Path, nargs="+", default=[Path("complex-only")],
        help="default: complex-only")  # fmt: skip
    add("--fit-split", default="DB3", help="to train on (default: DB3)")
    add("--split", default="DB4U", help="to validate on (default: DB4U)")
    add("--rotations", type=int, default=2, metavar="N", help="default: 2")
    add("--window", type=int, nargs="+", default=[WINDOW],
        help="residues, an odd number (default: 5); 0: without profiles, a control")  # fmt: skip
    add("--negatives", type=int, default=1000, metavar="N", help="of a complex (default: 1000)")
    add("--replicates", type=int, default=3, metavar="N", help="default: 3")
    add("--bound", action="store_true", help="evaluate the bound structures, too")
    add("--method", metavar="NAME",
        help="also write rows of table 2, docs/results/table2/NAME-*.csv, and with --bound of "
        "table 3; NAME begins with sasnet")  # fmt: skip
    add_test_set_options(parser, DOCS / "db5u_looks.csv")
    for name in ("epochs", "learning_rate", "batch", "weight_decay", "dropout", "units", "seed"):
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


@dataclass(frozen=True)
class Sample:
    """Some pairs of a complex, and what the structural network says of them."""

    item: Complex
    pairs: np.ndarray  # (n_pairs, 2) int32, rows (left, right)
    hidden: np.ndarray  # (n_pairs, hidden_size) float32


class Reader:
    """Makes of complexes what the model reads."""

    def __init__(self, predictor: Predictor, profiles: Path, rotations: int) -> None:
        self.predictor, self._profiles, self._rotations = predictor, profiles, rotations

    def sample(self, item: Complex, pairs: np.ndarray) -> Sample:
        """Read the structural part of some pairs of a complex."""
        embeddings = [
            tuple(
                np.asarray(
                    self.predictor.embed(protein, np.random.default_rng([k, *protein.pose_key]))
                )
                for protein in (item.left, item.right)
            )
            for k in range(self._rotations)
        ]
        return Sample(item, pairs, mean_hidden(self.predictor.network, embeddings, pairs))

    def samples(self, selection: SelectionSet, negatives: int) -> list[Sample]:
        """Read drawn pairs of all complexes."""
        rng = np.random.default_rng(0)
        return [self.sample(item, sampled(item, negatives, rng)) for item in selection.complexes()]

    def inputs(self, sample: Sample, window: int) -> PairInputs:
        """Add windows of the profiles to the structural part."""
        item = sample.item
        left, right = (self._windows(protein, window) for protein in (item.left, item.right))
        contacts = item.labels()[tuple(sample.pairs.T)]
        return pair_inputs(sample.hidden, (left, right), sample.pairs, contacts)

    def _windows(self, protein: Protein, window: int) -> np.ndarray:
        """Read the windows of a protein's profiles, shape (n_residues, 20 * window)."""
        if window == 0:
            return np.zeros((protein.n_residues, 0))
        profiles = stored_profiles(protein, self._profiles)
        return residue_profile(protein, profiles, window).windows


def evaluated_rows(options: argparse.Namespace, weights: str) -> list[dict[str, str]]:
    """List the complexes to evaluate; an access to the test set is recorded."""
    splits = [options.split, *([TEST_SPLIT] if options.look_at_db5u else [])]
    states = ["unbound", *(["bound"] if options.bound else [])]
    rows = []
    for state in states:
        found = [row for one in splits for row in benchmark_rows(options.dataset, one, state)]
        record_access(
            found, allowed=options.look_at_db5u, record=options.looks, state=state,
            command="train.paper_conservation", weights=[weights], rotations=options.rotations,
        )  # fmt: skip
        rows += found
    return rows


def evaluate(
    reader: Reader, options: argparse.Namespace, weights: str, models: dict[int, list[object]]
) -> Iterator[dict[str, object]]:
    """Yield the AUROC over all pairs of each complex, by each window and replicate.

    The ensemble of the replicates, whose logits are averaged, comes last.
    """
    for row in evaluated_rows(options, weights):
        item = load_complex(options.dataset / row["file"])
        shape = item.left.n_residues, item.right.n_residues
        everything = np.indices(shape, np.int32).reshape(2, -1).T
        sample = reader.sample(item, np.ascontiguousarray(everything))
        smoother = Smoother(item.left, item.right, reader.predictor.smoothing)
        for window, replicates in models.items():
            inputs = reader.inputs(sample, window)
            logits = [linear_logits(model, inputs).reshape(shape) for model in replicates]
            names = [*range(1, len(logits) + 1), ENSEMBLE]
            for name, one in zip(names, [*logits, np.mean(logits, axis=0)], strict=True):
                scores = logistic(one)
                yield {
                    "window": window,
                    "split": row["split"],
                    "state": row["state"],
                    "id": row["id"],
                    "replicate": name,
                    "auroc": round(auroc(item.labels(), scores), 6),
                    "smoothed_auroc": round(auroc(item.labels(), smoother.smooth(scores)), 6),
                }


def train_and_evaluate(options: argparse.Namespace, weights: Path) -> Iterator[dict[str, object]]:
    """Train the model on what one structural network says; yield the rows of all windows."""
    names = ("epochs", "learning_rate", "batch", "weight_decay", "dropout", "units", "seed")
    settings = LinearSettings(**{name: getattr(options, name) for name in names})
    info = read_info(weights)
    predictor = load_predictor(info.folder)
    if not isinstance(predictor, Predictor):
        raise SettingError(f"--weights must be one network, {weights} is an ensemble")
    reader = Reader(predictor, options.pssm, options.rotations)
    training, validation = (
        reader.samples(read_selection_set(options.dataset, one), options.negatives)
        for one in (options.fit_split, options.split)
    )
    models: dict[int, list[object]] = {}
    for window in options.window:
        parts = [[reader.inputs(one, window) for one in part] for part in (training, validation)]
        for number in range(options.replicates):
            model, best = train_linear_pairs(*parts, replace(settings, seed=settings.seed + number))
            print(
                f"{weights}, window {window}, replicate {number + 1}: CAUROC over drawn pairs of "
                f"{options.split} {best:.4f}",
                flush=True,
            )
            models.setdefault(window, []).append(model)
    for row in evaluate(reader, options, info.sha256, models):
        yield {"weights": weights, "edge": predictor.network.config.edge, **row}


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    store.read_settings(options.pssm)
    if any(window != 0 and (window < 1 or window % 2 == 0) for window in options.window):
        raise SettingError(f"--window must be odd numbers or 0, got {options.window}")
    several = len(options.weights) > 1 or len(options.window) > 1
    if options.method and several:
        raise SettingError("--method needs one of --weights and one --window")
    rows = [row for weights in options.weights for row in train_and_evaluate(options, weights)]
    write_table(rows, options.output / f"linear-{options.split}.csv", COLUMNS)
    groups: dict[tuple[object, ...], list[dict[str, object]]] = {}
    for row in rows:
        key = tuple(row[name] for name in ("weights", "window", "split", "state"))
        groups.setdefault(key, []).append(row)
    for (weights, window, split, state), mine in groups.items():
        report(f"{weights}, window {window}, {split}, {state}", mine)
    if options.method:
        write_for_tables(options, rows)
    if several:
        chosen = [
            row for row in rows if row["split"] == options.split and row["state"] == "unbound"
        ]
        draw_search(options.output / f"search-{options.split}.png", chosen, options.split)
    return 0


def write_for_tables(options: argparse.Namespace, rows: Sequence[dict[str, object]]) -> None:
    """Write the AUROC of each complex and replicate where train.tables finds it."""
    column = compared.CONSERVATION if options.window != [0] else compared.STRUCTURE
    folders = {"unbound": compared.FOLDER, "bound": compared.BOUND_FOLDER}
    for state, folder in folders.items():
        mine = [
            {**{name: row[name] for name in compared.COLUMNS}, "auroc": row["smoothed_auroc"]}
            for row in rows
            if row["state"] == state
        ]
        alone = [row for row in mine if row["replicate"] != ENSEMBLE]
        together = [row | {"replicate": 1} for row in mine if row["replicate"] == ENSEMBLE]
        place = DOCS / "results" / folder
        for name, part in ((options.method, alone), (f"{options.method}_{ENSEMBLE}", together)):
            if part:
                print(compared.write_measured(place, name, column, part))


def caurocs(rows: Sequence[dict[str, object]], name: str = "auroc") -> list[float]:
    """Return the CAUROC of each replicate."""
    replicates = sorted({str(row["replicate"]) for row in rows} - {ENSEMBLE}, key=int)
    return [cauroc(values_of(rows, name, number)) for number in replicates]


def values_of(rows: Sequence[dict[str, object]], name: str, replicate: str) -> list[float]:
    """Return the AUROC of each complex by a replicate."""
    return [float(str(row[name])) for row in rows if str(row["replicate"]) == replicate]


def report(title: str, rows: Sequence[dict[str, object]]) -> None:
    """Print the CAUROC of the replicates, and of the best one with its interval."""
    for name in ("auroc", "smoothed_auroc"):
        found = caurocs(rows, name)
        best = values_of(rows, name, str(int(np.argmax(found)) + 1))
        together = with_interval(values_of(rows, name, ENSEMBLE))
        print(f"{title}: {name} {spread_of(found)}; best {with_interval(best)}; all {together}")


def draw_search(path: Path, rows: Sequence[dict[str, object]], split: str) -> None:
    """Draw CAUROC against the window, mean and deviation of replicates, a line for each cube."""
    groups: dict[tuple[int, int], list[dict[str, object]]] = {}
    for row in rows:
        groups.setdefault((int(str(row["edge"])), int(str(row["window"]))), []).append(row)

    def decorate(axes) -> None:  # noqa: ANN001
        for edge in sorted({edge for edge, _ in groups}):
            windows = sorted(window for one, window in groups if one == edge)
            found = [caurocs(groups[edge, window]) for window in windows]
            means, bars = [np.mean(one) for one in found], [np.std(one) for one in found]
            axes.errorbar(windows, means, bars, marker="o", capsize=3, label=f"cube of {edge} A")
        axes.set(
            xlabel="residues in the window of the profile (0: none)", ylabel=f"CAUROC on {split}"
        )
        axes.set_xticks(sorted({window for _, window in groups}))
        axes.legend(fontsize="small")

    curves.draw(path, decorate)


if __name__ == "__main__":
    sys.exit(run_script("train.paper_conservation", main))
