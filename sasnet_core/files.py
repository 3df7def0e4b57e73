"""Files written whole or not at all: JSON, tables, arrays, lines of text."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import zlib
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any, Literal
from zipfile import BadZipFile, ZipFile

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

#: What the names of temporary files begin with. Each writer has its own, so that several processes
#: can write one file at a time; the last one to finish wins.
_TEMPORARY = ".sasnet-"
#: How text is written. A file name may have bytes that are no UTF-8: no result is lost for it.
TEXT = {"encoding": "utf-8", "errors": "backslashreplace", "newline": ""}
#: What numpy and zipfile raise for files that are missing or damaged, or name impossible sizes.
_DAMAGED = (
    OSError, EOFError, ValueError, TypeError, OverflowError, MemoryError, NotImplementedError,
    RuntimeError, SyntaxError, BadZipFile, zlib.error,
)  # fmt: skip
_READ_HEADER = np.lib.format.read_array_header_1_0
_READ_LONG_HEADER = np.lib.format.read_array_header_2_0


@contextmanager
def written_whole(path: Path, mode: Literal["w", "wb"] = "w") -> Iterator[IO[Any]]:
    """Open a file that gets its name when the block ends; if it fails, an earlier file stays.

    Parameters
    ----------
    path : Path
        The file; its folder is made if it is not there.
    mode : str
        "w" for text (UTF-8, lines end as written; bytes of file names that are no UTF-8 become
        escapes), "wb" for bytes.

    Yields
    ------
    file object
        Open for writing under a temporary name in the same folder.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(path.parent)
    text = {} if mode == "wb" else TEXT
    with _temporary_file(path.parent) as (temporary, descriptor):
        with open(os.dup(descriptor), mode, **text) as stream:  # type: ignore[call-overload]
            yield stream
        temporary.replace(path)


@contextmanager
def _temporary_file(folder: Path) -> Iterator[tuple[Path, int]]:
    """Make a file of a name of its own, locked; it is removed if it still has that name at the end.

    The lock tells a file that is being written from one that a killed process left.
    """
    while True:
        path = folder / f"{_TEMPORARY}{os.urandom(8).hex()}.tmp"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            if _lock(descriptor, wait=True) and not path.exists():
                continue  # another process took it for a leftover before it was locked
            yield path, descriptor
            return
        finally:
            path.unlink(missing_ok=True)
            os.close(descriptor)


def _remove_leftovers(folder: Path) -> None:
    """Remove the temporary files in a folder that no process is writing."""
    for path in folder.glob(f"{_TEMPORARY}*.tmp"):
        with suppress(OSError), path.open("r+b") as stream:
            if _lock(stream.fileno(), wait=False):
                path.unlink()


def _lock(descriptor: int, wait: bool) -> bool:
    """Lock a file; return whether that was possible. Some network file systems have no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        return False
    return True


def write_lines(lines: Iterable[str], path: Path) -> None:
    """Write lines of text, each with its end."""
    with written_whole(path) as stream:
        stream.writelines(f"{line}\n" for line in lines)


def write_json(values: Mapping[str, Any], path: Path) -> None:
    """Write plain values as JSON, keys sorted."""
    with written_whole(path) as stream:
        stream.write(json.dumps(values, indent=2, sort_keys=True, allow_nan=False) + "\n")


def json_values(values: Any) -> Any:
    """Return values as they come back out of a JSON file."""
    return json.loads(json.dumps(values))


def write_table(rows: Iterable[Mapping[str, Any]], path: Path, columns: Iterable[str]) -> None:
    """Write rows as CSV with a fixed column order."""
    with written_whole(path) as stream:
        writer = csv.DictWriter(stream, list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_arrays(arrays: Mapping[str, np.ndarray], path: Path) -> None:
    """Write named arrays of numbers and texts as compressed .npz."""
    with written_whole(path, "wb") as stream:
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays that `write_arrays` wrote.

    Raises
    ------
    ValueError
        The file is missing or damaged; says how.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except _DAMAGED as error:
        raise ValueError(str(error)) from None


def array_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Read the shapes of the arrays in an .npz file, without the arrays.

    Raises
    ------
    ValueError
        The file is missing or damaged; says how.
    """
    shapes = {}
    try:
        with ZipFile(path) as arrays:
            for name in arrays.namelist():
                with arrays.open(name) as stream:
                    long = np.lib.format.read_magic(stream) != (1, 0)
                    read = _READ_LONG_HEADER if long else _READ_HEADER
                    shapes[name.removesuffix(".npy")] = read(stream)[0]
    except _DAMAGED as error:
        raise ValueError(str(error)) from None
    return shapes
