"""Figure 3 of the paper: what a larger cube (A) and more training pairs (B) give.

    python -m train.scaling grid MINED --validate DB5_DATASET -o RUNS
    python -m train.scaling pairs MINED --validate DB5_DATASET -o RUNS

grid: edges of 11 to 41 A at 81,920 pairs. pairs: numbers of pairs at 23 A, with a trend drawn on to
the paper's whole set. Pairs are different ones, half of them contacts, of as few whole complexes as
that takes (TrainConfig.distinct_pairs); in figure B a network sees each complex once. Every point
is a run of train.fit in a folder of its own below RUNS: the weights of its best check on DB3 are
evaluated on unbound DB4U. Points that are done stay; one that was stopped goes on. --hours: begin
no new point, and stop the running one, after that; started again, it goes on. --hours 0 draws what
is there. Writes docs/figure3a.png or docs/figure3b.png, a CSV beside it, and a section of
docs/results.md. --quick: three points of a few steps, into quick_results/, to see if all works.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sasnet_core import markdown
from sasnet_core.config import ModelConfig, RunConfig, TrainConfig
from sasnet_core.errors import SettingError, run_script
from sasnet_core.evaluation import curves, literature
from sasnet_core.evaluation.curves import Point
from sasnet_core.evaluation.tables import RESULTS_HEAD, shown_command
from sasnet_core.files import write_json, write_table
from sasnet_core.metrics import cauroc, mean_auroc
from sasnet_core.training.stream import ComplexStream, Source

ROOT = Path(__file__).parents[1]
EDGES = (11, 23, 35, 41)
PAIRS = (10_240, 40_960, 163_840, 327_680, 819_200)
#: Pairs of the paper's whole set, as many negatives as positives.
WHOLE = 2 * literature.DATASETS["complex-only"][1]
#: A quarter of the paper's filters and of its dense layers, so that a point takes minutes; batch
#: normalization learns the make-up of steps of few complexes (docs/experiments.md). Figure A is of
#: the paper's network, so that the cube is all a residue is known by; figure B has the context
#: layers of the shipped weights, without which so short a run learns little from any data.
PAPER_LIKE = ModelConfig(
    filters=(8, 16, 32, 64), embedding_size=128, head_sizes=(128, 128), normalization="layer"
)
TRAIN = TrainConfig(
    optimizer="adamw", learning_rate=1e-3, weight_decay=0.02, warmup_steps=100, steps=1000,
    complexes_per_step=1, average=0.99, auxiliary=0.5, noise=0.2, precision="mixed_bfloat16",
)  # fmt: skip
DEFAULTS = {
    "grid": RunConfig(PAPER_LIKE, TRAIN),
    # The smallest points of figure B are 40 steps long: no time for a slow start and a long mean.
    "pairs": RunConfig(
        replace(PAPER_LIKE, context_layers=3, context_size=64, makeup=True, dropout=0.1),
        replace(TRAIN, warmup_steps=20, average=0.95),
    ),
}
QUICK = {"edges": [11, 15], "pairs": [200, 400], "replicates": 2, "steps": 4, "count": 3,
         "checks": 1, "check_count": 2, "rotations": 1}  # fmt: skip
PROGRAM = "python -m train.scaling"
#: Options that change no number.
UNTOLD = ("--docs", "--hours")


@dataclass(frozen=True)
class Place:
    """One point to be made: a network's cube, its pairs, and which replicate."""

    edge: int
    pairs: int
    replicate: int

    @property
    def name(self) -> str:
        """Name its folder."""
        return f"{self.edge}A-{self.pairs}pairs-{self.replicate}"


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("figure", choices=("grid", "pairs"))
    parser.add_argument("dataset", type=Path, help="complexes to train on")
    parser.add_argument("--validate", type=Path, required=True, help="dataset of train.db5")
    parser.add_argument("-o", "--runs", type=Path, required=True, help="folder of the points")
    parser.add_argument("--docs", type=Path, help="where to write (default: docs)")
    parser.add_argument("--edges", type=int, nargs="+", default=list(EDGES), help="angstrom")
    parser.add_argument("--pairs", type=int, nargs="+", help="numbers of pairs")
    parser.add_argument("--replicates", type=int, default=2)
    parser.add_argument("--steps", type=int,
                        help="steps of every point (default: 1000 in figure A; in figure B as many "
                        "as it takes to see each of its complexes once)")  # fmt: skip
    parser.add_argument("--config", type=Path, help="JSON with 'model' and 'train' of every point")
    parser.add_argument("--split", default="train", help="split of the dataset to train on")
    parser.add_argument("--validate-split", default="DB3", help="part to choose the best check by")
    parser.add_argument("--evaluate-split", default="DB4U", help="part that is shown")
    parser.add_argument("--checks", type=int, default=4, help="checks of every point")
    parser.add_argument("--check-count", type=int, default=20, help="complexes in a check")
    parser.add_argument("--count", type=int, help="only this many complexes of the part shown")
    parser.add_argument("--rotations", type=int, default=2, help="in the evaluation")
    parser.add_argument("--hours", type=float, default=math.inf, help="end after this time")
    parser.add_argument("--quick", action="store_true", help="a small run, into quick_results")
    options = parser.parse_args(arguments)
    if options.quick:
        vars(options).update(QUICK)
    if not options.pairs:
        options.pairs = list(PAIRS)
    options.docs = options.docs or (Path("quick_results") if options.quick else ROOT / "docs")
    options.command = shown_command(
        PROGRAM, sys.argv[1:] if arguments is None else arguments, UNTOLD
    )
    return options


