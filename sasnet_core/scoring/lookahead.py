"""Results in order, while threads compute the next ones."""

from __future__ import annotations

import itertools
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

#: Rotations that are computed at the same time: while one builds its tables or waits for memory,
#: the other multiplies. More of them would take more memory.
AT_ONCE = 2

Asked = TypeVar("Asked")
Made = TypeVar("Made")


def in_order(
    function: Callable[[Asked], Made], items: Iterable[Asked], threads: int
) -> Iterator[Made]:
    """Apply a function to items in threads, and yield the results in the order of the items.

    For each thread at most one item is in work or waits for the caller, which bounds the memory. If
    the caller stops, items that are not in work are not started.

    Parameters
    ----------
    function : callable
        Function of one argument. It may run in several threads at the same time.
    items : iterable
        Arguments of the function.
    threads : int
        Number of threads. 0: compute each item when the caller asks for it, in the caller's thread.

    Yields
    ------
    object
        The next result.
    """
    if threads == 0:
        yield from map(function, items)
        return
    coming = iter(items)
    pool = ThreadPoolExecutor(threads)
    begun: deque[Future[Made]] = deque()
    try:
        for item in itertools.islice(coming, threads):
            begun.append(pool.submit(function, item))
        while begun:
            made = begun.popleft().result()
            begun.extend(pool.submit(function, item) for item in itertools.islice(coming, 1))
            yield made
    finally:
        pool.shutdown(cancel_futures=True)
