"""train.mine as a user runs it, and as a power cut ends it."""

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("pyopal")

from sasnet_core import cluster  # noqa: E402
from sasnet_core.config import MiningConfig  # noqa: E402
from sasnet_core.dataset.complexes import load_complex, read_manifest  # noqa: E402
from sasnet_core.errors import WorkerError  # noqa: E402
from sasnet_core.mining.similarity import read_sequences  # noqa: E402
from sasnet_core.structure.alignment import MAX_EVALUE, MIN_COLUMNS  # noqa: E402
from tests.core.build import contents, table  # noqa: E402
from train import mine, mine_cost  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shared():
    folder = Path(os.environ.get("SASNET_SHARED", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder} (set SASNET_SHARED)")
    return folder


@pytest.fixture(scope="module")
def structures(shared, tmp_path_factory):
    """Small entries and a damaged one."""
    folder = tmp_path_factory.mktemp("structures")
    files = sorted((shared / "complexes").rglob("*.pdb.gz"), key=lambda p: (p.stat().st_size, p))
    for path in files[40:400:30]:
        (folder / path.name).symlink_to(path)
    (folder / "damaged.pdb.gz").write_bytes(files[40].read_bytes()[:5000])
    return folder


def arguments(structures, shared, output, *more):
    facts = str(shared / "complexes.csv")
    return [str(structures), "-o", str(output), "--facts", facts, "--workers", "2", *more]


@pytest.fixture(scope="module")
def mined(structures, shared, tmp_path_factory):
    output = tmp_path_factory.mktemp("mined") / "dataset"
    assert mine.main(arguments(structures, shared, output)) == 0
    return output


def test_a_folder_is_mined_as_its_manifest_says(mined):
    rows = read_manifest(mined)
    assert len(rows) >= 8
    for row in rows:
        item = load_complex(mined / row["file"])
        assert item.name == row["id"]
        assert len(item.contacts) == int(row["n_contacts"]) >= 20
        assert min(item.left.n_residues, item.right.n_residues) >= 50
        assert float(row["buried_area"]) >= 500 and float(row["resolution"]) <= 3.5
    rejected = {row["candidate"]: row for row in table(mined / "rejected.csv")}
    assert rejected["damaged.pdb.gz"]["rule"] == "readable"
    counts = json.loads((mined / "dataset.json").read_text())["counts"]
    assert (counts["complexes"], counts["files"]) == (len(rows), 13)


def test_a_finished_dataset_is_left_as_it_is(structures, shared, mined, capsys):
    before = contents(mined)
    assert mine.main(arguments(structures, shared, mined)) == 0
    assert "already holds the dataset" in capsys.readouterr().out
    assert contents(mined) == before


def run(*arguments, **options):
    """Start the command, open to interrupts: a background shell has its children ignore them."""
    command = [sys.executable, "-m", "train.mine", *map(str, arguments)]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(command, cwd=ROOT, **options)
    finally:
        signal.signal(signal.SIGINT, before)


def results(output):
    """Count what is there already; folders come and go meanwhile, which os.walk bears."""
    return sum("result.json" in files for _, _, files in os.walk(output / "work"))


def kill_after(count, output, process):
    """Kill a run once it has that many results, or let it end."""
    while process.poll() is None and results(output) < count:
        time.sleep(0.01)
    process.kill()
    process.wait()


def test_killed_at_any_moment_and_started_again_it_gives_the_same(
    structures, shared, mined, tmp_path
):
    output = tmp_path / "dataset"
    line = arguments(structures, shared, output)
    for count in (0, 2, 3, 7, 13):
        kill_after(count, output, run(*line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    assert mine.main(line) == 0
    assert contents(output) == contents(mined)


def test_children_outlive_no_killed_run(structures, shared, tmp_path):
    output = tmp_path / "dataset"
    process = run(*arguments(structures, shared, output), stderr=subprocess.PIPE, text=True)
    kill_after(1, output, process)
    # The children hold the pipe open: its end is theirs.
    assert "Traceback" not in process.stderr.read()


def test_an_interrupt_ends_it_with_one_line_and_it_can_be_resumed(
    structures, shared, mined, tmp_path
):
    output = tmp_path / "dataset"
    line = arguments(structures, shared, output)
    for count, number in ((1, signal.SIGINT), (3, signal.SIGTERM), (8, signal.SIGINT)):
        process = run(*line, stderr=subprocess.PIPE, text=True)
        while results(output) < count:
            time.sleep(0.01)
        process.send_signal(number)
        message = process.communicate(timeout=20)[1]
        assert process.returncode == 128 + number
        assert "start it again" in message and "Traceback" not in message
    assert mine.main(line) == 0
    assert contents(output) == contents(mined)


def test_a_cluster_of_two_workers_gives_the_same(structures, shared, mined, tmp_path):
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    )
    output = tmp_path / "dataset"
    with cluster:
        address = cluster.scheduler_address
        assert mine.main(arguments(structures, shared, output, "--scheduler", address)) == 0
    assert contents(output) == contents(mined)


def test_a_scheduler_that_is_not_there_is_one_line(structures, shared, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "ANSWER_TIME", 0.3)
    line = arguments(structures, shared, tmp_path / "out", "--scheduler", "tcp://127.0.0.1:9")
    with pytest.raises(WorkerError, match=r"^a Dask scheduler is needed at tcp://") as caught:
        mine.main(line)
    assert "\n" not in str(caught.value)


def test_a_file_that_fills_the_memory_costs_one_line(structures, shared, tmp_path):
    folder = tmp_path / "structures"
    folder.mkdir()
    with gzip.open(folder / "bomb.pdb.gz", "wb", compresslevel=1) as stream:
        record = b"ATOM      1  CA  GLY A   1       0.000   0.000   0.000  1.00  0.00           C\n"
        for _ in range(60):
            stream.write(record * 100_000)
    small = next(path for path in structures.iterdir() if path.name != "damaged.pdb.gz")
    shutil.copy(small, folder)
    output = tmp_path / "dataset"
    assert mine.main(arguments(folder, shared, output, "--memory-limit", "1.2")) == 0
    rejected = table(output / "rejected.csv")
    assert {"candidate": "bomb", "rule": "memory", "value": "1.2 GB"} in rejected
    assert {row["entry"] for row in read_manifest(output)} <= {small.name.split(".")[0]}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--exclude-similar-to", "{empty}"], "a folder with PDB or mmCIF files is needed"),
        (["--memory-limit", "0"], "the memory limit at least 1 GB"),
        (["--memory-limit", "nan"], "the memory limit at least 1 GB"),
        (["--time-limit", "nan"], "the time limit must be over 0 s"),
        (["--time-limit", "inf"], "the time limit must be over 0 s"),
        (["--workers", "0"], "there must be 1 to 1000 workers"),
        (["--facts", "{empty}/none.csv"], "a table with the columns"),
    ],
)
def test_what_a_user_can_mend_is_one_line(structures, shared, tmp_path, more, message):
    (tmp_path / "empty").mkdir()
    more = [text.format(empty=tmp_path / "empty") for text in more]
    done = run(*arguments(structures, shared, tmp_path / "out", *more), stderr=subprocess.PIPE)
    (line,) = done.communicate()[1].decode().splitlines()
    assert done.returncode == 2
    assert line.startswith("train.mine: ") and message in line


