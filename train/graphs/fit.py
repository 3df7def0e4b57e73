"""Train a network on residue graphs, to score beside the network on atoms.

    python -m train.graphs.fit MINED -o RUN1 --config resources/best/graph_mined.json
    python -m train.graphs.fit MINED DB5_DATASET --split train --split DB3,DB4U -o RUN2 \
        --config train/replicates/candidate/graph_tune.json --start RUN1

The first learns from mined complexes, the second goes on with unbound ones of the benchmark among
them. --leave-out-fold N leaves a fold of the benchmark out, so that its complexes can judge the
network. The graphs of proteins are kept in --graphs. Every --check-every steps, and at the end, the
network is written to RUN and checked on --validate. A run that is complete is not made again; one
that was killed goes on from its last check.

Each step is one complex: its contacts, some non-contacts, and which residues are in the interface;
residues that touch only third chains count neither as contacts nor as others.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from sasnet_core.dataset.complexes import Complex, benchmark_rows, load_complex
from sasnet_core.dataset.folds import FOLDS
from sasnet_core.errors import DatasetError, SettingError, run_script
from sasnet_core.evaluation.selection_set import read_selection_set
from sasnet_core.evaluation.test_set import refuse_test_set
from sasnet_core.files import json_values, write_json
from sasnet_core.graph.features import WIDTHS
from sasnet_core.graph.pair_layer import GraphNetwork
from sasnet_core.graph.residue_graph import has_graph, kept_graph
from sasnet_core.graph.residue_network import ResidueNetwork, scaled, with_itself
from sasnet_core.graph.stored import read_networks, save_networks
from sasnet_core.metrics import auroc
from sasnet_core.network.weights_folder import GRAPH_FILE
from sasnet_core.settings import COUNT, NOT_NEGATIVE, POSITIVE, SEED, Settings
from sasnet_core.training.run_data import data_facts
from sasnet_core.training.stream import ComplexStream, training_sources
from sasnet_core.training.targets import spared_residues
from train.baselines.pairs import GraphPair, Scale, join, sample_pairs
from train.graphs.network import Sizes, build, exported, fill
from train.graphs.stopped import delete_stopped, find_stopped, write_stopped

RUN_FILE = "run.json"
#: Complexes whose residues tell how features are scaled.
SCALED_ON = 300


@dataclass(frozen=True)
class Example:
    """A complex as a step sees it: scaled graphs, and what is asked of residues."""

    item: GraphPair
    inputs: tuple[np.ndarray, np.ndarray, np.ndarray]  # nodes, neighbours, edges
    in_interface: np.ndarray  # (n,) float32
    weights: np.ndarray  # (n,) float32, both classes alike, sum 1; spared residues 0


@dataclass(frozen=True)
class Training(Settings):
    """How a network is trained.

    Attributes
    ----------
    steps : int
        Complexes that it sees.
    learning_rate : float
        Of AdamW, after a linear warm-up; falls to 0 by a half cosine.
    warmup_steps : int
        Steps of the warm-up.
    weight_decay : float
        Of all kernels.
    negatives : int
        Non-contacts drawn for each contact; both classes weigh the same.
    sites : float
        Weight of the question which residues are in the interface.
    like_repeats, unlike_repeats : int
        How often a round shows each cluster of like and of unlike partners.
    repeats : tuple of int
        How often a round shows each cluster of each dataset.
    largest : int
        Complexes of more residues are omitted.
    seed : int
        Of weights, order and draws.
    """

    steps: int = 8000
    learning_rate: float = 1e-3
    warmup_steps: int = 200
    weight_decay: float = 0.05
    negatives: int = 8
    sites: float = 1.0
    like_repeats: int = 1
    unlike_repeats: int = 1
    repeats: tuple[int, ...] = (1,)
    largest: int = 2000
    seed: int = 1

    _rules = {
        "steps": COUNT, "learning_rate": POSITIVE, "weight_decay": NOT_NEGATIVE,
        "warmup_steps": COUNT, "negatives": COUNT, "sites": NOT_NEGATIVE, "largest": COUNT,
        "seed": SEED,
    }  # fmt: skip


def read_config(path: Path) -> tuple[Sizes, Training]:
    """Read the settings of a run.

    Raises
    ------
    SettingError
        The file holds none.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Sizes.from_dict(values["graph"]), Training.from_dict(values["train"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingError(
            f"{path}: a JSON file with 'graph' and 'train' settings is needed ({error})"
        ) from None


class Examples:
    """Complexes with their graphs, each made once.

    Parameters
    ----------
    graphs : Path
        Where graphs are kept.
    largest : int
        Complexes of more residues are omitted.
    """

    def __init__(self, graphs: Path, largest: int) -> None:
        self._graphs, self._largest = graphs, largest
        self._made: dict[str, Example] = {}

    def pair(self, item: Complex) -> GraphPair | None:
        """Return the graphs of a complex, features as they are; None: it is too large or small."""
        proteins = (item.left, item.right)
        if sum(protein.n_residues for protein in proteins) > self._largest:
            return None
        if not all(map(has_graph, proteins)):
            return None
        graphs = [kept_graph(protein, self._graphs) for protein in proteins]
        left, right = spared_residues(item)
        spared = np.concatenate([left, right + item.left.n_residues])
        return replace(join(item.name, graphs, item.contacts, list(WIDTHS)), spared=spared)

    def example(self, item: Complex, scale: Scale) -> Example | None:
        """Return a complex as a step sees it; None: it is too large or too small."""
        key = f"{item.left.content_hash} {item.right.content_hash}"
        if key not in self._made:
            pair = self.pair(item)
            if pair is None:
                return None
            self._made[key] = make_example(pair, scale)
        return self._made[key]


def make_example(pair: GraphPair, scale: Scale) -> Example:
    """Scale the features of a complex, and say which residues are in the interface."""
    nodes = scaled(pair.nodes, scale.mean, scale.deviation)
    truth = np.zeros(len(nodes), bool)
    truth[pair.contacts[:, 0]] = truth[pair.contacts[:, 1] + pair.n_left] = True
    others = ~truth
    others[pair.spared] = False
    weights = truth / (2 * truth.sum()) + others / (2 * max(1, others.sum()))
    inputs = (nodes, *with_itself(pair.neighbours, pair.edges))
    return Example(pair, inputs, truth.astype(np.float32), weights.astype(np.float32))


def measure_scale(examples: Examples, stream: ComplexStream) -> Scale:
    """Measure the features of residues on the first complexes of a stream."""
    found = [examples.pair(stream.complex_at(place)) for place in range(SCALED_ON)]
    pairs = [pair for pair in found if pair is not None]
    if not pairs:
        raise DatasetError("complexes small enough for a graph are needed, there are none")
    return Scale.of(pairs)


def steps(
    examples: Examples, stream: ComplexStream, scale: Scale, first: int = 0
) -> Iterator[tuple[int, Example]]:
    """Yield the complexes of all steps, each with the place in the stream after it, without end."""
    for place in itertools.count(first):
        example = examples.example(stream.complex_at(place), scale)
        if example is not None:
            yield place + 1, example


def learning_rate(step: int, training: Training) -> float:
    """Compute the rate of a step: linear warm-up times a half cosine to zero."""
    warm = min(1.0, (step + 1) / training.warmup_steps)
    return training.learning_rate * warm * (1 + math.cos(math.pi * step / training.steps)) / 2


def take_step(model: keras.Model, example: Example, training: Training, step: int) -> float:
    """Learn from one complex; returns the loss."""
    item, rng = example.item, np.random.default_rng([training.seed, step])
    model.optimizer.learning_rate = learning_rate(step - 1, training)
    pairs, labels = sample_pairs(item, training.negatives * len(item.contacts), rng)
    positive = labels > 0
    share = np.where(positive, 1 / positive.sum(), 1 / max(1, (~positive).sum())) / 2
    # Keras divides by the number of values; weights of sum 1 are meant.
    weights = [share * len(share), example.weights * len(example.weights)]
    inputs = [part[None] for part in (*example.inputs, pairs)]
    targets = [labels[None, :, None], example.in_interface[None, :, None]]
    result = model.train_on_batch(inputs, targets, [w[None].astype(np.float32) for w in weights])
    return float(np.atleast_1d(result)[0])


def compiled(model: keras.Model, training: Training) -> keras.Model:
    """Prepare a network for its steps."""
    optimizer = keras.optimizers.AdamW(
        training.learning_rate, weight_decay=training.weight_decay, global_clipnorm=1.0
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    losses = [keras.losses.BinaryCrossentropy(from_logits=True) for _ in range(2)]
    model.compile(
        optimizer,
        losses,
        loss_weights=[1.0, training.sites],
        jit_compile=False,  # shapes differ from complex to complex
    )
    return model


def check(network: ResidueNetwork, dataset: Path, split: str, graphs: Path) -> dict[str, float]:
    """Compute median and mean AUROC over all pairs, and the mean AUROC of residues."""
    pairs, sites = [], []
    rows = benchmark_rows(dataset, split)
    refuse_test_set(rows)
    for row in rows:
        item = load_complex(dataset / row["file"])
        if has_graph(item.left) and has_graph(item.right):
            both = [kept_graph(protein, graphs) for protein in (item.left, item.right)]
            scores, truth = network.logits(*both), item.labels()
            pairs.append(auroc(truth, scores))
            sites += [auroc(truth.any(axis=k), scores.max(axis=k)) for k in (0, 1)]
    found = {"cauroc": np.median(pairs), "mean_auroc": np.mean(pairs), "sites": np.nanmean(sites)}
    return {name: round(float(value), 4) for name, value in found.items()}


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("datasets", type=Path, nargs="+", metavar="DATASET", help="complexes to train on")
    add("-o", "--output", type=Path, required=True, metavar="RUN")
    add("--config", type=Path, required=True, help="JSON with 'graph' and 'train' settings")
    add("--start", type=Path, metavar="RUN", help="go on from this network, scaled as it is")
    add("--split", action="append", help="splits to train on, as for train.fit (default: train)")
    add("--leave-out-fold", type=int, choices=range(1, FOLDS + 1), help="as for train.fit")
    add("--seed", type=int, help="instead of the settings' own, for replicates")
    add("--graphs", type=Path, default=Path("graphs"), help="where graphs are kept")
    add("--validate", type=Path, help="dataset of train.db5 or train.mine, for the checks")
    add("--validate-split", default="DB4U", help="its part to check on (default: DB4U)")
    add("--check-every", type=int, default=2000, help="steps between checks (default: 2000)")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    sizes, training = read_config(options.config)
    if options.seed is not None:
        training = replace(training, seed=options.seed)
    sources = training_sources(
        options.datasets, options.split or ["train"], training.repeats, options.leave_out_fold
    )
    stream = ComplexStream(
        sources, training.seed, 0, training.like_repeats, training.unlike_repeats
    )
    facts = {
        "graph": sizes.to_dict(), "train": training.to_dict(), "data": data_facts(sources),
    }  # fmt: skip
    if is_complete(options.output, facts, training.steps):
        print(f"{options.output}: is complete")
        return 0
    if options.check_every < 1:
        raise SettingError(f"--check-every must be 1 or more, got {options.check_every}")
    if options.validate:
        read_selection_set(options.validate, options.validate_split)  # refused now, if at all
    examples = Examples(options.graphs, training.largest)
    stopped = find_stopped(options.output)
    if options.start:
        (before,) = read_networks(options.start / GRAPH_FILE)
        scale = Scale(before.arrays["mean"], before.arrays["deviation"])
    elif stopped:
        scale = stopped.scale
    else:
        scale = measure_scale(examples, stream)
    model = compiled(build(sizes, len(scale.mean), training.seed), training)
    if stopped:
        stopped.fill(model)
    elif options.start:
        start(model, before, options.start)
    done, first = (stopped.step, stopped.place) if stopped else (0, 0)
    log = [row for row in read_log(options.output) if row["step"] <= done]
    losses = []
    numbers = tqdm(range(done + 1, training.steps + 1), disable=None)
    walk = steps(examples, stream, scale, first)
    for step, (place, example) in zip(numbers, walk, strict=False):
        losses.append(take_step(model, example, training, step))
        if step % options.check_every == 0 or step == training.steps:
            network = exported(model, scale)
            save_networks([network], options.output / GRAPH_FILE)
            log.append({"step": step, "loss": round(float(np.mean(losses)), 4)})
            if options.validate:
                log[-1] |= check(network, options.validate, options.validate_split, options.graphs)
            print(log[-1], flush=True)
            write_json(facts | {"log": log}, options.output / RUN_FILE)
            write_stopped(options.output, model, scale, step, place)
            losses = []
    delete_stopped(options.output)
    return 0


def read_log(folder: Path) -> list[dict[str, float]]:
    """Read the checks of a run, none if there is no run."""
    path = folder / RUN_FILE
    log: list[dict[str, float]] = json.loads(path.read_text())["log"] if path.is_file() else []
    return log


def is_complete(folder: Path, asked: Mapping[str, Any], steps: int) -> bool:
    """Tell whether a folder holds a run that has ended.

    Raises
    ------
    SettingError
        It holds one of other settings.
    """
    if not (folder / RUN_FILE).is_file():
        return False
    facts = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    if any(facts.get(name) != value for name, value in json_values(asked).items()):
        raise SettingError(
            f"{folder}: holds a run of other settings or complexes; use another folder, or the same"
        )
    return bool(facts["log"][-1]["step"] == steps)


def start(model: keras.Model, before: GraphNetwork, folder: Path) -> None:
    """Begin with the weights of another network.

    Raises
    ------
    SettingError
        It has other sizes.
    """
    try:
        fill(model, before.arrays)
    except (KeyError, ValueError) as error:
        raise SettingError(
            f"{folder}: the settings must be of the sizes of the network to start from ({error})"
        ) from None


if __name__ == "__main__":
    sys.exit(run_script("train.graphs.fit", main))
