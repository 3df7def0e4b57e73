"""How fast prediction is at the paper's sizes, beside what its arithmetic alone would take.

    python -m benchmarks.prediction --peers .venv-peers/bin/python

Times 20 rotations of pairs of balls of random residues, as dense as proteins; counts the
operations of tower and head and divides them by the rates of matrix products and of Conv3D that
it measures on this machine, layer by layer; then the baselines: each residue once in batched
windows, and both towers for every pair (a sample, extrapolated). Then how time and memory grow
with residues and rotations (docs/scaling.png), and how fast grids are made, beside atom3d. Writes
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from benchmarks import report
from benchmarks.memory import peak_memory
from benchmarks.operations import dense_operations, head_operations, lattice_convolutions
from benchmarks.proteins import ball
from sasnet_core.config import ROTATIONS, ModelConfig
from sasnet_core.files import written_whole
from sasnet_core.network.devices import share_threads
from sasnet_core.network.lattice import build_lattice, random_pose
from sasnet_core.network.network import Network, build_network
from sasnet_core.network.precision import choose_precision
from sasnet_core.network.tracing import compiled
from sasnet_core.network.voxels import occupied_cells, surfacelet, voxelize
from sasnet_core.scoring.lookahead import AT_ONCE, in_order
from sasnet_core.scoring.predictor import UNTRACED, Predictor
from sasnet_core.structure.chemistry import CHANNELS
from sasnet_core.structure.protein import Protein

SIZES = ((100, 70), (245, 70), (400, 250))
GROWTH = (100, 250, 500, 1000, 2000, 4000)
ROTATION_COUNTS = (1, 2, 5, 10, 20)
#: How often all rates and times are measured in turn; the best of each count.
ROUNDS = 3
#: Seconds over which a rate is measured: the machine's best moment would be too high a mark.
SUSTAINED = 2.0
#: Pairs that the slowest baseline is measured on.
SAMPLE = 32
PICTURE = report.DOCUMENT.with_name("scaling.png")


def best(function: Callable[[], Any], repeats: int = 3) -> float:
    """Return the seconds of the fastest of some calls, after one that does not count."""
    function()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return min(times)


def sustained(function: Callable[[], Any]) -> float:
    """Return the seconds a call takes of all processors over as long a time as a prediction takes.

    As many calls run at once as rotations do.
    """
    calls = max(AT_ONCE, round(SUSTAINED / best(function, 1)))
    started = time.perf_counter()
    for _ in in_order(lambda _: function(), range(calls), AT_ONCE):
        pass
    return (time.perf_counter() - started) / calls


def wait(number: Any) -> float:
    """Wait until a number is computed."""
    return float(ops.convert_to_numpy(ops.cast(number, "float32")))


def machine_rates(dtype: str, config: ModelConfig) -> dict[str, list[float]]:
    """Measure this machine: operations per second of Conv3D and products, as the network has them.

    Each Conv3D has the channels of one of the network's layers; the products are those of the
    tower's dense layer and of the head's second layer, the largest ones.
    """
    channels = (len(CHANNELS), *config.filters)
    pairs = itertools.pairwise(channels)
    rows = [(16384, config.head_sizes[0], config.head_sizes[1])]
    rows.append((1024, config.window_rows * config.filters[-1], config.embedding_size))
    return {
        "Conv3D": [convolution_rate(dtype, *pair) for pair in pairs],
        "head": [product_rate(dtype, *rows[0])],
        "dense layer": [product_rate(dtype, *rows[1])],
    }


def convolution_rate(dtype: str, channels: int, filters: int) -> float:
    """Measure the operations per second of one Conv3D."""
    layer = keras.layers.Conv3D(filters, 3, dtype=dtype)
    grids = ops.cast(np.random.default_rng(0).random((16, 18, 18, 18, channels)), dtype)
    layer(grids)
    convolve = compiled(lambda x: layer(x))
    seconds = sustained(lambda: wait(convolve(grids)[0, 0, 0, 0, 0]))
    return 2 * 16 * 16**3 * 27 * channels * filters / seconds


def product_rate(dtype: str, rows: int, inner: int, columns: int) -> float:
    """Measure the operations per second of one matrix product."""
    rng = np.random.default_rng(0)
    a, b = (ops.cast(rng.random(shape), dtype) for shape in ((rows, inner), (inner, columns)))
    product = compiled(lambda values: ops.matmul(*values))
    seconds = sustained(lambda: wait(product([a, b])[0, 0]))
    return 2 * rows * inner * columns / seconds


def every_pair(network: Network) -> float:
    """Measure the seconds of one pair when both towers run for it."""
    edge = network.config.edge_read
    protein = ball(SAMPLE, 5)
    grids = np.stack([surfacelet(protein, row, edge) for row in range(SAMPLE)])
    run = compiled(lambda values: network.model(values, training=False))
    return sustained(lambda: wait(run([grids, grids])[0, 0])) / SAMPLE


def rounds(predictor: Predictor) -> tuple[dict[str, list[float]], list[float]]:
    """Measure the machine's rates and the seconds of all sizes in turn; the best of each."""
    network = predictor.network
    found, times = [], []
    for _ in range(ROUNDS):
        found.append(machine_rates(predictor.precision, network.config))
        times.append([best(lambda: predictor.score(*pair), 1) for pair in partners()])  # noqa: B023
    rates = {
        name: [max(values) for values in zip(*(each[name] for each in found), strict=True)]
        for name in found[0]
    }
    return rates, [min(values) for values in zip(*times, strict=True)]


