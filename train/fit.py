"""Train a network.

    python -m train.fit DATASET -o TOWER --validate DB5_DATASET \
        --config resources/default/tower.json
    python -m train.fit DATASET -o RUN --validate DB5_DATASET \
        --config resources/default/context.json --start TOWER/last

Uses every device there is (tf.distribute.MirroredStrategy). Stop it at any time and start it
again: it goes on from its last checkpoint with the same stream of examples and the settings in
RUN/config.json (other settings are refused: they are another run). RUN/log.csv holds
step, seconds, loss and, at each check, the CAUROC on held-out unbound complexes; RUN/best the
weights of the best check, RUN/last those of the newest.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from sasnet_core.complexes import Complex, benchmark_rows, load_complex
from sasnet_core.config import RunConfig
from sasnet_core.embeddings import EmbeddingCache
from sasnet_core.errors import DatasetError, SettingError, run_script
from sasnet_core.files import write_json
from sasnet_core.metrics import cauroc, mean_auroc
from sasnet_core.network import Network
from sasnet_core.pipeline import ComplexStream
from sasnet_core.predict import Predictor
from sasnet_core.training import Trainer
from sasnet_core.weights import fill, read_info, save_weights

if TYPE_CHECKING:
    from collections.abc import Callable

Scores = tuple[float, float] | None  # median and mean AUROC of a check
CONFIG_FILE, CHECKPOINTS = "config.json", "checkpoints"
LOG_COLUMNS = ("step", "seconds", "loss", "cauroc", "mean_auroc")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path, help="complexes to train on")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the run")
    parser.add_argument("--config", type=Path, help="JSON with 'model' and 'train' settings")
    parser.add_argument(
        "--start",
        type=Path,
        help="weights to start from: the network's or its tower's",
    )
    parser.add_argument("--split", default="train", help="split of the dataset to train on")
    parser.add_argument("--validate", type=Path, help="dataset of train.db5, for the checks")
    parser.add_argument("--validate-count", type=int, default=20, help="complexes in a check")
    parser.add_argument("--check-every", type=int, default=200, help="steps between checks")
    return parser.parse_args(arguments)


def validation_complexes(dataset: Path, count: int) -> list[Complex]:
    """Load a fixed, evenly spread subset of the unbound DB4U complexes."""
    rows = benchmark_rows(dataset, "DB4U")
    if not 1 <= count <= len(rows):
        raise DatasetError(f"{dataset}: 1 to {len(rows)} complexes for the checks, got {count}")
    chosen = np.linspace(0, len(rows) - 1, count).round().astype(int)
    return [load_complex(dataset / rows[k]["file"]) for k in chosen]


def check(predictor: Predictor, complexes: list[Complex]) -> tuple[float, float]:
    """Compute median and mean AUROC over all pairs, one rotation, inference statistics."""
    values = [
        item.auroc(predictor.score(item.left, item.right, rotations=1).matrix) for item in complexes
    ]
    return cauroc(values), mean_auroc(values)


def read_config(path: Path) -> RunConfig:
    """Read the settings of a run.

    Raises
    ------
    SettingError
        The file is missing, is no JSON, or holds settings that are none.
    """
    try:
        return RunConfig.from_dict(json.loads(path.read_text()))
    except (OSError, ValueError, AttributeError, SettingError) as error:
        raise SettingError(f"{path}: JSON with 'model' and 'train' is needed ({error})") from None


def settle_config(options: argparse.Namespace) -> RunConfig:
    """Read the settings and keep them with the run; those of a run under way stay.

    Raises
    ------
    SettingError
        The run has checkpoints made with other settings.
    """
    kept = options.output / CONFIG_FILE
    under_way = tf.train.latest_checkpoint(options.output / CHECKPOINTS) is not None
    if not under_way:
        config = read_config(options.config) if options.config else RunConfig()
        write_json(config.to_dict(), kept)
        return config
    config = read_config(kept)
    if options.config:
        differing = differences(config, read_config(options.config))
        if differing:
            raise SettingError(
                f"{options.config}: the settings of the run in {options.output} are needed, these "
                f"differ ({'; '.join(differing)}); go on without --config, or make a new run with "
                f"--start {options.output / 'last'}"
            )
    return config


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

    Raises
    ------
    WeightsError
        The tower is another one.
    """
    same = read_info(folder).model == network.config
    fill(network.parts if same else [network.tower], folder, others=not same)


def embed_all(
    trainer: Trainer, stream: ComplexStream, output: Path
) -> Callable[[Complex], np.ndarray]:
    """Let the frozen tower embed every complex once; what an earlier run embedded is kept."""
    config = trainer.config.train
    cache = EmbeddingCache(trainer.network, output / "embeddings", config.frozen_poses, config.seed)
    files = [file for files in stream.clusters() for file in files]
    for file in tqdm(files, desc="embedding", disable=None):
        cache.add(load_complex(file))
    return cache.read


class RunLog:
    """Appends to log.csv."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            self._write(LOG_COLUMNS)

    def _write(self, row: tuple[object, ...]) -> None:
        with self.path.open("a", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerow(row)

    def best(self) -> float:
        """Return the best CAUROC so far."""
        with self.path.open(newline="") as stream:
            checks = [float(r["cauroc"]) for r in csv.DictReader(stream) if r["cauroc"]]
        return max(checks, default=0.0)

    def add(
        self, step: int, seconds: float, loss: float, scores: tuple[float, float] | None
    ) -> None:
        """Write one line."""
        texts = [f"{value:.4f}" for value in scores] if scores else ["", ""]
        self._write((step, f"{seconds:.0f}", f"{loss:.4f}", *texts))
        print(step, f"{seconds:.0f} s", f"loss {loss:.4f}", *texts, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    config = settle_config(options)
    stream = ComplexStream(options.dataset, config.train.seed, options.split)
    held_out = (
        validation_complexes(options.validate, options.validate_count) if options.validate else []
    )
    trainer = Trainer(config, tf.distribute.MirroredStrategy(), options.output / CHECKPOINTS)
    if options.start and not trainer.step:
        start(trainer.network, options.start)
    embedded = embed_all(trainer, stream, options.output) if config.train.frozen_poses else None
    predictor = Predictor(trainer.network)
    log = RunLog(options.output / "log.csv")
    started, losses = time.monotonic(), []
    for step, loss in trainer.run(stream, embedded):
        losses.append(loss)
        if step % options.check_every and step != config.train.steps:
            continue
        trainer.save()
        with trainer.averaged():
            best = log.best()
            scores = check(predictor, held_out) if held_out else None
            folders = ["last"] if scores is None or scores[0] <= best else ["last", "best"]
            for name in folders:
                save_weights(options.output / name, trainer.network)
        log.add(step, time.monotonic() - started, float(np.mean(losses)), scores)
        losses = []
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.fit", main))
