"""How fast mining is: structures per second and core, step by step, and beside it other routes.

    python -m benchmarks.mining --peers .venv-peers/bin/python

Takes every 100th structure of ../shared/data/complexes through reading, contacts of all pairs of
chains, and buried surface areas of the first two pairs with 20 contacts or more; with sasnet, with
Biopython and with atom3d, one process each, CPU time. Compares the results. Writes
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.mining_peers import AREAS, MIN_CONTACTS
from sasnet_core.config import SURFACE_POINTS
from sasnet_core.structure import reading
from sasnet_core.structure.contacts import contacts
from sasnet_core.structure.surface import atom_radii, buried_area

ROUTES = {"biopython": "Biopython", "atom3d": "atom3d"}
STEPS = {
    "reading": "reading, per structure",
    "contacts": "contacts of all pairs, per structure",
    "area": f"buried area, per pair (at most {AREAS} of a structure)",
}
Results = dict[str, dict[str, Any]]


def measure(path: Path) -> dict[str, Any]:
    """Take one file through the steps; CPU seconds and results."""
    seconds, touching, areas = {}, {}, {}
    start = time.process_time()
    entry = reading.read(path)
    proteins = {chain: entry.protein([chain]) for chain in entry.chain_ids()}
    seconds["reading"] = time.process_time() - start
    start = time.process_time()
    for left, right in itertools.combinations(proteins, 2):
        found = contacts(proteins[left], proteins[right])
        if len(found):
            touching[left, right] = found
    seconds["contacts"] = time.process_time() - start
    start = time.process_time()
    large = [pair for pair, found in touching.items() if len(found) >= MIN_CONTACTS]
    for pair in large[:AREAS]:
        areas[" ".join(pair)] = buried_area(*(proteins[chain] for chain in pair))
    seconds["area"] = time.process_time() - start
    named = {}
    for (left, right), found in touching.items():
        ids = proteins[left].residue_ids, proteins[right].residue_ids
        named[f"{left} {right}"] = sorted(
            [str(ids[0][row]), str(ids[1][column])] for row, column in found.tolist()
        )
    return {"seconds": seconds, "contacts": named, "areas": areas}


def measure_peer(python: Path, route: str, files: list[Path]) -> Results:
    """Do the same with another route, in a process of its own."""
    script = Path(__file__).with_name("mining_peers.py")
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "results.json"
        command = [python, script, route, json.dumps(atom_radii()), SURFACE_POINTS, output, *files]
        subprocess.run([str(word) for word in command], check=True)
        return dict(json.loads(output.read_text()))


def costs(results: Results) -> dict[str, float]:
    """Return the CPU milliseconds of each step."""
    pairs = sum(len(found["areas"]) for found in results.values())
    totals = {
        step: 1000 * sum(found["seconds"][step] for found in results.values()) for step in STEPS
    }
    return {s: total / (pairs if s == "area" else len(results)) for s, total in totals.items()}


def agreement(ours: Results, theirs: Results) -> str:
    """Say in how many pairs the contacts are the same, and how far the areas are apart."""
    same = total = 0
    apart = []
    for file in ours:
        found, other = _in_one_order(ours[file]), _in_one_order(theirs[file])
        for pair in found["contacts"].keys() | other["contacts"].keys():
            mine, others = found["contacts"].get(pair, []), other["contacts"].get(pair, [])
            total += 1
            same += mine == others
        apart += [abs(other["areas"][pair] / area - 1)
                  for pair, area in found["areas"].items() if pair in other["areas"]]  # fmt: skip
    return (
        f"contacts are the same in {same} of {total} pairs; "
        f"areas of {len(apart)} pairs differ by {max(apart):.2%} at most"
    )


def _in_one_order(found: dict[str, Any]) -> dict[str, Any]:
    """Name every pair of chains alike, whichever of them a route read first."""
    contacts, areas = {}, {}
    for pair, rows in found["contacts"].items():
        turned = sorted(pair.split(" ")) != pair.split(" ")
        name = " ".join(sorted(pair.split(" ")))
        contacts[name] = sorted([right, left] for left, right in rows) if turned else rows
    for pair, area in found["areas"].items():
        areas[" ".join(sorted(pair.split(" ")))] = area
    return {"contacts": contacts, "areas": areas}


def section(ours: Results, peers: dict[str, Results], command: str) -> str:
    """Write the section of docs/benchmarks.md."""
    pairs = sum(
        len(touching) >= MIN_CONTACTS
        for found in ours.values()
        for touching in found["contacts"].values()
    )
    own = costs(ours)
    others = {route: costs(found) for route, found in peers.items()}
    for cost in (own, *others.values()):
        cost["all"] = cost["reading"] + cost["contacts"] + cost["area"] * pairs / len(ours)
    rows = []
    for step, label in {**STEPS, "all": "all steps and pairs, per structure"}.items():
        row = [label, f"{own[step]:.1f} ms"]
        for cost in others.values():
            row += [f"{cost[step]:.0f} ms", f"{cost[step] / own[step]:.1f}"]
        rows.append(row)
    columns = ["step (CPU time)", "sasnet"]
    for route in peers:
        columns += [ROUTES[route], "ratio"]
    notes = [f"- {ROUTES[route]}: {agreement(ours, found)}." for route, found in peers.items()]
    return "\n".join(
        [
            "## Mining",
            "",
            f"{len(ours)} structures of the shared complexes, {pairs} pairs of chains with at "
            f"least {MIN_CONTACTS} contacts. All steps together: "
            f"**{1000 / own['all']:.1f} structures per second and core**.",
            "",
            report.table(columns, rows),
            f"Command: `{command}` (`make bench`). Machine: {report.machine()}, shared with other "
            "work, so all times are CPU times of one process.",
            "",
            f"All routes use {SURFACE_POINTS} points an atom and the same radii.",
            *notes,
            "- Biopython: PDBParser, NeighborSearch from each atom of one chain to the residues of "
            "the other, ShrakeRupley.",
            "- atom3d 0.2.6 from PyPI reads into dataframes; it has no code for contacts or areas, "
            "so these are done as in the examples of its repository: a dense distance matrix, and "
            "freesasa fed row by row. It needs PyTorch, so `benchmarks/requirements.txt` goes into "
            "an environment of its own.",
        ]
    )


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--structures", type=Path, default=Path("../shared/data/complexes"))
    parser.add_argument("--every", type=int, default=100, help="take every Nth structure")
    parser.add_argument("--peers", type=Path, metavar="PYTHON",
                        help="Python with benchmarks/requirements.txt installed")  # fmt: skip
    options = parser.parse_args()
    files = sorted(options.structures.rglob("*.pdb.gz"))[:: options.every]
    if not files:
        print(f"{options.structures}: structures are needed, there are none", file=sys.stderr)
        return 2
    measure(files[0])  # loads what is loaded once
    ours = {path.name: measure(path) for path in files}
    routes = ROUTES if options.peers else {}
    peers = {route: measure_peer(options.peers, route, files) for route in routes}
    command = f"python -m benchmarks.mining --every {options.every}"
    command += " --peers .venv-peers/bin/python" if options.peers else ""
    text = section(ours, peers, command)
    print(text)
    report.write_section("mining", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
