"""How fast training is: shared lattices beside the paper's way, each pair with two surfacelets.

    python -m benchmarks.training DATASET --validate DB5_DATASET

Counts the operations of each way to share work; positive pairs per second of two of them at the
paper's sizes (35 A), and how long a step waits for its batch; what a step costs beside its counted
arithmetic, forward and backward, at the rates of this machine, with the settings that the paper's
network and the default one were trained with; then both engines train a smaller network for the
same CPU time, with checks of CAUROC on DB4U in between. Writes docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks import report
from benchmarks.operations import (
    convolution_operations,
    dense_operations,
    lattice_convolutions,
    pair_operations,
    window_operations,
)
from benchmarks.prediction import ROUNDS, machine_rates
from sasnet_core.config import ModelConfig, RunConfig, TrainConfig
from sasnet_core.dataset.complexes import benchmark_rows, evenly_spread, load_complex
from sasnet_core.metrics import cauroc, mean_auroc
from sasnet_core.network.weights_folder import default_folder
from sasnet_core.scoring.predictor import Predictor
from sasnet_core.training.batches import stream_batches
from sasnet_core.training.stream import ComplexStream, Source
from sasnet_core.training.trainer import Trainer

#: The paper's way: every pair of a step from another complex, as many positives as negatives.
WINDOWS = {"engine": "windows", "complexes_per_step": 16, "positives": 1, "negatives": 1}
LATTICE = {"engine": "lattice", "complexes_per_step": 1, "positives": 256, "negatives": 1024}
NAMES = {"lattice": "shared lattices", "windows": "two surfacelets a pair (paper)"}
#: Random residues of a side in the ways that do not embed all.
CROPPED = 16
#: Settings whose steps are compared with their arithmetic, and what the table calls them.
SHIPPED = {
    "paper/train.json": "the paper's sizes (35 A)",
    "default/families.json": "those of the default weights (27 A)",
}
#: Times that a product is computed: forward, for its kernel's gradient, and for its input's.
PASSES = 3
#: Steps before the clock starts: the first ones are compiled.
WARM_UP = 3


def shares(stream: ComplexStream, count: int) -> list[list[str]]:
    """Count the operations of the ways to embed what a complex's pairs need; rows of a table."""
    config, rng = ModelConfig(), np.random.default_rng(0)
    totals, positives = np.zeros(4), 0
    for place in range(count):
        item = stream.complex_at(place)
        positives += len(item.contacts)
        window = window_operations(config)
        sides = ((item.left, item.contacts[:, 0]), (item.right, item.contacts[:, 1]))
        chosen = [
            np.union1d(touching, rng.choice(protein.n_residues, CROPPED))
            for protein, touching in sides
        ]
        totals += (
            4 * len(item.contacts) * window,
            sum(len(rows) for rows in chosen) * window,
            sum(len(rows) * dense_operations(config)
                + lattice_convolutions(protein, config, rows).sum()
                for (protein, _), rows in zip(sides, chosen, strict=True)),
            sum(protein.n_residues * dense_operations(config)
                + lattice_convolutions(protein, config).sum() for protein, _ in sides),
        )  # fmt: skip
    names = (
        "two surfacelets of its own for each pair, as many negatives as positives (paper)",
        f"a surfacelet for each contact residue and {CROPPED} random ones a side",
        "one lattice for these residues",
        "one lattice for all residues: negatives from everywhere, context for every residue",
    )
    return [
        [name, f"{total / count / 1e9:,.0f}", f"{total / positives / 1e9:.2f}"]
        for name, total in zip(names, totals, strict=True)
    ]


def rate(settings: dict, stream: ComplexStream, steps: int, folder: Path) -> dict[str, float]:
    """Measure one engine at the paper's sizes: seconds and positives of a step, share waited."""
    train = replace(TrainConfig(steps=WARM_UP + steps, precision="mixed_bfloat16"), **settings)
    trainer = Trainer(RunConfig(ModelConfig(), train), folder)
    run = trainer.run(stream)
    list(islice(run, WARM_UP))
    trainer.waited, started = 0.0, time.monotonic()
    list(run)
    seconds = time.monotonic() - started
    places = range(WARM_UP * train.complexes_per_step, train.steps * train.complexes_per_step)
    positives = sum(min(len(stream.complex_at(p).contacts), train.positives) for p in places)
    return {
        "step": seconds / steps,
        "positives": positives / steps,
        "rate": positives / seconds,
        "waiting": trainer.waited / seconds,
    }


