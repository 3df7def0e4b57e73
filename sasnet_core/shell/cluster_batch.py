"""The rows of a list on the workers of a Dask cluster, grouped by protein.

A worker loads the network once and keeps the embeddings of proteins, so a protein is embedded at
most once on each worker. Each row's folder is written by the worker that predicts it; the process
that the user started plans, counts and writes the tables.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sasnet_core import __version__
from sasnet_core.errors import WorkerError
from sasnet_core.files import write_lines
from sasnet_core.scoring.embedding_cache import EmbeddingCache
from sasnet_core.scoring.memory import cache_bytes
from sasnet_core.shell.batch import CACHE_DISK, CACHE_MEMORY, TABLE_EVERY, BatchRun
from sasnet_core.shell.session import calibrated_weights, loaded, predict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sasnet_core.network.weights_folder import WeightsInfo
    from sasnet_core.scoring.scorer import Scorer
    from sasnet_core.shell.batch import Plan
    from sasnet_core.shell.batch_list import Row
    from sasnet_core.shell.fetch import Sources
    from sasnet_core.shell.result_folder import Content
    from sasnet_core.shell.session import RunSettings

#: Rows that a worker does before it asks for more: few enough to share out the last ones.
ROWS_PER_TASK = 20
#: Names the run that writes into a folder; workers stop when it changes or goes.
TOKEN_FILE = ".run"


@dataclass(frozen=True)
class Task:
    """Some rows for a worker, and all it needs to know.

    Attributes
    ----------
    token : str
        Name of the run.
    rows : tuple
        Rows, each with its settings (`BatchRun`).
    owners : tuple of tuple of str
        Content hashes of each row's proteins.
    uses : dict
        How often each protein occurs in the run.
    folder : Path
        Where everything goes.
    sources, content, run_settings
        As of the whole list.
    weights : str
        Hash that the weights must have.
    version : str
        Version of sasnet that the worker must have.
    """

    token: str
    rows: tuple[tuple[Row, dict[str, Any]], ...]
    owners: tuple[tuple[str, ...], ...]
    uses: Mapping[str, int]
    folder: Path
    sources: Sources
    content: Content
    run_settings: RunSettings
    weights: str
    version: str = __version__


@dataclass(frozen=True)
class Done:
    """What became of the rows of a task: lines of the summary, reasons of failures."""

    summaries: dict[Row, dict[str, Any]]
    failures: dict[Row, str]


def grouped(plans: Mapping[Row, Plan]) -> list[list[Row]]:
    """Divide rows into groups of at most `ROWS_PER_TASK` that share a protein.

    A row goes with that of its proteins which occurs more often in the list.
    """
    uses = Counter(owner for plan in plans.values() for owner in plan.proteins)
    by_protein: dict[str, list[Row]] = {}
    for row, plan in plans.items():
        key = max(plan.proteins, key=lambda owner: (uses[owner], owner))
        by_protein.setdefault(key, []).append(row)
    return [
        rows[first : first + ROWS_PER_TASK]
        for rows in by_protein.values()
        for first in range(0, len(rows), ROWS_PER_TASK)
    ]


def predict_on_cluster(
    batch: BatchRun,
    plans: Mapping[Row, Plan],
    client: Any,
    run_settings: RunSettings,
    info: WeightsInfo,
    style: str,
) -> None:
    """Let the workers of a cluster predict rows, and note what they did in the batch.

    Parameters
    ----------
    batch : BatchRun
        The list.
    plans : mapping
        Rows to predict.
    client : distributed.Client
        From `cluster.connected`.
    run_settings, info
        How, and by which weights.
    style : str
        Of the progress: "bar", "lines" or "none".

    Raises
    ------
    WorkerError
        A worker has another version of sasnet or other weights.
    OutputError
        A worker cannot write results.
    """
    from distributed import KilledWorker, as_completed

    token = os.urandom(8).hex()
    write_lines([token], batch.folder / TOKEN_FILE)
    tasks = make_tasks(batch, plans, token, run_settings, info.sha256)
    futures = client.map(do_task, tasks, pure=False, retries=0)
    before = len(batch.rows) - len(plans)
    try:
        with RowCounter(before, len(plans), style) as counter:
            for number, future in enumerate(as_completed(futures), 1):
                try:
                    done: Done = future.result()
                except KilledWorker:
                    raise WorkerError(
                        "workers that live are needed, several died at the same rows, perhaps for "
                        "lack of memory; see their logs, then run the same command again"
                    ) from None
                batch.summaries.update(done.summaries)
                batch.failures.update(done.failures)
                counter.add(len({*done.summaries, *done.failures}))
                if number % max(1, TABLE_EVERY // ROWS_PER_TASK) == 0:
                    batch.write_tables()
    finally:
        client.cancel(futures)
        (batch.folder / TOKEN_FILE).unlink(missing_ok=True)


def make_tasks(
    batch: BatchRun,
    plans: Mapping[Row, Plan],
    token: str,
    run_settings: RunSettings,
    weights: str,
) -> list[Task]:
    """Make the tasks of a run."""
    uses = Counter(owner for plan in plans.values() for owner in plan.proteins)
    return [
        Task(
            token,
            tuple((row, plans[row].settings) for row in rows),
            tuple(tuple(plans[row].proteins) for row in rows),
            {owner: uses[owner] for row in rows for owner in plans[row].proteins},
            batch.folder,
            batch.sources,
            batch.content,
            run_settings,
            weights,
        )
        for rows in grouped(plans)
    ]


class RowCounter:
    """Shows how many rows are done.

    Parameters
    ----------
    before, todo : int
        Rows done before, and rows to do.
    style : str
        "bar" for people, "lines" for programs, "none".
    """

    def __init__(self, before: int, todo: int, style: str) -> None:
        from tqdm import tqdm

        self._todo, self._done, self._style = todo, 0, style
        self._bar = tqdm(
            total=before + todo, initial=before, desc="rows", unit="", disable=style != "bar"
        )

    def __enter__(self) -> RowCounter:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def add(self, count: int) -> None:
        """Count rows."""
        from sasnet_core.shell.progress import print_progress

        self._done += count
        self._bar.update(count)
        if self._style == "lines":
            print_progress(self._done, self._todo)


class Session:
    """The network on a worker, ready for the tasks of one run."""

    def __init__(self, task: Task) -> None:
        if task.version != __version__:
            raise WorkerError(
                f"all machines need the same version of sasnet, {task.version}, a worker has "
                f"{__version__}; install it there"
            )
        self.token = task.token
        self.info = calibrated_weights(task.run_settings)
        if self.info.sha256 != task.weights:
            raise WorkerError(
                f"all machines need the same weights, a worker finds others in {self.info.folder}; "
                "copy them there, or name a shared folder with --weights"
            )
        self._stack = ExitStack()
        self.predictor: Scorer = self._stack.enter_context(loaded(task.run_settings, self.info))
        memory = cache_bytes(task.run_settings.memory, CACHE_MEMORY)
        self.cache = EmbeddingCache({}, Path(tempfile.gettempdir()), memory, CACHE_DISK)
        self._stack.enter_context(self.cache)
        self.predictor.use_cache(self.cache)

    def close(self) -> None:
        """Free the network and the embeddings."""
        self._stack.close()


_LOCK = threading.Lock()
_SESSIONS: list[Session] = []  # of this process: none or one


def do_task(task: Task) -> Done:
    """Predict the rows of a task; runs on a worker, one task at a time.

    It stops before the next row if the run was interrupted, or another one writes into the folder.
    If the run was killed, the rows of the task are still done: the next run finds them.
    """
    with _LOCK:
        session = _session(task)
        session.cache.expect(task.uses)
        run = BatchRun([], task.folder, task.sources, task.content, {})
        for (row, settings), owners in zip(task.rows, task.owners, strict=True):
            if _token(task.folder) != task.token:
                break
            run.predict_row(
                row,
                settings,
                lambda left, right: predict(
                    session.predictor, left, right, task.run_settings, session.info
                ),
            )
            for owner in owners:
                session.cache.finish(owner)
        return Done(run.summaries, run.failures)


def _session(task: Task) -> Session:
    """Return the session of the task's run; end that of another."""
    if _SESSIONS and _SESSIONS[0].token != task.token:
        _SESSIONS.pop().close()
    if not _SESSIONS:
        _SESSIONS.append(Session(task))
    return _SESSIONS[0]


def _token(folder: Path) -> str:
    """Return the name of the run that writes into a folder; empty if there is none."""
    try:
        return (folder / TOKEN_FILE).read_text().strip()
    except OSError:
        return ""
