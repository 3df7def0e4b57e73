"""Train a network.

    python -m train.fit DATASET -o RUN --validate DB5_DATASET --config resources/default/train.json
    python -m train.fit DATASET -o RUN --validate DB5_DATASET \
        --config resources/default/context.json --start resources/default

    python -m train.fit MINED DB5_DATASET --split train --split DB3 -o RUN --config SETTINGS \
        --start resources/default

The first trains a whole network from random weights. The second starts from shipped weights
(--start) and keeps their tower as it is: with "frozen_poses": 1 among the train settings the tower
embeds each complex once, and only context layers and head are trained, which takes minutes. The
third mixes mined complexes with unbound ones of the benchmark:
"repeats": [1, 3] among the train settings shows each cluster of the first dataset once in a round
and each of the second three times. The test set DB5U is refused.

Training uses every device (tf.distribute.MirroredStrategy), or all machines that TF_CONFIG names
(MultiWorkerMirroredStrategy; RUN is then on a file system they share). KERAS_BACKEND=torch or jax
trains on one device without TensorFlow. You can stop a run at any time; the same command continues
it from its last checkpoint with the same stream of examples. It keeps the settings in
RUN/config.json, and which complexes it learns from in RUN/data.json, and refuses others.

Every --check-every steps there is a check. RUN/log.csv (also curve.png, and tensorboard/ with
TensorFlow) holds step, seconds, loss, the share of time spent on waiting for data, and the CAUROC
on held-out unbound complexes; RUN/best holds the weights of the best check, RUN/last the newest.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from sasnet_core.config import RunConfig
from sasnet_core.dataset.complexes import Complex, evenly_spread, load_complex
from sasnet_core.dataset.folds import FOLDS
from sasnet_core.errors import DatasetError, SettingError, run_script
from sasnet_core.evaluation.selection_set import read_selection_set
from sasnet_core.files import write_json
from sasnet_core.metrics import cauroc, mean_auroc
from sasnet_core.network.network import Network
from sasnet_core.network.weights import fill, save_weights
from sasnet_core.network.weights_folder import read_info
from sasnet_core.scoring.predictor import Predictor
from sasnet_core.training.checkpoints import list_checkpoints
from sasnet_core.training.frozen_embeddings import EmbeddingCache
from sasnet_core.training.run_data import settle_data
from sasnet_core.training.runlog import RunLog
from sasnet_core.training.stream import ComplexStream, training_sources
from sasnet_core.training.trainer import Trainer, default_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sasnet_core.config import TrainConfig
    from sasnet_core.training.stream import Source

CONFIG_FILE, CHECKPOINTS = "config.json", "checkpoints"
#: How the names of the site terms' variables begin in a file of weights.
SITE_VARIABLES = "head/site/"


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "datasets", type=Path, nargs="+", metavar="DATASET", help="complexes to train on"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the run")
    parser.add_argument("--config", type=Path, help="JSON with 'model' and 'train' settings")
    parser.add_argument(
        "--start",
        type=Path,
        help="weights to start from: all of them if they are of the same network (it may have "
        "site_terms in addition), else the tower's",
    )
    parser.add_argument(
        "--engine",
        choices=("lattice", "windows"),
        help="how surfacelets are made: on lattices that all residues of a protein share, or two "
        "for each pair (as in the paper, and much slower); default: what the settings say",
    )
    parser.add_argument(
        "--split",
        action="append",
        help="splits to train on, like DB3,DB4U: once for all datasets, or once for each of them "
        "in the same order (default: train)",
    )
    parser.add_argument(
        "--leave-out-fold",
        type=int,
        choices=range(1, FOLDS + 1),
        help="fold of the benchmark not to train on, so that its complexes can judge the network",
    )
    parser.add_argument("--validate", type=Path, help="dataset of train.db5, for the checks")
    parser.add_argument("--validate-split", default="DB4U", help="its part to check on")
    parser.add_argument("--validate-count", type=int, default=20, help="complexes in a check")
    parser.add_argument("--check-every", type=int, default=200, help="steps between checks")
    return parser.parse_args(arguments)


def validation_complexes(
    dataset: Path, split: str, count: int, trained: Iterable[Path] = ()
) -> list[Complex]:
    """Load a fixed, evenly spread subset of the unbound complexes of a split.

    Complexes that the run trains on are not among them.
    """
    known = {file.resolve() for file in trained}
    rows = [
        row
        for row in read_selection_set(dataset, split).rows
        if (dataset / row["file"]).resolve() not in known
    ]
    if not 1 <= count <= len(rows):
        raise DatasetError(
            f"{dataset}: {count} complexes of {split} are needed for the checks that the run does "
            f"not train on, there are {len(rows)}; change --validate-split or --validate-count"
        )
    return [load_complex(dataset / row["file"]) for row in evenly_spread(rows, count)]


def check(predictor: Predictor, complexes: list[Complex]) -> tuple[float, float]:
    """Compute median and mean AUROC over all pairs, one rotation, inference statistics."""
    values = [
        item.auroc(predictor.score(item.left, item.right, rotations=1).matrix) for item in complexes
    ]
    return cauroc(values), mean_auroc(values)


def settle_config(options: argparse.Namespace, chief: bool = True) -> RunConfig:
    """Read the settings and keep them with the run; a run that has begun keeps its own.

    Raises
    ------
    SettingError
        The run has checkpoints made with other settings.
    """
    kept = options.output / CONFIG_FILE
    given = RunConfig.read(options.config) if options.config else None
    if not list_checkpoints(options.output / CHECKPOINTS):
        config = with_engine(given or RunConfig(), options.engine)
        if chief:
            write_json(config.to_dict(), kept)
        return config
    config = RunConfig.read(kept)
    differing = differences(config, with_engine(given or config, options.engine))
    if differing:
        raise SettingError(
            f"{options.config or '--engine'}: the settings of the run in {options.output} are "
            f"needed, these differ ({'; '.join(differing)}); go on without --config and --engine, "
            f"or make a new run with --start {options.output / 'last'}"
        )
    return config


def with_engine(config: RunConfig, engine: str | None) -> RunConfig:
    """Change the engine, if one is given."""
    return replace(config, train=replace(config.train, engine=engine)) if engine else config


def differences(kept: RunConfig, given: RunConfig) -> list[str]:
    """Say in words which settings differ."""
    return [
        f"{part}.{name} {value!r}, got {getattr(getattr(given, part), name)!r}"
        for part in ("model", "train")
        for name, value in vars(getattr(kept, part)).items()
        if getattr(getattr(given, part), name) != value
    ]


def start(network: Network, folder: Path) -> None:
    """Fill a network with the weights of a folder: all if it is the same network, else the tower.

    The same network with site terms in addition counts as the same; they start at 0.

    Raises
    ------
    WeightsError
        The tower is another one.
    """
    info = read_info(folder)
    if info.members:
        raise SettingError(f"{folder}: weights of one network are needed, this is an ensemble; "
                           "name one of its members")  # fmt: skip
    assert info.model is not None
    same = network.config in (info.model, replace(info.model, site_terms=True))
    fill(network.parts if same else [network.tower], folder, not same, SITE_VARIABLES)


def make_stream(sources: Sequence[Source], config: TrainConfig) -> ComplexStream:
    """Mix the complexes of all sources; raises as `ComplexStream`."""
    return ComplexStream(
        sources,
        config.seed,
        config.distinct_pairs,
        config.like_repeats,
        config.unlike_repeats,
    )


def embed_all(
    trainer: Trainer, stream: ComplexStream, output: Path
) -> Callable[[Complex], np.ndarray]:
    """Embed every complex with the frozen tower; embeddings of an earlier start are used again."""
    config = trainer.config.train
    if trainer.steps.replicas > 1 and "TF_CONFIG" in os.environ:
        raise SettingError(
            "frozen_poses must run on one machine, TF_CONFIG names several; unset it"
        )
    cache = EmbeddingCache(trainer.network, output / "embeddings", config.frozen_poses, config.seed)
    files = [file for files in stream.clusters() for file in files]
    for file in tqdm(files, desc="embedding", disable=None):
        cache.add(load_complex(file))
    return cache.read


class Run:
    """A run and its checks: a row of the log, a checkpoint, and an evaluation of the weights.

    It may be killed at any point; the next start does what is missing.

    Parameters
    ----------
    trainer : Trainer
        The run.
    stream, embedded
        As `Trainer.run` takes them.
    held_out : list of Complex
        To evaluate the weights on; may be empty.
    output : Path
        Folder of the run.
    """

    def __init__(
        self,
        trainer: Trainer,
        stream: ComplexStream,
        embedded: Callable[[Complex], np.ndarray] | None,
        held_out: list[Complex],
        output: Path,
    ) -> None:
        self._trainer, self._stream, self._embedded = trainer, stream, embedded
        self._held_out, self._output = held_out, output
        self._predictor = Predictor(trainer.network)
        self._log = RunLog(output, trainer.step)
        self._started = self._last = time.monotonic()

    def finish(self, check_every: int) -> None:
        """Train to the last step, with a check every so many steps and after the last one."""
        if self._trainer.step and not self._log.has_scores(self._trainer.step):
            self._evaluate()  # it was killed in the check of its checkpoint
        losses: list[float] = []
        for step, loss in self._trainer.run(self._stream, self._embedded):
            losses.append(loss)
            if step % check_every == 0 or step == self._trainer.config.train.steps:
                self._check(losses)
                losses = []

    def _check(self, losses: list[float]) -> None:
        """Log the losses since the last check, write a checkpoint, evaluate the weights."""
        now, loss = time.monotonic(), float(np.mean(losses))
        if self._trainer.steps.chief:
            waiting = self._trainer.waited / (now - self._last)
            self._log.add(self._trainer.step, now - self._started, loss, waiting)
        self._trainer.save()
        scores = self._evaluate()
        if self._trainer.steps.chief:
            print(self._trainer.step, f"loss {loss:.4f}", *scores, flush=True)
        self._last, self._trainer.waited = time.monotonic(), 0.0

    def _evaluate(self) -> tuple[float, ...]:
        """Keep the weights, log their scores, and keep them as the best if they are."""
        scores: tuple[float, ...] = ()
        with self._trainer.settled(self._stream, self._embedded):
            if not self._trainer.steps.chief:
                return scores
            save_weights(self._output / "last", self._trainer.network)
            if self._held_out:
                scores = check(self._predictor, self._held_out)
                if scores[0] > self._log.best():
                    save_weights(self._output / "best", self._trainer.network)
                self._log.add_scores(self._trainer.step, scores)
        return scores


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    if options.check_every < 1:
        raise SettingError(f"--check-every must be 1 or more, got {options.check_every}")
    steps = default_steps()
    config = settle_config(options, steps.chief)
    sources = training_sources(
        options.datasets, options.split or ["train"], config.train.repeats, options.leave_out_fold
    )
    stream = make_stream(sources, config.train)
    begun = bool(list_checkpoints(options.output / CHECKPOINTS))
    settle_data(options.output, sources, begun, steps.chief)
    held_out = (
        validation_complexes(
            options.validate,
            options.validate_split,
            options.validate_count,
            [file for files in stream.clusters() for file in files],
        )
        if options.validate
        else []
    )
    trainer = Trainer(config, options.output / CHECKPOINTS, steps)
    if options.start and not trainer.step:
        start(trainer.network, options.start)
    embedded = embed_all(trainer, stream, options.output) if config.train.frozen_poses else None
    Run(trainer, stream, embedded, held_out, options.output).finish(options.check_every)
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.fit", main, resumable=True))
