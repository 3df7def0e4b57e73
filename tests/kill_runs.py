"""Kill commands at random moments, run them again, and look for what was lost, mixed or left over.

Run it with ``python -m tests.kill_runs --count 300``, or ``make kill-test``.
"""

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections import Counter
from pathlib import Path

import psutil

from sasnet_core.files import write_arrays
from sasnet_core.fitted import Calibration
from sasnet_core.network.weights_writing import write_config
from tests.core.build import (
    chain_lines,
    contents,
    random_complex,
    table,
    tiny_model,
    write_benchmark,
    write_dataset,
    write_pdb,
)

ROOT = Path(__file__).parents[1]
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
#: Kills in a row before a command may run to its end.
IN_A_ROW = 5
#: One in so many single runs and batches has a real network, whose start takes seconds.
NETWORK_EVERY = 15
#: No command takes longer, and no process outlives its parent for longer (seconds).
PATIENCE, LINGER = 1800, 120
#: The work of each kind among 300 kills.
SHARES = {"single": 90, "export": 90, "batch": 45, "mine": 55, "train": 20}
NOTES = "the user's own file"
#: What a run may have said before it came to its end.
NOTES_BEGIN = ("note:", "warning:")
#: What TensorFlow logs when it starts.
LOG_LINE = re.compile(r"All log messages before absl|^[IWE]\d{4} \d\d:\d\d")
MODEL = {"edge": 16, "filters": [4, 4, 8, 8], "embedding_size": 16, "head_sizes": [16, 16],
         "normalization": "layer"}  # fmt: skip


class LostError(Exception):
    """What a kill must not do."""


