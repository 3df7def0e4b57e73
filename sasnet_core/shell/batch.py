"""A list of predictions: a folder for each row, two tables over all; nothing is done twice."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from sasnet_core.ending import raising
from sasnet_core.errors import BatchError, OccupiedError, OutputError, ResultError, SasnetError
from sasnet_core.files import json_values, write_json
from sasnet_core.results.output_folder import OutputFolder
from sasnet_core.results.spreadsheet import write_spreadsheet
from sasnet_core.results.staging import remove_leftovers
from sasnet_core.results.summary import SUMMARY_COLUMNS, summary_row
from sasnet_core.scoring.embedding_cache import EmbeddingCache
from sasnet_core.shell.batch_list import COLUMNS, FAILURES_FILE, SUMMARY_FILE
from sasnet_core.shell.progress import ListProgress, Work, announce, watched
from sasnet_core.shell.question import read_partners
from sasnet_core.shell.result_folder import write_result_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sasnet_core.results.partner import InputPartner
    from sasnet_core.results.prediction import Prediction
    from sasnet_core.scoring.scorer import Scorer
    from sasnet_core.shell.batch_list import Row
    from sasnet_core.shell.fetch import Sources
    from sasnet_core.shell.result_folder import Content

    Load = Callable[[], AbstractContextManager[Scorer]]
    Predict = Callable[[Scorer, InputPartner, InputPartner, Callable[[int], None]], Prediction]

#: Written last into a row's folder: the settings of the row, and its line in the summary.
ROW_FILE = "row.json"
#: The tables are written again after so many rows, in case the run is killed.
TABLE_EVERY = 20
#: Embeddings kept for rows to come: bytes in memory without --memory, and on disk.
CACHE_MEMORY, CACHE_DISK = 1 << 30, 16 << 30


@dataclass(frozen=True)
class Plan:
    """A row that is to be predicted: its settings, its proteins, its pairs."""

    settings: dict[str, Any]
    proteins: dict[str, int]  # content hash: residues
    pairs: int


@dataclass
class BatchRun:
    """The rows of a list and their results.

    Parameters
    ----------
    rows : list of Row
        The list.
    folder : Path
        Where everything goes.
    sources : Sources
        Where structures come from.
    content : Content
        What each row's folder gets.
    settings : dict
        Settings that all rows share, as plain values. A row that was done with other settings is
        predicted again.
    """

    rows: list[Row]
    folder: Path
    sources: Sources
    content: Content
    settings: dict[str, Any]
    failures: dict[Row, str] = field(default_factory=dict)  # reasons
    summaries: dict[Row, dict[str, Any]] = field(default_factory=dict)  # lines of the summary
    _hashes: dict[Path, str] = field(default_factory=dict)
    _sizes: dict[tuple[Any, ...], tuple[str, int]] = field(default_factory=dict)

    def run(
        self,
        load: Load,
        predict: Predict,
        style: str,
        memory: int = CACHE_MEMORY,
    ) -> None:
        """Do all rows that are not done.

        Parameters
        ----------
        load : callable
            Returns a context manager that gives the predictor; called once, if a row is to be done.
        predict : callable
            Takes the predictor, left, right and a function to call after each rotation.
        style : str
            Of the progress, see `progress.ListProgress`.
        memory : int
            Most bytes of embeddings to keep in memory for rows to come.

        Raises
        ------
        OutputError
            Results cannot be written, or another run writes here.
        """
        self.run_with(lambda plans: self._predict_all(plans, load, predict, style, memory), style)

    def run_with(self, predict_all: Callable[[dict[Row, Plan]], None], style: str) -> None:
        """Let a function predict the rows that are not done.

        Parameters
        ----------
        predict_all : callable
            Takes the rows with their plans; not called if there are none.
        style : str
            Of the progress.

        Raises
        ------
        OutputError
            Results cannot be written, or another run writes here.
        """
        with self._opened():
            plans = self._check_rows(style)
            with raising():
                try:
                    self.write_tables()
                    if plans:
                        predict_all(plans)
                finally:
                    self.write_tables()

    @contextmanager
    def _opened(self) -> Iterator[None]:
        """Lock the folder, and remove the unfinished files of a run that was killed."""
        import fcntl

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / ".lock").open("w")
        except OSError as error:
            raise OutputError(
                f"{self.folder}: the output must be a folder that can be written to "
                f"({error.strerror}); name another with --output"
            ) from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise OutputError(
                    f"{self.folder}: only one run at a time may write here, another one does; wait "
                    "for it or name another folder with --output"
                ) from None
            for place in [self.folder, *self.folder.glob("*/")]:
                remove_leftovers(place)
            yield

    def _check_rows(self, style: str) -> dict[Row, Plan]:
        """Plan the rows that are to be predicted; print the failures of the others at once."""
        plans = {}
        for row in watched(self.rows, "checking", style):
            plan = self._plan(row)
            if plan is not None:
                plans[row] = plan
            elif row in self.failures:
                announce(f"failed: {row.id}: {self.failures[row]}", style)
        return plans

    def _plan(self, row: Row) -> Plan | None:
        """Read a row's structures; None if it is done already, or cannot be done."""
        try:
            _check_row(row, self.folder)
            settings = self._row_settings(row)
            done = _read_done(self.folder / row.id / ROW_FILE)
            if done is not None and done["asked"] == settings:
                self._take(row, done)
                return None
            sizes = self._sizes_of(row)
        except Exception as error:  # whatever a file holds, the other rows go on
            self.failures[row] = _reason(error)
            return None
        return Plan(settings, dict(sizes), sizes[0][1] * sizes[1][1])

    def _sizes_of(self, row: Row) -> list[tuple[str, int]]:
        """Return content hash and residues of both partners; a partner in two rows is read once."""
        asked = row.question
        common = asked.model, asked.assembly
        keys = [
            (name, chains, *common)
            for name, chains in zip(
                asked.structures, (asked.left_chains, asked.right_chains), strict=False
            )
        ]
        if len(asked.structures) == 2 and all(key in self._sizes for key in keys):
            return [self._sizes[key] for key in keys]
        proteins = [side.protein for side in read_partners(asked, self.sources)]
        found = [(protein.content_hash, protein.n_residues) for protein in proteins]
        if len(asked.structures) == 2:
            self._sizes.update(zip(keys, found, strict=True))
        return found

    def _row_settings(self, row: Row) -> dict[str, Any]:
        """Return all that a row's result depends on, as plain values."""
        paths = [self.sources.find(name).path for name in row.question.structures]
        files = [self._hash(path) for path in paths]
        return dict(json_values({**self.settings, **asdict(row.question), "files": files}))

    def _hash(self, path: Path) -> str | None:
        """Hash a file, once in a run; None if it cannot be read, which is reported later."""
        if path not in self._hashes:
            if not path.is_file():  # a pipe or a device may never end
                return None
            try:
                with path.open("rb") as stream:
                    self._hashes[path] = hashlib.file_digest(stream, "sha256").hexdigest()
            except OSError:
                return None
        return self._hashes[path]

    def _take(self, row: Row, done: dict[str, Any]) -> None:
        """Add a row that is done to the tables."""
        self.summaries[row] = done["summary"]
        if done["problems"]:
            self.failures[row] = "export: " + "; ".join(done["problems"])

    def _predict_all(
        self,
        plans: dict[Row, Plan],
        load: Load,
        predict: Predict,
        style: str,
        memory: int,
    ) -> None:
        uses = Counter(owner for plan in plans.values() for owner in plan.proteins)
        todo = list(plans)
        before = len(self.rows) - len(todo)
        cache = EmbeddingCache(uses, self.folder, memory, CACHE_DISK)
        work = ListProgress(_works(plans), before, self.settings["rotations"], style)
        with load() as predictor, cache, work as progress:
            predictor.use_cache(cache)
            for number, row in enumerate(todo, 1):
                self.predict_row(
                    row,
                    plans[row].settings,
                    lambda left, right: predict(predictor, left, right, progress.rotation),
                )
                for owner in plans[row].proteins:
                    cache.finish(owner)
                progress.row_done()
                if number % TABLE_EVERY == 0:
                    self.write_tables()

    def predict_row(
        self,
        row: Row,
        settings: dict[str, Any],
        predict: Callable[[InputPartner, InputPartner], Prediction],
    ) -> None:
        """Do one row; an error becomes a failure of that row."""
        try:
            partners = read_partners(row.question, self.sources)
            inputs = [partner.structure.path for partner in partners]
            with OutputFolder(self.folder / row.id, inputs=inputs) as output:
                prediction = predict(*partners)
                messages = write_result_folder(prediction, output.staging, self.content)
                (self.folder / row.id / ROW_FILE).unlink(missing_ok=True)
                output.publish()
            done = {
                "asked": settings,
                "summary": summary_row(prediction, messages.notes),
                "problems": messages.problems,
            }
            write_json(done, self.folder / row.id / ROW_FILE)
        except OccupiedError as error:  # of this row's folder; others can be written
            self.failures[row] = _reason(error)
        except OutputError:
            raise
        except Exception as error:  # out of memory or a bug: the other rows go on
            self.failures[row] = _reason(error)
        else:
            self._take(row, json_values(done))

    def write_tables(self) -> None:
        """Write the tables of the rows that are done and of those that failed."""
        found = [row.columns | self.summaries[row] for row in self.rows if row in self.summaries]
        failed = [
            row.columns | {"reason": self.failures[row]}
            for row in self.rows
            if row in self.failures
        ]
        write_spreadsheet(found, self.folder / SUMMARY_FILE, [*COLUMNS, *SUMMARY_COLUMNS])
        write_spreadsheet(failed, self.folder / FAILURES_FILE, [*COLUMNS, "reason"])

    def require_no_failures(self) -> None:
        """Raise ResultError if a row could not be done."""
        if self.failures:
            raise ResultError(
                f"all rows must succeed, {len(self.failures)} of {len(self.rows)} failed; see "
                f"{self.folder / FAILURES_FILE}, correct them and run the same command again"
            )


def _check_row(row: Row, folder: Path) -> None:
    """Raise BatchError if a row cannot be used, or something else has the name of its folder."""
    if row.problem:
        raise BatchError(row.problem)
    place = folder / row.id
    if place.exists() and not place.is_dir():
        raise BatchError(f"{place}: the folder of the row is needed, a file has this name; move it")


def _reason(error: Exception) -> str:
    """Say in one line why a row failed."""
    if isinstance(error, SasnetError):
        return str(error)
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


def _read_done(path: Path) -> dict[str, Any] | None:
    """Read the row file of a finished row; None if the row is not finished."""
    try:
        done = json.loads(path.read_text())
        return {key: done[key] for key in ("asked", "summary", "problems")}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _works(plans: dict[Row, Plan]) -> list[Work]:
    """Return the work of each row: a protein is embedded only in the first row that has it."""
    seen: set[str] = set()
    works = []
    for plan in plans.values():
        new = sum(size for owner, size in plan.proteins.items() if owner not in seen)
        seen |= plan.proteins.keys()
        works.append(Work(new, plan.pairs))
    return works
