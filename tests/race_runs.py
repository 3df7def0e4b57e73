"""Let several processes work on one place at a time, again and again, and look for failures.

Run it with ``python -m tests.race_runs --count 200``, or ``make race-test``. Two processes predict
into one folder (random scores, all else as it is), and eight download entries into one cache.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sasnet_core.results.staging import folder_locked
from sasnet_core.shell.fetch import make_sources
from sasnet_core.structure import reading
from tests import random_scorer
from tests.core.build import chain_lines, contents, write_cif
from tests.core.shell.mirror import Mirror
from tests.kill_runs import ROOT, LostError, require, same_files, write_inputs


def predict_often(folder, output, seed, count):
    """Predict into one folder again and again, always with one seed."""
    left, right, more = write_inputs(folder / f"inputs{seed}")
    command = [left, right, "-o", output, *more, "--seed", seed, "--no-picture", "--quiet",
               "--export", "haddock,pdb,chimerax"]  # fmt: skip
    codes = {random_scorer.main([str(word) for word in command]) for _ in range(count)}
    return max(codes)


def download_often(url, cache, count):
    """Take so many entries through one cache."""
    for number in range(count):
        found = make_sources({"the PDB": [url]}, cache).find(name_of(number))
        require(reading.read(found.path).chain_ids() == ["A"], "another entry")
    return 0


def name_of(number):
    """Name an entry of the test's server."""
    return f"{number % 10}{number // 10:03x}"


def start(*arguments):
    """Start a child process of this test."""
    command = [sys.executable, "-m", "tests.race_runs", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def ended(children):
    """Wait for all; raise LostError if one failed."""
    for child in children:
        message = child.communicate()[1]
        unexpected = [line for line in message.splitlines() if not line.startswith("note: ")]
        require(child.returncode == 0 and not unexpected, f"{child.returncode}: {message[-500:]}")


def race_for_a_folder(folder, count):
    """Let two processes predict into one folder; return how often both results were seen."""
    references = []
    for seed in range(2):
        alone = folder / f"alone{seed}"
        ended([start("--predict", folder, alone, seed, 1)])
        references.append(contents(alone))
    require(references[0] != references[1], "two seeds give the same")
    (output := folder / "shared").mkdir()
    children = [start("--predict", folder, output, seed, count) for seed in range(2)]
    seen = [0, 0]
    while any(child.poll() is None for child in children):
        look(output, references, seen)
        time.sleep(0.05)
    ended(children)
    look(output, references, seen)
    require(sorted(output.glob(".sasnet-*")) == [], "left over")
    return seen


def look(output, references, seen):
    """Count whose result lies in the folder; between two results there is none."""
    with folder_locked(output):
        parts = [path for path in output.iterdir() if not path.name.startswith(".sasnet-")]
        found = {path.name: path.read_bytes() for path in parts if path.is_file()}
        for folder in parts:
            if folder.is_dir():
                found |= {f"{folder.name}/{name}": c for name, c in contents(folder).items()}
    if found:
        which = found["result.json"] == references[1]["result.json"]
        same_files(found, references[which], "files of two runs lie together")
        seen[which] += 1


def race_for_a_cache(folder, count):
    """Let eight processes download the same entries; return how many requests there were."""
    mirror = Mirror()
    entry = write_cif(folder / "entry.cif", chain_lines("A", 6)).read_bytes()
    for number in range(count):
        mirror.give(f"/{name_of(number)}", entry)
    cache = folder / "cache"
    url = mirror.url + "/{id}"
    ended([start("--download", url, cache, count) for _ in range(8)])
    mirror.server.shutdown()
    names = sorted(path.name for path in (cache / "pdb").iterdir())
    expected = [f"{name_of(k)}.cif.gz{end}" for k in range(count) for end in ("", ".json")]
    require(names == sorted(expected), "the cache holds other files")
    return len(mirror.requests)


def main():
    """Race as often as asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="runs of each process")
    parser.add_argument("--predict", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--download", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.predict:
        folder, output, seed, count = args.predict
        return predict_often(Path(folder), Path(output), int(seed), int(count))
    if args.download:
        url, cache, count = args.download
        return download_often(url, Path(cache), int(count))
    try:
        with tempfile.TemporaryDirectory(prefix="sasnet-races-") as place:
            seen = race_for_a_folder(Path(place), args.count)
            print(f"two processes, {args.count} runs each into one folder: no failure;", end=" ")
            print(
                f"{sum(seen)} looks found a whole result, {seen[0]} of one, {seen[1]} of the other"
            )
            requests = race_for_a_cache(Path(place), args.count)
            print(f"eight processes, {args.count} entries into one cache: no failure;", end=" ")
            print(f"{requests} downloads")
    except LostError as error:
        print(f"FAILED: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
