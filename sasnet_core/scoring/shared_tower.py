"""One tower for several networks: its embeddings are computed once for all of them."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.scoring.lookahead import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sasnet_core.network.lattice import Posed


class SharedTower:
    """A tower that several members run: what its last calls gave is remembered.

    Members are about as far as one another, so few calls are worth it. Threads may call it
    together: what one of them is at work on, the others wait for.

    Parameters
    ----------
    embed : callable
        Takes proteins in their poses to the embeddings of each.
    """

    def __init__(self, embed: Callable[[Sequence[Posed]], list[Any]]) -> None:
        self._embed = embed
        self._lock = threading.Lock()
        self._last: deque[tuple[Posed, Future[Any]]] = deque(maxlen=4 * AT_ONCE)

    def __call__(self, posed: Sequence[Posed]) -> list[Any]:
        """Embed proteins in their poses, or find what a member had of them."""
        with self._lock:
            found = [known for each in posed if (known := self._find(each))]
            if new := len(found) < len(posed):
                found = [Future() for _ in posed]
                self._last.extend(zip(posed, found, strict=True))
        if new:
            self._fill(posed, found)
        return [embeddings.result() for embeddings in found]

    def _find(self, posed: Posed) -> Future[Any] | None:
        for (protein, pose), embeddings in self._last:
            if protein is posed[0] and all(
                map(np.array_equal, vars(pose).values(), vars(posed[1]).values())
            ):
                return embeddings
        return None

    def _fill(self, posed: Sequence[Posed], wanted: Sequence[Future[Any]]) -> None:
        """Embed, and hand the embeddings, or what went wrong, to all who wait for them."""
        try:
            made = self._embed(posed)
        except BaseException as error:
            for each in wanted:
                each.set_exception(error)
            return
        for each, embeddings in zip(wanted, made, strict=True):
            each.set_result(embeddings)