def base_config(options: argparse.Namespace) -> RunConfig:
    """Return the settings that all points share."""
    return RunConfig.read(options.config) if options.config else DEFAULTS[options.figure]


def place_config(place: Place, options: argparse.Namespace) -> RunConfig:
    """Return the settings of a point."""
    config = base_config(options)
    steps = options.steps or config.train.steps
    if options.figure == "pairs" and not options.steps:
        steps = math.ceil(complexes_of(place, options) / config.train.complexes_per_step)
    train = {"distinct_pairs": place.pairs, "seed": place.replicate, "steps": steps}
    return RunConfig(replace(config.model, edge=place.edge), replace(config.train, **train))


def complexes_of(place: Place, options: argparse.Namespace) -> int:
    """Count the complexes that a point's pairs are of."""
    return sum(map(len, pairs_stream(place, options).clusters()))


def pairs_stream(place: Place, options: argparse.Namespace) -> ComplexStream:
    """Read which complexes a point is trained on."""
    source = Source(options.dataset, options.split)
    return ComplexStream([source], place.replicate, place.pairs)


def places(options: argparse.Namespace) -> list[Place]:
    """List the points, first replicates first."""
    replicates = range(1, options.replicates + 1)
    if options.figure == "grid":
        pairs = options.pairs[0] if options.quick else literature.FIGURE_PAIRS
        return [Place(edge, pairs, r) for r in replicates for edge in options.edges]
    edge = options.edges[0] if options.quick else literature.FIGURE_PAIRS_EDGE
    return [Place(edge, pairs, r) for r in replicates for pairs in options.pairs]