class Work(ABC):
    """A command that is killed and run again.

    Parameters
    ----------
    folder : Path
        For its input and output.
    """

    by_turns = False  # whether each command has other settings than the one before

    def __init__(self, folder):
        self.folder = folder
        self.output = folder / "out"
        self.variant = 0  # 0 or 1: which of two settings the next command has
        folder.mkdir()

    @abstractmethod
    def command(self):
        """Return the next command line."""

    def has_begun(self):
        """Tell whether the command writes already."""
        return any(self.folder.rglob(".sasnet-run-*"))

    def check_killed(self):  # noqa: B027, training has nothing to look at before its end
        """Raise LostError if a kill has done harm."""

    @abstractmethod
    def check_finished(self):
        """Raise LostError if a run that ended well did not give what it must."""

    def run(self):
        """Run a command to its end."""
        done = subprocess.run(
            self.command(), cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        require(done.returncode == 0, f"exit code {done.returncode}: {done.stderr[-300:]}")


def require(good, what):
    """Raise LostError unless something is as it must be."""
    if not good:
        raise LostError(what)


def same_files(found, expected, what):
    """Raise LostError unless two folders hold the same."""
    differing = [n for n in sorted({*found, *expected}) if found.get(n) != expected.get(n)]
    require(not differing, f"{what}: {', '.join(differing)}")


def predict(*arguments, network=None):
    """Return the command line of a prediction with random scores, or with the weights of a network.

    It runs without picture, which would start PyMOL.
    """
    module = "sasnet_core.cli" if network else "tests.random_scorer"
    more = ["--weights", network] if network else []
    return [sys.executable, "-m", module, *map(str, [*arguments, "--quiet", "--no-picture", *more])]


def write_inputs(folder):
    """Write two partners and weights without a network; return the arguments that name them."""
    folder.mkdir(parents=True, exist_ok=True)
    left = write_pdb(folder / "left.pdb", chain_lines("A", 6))
    right = write_pdb(folder / "right.pdb", chain_lines("B", 5, start=(0, 5, 0)))
    weights = folder / "weights"
    write_arrays({"none": [0.0]}, weights / "weights.npz")
    write_config(weights, tiny_model(), Calibration())
    return left, right, ["--weights", weights, "--rotations", "2", "--precision", "float32"]


class Single(Work):
    """Predictions into one folder, with two seeds by turns."""

    by_turns = True

    def __init__(self, folder, network):
        super().__init__(folder)
        self.network = network
        self.arguments = write_inputs(folder)
        self.results = []
        for _ in range(2):
            self.run()
            self.results.append(contents(self.output))
            shutil.rmtree(self.output)
            self.variant = 1 - self.variant
        require(self.results[0] != self.results[1], "two seeds give the same")
        self.output.mkdir()
        (self.output / "notes.txt").write_text(NOTES)

    def command(self):
        left, right, more = self.arguments
        if self.network:
            more = more[2:]
        seed = ["--seed", str(self.variant), "--export", "haddock,pdb,chimerax"]
        return predict(left, right, "-o", self.output, *more, *seed, network=self.network)

    def check_killed(self):
        found = products(self.output)
        whole = [r for r in self.results if all(r.get(n) == found[n] for n in found)]
        require(whole, "files of two runs lie together")
        if "result.json" in found:
            same_files(found, whole[0], "result.json stands in a result that is not whole")

    def check_finished(self):
        same_files(products(self.output), self.results[self.variant], "another result")
        require(not leftovers(self.folder), f"left over: {leftovers(self.folder)}")


def products(folder):
    """Return the files of a result, if the user's own file is still beside them."""
    found = contents(folder)
    require(found.pop("notes.txt", b"").decode() == NOTES, "the user's own file is gone")
    return {name: text for name, text in found.items() if not name.startswith(".sasnet-")}


def leftovers(folder):
    """List temporary files and folders."""
    return sorted(path.name for path in folder.rglob(".sasnet-*"))


class Export(Work):
    """Exports into the folder of a result, with two thresholds by turns."""

    by_turns = True

    def __init__(self, folder, network=None):
        super().__init__(folder)
        left, right, more = write_inputs(folder)
        self.prediction = predict(left, right, "-o", self.output, *more)
        subprocess.run(self.prediction, cwd=ROOT, check=True)
        (self.output / "notes.txt").write_text(NOTES)
        self.result = products(self.output)
        del self.result["report.html"]  # an export as well
        self.exports = []
        for _ in range(2):
            self.run()
            self.exports.append(products(self.output))
            self.variant = 1 - self.variant
        require(self.exports[0] != self.exports[1], "two thresholds give the same")

    def command(self):
        threshold = ("0.3", "0.6")[self.variant]
        return [sys.executable, "-c", "import sys; from sasnet_core.cli import export; "
                "sys.exit(export())", str(self.output), "--to", "haddock,pdb,chimerax,report",
                "--threshold", threshold, "--quiet"]  # fmt: skip

    def check_killed(self):
        found = products(self.output)
        for name, text in self.result.items():
            require(found.get(name) == text, f"an export changed {name}")
        whole = [e for e in self.exports if all(e.get(n) == found[n] for n in found)]
        require(whole, "exports of two runs lie together")

    def check_finished(self):
        same_files(products(self.output), self.exports[self.variant], "other exports")
        require(not leftovers(self.folder), f"left over: {leftovers(self.folder)}")


class Batch(Work):
    """A list of four predictions, which goes on until it is done; then with another seed."""

    def __init__(self, folder, network):
        super().__init__(folder)
        self.network = network
        left, right, self.more = write_inputs(folder)
        lines = ["id,left,right", *(f"row{k},{left.name},{right.name}" for k in range(3))]
        (folder / "list.csv").write_text("\n".join([*lines, f"row3,{right.name},{left.name}", ""]))
        self.results = []
        for _ in range(2):
            self.run()
            self.results.append(contents(self.output))
            shutil.rmtree(self.output)
            self.variant = 1 - self.variant
        self.output.mkdir()
        (self.output / "notes.txt").write_text(NOTES)

    def command(self):
        more = self.more[2:] if self.network else self.more
        return predict("--batch", self.folder / "list.csv", "-o", self.output, *more, "--seed",
                       self.variant, network=self.network)  # fmt: skip

    def check_killed(self):
        found = products(self.output)
        for row in range(4):
            files = {n: text for n, text in found.items() if n.startswith(f"row{row}/")}
            files = {n: text for n, text in files.items() if "/.sasnet-" not in n}
            whole = [r for r in self.results if all(r.get(n) == files[n] for n in files)]
            require(whole, f"files of two runs lie together in row{row}")
            if f"row{row}/row.json" in files:
                expected = {n: t for n, t in whole[0].items() if n.startswith(f"row{row}/")}
                same_files(files, expected, f"row{row} is called done")
        for name in {"summary.csv", "failures.csv"} & set(found):
            require(found[name].endswith(b"\n"), f"{name} is not whole")

    def check_finished(self):
        same_files(products(self.output), self.results[self.variant], "another list of results")
        require(not leftovers(self.folder), f"left over: {leftovers(self.folder)}")


class Mine(Work):
    """A dataset of six entries, which goes on until it is done."""

    def __init__(self, folder, network=None):
        super().__init__(folder)
        (folder / "structures").mkdir()
        for number in range(6):
            lines = chain_lines("A", 60, residue="LEU")
            lines += chain_lines("B", 60, start=(0, 5 + number / 10, 0), residue="VAL")
            write_pdb(folder / "structures" / f"{number}abc.pdb", lines)
        self.run()
        self.dataset = contents(self.output)
        require(len(table(self.output / "manifest.csv")) == 6, "the entries give no complexes")
        shutil.rmtree(self.output)

    def command(self):
        return [sys.executable, "-m", "train.mine", str(self.folder / "structures"), "-o",
                str(self.output), "--keep-unknown", "--workers", "2"]  # fmt: skip

    def has_begun(self):
        return (self.output / "work").is_dir()

    def check_killed(self):
        if (self.output / "dataset.json").exists():
            found = {n: t for n, t in contents(self.output).items() if not n.startswith("work/")}
            same_files(found, self.dataset, "dataset.json stands in a dataset that is not whole")

    def check_finished(self):
        same_files(contents(self.output), self.dataset, "another dataset")
        shutil.rmtree(self.output)


class Train(Work):
    """A run of six steps with a check after each, which goes on until it is done."""

    def __init__(self, folder, network=None):
        super().__init__(folder)
        items = [random_complex(seed, name=f"mined{seed}") for seed in range(2)]
        self.mined = write_dataset(folder / "mined", items, ["1-1", "1-2"])
        self.held_out = write_benchmark(folder / "db5", {"1ABC": "DB4U"})
        train = {"steps": 6, "complexes_per_step": 1, "optimizer": "adam", "average": 0.5}
        self.settings = folder / "settings.json"
        self.settings.write_text(json.dumps({"model": MODEL, "train": train}))
        self.run()
        self.expected = self.outcome()
        shutil.rmtree(self.output)

    def command(self):
        return [sys.executable, "-m", "train.fit", str(self.mined), "-o", str(self.output),
                "--validate", str(self.held_out), "--validate-count", "1", "--check-every", "2",
                "--config", str(self.settings)]  # fmt: skip

    def has_begun(self):
        return any((self.output / "checkpoints").glob("*.npz"))

    def outcome(self):
        """Return weights, checkpoints and checks; times differ between runs."""
        found = contents(self.output)
        checks = [
            [row[name] for name in ("step", "loss", "cauroc", "mean_auroc")]
            for row in table(self.output / "log.csv")
        ]
        kept = {n: text for n, text in found.items() if n.endswith((".npz", ".json"))}
        return kept | {"checks": str(checks).encode()}

    def check_finished(self):
        same_files(self.outcome(), self.expected, "another training run")
        require(not leftovers(self.folder), f"left over: {leftovers(self.folder)}")
        shutil.rmtree(self.output)


KINDS = {"single": Single, "export": Export, "batch": Batch, "mine": Mine, "train": Train}


def kill_once(work, rng, number, seconds):
    """Begin a command and send it a signal; return what came of it in a few words.

    Half of the kills come at any moment, the others after the command has begun to write.
    """
    command = work.command()
    with tempfile.TemporaryFile("w+") as stderr:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=stderr, start_new_session=True
        )
        if rng.random() < 0.5:
            wait_until(lambda: work.has_begun() or process.poll() is not None)
            time.sleep(rng.uniform(0, 0.2 * seconds))
        else:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(0, seconds))
        process.send_signal(number)
        code = process.wait(PATIENCE)
        orphans = remaining(process.pid)
        stderr.seek(0)
        text = stderr.read()
    require(not orphans, f"processes live on: {orphans}")
    work.check_killed()
    return outcome(code, number, text)


