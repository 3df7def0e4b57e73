"""Results in order, while threads are at work on the next ones."""

from __future__ import annotations

import itertools
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

#: Rotations that are computed at once: while one makes its tables or waits for memory, the other
#: multiplies. More would take more memory.
AT_ONCE = 2

Asked = TypeVar("Asked")
Made = TypeVar("Made")


def in_order(
    function: Callable[[Asked], Made], items: Iterable[Asked], threads: int
) -> Iterator[Made]:
    """Apply a function to items in threads, and yield what it gives in the items' order.

    No more than one item a thread is begun or waits to be taken, which bounds the memory. Whoever
    stops taking stops the work on all items that are not begun.

    Parameters
    ----------
    function : callable
        Of one argument. It may run in several threads at once.
    items : iterable
        Its arguments.
    threads : int
        Items that are worked on at once; 0: each when it is asked for, in no thread of its own.

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
