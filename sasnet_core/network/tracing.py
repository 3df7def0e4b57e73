"""Functions of tensors, compiled once for TensorFlow whatever the number of rows."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


#: Longer calls gain more by being traced than tracing takes (pairs: 3 s a million untraced).
UNTRACED_ROWS = 2**16


#: TensorFlow's rewrites of graphs that fuse and reorder arithmetic, and so round otherwise.
ROUNDING_REWRITES = ("remapping", "arithmetic_optimization")


def compiled(function: Callable[..., Any], untraced: int = 0) -> Callable[..., Any]:
    """Compile a function of tensors for TensorFlow; other backends run it as it is.

    Parameters
    ----------
    function : callable
        Takes tensors and sequences of tensors. The lengths of their first axes may vary from call
        to call, their other shapes may not.
    untraced : int
        Calls that run as they are before TensorFlow traces the function. One with a longer first
        axis than `UNTRACED_ROWS` is traced at once.
    """
    return Traced(function, untraced) if keras.backend.backend() == "tensorflow" else function


class Traced:
    """A TensorFlow function that is traced once, whatever the lengths of the first axes.

    Traced and untraced calls give the same numbers, to the bit: the graph is spared the rewrites
    that change rounding. The result of a call does not depend on the calls before it.

    Parameters
    ----------
    function, untraced
        As `compiled` takes them.
    """

    def __init__(self, function: Callable[..., Any], untraced: int = 0) -> None:
        self._function, self._untraced = function, untraced
        self._traced: Any = None
        self._lock = threading.Lock()

    def __call__(self, *arguments: Any) -> Any:
        """Call the function."""
        if self._traced is None and self._untraced and _rows(arguments) <= UNTRACED_ROWS:
            self._untraced -= 1
            return self._function(*arguments)
        with self._lock:
            if self._traced is None:
                self._traced = _traceable(self._function, arguments)
        with _SAME_ROUNDING:
            return self._traced(*arguments)

    @property
    def traces(self) -> int:
        """How often the function was traced."""
        return 0 if self._traced is None else int(self._traced.experimental_get_tracing_count())


def _traceable(function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    """Make a TensorFlow function for arguments like these, first axes of any length."""
    import tensorflow as tf

    signature = tf.nest.map_structure(
        lambda array: tf.TensorSpec([None, *array.shape[1:]], array.dtype), arguments
    )
    # Autograph would take a second to read Keras' source for Python loops to convert.
    return tf.function(function, input_signature=signature, autograph=False)


class _SameRounding:
    """Keeps TensorFlow from rewriting the graphs that are called so that they round otherwise.

    Threads may be inside together: TensorFlow's settings are everybody's, so the last one out puts
    them back. Each thread sets them for itself too, for it remembers what they were.
    """

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._before: dict[str, Any] = {}

    def __enter__(self) -> None:
        from tensorflow.config import optimizer

        with self._lock:
            if self._inside == 0:
                self._before = optimizer.get_experimental_options()
            self._inside += 1
            optimizer.set_experimental_options(dict.fromkeys(ROUNDING_REWRITES, False))

    def __exit__(self, *_: object) -> None:
        from tensorflow.config import optimizer

        with self._lock:
            self._inside -= 1
            before = dict.fromkeys(ROUNDING_REWRITES, False) if self._inside else self._before
            optimizer.set_experimental_options({k: before.get(k) for k in ROUNDING_REWRITES})


_SAME_ROUNDING = _SameRounding()


def _rows(arguments: Sequence[Any]) -> int:
    """Return the longest first axis of some tensors."""
    return max(array.shape[0] for array in keras.tree.flatten(arguments))