def write_fasta(path, sequences):
    path.write_text("".join(f">{name}\n{letters}\n" for name, letters in sequences))
    return path


def blast_leaks(queries, targets, folder):
    """List the hits of blastp that break the rule on identity: query, target, identity, columns."""
    limit = MiningConfig().max_identity
    lengths = {name: len(letters) for name, letters in [*queries, *targets]}
    done = subprocess.run(
        ["blastp", "-query", write_fasta(folder / "queries", queries),
         "-subject", write_fasta(folder / "targets", targets), "-evalue", str(MAX_EVALUE),
         "-outfmt", "6 qseqid sseqid nident length"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    leaks = []
    for line in done.stdout.splitlines():
        query, target, identical, columns = line.split("\t")
        identity = int(identical) / int(columns)
        enough = min(MIN_COLUMNS, min(lengths[query], lengths[target]) / 2)
        if identity > limit and int(columns) >= enough:
            leaks.append((query, target, round(identity, 3), int(columns)))
    return leaks


@pytest.fixture(scope="module")
def beside_db5(shared, tmp_path_factory):
    """A dataset mined beside DB5, SASNET_MINED or else one of forty entries and ten of DB5."""
    if "SASNET_MINED" in os.environ:
        return Path(os.environ["SASNET_MINED"])
    folder = tmp_path_factory.mktemp("beside_db5")
    (folder / "structures").mkdir()
    entries, like = (
        sorted((shared / name).rglob(pattern), key=lambda p: (p.stat().st_size, p))
        for name, pattern in (("complexes", "*.pdb.gz"), ("db5", "*_r_b.pdb.gz"))
    )
    for path in [*entries[:600:20], *entries[5:200:20], *like[60:70]]:
        (folder / "structures" / path.name).symlink_to(path)
    output = folder / "dataset"
    line = arguments(folder / "structures", shared, output, "--exclude-similar-to",
                     str(shared / "db5"), "--keep-unknown")  # fmt: skip
    assert mine.main(line) == 0
    return output


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("blastp"), reason="blastp (Debian's ncbi-blast+) is absent")
def test_blast_finds_no_leak_into_docking_benchmark_5(shared, beside_db5, tmp_path):
    proteins = {}
    for row in read_manifest(beside_db5):
        item = load_complex(beside_db5 / row["file"])
        sides = {"left": item.left, "right": item.right}
        proteins |= {protein.sequence: f"{row['id']}:{side}" for side, protein in sides.items()}
    kept = [(name, sequence) for sequence, name in proteins.items()]
    held_out = [(f"db5-{k}", s) for k, s in enumerate(read_sequences([shared / "db5"]))]
    assert len(kept) > 20
    assert blast_leaks(kept, held_out, tmp_path) == []
    assert blast_leaks(held_out[:1], held_out, tmp_path), "BLAST must see what is the same"
    assert "identity" in {row["rule"] for row in table(beside_db5 / "rejected.csv")}


def test_the_cost_of_an_archive_is_reckoned_from_entries_of_all_sizes(structures, shared, capsys):
    line = [str(structures), "--facts", str(shared / "complexes.csv"), "--count", "10",
            "--entries", "1000", "--atoms", "5000"]  # fmt: skip
    assert mine_cost.main(line) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(int(row.split("|")[2]) for row in lines[2:7]) in (9, 10)  # one is damaged
    seconds, hours = re.match(r"(\S+) CPU seconds .* cost (\d+) core-hours", lines[-1]).groups()
    assert int(hours) == pytest.approx(float(seconds) * 500 / 3600, abs=1)
