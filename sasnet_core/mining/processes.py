"""Run jobs in child processes with limits on time and memory that the kernel enforces.

A file may hang a parser, fill the memory or crash a library; then only its job fails. Threads send
jobs to the child processes over pipes. `multiprocessing` and packages based on it are not used:
their pools break when a process dies, and they start no process inside a Dask worker.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from concurrent.futures import FIRST_COMPLETED, Executor, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sasnet_core.cluster import connected
from sasnet_core.ending import cleaned_up_by
from sasnet_core.errors import SettingError, WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

READY = "ready"
#: Otherwise arithmetic libraries start a thread per core in every process.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
#: The kernel may have killed a process for the memory that others took: try the job again.
_ATTEMPTS = 2
#: A process is replaced after this many jobs, because memory that is never freed adds up.
_JOBS_PER_PROCESS = 200
#: Largest limit, in seconds or GB.
_MOST = 1e9
#: Most child processes on one machine.
_MOST_WORKERS = 1000


@dataclass(frozen=True)
class Limits:
    """Limits of one job."""

    seconds: float = 600.0  # of wall-clock time
    gigabytes: float = 4.0  # of address space

    def __post_init__(self) -> None:
        """Check that there is time, and enough memory to start Python.

        Raises
        ------
        SettingError
            A limit is too small, or more than the kernel can count.
        """
        if not (0 < self.seconds <= _MOST and 1 <= self.gigabytes <= _MOST):
            raise SettingError(
                "the time limit must be over 0 s, the memory limit at least 1 GB, and both at most "
                f"{_MOST:g}; got {self.seconds:g} s and {self.gigabytes:g} GB"
            )


@dataclass(frozen=True)
class Failure:
    """Why a job failed: "timeout", "memory" or "error", and a value that tells more."""

    rule: str
    value: str


class BoundedProcess:
    """A child process that runs one job after the other.

    It ends with its parent, because its input then ends.

    Parameters
    ----------
    target : str
        The function that runs a job, "module:function"; it takes a job's values by name.
    limits : Limits
        Limits of each job.
    """

    def __init__(self, target: str, limits: Limits) -> None:
        self.target, self.limits = target, limits
        self.closed = False
        self.jobs = 0
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        command = [sys.executable, "-m", __name__, target]
        command += [repr(limits.seconds), str(int(limits.gigabytes * 1e9))]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | _ONE_THREAD | {"PYTHONPATH": path},
        )
        _STARTED.add(self)  # before it is ready: `close_all` must know it
        if self._answer() != READY:
            _close(self)
            raise WorkerError(
                f"a process for {target} must start within {limits.gigabytes:g} GB, it did not; "
                "see its message above"
            )

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def run(self, job: dict[str, Any]) -> Failure | None:
        """Run a job and wait for it.

        Parameters
        ----------
        job : dict
            Values that JSON can hold.

        Returns
        -------
        Failure or None
            None if the job succeeded.
        """
        assert self._process.stdin is not None
        self.jobs += 1
        try:
            self._process.stdin.write(json.dumps(job).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return self._death()
        answer = self._answer()
        if answer is None:
            return self._death()
        return Failure(*answer) if answer else None

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return json.loads(line) if line.endswith(b"\n") else None

    def _death(self) -> Failure:
        code = self._process.wait()
        if code == -signal.SIGALRM:
            return Failure("timeout", f"{self.limits.seconds:g} s")
        ended = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return Failure("error", f"the process ended with {ended}")

    def kill(self) -> None:
        """Send SIGKILL; allowed in signal handlers, as it takes no lock."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process at once."""
        self.closed = True
        self._process.kill()
        self._process.communicate()


_LOCAL = threading.local()
_STARTED: set[BoundedProcess] = set()  # not closed yet


def run_bounded(target: str, limits: Limits, job: dict[str, Any]) -> Failure | None:
    """Run a job in this thread's child process, which is started if needed.

    Returns
    -------
    Failure or None
        None if the job succeeded. A job whose process dies is tried once more, and so is one that
        runs out of memory in a process that has run other jobs before.
    """
    failure = None
    for _ in range(_ATTEMPTS):
        child = _child(target, limits)
        failure = child.run(job)
        if failure is None or failure.rule == "timeout" or child.closed:
            return failure
        if failure.rule == "memory":
            _close(child)
            if child.jobs == 1:
                return failure
        elif child.is_alive:
            return failure
    return failure


