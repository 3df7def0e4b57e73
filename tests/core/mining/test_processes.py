import math
import os
import signal
import subprocess
import sys
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


@pytest.mark.parametrize(
    "limits",
    [{"seconds": seconds} for seconds in (0, -1, math.nan, math.inf, 1e300)]
    + [{"gigabytes": gigabytes} for gigabytes in (0.5, -1, math.nan, math.inf, 1e300)],
)
def test_limits_that_let_nothing_run_are_refused(limits):
    with pytest.raises(SettingError, match="at least 1 GB"):
        Limits(**limits)


@pytest.mark.parametrize("count", [0, -3, 10**20])
def test_a_number_of_workers_that_cannot_be_is_refused(count):
    with pytest.raises(SettingError, match="1 to 1000 workers"), local_slots(count):
        pass


#: Places at which a run is interrupted; SASNET_PLACES=200 tries more.
PLACES = int(os.environ.get("SASNET_PLACES", "8"))
#: Runs jobs, and sends itself a signal at the line of that number (0: never, but counts them).
INTERRUPTED = """
import os, sys
from sasnet_core.ending import end_at_signals
from sasnet_core.mining.processes import Limits, local_slots, run_all
place, number = map(int, sys.argv[1:])
lines = 0
def at_each_line(frame, event, argument):
    global lines
    lines += event == "line"
    if lines == place and event == "line":
        os.kill(os.getpid(), number)
    return at_each_line
end_at_signals("stopped")
jobs = [(str(k), {"key": "PATH"}) for k in range(6)]
with local_slots(2) as (executor, slots):
    sys.settrace(at_each_line)
    list(run_all(executor, slots, "os:getenv", Limits(60, 1.5), jobs))
    sys.settrace(None)
print(lines)
"""


def interrupted(place, number):
    command = [sys.executable, "-c", INTERRUPTED, str(place), str(int(number))]
    ignored = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # children inherit what is ignored
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    finally:
        signal.signal(signal.SIGINT, ignored)


def test_a_signal_at_any_line_ends_the_run():
    whole = interrupted(0, signal.SIGINT)
    assert whole.returncode == 0, whole.stderr
    lines = int(whole.stdout)
    sure = lines * 3 // 4  # how often it waits, and so the number of lines, differs between runs
    for turn, place in enumerate(range(1, sure, sure // PLACES + 1)):
        number = (signal.SIGINT, signal.SIGTERM)[turn % 2]
        done = interrupted(place, number)  # the children hold the pipe: its end is theirs too
        assert (done.returncode, done.stderr) == (128 + number, "stopped\n"), place


def test_processes_end_with_the_slots(tmp_path):
    path = tmp_path / "pids"
    failures({"job": {"path": str(path)}})
    with pytest.raises(ProcessLookupError):
        os.kill(int(path.read_text()), 0)