def partners() -> list[tuple[Protein, Protein]]:
    """Make the proteins of all sizes."""
    return [(ball(left, 0), ball(right, 1)) for left, right in SIZES]


def speed(network: Network) -> tuple[dict[str, list[float]], list[list[str]]]:
    """Measure all sizes; the machine's rates, and the rows of the table."""
    config = network.config
    predictor, windows = Predictor(network), Predictor(network, engine="windows")
    rates, times = rounds(predictor)
    pair = every_pair(network)
    rows = []
    for sizes, (left, right), ours in zip(SIZES, partners(), times, strict=True):
        apart = best(lambda: windows.score(left, right, rotations=AT_ONCE), 1)  # noqa: B023
        apart *= ROTATIONS / AT_ONCE
        convolutions = sum(lattice_convolutions(p, config) for p in (left, right))
        counted = {
            "Conv3D": convolutions,
            "dense layer": np.array([sum(sizes) * dense_operations(config)]),
            "head": np.array([head_operations(*sizes, config)]),
        }
        operations = ROTATIONS * sum(counts.sum() for counts in counted.values())
        arithmetic = ROTATIONS * sum(
            (counts / rates[name]).sum() for name, counts in counted.items()
        )
        naive = pair * sizes[0] * sizes[1] * ROTATIONS
        rows.append(
            [
                f"{sizes[0]} + {sizes[1]}",
                f"{ours:.1f} s",
                f"{operations / 1e9:,.0f}",
                f"{arithmetic:.1f} s",
                f"**{ours / arithmetic:.2f}**",
                f"{apart:.0f} s",
                f"**{apart / ours:.1f}**",
                f"{naive / 3600:.1f} h",
                f"**{naive / ours:,.0f}**",
            ]
        )
        print(*rows[-1], flush=True)
    return rates, rows


def growth(dtype: str) -> dict[str, list[tuple[int, float]]]:
    """Measure one rotation of two equal partners of growing size: tower, head, peak memory.

    Peaks are those of the process, so this wants one of its own.
    """
    predictor = Predictor(build_network(ModelConfig(), dtype))
    predictor.score(ball(50, 0), ball(50, 1), rotations=UNTRACED + 1)
    found: dict[str, list[tuple[int, float]]] = {"tower": [], "head": [], "GiB": []}
    for count in GROWTH:
        partners = [ball(count, seed) for seed in range(2)]
        rng = np.random.default_rng(0)
        started = time.perf_counter()
        embeddings = [predictor.embed(protein, rng) for protein in partners]
        wait(embeddings[0][0, 0])
        middle = time.perf_counter()
        predictor.score_embeddings(*embeddings)
        found["tower"].append((count, middle - started))
        found["head"].append((count, time.perf_counter() - middle))
        found["GiB"].append((count, peak_memory()))
    return found


def in_child(dtype: str) -> dict[str, list[tuple[int, float]]]:
    """Run `growth` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.prediction", "--grow", dtype]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def rotations(network: Network) -> list[tuple[int, float]]:
    """Measure 245 + 70 residues with more and more rotations."""
    predictor = Predictor(network)
    left, right = ball(245, 0), ball(70, 1)
    predictor.score(left, right, rotations=UNTRACED + 1)
    return [
        (count, best(lambda: predictor.score(left, right, rotations=count), 1))  # noqa: B023
        for count in ROTATION_COUNTS
    ]


def draw(grown: dict[str, list[tuple[int, float]]], turned: list[tuple[int, float]]) -> None:
    """Draw the scaling curves."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.4), layout="constrained")
    times, memory, by_rotation = figure.subplots(1, 3)
    for name, color in (("tower", "#0072B2"), ("head", "#D55E00")):
        times.loglog(*zip(*grown[name], strict=True), marker="o", color=color, label=name)
    times.legend(frameon=False)
    times.set(xlabel="residues of each partner", ylabel="seconds, one rotation")
    memory.semilogx(*zip(*grown["GiB"], strict=True), marker="o", color="#009E73")
    memory.set(
        xlabel="residues of each partner",
        ylabel="peak memory, GiB",
        ylim=(0, 1.1 * max(peak for _, peak in grown["GiB"])),
    )
    by_rotation.plot(*zip(*turned, strict=True), marker="o", color="#0072B2")
    by_rotation.set(xlabel="rotations (245 + 70 residues)", ylabel="seconds", ylim=(0, None))
    for axes in (times, memory, by_rotation):
        axes.spines[["top", "right"]].set_visible(False)
    with written_whole(PICTURE, "wb") as stream:
        figure.savefig(stream, format="png", dpi=110)


