"""Make the profiles (PSSMs) of a dataset's proteins with psiblast.

    makeblastdb -dbtype prot -in SEQUENCES.fasta -out DB
    python -m train.pssm DB5_DATASET --database DB -o PROFILES
    python -m train.pssm DB5_DATASET --ascii FOLDER -o PROFILES

Each distinct sequence is searched once: the observed residues of a chain, in the order of the file.
PROFILES holds one .npz for each (sasnet_core.conservation.profile) and profiles.json, the settings.
If the command is killed, run it again to continue. Debian: apt install ncbi-blast+. With --ascii,
profiles that you already have are taken: each chain gets that of FOLDER/*.pssm whose sequence fits.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, as_completed
from pathlib import Path

import numpy as np
from tqdm import tqdm

from sasnet_core.conservation.matching import match_profiles, observed_part
from sasnet_core.conservation.profile import load_profile, read_ascii, save_profile
from sasnet_core.conservation.psiblast import SearchSettings, check_psiblast
from sasnet_core.conservation.residues import chain_sequences
from sasnet_core.conservation.store import open_store, profile_path, search_to_store
from sasnet_core.dataset.complexes import benchmark_rows, load_complex
from sasnet_core.errors import ProfileError, run_script
from sasnet_core.mining.processes import cluster_slots, local_slots

#: Failures of searches that are named.
SHOWN = 3


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    usual = SearchSettings()
    add("dataset", type=Path, metavar="DATASET", help="made by train.db5 or train.mine")
    add("-o", "--output", type=Path, required=True, metavar="PROFILES")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--database", type=Path, metavar="DB", help="made by makeblastdb")
    source.add_argument("--ascii", type=Path, metavar="FOLDER", help="with ASCII PSSMs (*.pssm)")
    add("--split", help="splits in the order in which to search, like DB4U,DB3 (default: all)")
    add("--state", choices=("unbound", "bound"), help="default: unbound if the dataset has it")
    add("--iterations", type=int, default=usual.iterations,
        help="searches, each with the profile before it (default: %(default)s)")  # fmt: skip
    add("--evalue", type=float, default=usual.evalue, help="largest (default: %(default)g)")
    add("--dbsize", type=int, default=0, metavar="N",
        help="residues of the database for the E-values (default: its own)")  # fmt: skip
    add("--most-homologs", type=int, default=usual.most_homologs, metavar="N",
        help="of one sequence (default: %(default)s)")  # fmt: skip
    add("--word-threshold", type=int, default=0, metavar="N",
        help="score of words that start an alignment; 15: faster (default: 11)")  # fmt: skip
    add("--workers", type=int, default=os.cpu_count(), help="processes (default: one per core)")
    add("--threads", type=int, default=1, help="of each psiblast (default: 1)")
    add("--scheduler", metavar="ADDRESS", help="of a Dask cluster, like tcp://10.0.0.1:8786")
    return parser.parse_args(arguments)


def dataset_sequences(dataset: Path, splits: str | None, state: str | None) -> list[str]:
    """List the distinct sequences of the chains of a dataset, in the order of the splits."""
    found: dict[str, None] = {}
    for split in [None] if splits is None else splits.split(","):
        for row in tqdm(benchmark_rows(dataset, split, state), desc="sequences", disable=None):
            item = load_complex(dataset / row["file"])
            for protein in (item.left, item.right):
                found |= dict.fromkeys(chain_sequences(protein).values())
    return list(found)


def run_all(executor: Executor, jobs: Iterable[tuple[object, ...]]) -> list[str]:
    """Search all sequences; return why searches failed. The others are stored."""
    futures = [executor.submit(search_to_store, *job) for job in jobs]
    failures = []
    try:
        for future in tqdm(as_completed(futures), "psiblast", len(futures), disable=None):
            error = future.exception()
            if error is not None:
                failures.append(str(error))
    finally:
        for future in futures:
            future.cancel()
    return failures


def take_ascii(folder: Path, sequences: Sequence[str], output: Path) -> int:
    """Store the ASCII PSSMs of a folder under the sequences that they fit; return how many."""
    paths = sorted(folder.glob("*.pssm"))
    if not paths:
        raise ProfileError(f"{folder}: files *.pssm are needed, there are none")
    profiles = [read_ascii(path) for path in paths]
    open_store(output, folder.resolve(), SearchSettings())
    exact = {profile.sequence: profile for profile in profiles}
    stored = 0
    for sequence in tqdm(sequences, desc="matching", disable=None):
        found = exact.get(sequence) or match_profiles({"": sequence}, profiles).get("")
        if found is not None:
            save_profile(observed_part(found, sequence), profile_path(output, sequence))
            stored += 1
    print(f"{stored} of {len(sequences)} sequences have a profile in {folder}: {output}")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    output = options.output.resolve()
    if options.ascii:
        sequences = dataset_sequences(options.dataset, options.split, options.state)
        return take_ascii(options.ascii, sequences, output)
    settings = SearchSettings(
        options.iterations,
        options.evalue,
        options.dbsize,
        options.most_homologs,
        options.word_threshold,
    )
    database = options.database.resolve()
    check_psiblast(database)
    sequences = dataset_sequences(options.dataset, options.split, options.state)
    open_store(output, database, settings)
    missing = [s for s in sequences if not profile_path(output, s).is_file()]
    jobs = [(output, sequence, database, settings, options.threads) for sequence in missing]
    slots = (
        cluster_slots(options.scheduler, output)
        if options.scheduler
        else local_slots(options.workers)
    )
    with slots as (executor, _):
        failures = run_all(executor, jobs)
    if failures:
        raise ProfileError(
            f"{len(failures)} of {len(missing)} searches failed, the other profiles are stored: "
            + "; ".join(failures[:SHOWN])
        )
    print_summary(output, sequences)
    return 0


def print_summary(folder: Path, sequences: Iterable[str]) -> None:
    """Print how many homologs the sequences have."""
    homologs = np.array([load_profile(profile_path(folder, s)).homologs for s in sequences])
    print(
        f"{len(homologs)} profiles; homologs: median {np.median(homologs):g}, "
        f"under 10 for {(homologs < 10).sum()}, none for {(homologs == 0).sum()}: {folder}"
    )


if __name__ == "__main__":
    sys.exit(run_script("train.pssm", main))