def arithmetic(
    config: RunConfig, stream: ComplexStream, steps: range, rates: dict[str, list[float]]
) -> tuple[float, float]:
    """Count the operations of some steps of a run; the seconds they take at measured rates.

    The first convolution needs no gradient of its input. Context layers are not counted.
    """
    operations = seconds = 0.0
    batches = stream_batches(stream, config.model, config.train, steps.start)
    for batch in islice(batches, len(steps)):
        lattice, residues = batch.tower_input, len(batch.tower_input.windows)
        convolutions = convolution_operations(lattice, config.model)
        passes = np.full(len(convolutions), PASSES)
        passes[0] -= 1
        counted = {
            "Conv3D": passes * convolutions,
            "dense layer": np.array([PASSES * residues * dense_operations(config.model)]),
            "head": np.array([PASSES * pair_operations(residues, len(batch.pairs), config.model)]),
        }
        operations += sum(counts.sum() for counts in counted.values())
        seconds += sum((counts / rates[name]).sum() for name, counts in counted.items())
    return operations, seconds


def steps_beside_arithmetic(
    stream: ComplexStream, steps: int, rounds: int, folder: Path
) -> list[list[str]]:
    """Time the steps of shipped settings beside their arithmetic; rows of a table.

    Rates and steps are measured in turn, and the best of each counts.
    """
    rows = []
    for name, title in SHIPPED.items():
        config = RunConfig.from_dict(json.loads((default_folder().parent / name).read_text()))
        config = replace(config, train=replace(config.train, steps=WARM_UP + rounds * steps))
        trainer = Trainer(config, folder / name.replace("/", "-"))
        run = trainer.run(stream)
        list(islice(run, WARM_UP))
        rates = [machine_rates("bfloat16", config.model)]
        total = np.zeros(3)
        for part in range(rounds):
            started = time.monotonic()
            list(islice(run, steps))
            seconds = time.monotonic() - started
            rates.append(machine_rates("bfloat16", config.model))
            best = {key: np.maximum.reduce([each[key] for each in rates[-2:]]) for key in rates[0]}
            first = WARM_UP + part * steps
            total += (seconds, *arithmetic(config, stream, range(first, first + steps), best))
        taken, operations, alone = total / (rounds * steps)
        rows.append(
            [title, str(config.train.complexes_per_step), f"{taken:.2f} s",
             f"{operations / 1e9:,.0f}", f"{alone:.2f} s", f"**{taken / alone:.2f}**"]
        )  # fmt: skip
        print(*rows[-1], flush=True)
    return rows


def learn(
    settings: dict, stream: ComplexStream, held_out: list, minutes: float, checks: int, folder: Path
) -> Iterator[tuple[float, int, float, float]]:
    """Train for some CPU minutes; yield (CPU minutes, pairs seen, CAUROC, mean AUROC) at checks."""
    model = ModelConfig(
        edge=27, filters=(16, 32, 64, 128), embedding_size=256, head_sizes=(256, 256),
        normalization="layer",
    )  # fmt: skip
    train = TrainConfig(
        optimizer="adam", learning_rate=5e-4, decay=False, precision="mixed_bfloat16", steps=10**6
    )
    trainer = Trainer(RunConfig(model, replace(train, **settings)), folder)
    predictor = Predictor(trainer.network)
    spent, due, pairs = 0.0, minutes / checks, 0
    started = time.process_time()
    for step, _ in trainer.run(stream):
        now = spent + (time.process_time() - started) / 60
        if now < due:
            continue
        pairs = (
            step * settings["complexes_per_step"] * (settings["positives"] + settings["negatives"])
        )
        values = [
            item.auroc(predictor.score(item.left, item.right, rotations=1).matrix)
            for item in held_out
        ]
        yield now, pairs, cauroc(values), mean_auroc(values)
        if due >= minutes - 1e-9:
            return
        spent, due, started = now, due + minutes / checks, time.process_time()


