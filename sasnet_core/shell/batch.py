"""A list of predictions: a folder for each row, two tables over all; nothing is done twice."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from sasnet_core.errors import BatchError, OutputError, ResultError, SasnetError
from sasnet_core.files import json_values, write_json, write_table
from sasnet_core.results.summary import SUMMARY_COLUMNS, summary_row
from sasnet_core.results.writing import OutputFolder
from sasnet_core.scoring.embedding_cache import EmbeddingCache
from sasnet_core.shell.progress import ListProgress, Work, watched
from sasnet_core.shell.question import Question, read_partners
from sasnet_core.shell.result_folder import write_result_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sasnet_core.results.partner import InputPartner
    from sasnet_core.results.prediction import Prediction
    from sasnet_core.scoring.scorer import Scorer
    from sasnet_core.shell.fetch import Sources
    from sasnet_core.shell.result_folder import Content

    Load = Callable[[], AbstractContextManager[Scorer]]
    Predict = Callable[[Scorer, InputPartner, InputPartner, Callable[[int], None]], Prediction]

COLUMNS = ("id", "left", "right", "left_chains", "right_chains")
SUMMARY_FILE, FAILURES_FILE = "summary.csv", "failures.csv"
#: Written last into a row's folder: the settings of the row, and its line in the summary.
ROW_FILE = "row.json"
#: The tables are written again after so many rows, in case the run is killed.
TABLE_EVERY = 20
#: Embeddings kept for rows to come: bytes in memory without --memory, and on disk.
CACHE_MEMORY, CACHE_DISK = 1 << 30, 16 << 30

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_OURS = ".sasnet-*"


@dataclass(frozen=True)
class Row:
    """One row of a list."""

    id: str
    question: Question

    @property
    def columns(self) -> dict[str, str]:
        """The cells of the row."""
        left, *right = self.question.structures
        chains = self.question.left_chains, self.question.right_chains
        return dict(zip(COLUMNS, (self.id, left, "".join(right), *chains), strict=True))


def read_list(path: Path, model: int = 1, assembly: str | None = None) -> list[Row]:
    """Read a list: CSV with the columns `COLUMNS`; only the first two must be there.

    Parameters
    ----------
    path : Path
        The list. An empty or missing ``right`` means that ``left`` holds both partners.
    model, assembly
        Of every structure.

    Raises
    ------
    BatchError
        It cannot be read, a column is missing or unknown, or an id cannot name a folder of its own.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, strict=True)
            columns = list(reader.fieldnames or [])
            lines = [(reader.line_num, line) for line in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise BatchError(f"{path}: a list as CSV is needed ({reason}); check the path") from None
    _check_columns(path, columns)
    rows = [_row(path, number, line, model, assembly) for number, line in lines]
    if not rows:
        raise BatchError(f"{path}: a list needs rows, got only column names; add rows")
    counts = Counter(row.id.lower() for row in rows)
    twice = [row.id for row in rows if counts[row.id.lower()] > 1]
    if twice:
        raise BatchError(
            f"{path}: each row needs an id of its own (a and A are one folder on some machines), "
            f"got {twice[0]} {counts[twice[0].lower()]} times; rename the rows"
        )
    return rows


def _check_columns(path: Path, columns: list[str]) -> None:
    missing = [name for name in COLUMNS[:2] if name not in columns]
    unknown = [name for name in columns if name not in COLUMNS]
    if missing or unknown or len(set(columns)) < len(columns):
        raise BatchError(
            f"{path}: the columns of a list are {', '.join(COLUMNS)} (the first two must be "
            f"there), got {', '.join(columns) or 'none'}; rename them and remove others"
        )


def _row(path: Path, number: int, line: dict[str, Any], model: int, assembly: str | None) -> Row:
    if None in line or None in line.values():
        raise BatchError(
            f"{path}, line {number}: a row needs as many cells as there are columns; correct it"
        )
    cell = {name: line.get(name, "").strip() for name in COLUMNS}
    if not _ID.fullmatch(cell["id"]):
        raise BatchError(
            f"{path}, line {number}: an id must be letters, digits and . _ + -, with a letter or "
            f"digit first, because it names a folder; got {cell['id']!r}; rename it"
        )
    if not cell["left"]:
        raise BatchError(
            f"{path}, line {number}: a structure is needed in the column left, it is empty; fill it"
        )
    structures = tuple(filter(None, (cell["left"], cell["right"])))
    chains = cell["left_chains"], cell["right_chains"]
    return Row(cell["id"], Question(structures, *chains, model, assembly))


@dataclass(frozen=True)
class _Plan:
    """A row that is to be predicted."""

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
    failures: dict[str, str] = field(default_factory=dict)  # id: reason
    summaries: dict[str, dict[str, Any]] = field(default_factory=dict)  # id: line of the summary
    _hashes: dict[Path, str] = field(default_factory=dict)

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
        with self._opened():
            rows = watched(self.rows, "checking", style)
            plans = {row.id: plan for row in rows if (plan := self._plan(row)) is not None}
            try:
                self._write_tables()
                if plans:
                    self._predict_all(plans, load, predict, style, memory)
            finally:
                self._write_tables()

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
            for left_over in [*self.folder.glob(_OURS), *self.folder.glob(f"*/{_OURS}")]:
                shutil.rmtree(left_over, ignore_errors=True)
            yield

    def _plan(self, row: Row) -> _Plan | None:
        """Read a row's structures; None if it is done already, or cannot be done."""
        try:
            settings = self._row_settings(row)
            done = _read_done(self.folder / row.id / ROW_FILE)
            if done is not None and done["asked"] == settings:
                self._take(row, done)
                return None
            left, right = (side.protein for side in read_partners(row.question, self.sources))
        except SasnetError as error:
            self.failures[row.id] = str(error)
            return None
        proteins = {protein.content_hash: protein.n_residues for protein in (left, right)}
        return _Plan(settings, proteins, left.n_residues * right.n_residues)

    def _row_settings(self, row: Row) -> dict[str, Any]:
        """Return all that a row's result depends on, as plain values."""
        paths = [self.sources.find(name).path for name in row.question.structures]
        files = [self._hash(path) for path in paths]
        return dict(json_values({**self.settings, **asdict(row.question), "files": files}))

    def _hash(self, path: Path) -> str | None:
        """Hash a file, once in a run; None if it cannot be read, which is reported later."""
        if path not in self._hashes:
            try:
                self._hashes[path] = hashlib.sha256(path.read_bytes()).hexdigest()
            except OSError:
                return None
        return self._hashes[path]

    def _take(self, row: Row, done: dict[str, Any]) -> None:
        """Add a row that is done to the tables."""
        self.summaries[row.id] = done["summary"]
        if done["problems"]:
            self.failures[row.id] = "export: " + "; ".join(done["problems"])

    def _predict_all(
        self,
        plans: dict[str, _Plan],
        load: Load,
        predict: Predict,
        style: str,
        memory: int,
    ) -> None:
        uses = Counter(owner for plan in plans.values() for owner in plan.proteins)
        todo = [row for row in self.rows if row.id in plans]
        before = len(self.rows) - len(todo)
        cache = EmbeddingCache(uses, self.folder, memory, CACHE_DISK)
        work = ListProgress(_works(plans), before, self.settings["rotations"], style)
        with load() as predictor, cache, work as progress:
            predictor.use_cache(cache)
            for number, row in enumerate(todo, 1):
                self._predict_row(
                    row,
                    plans[row.id].settings,
                    lambda left, right: predict(predictor, left, right, progress.rotation),
                )
                for owner in plans[row.id].proteins:
                    cache.finish(owner)
                progress.row_done()
                if number % TABLE_EVERY == 0:
                    self._write_tables()

    def _predict_row(
        self,
        row: Row,
        settings: dict[str, Any],
        predict: Callable[[InputPartner, InputPartner], Prediction],
    ) -> None:
        """Do one row; an error becomes a failure of that row."""
        try:
            partners = read_partners(row.question, self.sources)
            with OutputFolder(self.folder / row.id) as output:
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
        except OutputError:
            raise
        except SasnetError as error:
            self.failures[row.id] = str(error)
        except Exception as error:  # out of memory or a bug: the other rows go on
            reason = (str(error).splitlines() or [""])[0]
            self.failures[row.id] = f"{type(error).__name__}: {reason}"
        else:
            self._take(row, json_values(done))

    def _write_tables(self) -> None:
        by_id = {row.id: row.columns for row in self.rows}
        found = [
            {**by_id[row.id], **self.summaries[row.id]}
            for row in self.rows
            if row.id in self.summaries
        ]
        failed = [
            {**by_id[row.id], "reason": self.failures[row.id]}
            for row in self.rows
            if row.id in self.failures
        ]
        write_table(found, self.folder / SUMMARY_FILE, [*COLUMNS, *SUMMARY_COLUMNS])
        write_table(failed, self.folder / FAILURES_FILE, [*COLUMNS, "reason"])

    def require_no_failures(self) -> None:
        """Raise ResultError if a row could not be done."""
        if self.failures:
            raise ResultError(
                f"all rows must succeed, {len(self.failures)} of {len(self.rows)} failed; see "
                f"{self.folder / FAILURES_FILE}, correct them and run the same command again"
            )


def _read_done(path: Path) -> dict[str, Any] | None:
    """Read the row file of a finished row; None if the row is not finished."""
    try:
        done = json.loads(path.read_text())
        return {key: done[key] for key in ("asked", "summary", "problems")}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _works(plans: dict[str, _Plan]) -> list[Work]:
    """Return the work of each row: a protein is embedded only in the first row that has it."""
    seen: set[str] = set()
    works = []
    for plan in plans.values():
        new = sum(size for owner, size in plan.proteins.items() if owner not in seen)
        seen |= plan.proteins.keys()
        works.append(Work(new, plan.pairs))
    return works