def _child(target: str, limits: Limits) -> BoundedProcess:
    """Return this thread's process; start a new one if the old one cannot be used."""
    child: BoundedProcess | None = getattr(_LOCAL, "child", None)
    if child is not None:
        same = (child.target, child.limits) == (target, limits)
        if same and child.is_alive and child.jobs < _JOBS_PER_PROCESS:
            return child
        _close(child)
    child = _LOCAL.child = BoundedProcess(target, limits)
    return child


def _close(child: BoundedProcess) -> None:
    _STARTED.discard(child)
    child.close()


def close_all() -> None:
    """End every child process of this process."""
    for child in list(_STARTED):
        _close(child)


def _kill_all() -> None:
    """Send SIGKILL to every child process of this process, without any lock."""
    for child in list(_STARTED):
        child.kill()


def run_all(
    executor: Executor,
    slots: int,
    target: str,
    limits: Limits,
    jobs: Iterable[tuple[str, dict[str, Any]]],
) -> Iterator[tuple[str, Failure | None]]:
    """Run named jobs; at most twice as many as there are slots are submitted at a time.

    Yields
    ------
    name : str
        Name of a job that has ended, in any order.
    failure : Failure or None
        Why it failed; None if it succeeded.
    """
    pending = {}
    try:
        for name, job in jobs:
            pending[executor.submit(run_bounded, target, limits, job)] = name
            while len(pending) >= 2 * slots:
                for future in wait(pending, return_when=FIRST_COMPLETED).done:
                    yield pending.pop(future), future.result()
        while pending:
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                yield pending.pop(future), future.result()
    finally:
        for future in pending:
            future.cancel()


@contextmanager
def local_slots(count: int) -> Iterator[tuple[Executor, int]]:
    """Yield an executor with child processes on this machine, and their number.

    Raises
    ------
    SettingError
        The number is not possible.
    """
    if not 1 <= count <= _MOST_WORKERS:
        raise SettingError(f"there must be 1 to {_MOST_WORKERS} workers, got {count}")
    executor = ThreadPoolExecutor(count)
    with cleaned_up_by(_kill_all):
        try:
            yield executor, count
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
            close_all()
            executor.shutdown()


@contextmanager
def cluster_slots(address: str, must_see: Path) -> Iterator[tuple[Executor, int]]:
    """Yield an executor on a Dask cluster, and the number of its workers' threads.

    Parameters
    ----------
    address : str
        Address of the scheduler, like ``tcp://10.0.0.1:8786``.
    must_see : Path
        Folder for the results, which every worker must be able to see.

    Raises
    ------
    WorkerError
        There is no such cluster, or a worker does not see the folder.
    """
    with connected(address, must_see) as client:
        try:
            yield client.get_executor(pure=False), sum(client.nthreads().values())
        finally:
            client.run(close_all)


def _main(target: str, seconds: str, memory: str) -> None:
    """Run as child: read jobs from the standard input, answer on the original standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.dup(1)
    os.dup2(2, 1)  # libraries print to the standard error instead
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    os.write(answers, json.dumps(READY).encode() + b"\n")
    for line in sys.stdin:
        signal.setitimer(signal.ITIMER_REAL, float(seconds))
        answer = _attempt(function, json.loads(line), float(memory))
        signal.setitimer(signal.ITIMER_REAL, 0)
        os.write(answers, json.dumps(answer).encode() + b"\n")


def _attempt(function: Callable[..., None], job: dict[str, Any], memory: float) -> list[str]:
    """Return a failure's rule and value; an empty list if the job succeeded."""
    try:
        function(**job)
    except MemoryError:
        return ["memory", f"{memory / 1e9:g} GB"]
    except Exception as error:  # a bad file must not end the run
        return ["error", f"{type(error).__name__}: {error}".splitlines()[0]]
    return []


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):  # the parent was killed
        _main(*sys.argv[1:])
