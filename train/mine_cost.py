"""Measure the cost of mining, and estimate it for the whole Protein Data Bank.

    python -m train.mine_cost ../shared/data/complexes --facts ../shared/data/complexes.csv \
        --exclude-similar-to ../shared/data/db5 --entries 240000 --atoms 15000

Mines entries of all sizes in one process and measures its CPU time. The time is proportional to the
number of atoms, so the cost of an archive is its number of atoms times the time per atom.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from sasnet_core.config import MiningConfig
from sasnet_core.dataset.complexes import evenly_spread
from sasnet_core.errors import SasnetError, run_script
from sasnet_core.mining.entries import Entry, find_entries
from sasnet_core.mining.rules import read_facts
from sasnet_core.mining.run import MiningRun, mine_job
from sasnet_core.mining.similarity import read_sequences
from sasnet_core.structure import reading

BINS = 5


@dataclass(frozen=True)
class Cost:
    """Size and cost of one entry."""

    atoms: int  # heavy atoms of protein as deposited
    seconds: float  # of CPU time


def sample(entries: list[Entry], count: int) -> list[Entry]:
    """Select entries at even steps from the smallest file to the largest."""
    by_size = sorted(entries, key=lambda entry: (entry.files[0].size, entry.id))
    return evenly_spread(by_size, count)


def measure(run: MiningRun, entry: Entry) -> Cost | None:
    """Mine an entry; None if it cannot be read."""
    begun = time.process_time()
    mine_job(**run.job(entry))
    seconds = time.process_time() - begun
    try:
        found = reading.read(run.root / entry.files[0].path)
        return Cost(len(found.protein().coords), seconds)
    except SasnetError:
        return None


def report(costs: list[Cost], entries: int, atoms: float) -> list[str]:
    """Write the cost by size, and that of an archive."""
    costs = sorted(costs, key=lambda cost: cost.atoms)
    lines = ["| atoms | entries | CPU seconds per entry | CPU seconds per 10,000 atoms |",
             "|---|---|---|---|"]  # fmt: skip
    for rows in np.array_split(np.arange(len(costs)), BINS):
        group = [costs[row] for row in rows]
        lines.append(
            f"| {group[0].atoms:,} to {group[-1].atoms:,} | {len(group)} "
            f"| {np.mean([c.seconds for c in group]):.2f} | {1e4 * per_atom(group):.2f} |"
        )
    hours = entries * atoms * per_atom(costs) / 3600
    lines.append(
        f"\n{1e4 * per_atom(costs):.2f} CPU seconds per 10,000 atoms over all: {entries:,} entries "
        f"of {atoms:,.0f} atoms cost {hours:.0f} core-hours"
    )
    return lines


def per_atom(costs: list[Cost]) -> float:
    """Return CPU seconds per atom."""
    return sum(cost.seconds for cost in costs) / sum(cost.atoms for cost in costs)


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("structures", type=Path)
    add("--facts", type=Path, metavar="TABLE")
    add("--exclude-similar-to", type=Path, action="append", default=[], metavar="FOLDER")
    add("--count", type=int, default=100, help="entries to measure (default: %(default)s)")
    add("--entries", type=int, required=True, help="entries of the archive")
    add("--atoms", type=float, required=True, help="atoms of a mean entry of the archive")
    options = parser.parse_args(arguments)
    entries = sample(find_entries([options.structures]), options.count)
    with tempfile.TemporaryDirectory() as output:
        run = MiningRun(
            folders=[options.structures],
            output=Path(output),
            config=MiningConfig(),
            entries=entries,
            facts=read_facts(options.facts) if options.facts else {},
            held_out=read_sequences(options.exclude_similar_to),
        )
        with run.opened():
            mine_job(**run.job(entries[0]))  # so that libraries are loaded
            costs = [measure(run, entry) for entry in tqdm(entries, disable=None)]
    print("\n".join(report([c for c in costs if c], options.entries, options.atoms)))
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.mine_cost", main))