def grids(peers: Path | None) -> list[list[str]]:
    """Measure voxelization: a lattice of 300 residues, and single grids beside atom3d's."""
    config, protein = ModelConfig(), ball(300, 0)
    pose = random_pose(np.random.default_rng(0))
    coords = protein.coords @ pose.rotation.T
    low = coords.min(axis=0) - config.edge_read / 2
    shape = tuple(int(n) for n in np.ceil(coords.max(axis=0) - low + config.edge_read / 2))
    filled = best(lambda: voxelize(coords, protein.elements, low, shape), 20)
    cells = best(lambda: occupied_cells(coords, protein.elements, low, shape), 20)
    tables = best(lambda: build_lattice(protein, config, pose), 5)
    alone = best(lambda: [surfacelet(protein, row, 35) for row in range(300)], 3) / 300
    rows = [
        ["lattice of 300 residues: voxels that hold atoms", f"{1000 * cells:.2f} ms"],
        ["the same as a dense grid", f"{1000 * filled:.2f} ms"],
        ["the same with the tables of all layers", f"{1000 * tables:.1f} ms"],
        ["surfacelets of 35 A, one by one", f"{1 / alone:,.0f} per second"],
    ]
    if peers:
        script = Path(__file__).with_name("voxel_peers.py")
        atoms = json.dumps([protein.coords.tolist(), protein.elements.tolist(),
                            protein.centers[:50].tolist()])  # fmt: skip
        command = [str(peers), str(script)]
        done = subprocess.run(command, input=atoms, check=True, capture_output=True, text=True)
        rate = float(done.stdout)
        rows.append(["surfacelets of 35 A by atom3d 0.2.6", f"{rate:,.0f} per second"])
        rows.append(["ratio", f"**{1 / alone / rate:.1f}**"])
    return rows


def section(tables: dict[str, str], voxels: str, command: str) -> str:
    """Write the section of docs/benchmarks.md."""
    return "\n".join(
        [
            "## Prediction",
            "",
            "The paper's network (35 A), random weights, everything warm. Arithmetic alone: the "
            "operations of our convolutions at the rates of Conv3D measured here with the same "
            "channels, and those of the dense layer and the head at those of matrix products, "
            f"sustained for {SUSTAINED:g} s on all processors. Rates and times are measured in "
            f"turn, the best of {ROUNDS} each.",
            "",
            *(f"{title}\n\n{table}" for title, table in tables.items()),
            f"Windows: {AT_ONCE} rotations, times {ROTATIONS // AT_ONCE}. Both towers for every "
            f"pair: {SAMPLE} pairs, extrapolated.",
            "",
            voxels,
            "![Time and memory](scaling.png)",
            "",
            f"Command: `{command}` (`make bench`). Machine: {report.machine()}.",
        ]
    )


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=Path, metavar="PYTHON",
                        help="Python with benchmarks/requirements.txt installed")  # fmt: skip
    parser.add_argument("--grow", metavar="PRECISION", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.grow:
        print(json.dumps(growth(options.grow)))
        return 0
    columns = [
        "residues", "20 rotations", "GFLOP", "arithmetic alone", "ratio",
        "each residue once, windows", "ratio", "both towers for every pair", "ratio",
    ]  # fmt: skip
    share_threads(None, AT_ONCE)  # as sasnet_predict does
    fastest = choose_precision("auto")
    tables = {}
    for dtype in sorted({"float32", fastest}):
        network = build_network(ModelConfig(), dtype)
        rates, rows = speed(network)
        told = "; ".join(
            f"{name} {', '.join(f'{rate / 1e9:.0f}' for rate in found)}"
            for name, found in rates.items()
        )
        tables[f"{dtype} (GFLOP/s: {told}):"] = report.table(columns, rows)
    voxels = report.table(["voxelization", ""], grids(options.peers))
    draw(in_child(fastest), rotations(build_network(ModelConfig(), fastest)))
    command = "python -m benchmarks.prediction"
    command += " --peers .venv-peers/bin/python" if options.peers else ""
    report.write_section("prediction", section(tables, voxels, command))
    return 0


if __name__ == "__main__":
    sys.exit(main())
