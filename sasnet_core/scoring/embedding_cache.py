"""Arrays put aside for later: in memory up to a bound, then on disk up to another."""

from __future__ import annotations

import tempfile
import threading
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from pathlib import Path


class Shelf:
    """Keeps the arrays of owners that are still to come again.

    What fits nowhere is not kept, and whoever asks for it makes it anew. The file on disk has no
    name: it goes with the process, however that ends. Several threads may ask and put.

    Parameters
    ----------
    uses : mapping of str to int
        How often each owner is to come, this time included: see `finish`.
    folder : Path
        Where the file lies.
    memory, disk : int
        Most bytes to keep in memory, and on disk.
    """

    def __init__(self, uses: Mapping[str, int], folder: Path, memory: int, disk: int) -> None:
        self._uses = Counter(uses)
        self._memory, self._disk = memory, disk
        self._held: OrderedDict[tuple[str, Hashable], np.ndarray] = OrderedDict()
        self._spilled: dict[tuple[str, Hashable], tuple[int, np.ndarray]] = {}
        self._free: list[tuple[int, int]] = []  # places on disk that were given back: start, size
        self._size = 0  # bytes in memory
        self._end = 0
        self._lock = threading.Lock()
        self._file: Any = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed by __exit__)

    def __enter__(self) -> Shelf:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def bytes_held(self) -> int:
        """Bytes in memory."""
        return self._size

    @property
    def bytes_spilled(self) -> int:
        """Bytes of the file on disk."""
        return self._end

    def get(self, owner: str, key: Hashable) -> np.ndarray | None:
        """Return an array that was put aside, None if it was not kept."""
        name = owner, key
        with self._lock:
            if name in self._held:
                self._held.move_to_end(name)
                return self._held[name]
            if name not in self._spilled:
                return None
            start, shape = self._spilled[name]
            self._file.seek(start)
            content = np.frombuffer(self._file.read(shape.nbytes), np.uint8)
        return content.view(shape.dtype).reshape(shape.shape)

    def put(self, owner: str, key: Hashable, array: np.ndarray) -> None:
        """Keep an array if its owner is to come again, and those asked for last nearest at hand."""
        if self._uses[owner] < 2 or array.nbytes == 0:
            return
        with self._lock:
            self._held[owner, key] = array
            self._size += array.nbytes
            while self._size > self._memory:
                name, oldest = self._held.popitem(last=False)
                self._size -= oldest.nbytes
                self._spill(name, oldest)

    def finish(self, owner: str) -> None:
        """Note that an owner has come once; forget it if that was the last time."""
        self._uses[owner] -= 1
        if self._uses[owner] > 0:
            return
        for name in [name for name in self._held if name[0] == owner]:
            self._size -= self._held.pop(name).nbytes
        for name in [name for name in self._spilled if name[0] == owner]:
            start, shape = self._spilled.pop(name)
            self._free.append((start, shape.nbytes))

    def _spill(self, name: tuple[str, Hashable], array: np.ndarray) -> None:
        start = self._place(array.nbytes)
        if start is None:
            return
        try:
            self._file.seek(start)
            self._file.write(array.tobytes())
            self._file.flush()
        except OSError:  # the disk is full: as if it were so by agreement
            self._disk = 0
            return
        # An array without content of its own remembers type and shape.
        self._spilled[name] = start, np.broadcast_to(np.zeros((), array.dtype), array.shape)

    def _place(self, size: int) -> int | None:
        """Find room for some bytes on disk: where others were, or at the end."""
        for number, (start, room) in enumerate(self._free):
            if room >= size:
                self._free[number] = start + size, room - size
                return start
        if self._end + size > self._disk:
            return None
        self._end += size
        return self._end - size