def wait_until(condition):
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE
    while not condition():
        require(time.monotonic() < end, "waited in vain")
        time.sleep(0.01)


def remaining(session):
    """List the processes of a session that do not end soon after the first of them."""
    end = time.monotonic() + LINGER
    while found := living(session):
        if time.monotonic() > end:
            return found
        time.sleep(0.05)
    return []


def living(session):
    """List the processes of a session."""
    found = []
    for process in psutil.process_iter(["status"]):
        with contextlib.suppress(OSError):
            if os.getsid(process.pid) == session and process.info["status"] != "zombie":
                found.append(process.pid)
    return found


def outcome(code, number, text):
    """Say how a process ended; an interrupt must be one line and an exit code of its own."""
    if code == 0:
        return "it had ended"
    if number == signal.SIGKILL:
        return "killed"
    lines = [line for line in text.splitlines() if line.strip() and not LOG_LINE.search(line)]
    if code == 128 + number:
        require("Traceback" not in text and len(lines) <= 1, f"more than one line: {text[-500:]}")
        return "one line"
    # Python itself handles signals before our first line and after our last: notes may stand there.
    early = code == -number and (
        number == signal.SIGTERM or all(line.startswith(NOTES_BEGIN) for line in lines)
    )
    within_python = "Fatal Python error: init" in text or is_early(text)
    require(early or within_python, f"exit code {code}: {text[-1500:]}")
    return "before its first line or after its last"


