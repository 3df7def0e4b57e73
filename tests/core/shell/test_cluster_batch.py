import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from sasnet_core import cluster
from sasnet_core.shell import cluster_batch
from sasnet_core.shell.batch import ROW_FILE, Plan
from sasnet_core.shell.cli import main
from sasnet_core.shell.cluster_batch import ROWS_PER_TASK, grouped
from tests.conftest import ROOT
from tests.core.build import chain_lines, contents, table, write_pdb

distributed = pytest.importorskip("distributed")


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A folder with a list: a hub with three partners, and a row that cannot be done."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    write_pdb(folder / "hub.pdb", chain_lines("H", 12))
    for number in range(3):
        write_pdb(folder / f"partner{number}.pdb", chain_lines("P", 6 + number, start=(0, 5, 0)))
    rows = [f"row{k},hub.pdb,partner{k % 3}.pdb,," for k in range(6)]
    lines = ["id,left,right,left_chains,right_chains", *rows, "bad,none.pdb,hub.pdb,,", ""]
    (folder / "list.csv").write_text("\n".join(lines))
    return folder


@pytest.fixture
def address(scorer, monkeypatch):
    """A cluster of two workers in this process, on the random scorer."""

    @contextmanager
    def loaded(settings, info):
        yield scorer

    monkeypatch.setattr(cluster_batch, "loaded", loaded)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address
    while cluster_batch._SESSIONS:
        cluster_batch._SESSIONS.pop().close()


def run(plain_weights, *arguments):
    options = ["--weights", str(plain_weights), "--rotations", "1", "--no-picture", "--no-report"]
    return main(["--batch", "list.csv", *options, *arguments])


def written(folder):
    """Return the contents of a folder; workers name structures by absolute paths."""
    here = str(folder.parent).encode() + b"/"
    return {name: content.replace(here, b"") for name, content in contents(folder).items()}


def test_a_cluster_writes_what_one_process_does_and_does_nothing_twice(
    work, address, plain_weights, scorer, capsys
):
    assert run(plain_weights, "-o", "one", "--quiet") == 2
    alone = len(scorer.scored)
    assert run(plain_weights, "-o", "two", "--scheduler", address, "--quiet") == 2
    assert "1 of 7 failed" in capsys.readouterr().err
    assert len(scorer.scored) == 2 * alone
    assert written(work / "one") == written(work / "two")
    assert [row["id"] for row in table(work / "two" / "failures.csv")] == ["bad"]
    (work / "two" / "row3" / ROW_FILE).unlink()
    assert run(plain_weights, "-o", "two", "--scheduler", address, "--progress-lines") == 2
    assert len(scorer.scored) == 2 * alone + 1
    assert "sasnet-progress 1 1" in capsys.readouterr().err
    assert written(work / "one") == written(work / "two")


def test_workers_with_other_weights_or_versions_are_named(
    work, address, plain_weights, monkeypatch, capsys
):
    monkeypatch.setattr(cluster_batch, "__version__", "9.9")
    assert run(plain_weights, "-o", "out", "--scheduler", address, "--quiet") == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "a worker has 9.9" in error
    assert not (work / "out" / cluster_batch.TOKEN_FILE).exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--batch", "list.csv", "--scheduler", "tcp://127.0.0.1:9"], "a Dask scheduler is needed"),
        (["hub.pdb", "partner0.pdb", "--scheduler", "tcp://127.0.0.1:9"], "name it with --batch"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    work, arguments, message, plain_weights, capfd, monkeypatch
):
    monkeypatch.setattr(cluster, "ANSWER_TIME", 0.3)
    assert main([*arguments, "--weights", str(plain_weights), "--quiet", "-o", "out"]) == 2
    assert message in capfd.readouterr().err.splitlines()[-1]


def test_rows_go_with_the_protein_that_occurs_most():
    plans = {
        f"row{k}": Plan({}, {"hub": 9, f"partner{k}": 9} if k % 2 else {"rare": 9, "hub": 9}, 81)
        for k in range(2 * ROWS_PER_TASK + 1)
    } | {"alone": Plan({}, {"x": 9}, 81)}
    groups = grouped(plans)
    assert [len(group) for group in groups] == [ROWS_PER_TASK, ROWS_PER_TASK, 1, 1]
    assert sorted(row for group in groups for row in group) == sorted(plans)


@pytest.mark.sweep
def test_a_killed_run_on_two_workers_goes_on(work, weights_folder, monkeypatch):
    rows = [f"row{k},hub.pdb,partner{k % 3}.pdb,," for k in range(60)]
    (work / "list.csv").write_text("\n".join(["id,left,right,left_chains,right_chains", *rows, ""]))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "sasnet_core.cli", "--batch", "list.csv", "-o", "out",
               "--weights", str(weights_folder), "--rotations", "2", "--no-picture", "--no-report",
               "--quiet", "--progress-lines"]  # fmt: skip
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        command += ["--scheduler", cluster.scheduler_address]
        process = subprocess.Popen(command, cwd=work, env=environment, stderr=subprocess.PIPE)
        while not list(work.glob(f"out/*/{ROW_FILE}")):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        before = {
            path: path.stat().st_mtime_ns for path in work.glob("out/*/result.json")
            if (path.parent / ROW_FILE).exists()
        }  # fmt: skip
        done = subprocess.run(command, cwd=work, env=environment, check=False)
    assert done.returncode == 0 and 0 < len(before) < 60
    assert [row["id"] for row in table(work / "out" / "summary.csv")] == [
        f"row{k}" for k in range(60)
    ]
    assert all(path.stat().st_mtime_ns == age for path, age in before.items())
    assert json.loads((work / "out" / "row0" / ROW_FILE).read_text())["problems"] == []