def section(
    counts: list[list[str]], rates: dict, steps: list[list[str]], curves: dict, command: str
) -> str:
    """Write the section of docs/benchmarks.md."""
    speed = [
        [NAMES[name], f"{found['step']:.2f} s", f"{found['positives']:.0f}",
         f"{found['rate']:.1f}", f"{found['waiting']:.1%}"]
        for name, found in rates.items()
    ]  # fmt: skip
    ratio = rates["lattice"]["rate"] / rates["windows"]["rate"]
    learned = [
        [f"{row[0]:.1f}", NAMES[name], f"{row[1]:,}", f"{row[2]:.3f}", f"{row[3]:.3f}"]
        for name, rows in curves.items()
        for row in rows
    ]
    return "\n".join(
        [
            "## Training",
            "",
            f"The paper's network (35 A), bfloat16: **{ratio:.0f} times** as many positive pairs "
            "per second with shared lattices.",
            "",
            report.table(
                ["what is embedded (35 A)", "GFLOP forward per complex", "GFLOP per positive"],
                counts,
            ),
            report.table(
                ["engine", "step", "positives a step", "positives per second", "waiting for data"],
                speed,
            ),
            "What a step takes beside its arithmetic alone: the operations of convolutions, dense "
            "layer and head, forward and backward, at the rates of Conv3D and of matrix products "
            "in bfloat16 that are measured before and after.",
            "",
            report.table(
                ["settings", "complexes a step", "step", "GFLOP", "arithmetic alone", "ratio"],
                steps,
            ),
            "A network of 27 A (16-32-64-128 filters, layer normalization), Adam 5e-4, one "
            "rotation, scores not smoothed; pairs are positives and negatives at most:",
            "",
            report.table(["CPU minutes", "engine", "pairs seen", "CAUROC", "mean"], learned),
            f"Command: `{command}`. Machine: {report.machine()}.",
        ]
    )


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path, help="complexes to train on")
    parser.add_argument("--validate", type=Path, required=True, help="dataset of train.db5")
    parser.add_argument("--complexes", type=int, default=40, help="whose operations are counted")
    parser.add_argument("--steps", type=int, default=10, help="steps whose speed is measured")
    parser.add_argument("--minutes", type=float, default=6.0, help="CPU minutes of each training")
    parser.add_argument("--checks", type=int, default=3, help="checks in that time")
    parser.add_argument("--count", type=int, default=20, help="DB4U complexes in a check")
    options = parser.parse_args()
    stream = ComplexStream([Source(options.dataset)], seed=0)
    rows = benchmark_rows(options.validate, "DB4U")
    chosen = evenly_spread(rows, options.count)
    held_out = [load_complex(options.validate / row["file"]) for row in chosen]
    rates, curves, counts = {}, {}, shares(stream, options.complexes)
    print(*counts, sep="\n", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        for settings in (LATTICE, WINDOWS):
            name = settings["engine"]
            rates[name] = rate(settings, stream, options.steps, Path(scratch) / "rate" / name)
            print(name, rates[name], flush=True)
        steps = steps_beside_arithmetic(stream, options.steps, ROUNDS, Path(scratch))
        for settings in (LATTICE, WINDOWS):
            name = settings["engine"]
            folder = Path(scratch) / "learn" / name
            curves[name] = []
            for row in learn(settings, stream, held_out, options.minutes, options.checks, folder):
                print(name, *row, flush=True)
                curves[name].append(row)
    command = "python -m benchmarks.training mined --validate db5"
    command += f" --steps {options.steps} --minutes {options.minutes:g} --count {options.count}"
    report.write_section("training", section(counts, rates, steps, curves, command))
    return 0


if __name__ == "__main__":
    sys.exit(main())
