"""Folders of structures -> a dataset of complexes; a run that was interrupted can be resumed.

During a run, DATASET/work holds a folder with the complexes and a result.json of each entry that is
done. Such a folder appears whole, by one rename. When all entries are done, the complexes are moved
to their places, the tables are written, and DATASET/work is removed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import uuid
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from sasnet_core import __version__
from sasnet_core.config import COMPLEX_ONLY_SET, MiningConfig
from sasnet_core.dataset.complexes import MANIFEST, REJECTED, SUMMARY, save_complex
from sasnet_core.dataset.splits import TRAIN
from sasnet_core.errors import DatasetError
from sasnet_core.files import json_values, write_json, write_table
from sasnet_core.mining import similarity
from sasnet_core.mining.candidates import MinedComplex, mine_entry
from sasnet_core.mining.entries import Entry, StructureFile, common_folder
from sasnet_core.mining.processes import run_all
from sasnet_core.mining.rules import EntryFacts, Rejection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor

    from sasnet_core.mining.processes import Failure, Limits

WORK = "work"
RESULT = "result.json"
HELD_OUT = "held_out.json"
COLUMNS = (
    "id", "entry", "assembly", "left_chains", "right_chains", "n_left", "n_right", "method",
    "resolution", "buried_area", "n_contacts", "cluster", "split", "file", "sha256",
)  # fmt: skip
REJECTED_COLUMNS = ("candidate", "rule", "value")
#: The function that runs a job, for child processes.
TARGET = "sasnet_core.mining.run:mine_job"


@dataclass(frozen=True)
class MiningRun:
    """What to mine, by which rules, and the dataset to write.

    Attributes
    ----------
    folders : sequence of Path
        Folder trees with structure files; nothing is written there.
    output : Path
        The dataset.
    config : MiningConfig
        The rules.
    entries : sequence of Entry
        What to mine.
    facts : mapping
        Entry id to method and resolution from a table.
    held_out : sequence of str
        Sequences that no protein may be similar to.
    """

    folders: Sequence[Path]
    output: Path
    config: MiningConfig
    entries: Sequence[Entry]
    facts: Mapping[str, EntryFacts]
    held_out: Sequence[str]

    @property
    def root(self) -> Path:
        """Folder where the paths of the entries' files start."""
        return common_folder(self.folders)

    @property
    def work(self) -> Path:
        """Folder of the entries that are done."""
        return self.output / WORK

    @property
    def settings(self) -> dict[str, Any]:
        """Settings that must be the same when a run is resumed."""
        facts = [f"{id} {known.method} {known.resolution}" for id, known in self.facts.items()]
        return {
            "version": __version__,
            "rules": self.config.to_dict(),
            "facts": {"entries": len(facts), "sha256": _digest(sorted(facts))},
            "held_out": {"sequences": len(self.held_out), "sha256": _digest(self.held_out)},
        }

    @property
    def input(self) -> dict[str, Any]:
        """Number of the files, and a hash of their names, sizes and times of modification.

        The times stand for the content: reading an archive once more would take hours.
        """
        files = [
            f"{file.path} {file.size} {file.modified}"
            for entry in self.entries
            for file in entry.files
        ]
        return {"files": len(files), "sha256": _digest(files)}

    def is_finished(self) -> bool:
        """Return whether the dataset is complete.

        Raises
        ------
        DatasetError
            A dataset made with other settings is there.
        """
        path = self.output / SUMMARY
        if not path.is_file():
            return False
        found = _read_json(path)
        ours = {"settings": self.settings, "input": self.input}
        _require_same(ours, {key: found.get(key) for key in ours}, path)
        return True

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Lock the work folder; create it, or resume the run that left it.

        Raises
        ------
        DatasetError
            Another run uses the folder, it was begun with other settings, or the dataset would be
            written among the structures.
        """
        above = self.output.resolve(), *self.output.resolve().parents
        for folder in self.folders:
            if folder.resolve() in above:
                raise DatasetError(
                    f"{self.output}: the dataset must lie outside {folder}, where nothing is "
                    "written; choose another output"
                )
        self.work.mkdir(parents=True, exist_ok=True)
        with (self.work / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise DatasetError(
                    f"{self.output}: only one run at a time can write a dataset; wait for the other"
                ) from None
            path = self.work / "settings.json"
            if path.is_file():
                _require_same(self.settings, _read_json(path), path)
            similarity.save(self.held_out, self.work / HELD_OUT)
            write_json(self.settings, path)
            shutil.rmtree(self.work / "stage", ignore_errors=True)
            (self.work / "stage").mkdir()
            yield

    def job(self, entry: Entry) -> dict[str, Any]:
        """Return the parameters of `mine_job` for an entry, as JSON values."""
        facts = self.facts.get(entry.id)
        return {
            "entry": asdict(entry),
            "facts": None if facts is None else asdict(facts),
            "config": self.config.to_dict(),
            "structures": str(self.root.resolve()),
            "work": str(self.work.resolve()),
        }

    def undone(self) -> list[Entry]:
        """List the entries without a result; results of files that changed are removed."""
        return [entry for entry in self.entries if not self._has_result(entry)]

    def _has_result(self, entry: Entry) -> bool:
        folder = result_folder(self.work, entry.name)
        if not (folder / RESULT).is_file():
            return False
        made_of = _read_json(folder / RESULT)["made_of"]
        if made_of == json_values(asdict(entry)):
            return True
        shutil.rmtree(folder)
        return False

    def finish(self, failures: Mapping[str, Failure]) -> dict[str, Any]:
        """Put the dataset together.

        Parameters
        ----------
        failures : mapping
            Entry name to why its job failed.

        Returns
        -------
        dict
            The counts, as in dataset.json.
        """
        rows, rejections = [], []
        for entry in self.entries:
            if entry.name in failures:
                failure = failures[entry.name]
                rejections.append(Rejection(entry.name, failure.rule, failure.value))
                continue
            result = _read_json(result_folder(self.work, entry.name) / RESULT)
            rejections += [Rejection(**values) for values in result["rejections"]]
            rows += result["complexes"]
        self._place_files(rows)
        pairs = [row["sequences"] for row in rows]
        clusters = similarity.pair_clusters(pairs, self.config.max_identity)
        for row, cluster in zip(rows, clusters, strict=True):
            row |= {"cluster": cluster, "split": TRAIN}
        counts = _counts(self.entries, rows, rejections)
        table = [{column: row[column] for column in COLUMNS} for row in rows]
        write_table(table, self.output / MANIFEST, COLUMNS)
        lines = [{k: _printable(v) for k, v in vars(r).items()} for r in rejections]
        write_table(lines, self.output / REJECTED, REJECTED_COLUMNS)
        reference = {"source": "arXiv 1807.01297, table 1", **COMPLEX_ONLY_SET}
        summary = {"settings": self.settings, "input": self.input}
        summary |= {"counts": counts, "reference": reference}
        write_json(summary, self.output / SUMMARY)
        return counts

    def _place_files(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Move the complexes to their places; a killed run may have moved some already."""
        for row in rows:
            target = self.output / row["file"]
            source = result_folder(self.work, row["entry"]) / target.name
            if source.is_file():
                target.parent.mkdir(exist_ok=True)
                source.replace(target)

    def clear(self) -> None:
        """Remove the work folder of a finished dataset."""
        shutil.rmtree(self.work, ignore_errors=True)


