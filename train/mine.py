"""Mine complexes from folders of structures, such as a mirror of the Protein Data Bank.

    python -m train.mine ../shared/data/complexes -o DATASET \
        --facts ../shared/data/complexes.csv --exclude-similar-to ../shared/data/db5

Every pair of protein chains in contact is a candidate; the rules are in MiningConfig. Several
folders make one dataset. The command writes one .npz per complex, manifest.csv, rejected.csv
(candidate, rule, value) and dataset.json. If it is killed, run it again to continue. More is in
docs/mining.md.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from sasnet_core.config import ASSEMBLIES, MiningConfig
from sasnet_core.errors import run_script
from sasnet_core.mining.entries import find_entries
from sasnet_core.mining.processes import Limits, cluster_slots, local_slots
from sasnet_core.mining.rules import read_facts
from sasnet_core.mining.run import MiningRun, mine_all
from sasnet_core.mining.similarity import read_sequences


def parser() -> argparse.ArgumentParser:
    """Return the command's arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("structures", type=Path, nargs="+", metavar="STRUCTURES",
        help="folder trees of PDB or mmCIF files, plain or gzipped")  # fmt: skip
    add("-o", "--output", type=Path, required=True, metavar="DATASET")
    add("--assembly", choices=ASSEMBLIES, default="1",
        help="biological assembly to build; none: chains as deposited (default: 1)")  # fmt: skip
    add("--all-copies", action="store_true", help="keep the copies of a pair that symmetry makes")
    add("--facts", type=Path, metavar="TABLE",
        help="CSV with id, method and resolution_angstrom, for files without them")  # fmt: skip
    add("--keep-unknown", action="store_true",
        help="keep entries of unknown method or resolution")  # fmt: skip
    add("--exclude-similar-to", type=Path, action="append", default=[], metavar="FOLDER",
        help="structures to which no protein may be over 30%% identical; repeatable")  # fmt: skip
    add("--workers", type=int, default=os.cpu_count(), help="processes (default: one per core)")
    add("--scheduler", metavar="ADDRESS", help="of a Dask cluster, like tcp://10.0.0.1:8786")
    add("--time-limit", type=float, default=Limits.seconds, metavar="S",
        help="seconds for one entry (default: %(default)g)")  # fmt: skip
    add("--memory-limit", type=float, default=Limits.gigabytes, metavar="GB",
        help="address space of one process (default: %(default)g)")  # fmt: skip
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parser().parse_args(arguments)
    limits = Limits(options.time_limit, options.memory_limit)
    config = MiningConfig(
        keep_unknown=options.keep_unknown,
        assembly=options.assembly,
        all_copies=options.all_copies,
    )
    run = MiningRun(
        folders=options.structures,
        output=options.output,
        config=config,
        entries=find_entries(options.structures),
        facts=read_facts(options.facts) if options.facts else {},
        held_out=read_sequences(options.exclude_similar_to),
    )
    if run.is_finished():
        run.clear()
        print(f"{options.output} already holds the dataset")
        return 0
    with run.opened():
        slots = (
            cluster_slots(options.scheduler, run.work.resolve())
            if options.scheduler
            else local_slots(options.workers)
        )
        with slots as (executor, count):
            counts = mine_all(run, executor, count, limits)
    for name, count in counts.items():
        print(f"{name}: {count}")
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.mine", main, resumable=True))
