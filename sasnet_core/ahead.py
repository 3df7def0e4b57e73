"""The next piece of work is begun while what the last one gave is in use."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

Asked = TypeVar("Asked")
Made = TypeVar("Made")


class Ahead(Generic[Asked, Made]):
    """A function whose next call runs in a thread of its own, ahead of time.

    Parameters
    ----------
    function : callable
        Of one argument. It changes nothing that others read.
    """

    def __init__(self, function: Callable[[Asked], Made]) -> None:
        self._function = function
        self._thread: ThreadPoolExecutor | None = None
        self._coming: tuple[Asked, Future[Made]] | None = None

    def __call__(self, asked: Asked, then: Asked | None = None) -> Made:
        """Call the function, and begin its next call.

        Parameters
        ----------
        asked : object
            The argument. If it is the last call's `then`, that very object, the work was begun by
            then.
        then : object, optional
            The argument of the next call, as far as one knows.
        """
        coming, self._coming = self._coming, None
        begun = coming is not None and coming[0] is asked
        made = coming[1].result() if coming and begun else self._function(asked)
        if then is not None:
            self._thread = self._thread or ThreadPoolExecutor(1)
            self._coming = then, self._thread.submit(self._function, then)
        return made