def mine_all(run: MiningRun, executor: Executor, slots: int, limits: Limits) -> dict[str, Any]:
    """Mine the entries that are not done, in child processes, and put the dataset together.

    An entry whose process hits a limit or dies does not count as done: a run that goes on tries it
    again.

    Returns
    -------
    dict
        The counts, as in dataset.json.
    """
    undone = run.undone()
    jobs = ((entry.name, run.job(entry)) for entry in undone)
    total = len(run.entries)
    failures = {}
    with tqdm(desc="mining", unit="entry", total=total, initial=total - len(undone),
              disable=None, smoothing=0.05) as progress:  # fmt: skip
        for name, failure in run_all(executor, slots, TARGET, limits, jobs):
            if failure is not None:
                failures[name] = failure
            progress.update()
    counts = run.finish(failures)
    run.clear()
    return counts


def mine_job(
    entry: dict[str, Any],
    facts: dict[str, Any] | None,
    config: dict[str, Any],
    structures: str,
    work: str,
) -> None:
    """Mine one entry and move its whole result into the work folder.

    The parameters are those of `MiningRun.job`.
    """
    files = tuple(StructureFile(**file) for file in entry["files"])
    subject = Entry(entry["id"], files)
    rules = MiningConfig.from_dict(config)
    mined = mine_entry(
        subject,
        Path(structures),
        rules,
        EntryFacts(**facts) if facts else None,
        similarity.load(Path(work) / HELD_OUT, rules.safe_identity),
    )
    stage = Path(work) / "stage" / uuid.uuid4().hex
    stage.mkdir()
    result = {
        "made_of": entry,
        "complexes": [_save(found, subject.name, stage) for found in mined.complexes],
        "rejections": [vars(rejection) for rejection in mined.rejections],
    }
    write_json(result, stage / RESULT)
    target = result_folder(Path(work), subject.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        stage.replace(target)
    except OSError:
        if not (target / RESULT).is_file():  # another process may have done the same
            raise
        shutil.rmtree(stage)


def _save(found: MinedComplex, entry: str, folder: Path) -> dict[str, Any]:
    """Write a complex; return its row of the manifest and its sequences."""
    item = found.complex
    path = folder / f"{item.name}.npz"
    save_complex(item, path)
    resolution = found.facts.resolution
    return {
        "id": item.name,
        "entry": entry,
        "assembly": found.assembly,
        "left_chains": str(item.left.chain_ids[0]),
        "right_chains": str(item.right.chain_ids[0]),
        "n_left": item.left.n_residues,
        "n_right": item.right.n_residues,
        "method": found.facts.method,
        "resolution": "" if resolution is None else f"{resolution:g}",
        "buried_area": f"{found.buried_area:.1f}",
        "n_contacts": len(item.contacts),
        "file": f"{divided(entry)}/{path.name}",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "sequences": [item.left.sequence, item.right.sequence],
    }


def divided(entry: str) -> str:
    """Return an entry's folder in the divided layout of the PDB: "ab" of 1abc."""
    return entry[-3:-1] or entry


def result_folder(work: Path, entry: str) -> Path:
    """Return the folder of an entry's result before the dataset is put together."""
    return work / "entries" / divided(entry) / entry


def _counts(
    entries: Sequence[Entry], rows: Sequence[Mapping[str, Any]], rejections: Iterable[Rejection]
) -> dict[str, Any]:
    return {
        "files": sum(len(entry.files) for entry in entries),
        "entries": len(entries),
        "entries_with_complexes": len({row["entry"] for row in rows}),
        "complexes": len(rows),
        "positives": sum(row["n_contacts"] for row in rows),
        "clusters": len({row["cluster"] for row in rows}),
        "rejected": dict(sorted(Counter(r.rule for r in rejections).items())),
    }


def _require_same(settings: dict[str, Any], found: Any, path: Path) -> None:
    """Raise DatasetError if other settings were used before."""
    ours, theirs = _flat(json_values(settings)), _flat(found or {})
    different = [key for key in sorted({*ours, *theirs}) if ours.get(key) != theirs.get(key)]
    if different:
        key = different[0]
        raise DatasetError(
            f"{path}: a dataset is made with one set of settings, {key} was {theirs.get(key)!r} "
            f"and is {ours.get(key)!r}; use the same, or another output"
        )


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        flat |= _flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return flat


def _read_json(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as stream:
        return json.load(stream)


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _printable(text: str) -> str:
    """Return a text that can be written to a table; file names may have invalid characters."""
    return text.encode("utf-8", "backslashreplace").decode()
