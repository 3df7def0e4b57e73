import os
import signal
import time

import pytest

from sasnet_core.errors import SettingError, WorkerError
from sasnet_core.mining.processes import Failure, Limits, local_slots, run_all

HERE = f"{__name__}:work"
LIMITS = Limits(seconds=60, gigabytes=1.5)


def work(path=None, sleep=0.0, allocate=0.0, raises=None, kill=None, once=None):
    """Do what a job says, in a process of its own."""
    if path:
        with open(path, "a") as stream:
            stream.write(f"{os.getpid()}\n")
    if once and not os.path.exists(once):
        open(once, "w").close()
        kill = signal.SIGKILL
    if kill:
        os.kill(os.getpid(), kill)
    if raises:
        raise ValueError(raises)
    time.sleep(sleep)
    bytearray(int(allocate * 1e9))
    print("what a library prints is no answer")


def failures(jobs, limits=LIMITS, workers=1):
    with local_slots(workers) as (executor, slots):
        return dict(run_all(executor, slots, HERE, limits, jobs.items()))


def test_jobs_are_done_in_one_process_after_the_other(tmp_path):
    path = tmp_path / "pids"
    jobs = {f"job {k}": {"path": str(path)} for k in range(9)}
    assert failures(jobs, workers=2) == dict.fromkeys(jobs)
    pids = path.read_text().split()
    assert len(pids) == 9 and 1 <= len(set(pids)) <= 2
    assert str(os.getpid()) not in pids


def test_each_mishap_costs_its_job_alone():
    jobs = {
        "memory": {"allocate": 8},
        "error": {"raises": "one line\nand another"},
        "segfault": {"kill": signal.SIGSEGV},
        "exit": {"kill": signal.SIGTERM},
        "good": {},
    }
    assert failures(jobs) == {
        "memory": Failure("memory", "1.5 GB"),
        "error": Failure("error", "ValueError: one line"),
        "segfault": Failure("error", "the process ended with SIGSEGV"),
        "exit": Failure("error", "the process ended with SIGTERM"),
        "good": None,
    }


def test_a_job_that_hangs_is_ended_and_the_next_one_done():
    found = failures({"hang": {"sleep": 1e6}, "good": {}}, Limits(seconds=3, gigabytes=1.5))
    assert found == {"hang": Failure("timeout", "3 s"), "good": None}


def test_a_job_whose_process_was_killed_is_tried_once_more(tmp_path):
    assert failures({"unlucky": {"once": str(tmp_path / "tried")}}) == {"unlucky": None}


def test_what_cannot_start_is_one_error():
    with local_slots(1) as (executor, slots), pytest.raises(WorkerError, match="must start"):
        list(run_all(executor, slots, "no_such_module:work", LIMITS, [("job", {})]))


@pytest.mark.parametrize("limits", [{"seconds": 0}, {"gigabytes": 0.5}])
def test_limits_that_let_nothing_run_are_refused(limits):
    with pytest.raises(SettingError, match="at least 1 GB"):
        Limits(**limits)


def test_processes_end_with_the_slots(tmp_path):
    path = tmp_path / "pids"
    failures({"job": {"path": str(path)}})
    with pytest.raises(ProcessLookupError):
        os.kill(int(path.read_text()), 0)
