"""A cache of arrays with bounded memory that spills to disk up to another bound."""

from __future__ import annotations

import tempfile
import threading
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from pathlib import Path


class EmbeddingCache:
    """Stores the arrays of owners (proteins) that occur more than once.

    An array that does not fit is not stored; the caller computes it again. The file on disk has no
    name, so it disappears with the process, however that ends. Several threads may use the cache.

    Parameters
    ----------
    uses : mapping of str to int
        How often each owner occurs in all; `finish` counts down.
    folder : Path
        Folder of the file.
    memory, disk : int
        Maximum number of bytes in memory, and on disk.
    """

    def __init__(self, uses: Mapping[str, int], folder: Path, memory: int, disk: int) -> None:
        self._uses = Counter(uses)
        self._memory, self._disk = memory, disk
        self._in_memory: OrderedDict[tuple[str, Hashable], np.ndarray] = OrderedDict()
        self._on_disk: dict[tuple[str, Hashable], tuple[int, np.ndarray]] = {}
        self._free: list[tuple[int, int]] = []  # free ranges of the file: start, size
        self._size = 0  # bytes in memory
        self._end = 0
        self._lock = threading.Lock()
        self._file: Any = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed by __exit__)

    def __enter__(self) -> EmbeddingCache:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def expect(self, uses: Mapping[str, int]) -> None:
        """Take in how often further owners occur; those that are known keep their count."""
        for owner, count in uses.items():
            self._uses.setdefault(owner, count)

    @property
    def bytes_in_memory(self) -> int:
        """Bytes in memory."""
        return self._size

    @property
    def bytes_on_disk(self) -> int:
        """Bytes of the file on disk."""
        return self._end

    def get(self, owner: str, key: Hashable) -> np.ndarray | None:
        """Return a stored array; None if it is not in the cache."""
        name = owner, key
        with self._lock:
            if name in self._in_memory:
                self._in_memory.move_to_end(name)
                return self._in_memory[name]
            if name not in self._on_disk:
                return None
            start, shape = self._on_disk[name]
            self._file.seek(start)
            content = np.frombuffer(self._file.read(shape.nbytes), np.uint8)
        return content.view(shape.dtype).reshape(shape.shape)

    def put(self, owner: str, key: Hashable, array: np.ndarray) -> None:
        """Store an array if its owner occurs again; the least recently used ones go to disk."""
        if self._uses[owner] < 2 or array.nbytes == 0:
            return
        with self._lock:
            self._in_memory[owner, key] = array
            self._size += array.nbytes
            while self._size > self._memory:
                name, oldest = self._in_memory.popitem(last=False)
                self._size -= oldest.nbytes
                self._spill(name, oldest)

    def finish(self, owner: str) -> None:
        """Count one use of an owner; forget its arrays after the last one."""
        self._uses[owner] -= 1
        if self._uses[owner] > 0:
            return
        for name in [name for name in self._in_memory if name[0] == owner]:
            self._size -= self._in_memory.pop(name).nbytes
        for name in [name for name in self._on_disk if name[0] == owner]:
            start, shape = self._on_disk.pop(name)
            self._free.append((start, shape.nbytes))

    def _spill(self, name: tuple[str, Hashable], array: np.ndarray) -> None:
        start = self._place(array.nbytes)
        if start is None:
            return
        try:
            self._file.seek(start)
            self._file.write(array.tobytes())
            self._file.flush()
        except OSError:  # the disk is full: store no more there
            self._disk = 0
            return
        # A broadcast zero stores dtype and shape without content.
        self._on_disk[name] = start, np.broadcast_to(np.zeros((), array.dtype), array.shape)

    def _place(self, size: int) -> int | None:
        """Find a range of the file for some bytes: a free one, or one at the end."""
        for number, (start, room) in enumerate(self._free):
            if room >= size:
                self._free[number] = start + size, room - size
                return start
        if self._end + size > self._disk:
            return None
        self._end += size
        return self._end - size