def is_early(text):
    """Tell whether a traceback is of Python's own start, before any line of sasnet was run."""
    if "KeyboardInterrupt" not in text:
        return False
    frames = [line.split('"')[1] for line in text.splitlines() if line.startswith('  File "')]
    ours = [frame for frame in frames if frame.startswith(str(ROOT))]
    first = ("cli.py", "__init__.py", "ending.py", "random_scorer.py")
    return all(Path(f).name in first for f in ours)


def attempts(work, rng, count, outcomes):
    """Kill a work so many times; after every few kills it runs to its end."""
    started = time.monotonic()
    work.run()
    work.check_finished()
    seconds = time.monotonic() - started
    for attempt in range(count):
        number = SIGNALS[attempt % len(SIGNALS)]
        ended = kill_once(work, rng, number, seconds)
        outcomes[number.name, ended] += 1
        print(f"{work.folder.name}: {number.name} {ended}", flush=True)
        if work.by_turns:
            work.variant = 1 - work.variant
        if (attempt + 1) % IN_A_ROW == 0 or attempt + 1 == count:
            work.run()
            work.check_finished()
            work.variant = 1 - work.variant


def tasks(count, folder):
    """Divide kills among kinds of work; yields the kind, whether with a network, and how many."""
    total = sum(SHARES.values())
    for kind, share in SHARES.items():
        number = max(1, round(count * share / total))
        with_network = number // NETWORK_EVERY if kind in ("single", "batch") else 0
        for network, part in ((None, number - with_network), (folder / "net", with_network)):
            if part:
                yield kind, network, part


def write_network(folder):
    """Write weights of a tiny network."""
    code = ("import sys; from pathlib import Path; from sasnet_core.config import ModelConfig; "
            "from sasnet_core.fitted import Calibration; "
            "from sasnet_core.network.network import build_network; "
            "from sasnet_core.network.weights import save_weights; "
            f"model = ModelConfig.from_dict({MODEL!r}); "
            "save_weights(Path(sys.argv[1]), build_network(model), Calibration())")  # fmt: skip
    subprocess.run([sys.executable, "-c", code, str(folder)], cwd=ROOT, check=True)


def check(kind, network, count, seed, folder):
    """Kill one kind of work; print what came of it, and return whether all was well."""
    rng, outcomes = random.Random(f"{seed} {kind} {network}"), Counter()
    name = f"{kind}{'-network' if network else ''}"
    begun, failure = time.monotonic(), ""
    try:
        attempts(KINDS[kind](folder / name, network), rng, count, outcomes)
    except (LostError, subprocess.SubprocessError) as error:
        failure = f"; FAILED: {error}"
    words = ", ".join(f"{n} {number} {what}" for (number, what), n in sorted(outcomes.items()))
    seconds = time.monotonic() - begun
    print(
        f"{name}: {sum(outcomes.values())} kills in {seconds:.0f} s ({words}){failure}", flush=True
    )
    return not failure


def main():
    """Kill as often as asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=300, help="number of kills")
    parser.add_argument("--seed", type=int, default=0, help="seed of the moments")
    parser.add_argument("--only", choices=KINDS, help="one kind of work; it gets its share")
    args = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # children inherit what is ignored
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    with tempfile.TemporaryDirectory(prefix="sasnet-kills-") as place:
        folder = Path(place)
        todo = [task for task in tasks(args.count, folder) if args.only in (None, task[0])]
        if any(network for _, network, _ in todo):
            write_network(folder / "net")
        good = [check(*task, args.seed, folder) for task in todo]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