def make(place: Place, options: argparse.Namespace, ends: float) -> None:
    """Train and evaluate one point, or go on with it.

    Raises
    ------
    subprocess.TimeoutExpired
        The time is up; what is done stays.
    """
    folder, config = options.runs / place.name, place_config(place, options)
    settings = folder.with_suffix(".json")
    write_json(config.to_dict(), settings)
    run(["train.fit", options.dataset, "-o", folder, "--config", settings, "--split", options.split,
         "--validate", options.validate, "--validate-split", options.validate_split,
         "--validate-count", options.check_count,
         "--check-every", max(1, config.train.steps // options.checks)], ends)  # fmt: skip
    count = ["--count", options.count] if options.count else []
    run(["train.evaluate", options.validate, "--split", options.evaluate_split, "--weights",
         folder / "best", "--rotations", options.rotations, "-o", folder / "table.csv", *count],
        ends)  # fmt: skip
    with (folder / "table.csv").open(newline="") as stream:
        values = [float(row["auroc"]) for row in csv.DictReader(stream)]
    found = {
        "cauroc": cauroc(values),
        "mean": mean_auroc(values),
        "complexes": complexes_of(place, options),
        "measured": measured(options, len(values)),
        "config": config.to_dict(),
    }
    write_json(found, folder / "point.json")
    shutil.rmtree(folder / "checkpoints")


def measured(options: argparse.Namespace, count: int) -> str:
    """Say what a point's CAUROC is of."""
    return f"{count} unbound complexes of {options.evaluate_split}, {options.rotations} rotations"


def run(command: list[object], ends: float) -> None:
    """Run a training script in a process of its own, which gives its memory back.

    Raises
    ------
    SettingError
        It failed; its last line says why.
    """
    words = [str(word.resolve()) if isinstance(word, Path) else str(word) for word in command]
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=None if math.isinf(ends) else max(1.0, ends - time.monotonic()),
    )  # fmt: skip
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise SettingError(f"{words[0]} must end well, it ended with {done.returncode}: {last}")


def read_points(options: argparse.Namespace) -> list[dict]:
    """Read the points that are done and of these settings."""
    found = []
    for place in places(options):
        path = options.runs / place.name / "point.json"
        if not path.is_file():
            continue
        values = json.loads(path.read_text())
        config = json.loads(json.dumps(place_config(place, options).to_dict()))
        how = measured(options, 0).partition(" ")[2]  # without the number of complexes
        if values["config"] != config or values["measured"].partition(" ")[2] != how:
            raise SettingError(
                f"{path}: made with other settings; name another folder with -o, or the settings "
                "it was made with"
            )
        found.append({**vars(place), **values})
    return found


def write_figure(options: argparse.Namespace, found: list[dict]) -> str:
    """Write picture, CSV and the section of results.md."""
    letter, axis = ("a", "edge") if options.figure == "grid" else ("b", "pairs")
    name = f"figure3{letter}"
    points = [Point(row[axis], row["replicate"], row["cauroc"]) for row in found]
    columns = ("edge", "pairs", "complexes", "replicate", "cauroc", "mean")
    rows = [{key: row[key] for key in columns} for row in found]
    write_table(rows, options.docs / f"{name}.csv", columns)
    trend = curves.fit_trend(points) if axis == "pairs" else None

    def decorate(axes) -> None:  # noqa: ANN001
        curves.draw_points(axes, points)
        if axis == "edge":
            axes.set_xlabel("edge of the cube (A)")
            axes.set_xticks(sorted({p.size for p in points}))
        else:
            axes.set(xscale="log", xlabel="different training pairs")
            if trend is not None:
                curves.draw_trend(axes, trend, np.geomspace(min(p.size for p in points), WHOLE, 50))
                axes.axvline(WHOLE, color=curves.REFERENCE_COLOUR, ls=":", label="the paper's set")
        axes.legend(fontsize="small")

    curves.draw(options.docs / f"{name}.png", decorate)
    text = section(options, found, points, trend, name)
    markdown.write_section(name, text, options.docs / "results.md", RESULTS_HEAD)
    return text


def section(
    options: argparse.Namespace,
    found: list[dict],
    points: list[Point],
    trend: curves.Trend | None,
    name: str,
) -> str:
    """Write the section: picture, table, settings."""
    axis = "edge" if options.figure == "grid" else "pairs"
    rows = []
    for size, values in curves.by_size(points).items():
        complexes = np.mean([row["complexes"] for row in found if row[axis] == size])
        deviation = f"{np.std(values, ddof=1):.3f}" if len(values) > 1 else ""
        rows.append([f"{size:,}", f"{complexes:,.0f}", str(len(values)), f"{np.mean(values):.3f}",
                     deviation])  # fmt: skip
    title = "A: size of the cube" if axis == "edge" else "B: number of training pairs"
    heads = ["edge (A)" if axis == "edge" else "pairs", "complexes", "replicates", "CAUROC",
             "standard deviation"]  # fmt: skip
    missing = len(places(options)) - len(found)
    parts = [
        f"## Figure 3{title}",
        f"![CAUROC against {heads[0]}]({name}.png)",
        markdown.table(heads, rows).strip(),
        caption(found[0], options) + (f" Points still to be made: {missing}." if missing else ""),
    ]
    if trend is not None:
        parts.append(extrapolation(trend))
    return "\n\n".join([*parts, f"Command: `{options.command}`"])


def caption(point: dict, options: argparse.Namespace) -> str:
    """Say what the points share, and what is not as in the paper."""
    model, train = point["config"]["model"], point["config"]["train"]
    filters = "-".join(map(str, model["filters"]))
    context = f", {model['context_layers']} context layers" if model["context_layers"] else ""
    context += " that read atom counts too" if model["makeup"] else ""
    steps = f"Every point: {train['steps']:,} steps"
    if options.figure == "pairs" and not options.steps:
        steps = "Every point: as many steps as it takes to see its complexes once"
    fixed = (
        f"Edges: 11 to 41 A in the paper. Pairs: {literature.FIGURE_PAIRS:,} in the paper, "
        f"{point['pairs']:,} here"
        if options.figure == "grid"
        else f"Edge: {literature.FIGURE_PAIRS_EDGE} A in the paper, {point['edge']} A here"
    )
    sentences = (
        f"CAUROC of {point['measured']}, scores not smoothed; weights of the best check on "
        f"{options.check_count} complexes of {options.validate_split}.",
        f"{fixed}.",
        f"{steps}, complexes in a step: {train['complexes_per_step']}, {train['optimizer']} "
        f"{train['learning_rate']:g}, residue questions weighted {train['auxiliary']:g}, noise "
        f"{train['noise']:g} A.",
        f"Network: convolutions {filters} (paper: 32-64-128-256), embedding "
        f"{model['embedding_size']} (paper: 512), {model['normalization']} normalization (paper: "
        f"batch){context}.",
        "Pairs are different ones, contacts and non-contacts half and half, of whole complexes, "
        "one of each cluster first; each replicate has complexes and a start of its own (paper: "
        f"{literature.FIGURE_REPLICATES} replicates).",
    )
    return " ".join(sentences)


def extrapolation(trend: curves.Trend) -> str:
    """Say where the trend leads."""
    middle, low, high = trend.at([WHOLE])[:, 0]
    needed = trend.size_for(literature.SASNET.best)
    reached = f"{needed:.1e} pairs" if needed < 1e15 else "no number of pairs"
    return (
        "Trend: a straight line of the log odds of CAUROC against the logarithm of the number of "
        f"pairs, its interval from resampling the points. At the paper's whole set ({WHOLE:.1e} "
        f"pairs with as many negatives) it stands at {middle:.3f} ({low:.3f} to {high:.3f}), and "
        f"it reaches {literature.SASNET.best} at {reached}. That the line goes on straight, for "
        "this network and this training, is an assumption."
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    ends = time.monotonic() + options.hours * 3600
    done = {(row["edge"], row["pairs"], row["replicate"]) for row in read_points(options)}
    for place in places(options):
        if (place.edge, place.pairs, place.replicate) in done or time.monotonic() >= ends:
            continue
        print(f"{place.name} ...", flush=True)
        try:
            make(place, options, ends)
        except subprocess.TimeoutExpired:
            print(f"{place.name}: time is up; start again to go on", flush=True)
            break
        write_figure(options, read_points(options))
    found = read_points(options)
    if not found:
        raise SettingError(f"{options.runs}: no point is done yet; allow more --hours")
    print(write_figure(options, found))
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.scaling", main))
