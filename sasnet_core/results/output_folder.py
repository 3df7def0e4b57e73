"""The folder of a result: it gets all files of a run or none, and keeps what is not of sasnet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sasnet_core.errors import OccupiedError, OutputError
from sasnet_core.results.formats.registry import FORMATS, format_files
from sasnet_core.results.result import RESULT_FILE, SCORES_FILE
from sasnet_core.results.staging import (
    StagingFolder,
    folder_locked,
    remove_leftovers,
    signals_held,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

#: Every file that a run may write.
PRODUCTS = (
    "residues.csv", "patches.csv", "patch_pairs.csv", "pairs.csv", "scores.npz", "result.json",
    "complex.cif", "left.cif", "right.cif", "protein.cif", "picture.png", "session.pse",
    "explain.csv", "pymol.json",
    *format_files(list(FORMATS)),
)  # fmt: skip
#: Marks a folder whose files are being replaced, so that a run that was killed is known.
UNFINISHED = ".sasnet-unfinished"
#: What a record of ours holds: of a result, of a ranking, of exports into a folder of their own.
_RECORDS = (
    {"version", "weights", "residues"},
    {"version", "prediction", "poses"},
    {"version", "exports_of"},
)


class OutputFolder:
    """A folder that gets all files of a run at its end, or none of them.

    Files are written to a hidden folder beside it; `publish` moves them. Files that are not
    products of sasnet stay as they are, and so do files with a product's name that no run of sasnet
    wrote: a folder with such files, or with an input in place of a product, is refused.

    Parameters
    ----------
    path : Path
        The folder; made when the run succeeds.
    products : tuple of str
        Files that the run may write; those of an earlier run are replaced or removed.
    inputs : iterable of Path
        Files that the run reads.
    record : str
        File of JSON by which a folder of an earlier run is known.

    Attributes
    ----------
    removed : list of str
        Files of an earlier run that `publish` removed and did not replace.

    Raises
    ------
    OutputError
        It cannot be written to.
    OccupiedError
        Files that are not of an earlier run are in the way.
    """

    def __init__(
        self,
        path: Path,
        products: tuple[str, ...] = PRODUCTS,
        inputs: Iterable[Path] = (),
        record: str = RESULT_FILE,
    ) -> None:
        self.path = path
        self.products = products
        self.removed: list[str] = []
        try:
            if path.exists() and not path.is_dir():
                raise NotADirectoryError(20, "a file has this name")
            self._check_places()
            self._check_inputs(inputs)
            self._check_owner(record)
            there = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
            for folder in {there, path.absolute().parent}:
                remove_leftovers(folder)
            self._staging = StagingFolder(there)
        except OSError as error:
            raise OutputError(
                f"{path}: the output must be a folder that can be written to ({error.strerror}); "
                "name another with --output"
            ) from None
        self.staging = self._staging.path

    def _check_places(self) -> None:
        for name in self.products:
            if (self.path / name).is_dir():
                raise IsADirectoryError(21, f"{name} in it is a folder")

    def _check_inputs(self, inputs: Iterable[Path]) -> None:
        """Refuse to replace or remove what the run reads."""
        places = {(self.path / name).resolve() for name in self.products}
        for file in inputs:
            if file.resolve() in places:
                raise OccupiedError(
                    f"{self.path}: the output folder must not hold the input {file.name}, which a "
                    "result would replace; name another folder with --output"
                )

    def _check_owner(self, record: str) -> None:
        """Refuse a folder in which files with the names of products are not of an earlier run."""
        found = [name for name in self.products if (self.path / name).is_file()]
        if not found or (self.path / UNFINISHED).is_file():
            return
        if not _is_record(self.path / record):
            raise OccupiedError(
                f"{self.path}: the output folder must be new or hold an earlier result of sasnet, "
                f"and {', '.join(found[:3])} in it may be yours; name another folder with --output"
            )

    def __enter__(self) -> OutputFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._staging.remove()
        if isinstance(error, OSError):
            raise OutputError(
                f"{self.path}: results cannot be written ({error.strerror}); free some space or "
                "name another folder with --output"
            ) from None

    def publish(self) -> list[Path]:
        """Move every file to its place and list them, sorted; remove those of an earlier run.

        Exports of an earlier run stay if its result was the same. Old and new files never lie
        together: the old ones are removed first, and result.json is the first to go and the last
        to come; a hidden file marks the folder meanwhile. Runs that end at one time publish one
        after the other.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        names = sorted(file.name for file in self.staging.iterdir())
        with signals_held(), folder_locked(self.path):
            old = [name for name in self.products if (self.path / name).is_file()]
            if not self._same_result():
                self.removed = sorted(set(old) - set(names))
            (self.path / UNFINISHED).touch()
            for name in sorted({*self.removed, *names}, key=RESULT_FILE.__ne__):
                (self.path / name).unlink(missing_ok=True)
            for name in sorted(names, key=RESULT_FILE.__eq__):
                (self.staging / name).replace(self.path / name)
            (self.path / UNFINISHED).unlink()
        return [self.path / name for name in names]

    def _same_result(self) -> bool:
        """Return whether the folder holds the result that is to be published."""
        pairs = [(self.staging / n, self.path / n) for n in (RESULT_FILE, SCORES_FILE)]
        return all(
            new.is_file() and old.is_file() and new.read_bytes() == old.read_bytes()
            for new, old in pairs
        )

    def removal_note(self) -> list[str]:
        """Say in one line which files of an earlier run were removed; nothing if none was."""
        if not self.removed:
            return []
        return [
            f"{self.path} held files of an earlier run; these do not belong to the new "
            f"result and were removed: {', '.join(self.removed)}"
        ]


def _is_record(path: Path) -> bool:
    """Return whether a file is the record of a run, of any version of sasnet."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, MemoryError):
        return False
    return isinstance(values, dict) and any(keys <= values.keys() for keys in _RECORDS)
