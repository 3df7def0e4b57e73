"""What the numbers of a run may be, checked before any work: options, and arguments of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sasnet_core.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Range(NamedTuple):
    words: str
    least: float
    most: float
    open: bool = False  # whether the ends are left out


#: Numbers over the last are slips; some would end in a traceback or never.
_RANGES = {
    "rotations": _Range("1 or more", 1, 1_000_000),
    "seed": _Range("0 or more", 0, 2**64),
    "threads": _Range("1 or more", 1, 4096),
    "memory": _Range("more than 0", 0, 1_000_000, open=True),
    "threshold": _Range("between 0 and 1", 0, 1, open=True),
    "precision_target": _Range("between 0 and 1", 0, 1, open=True),
}


def check_numbers(values: Mapping[str, float | None], *, as_options: bool = False) -> None:
    """Check the numbers of a run.

    Parameters
    ----------
    values : mapping
        By the names of `session.RunSettings`; None is not checked.
    as_options : bool
        Whether messages call them options of the command line.

    Raises
    ------
    SettingError
        One is out of its range.
    """
    for name, value in values.items():
        words, least, most, ends_out = _RANGES[name]
        if value is None or (least < value < most if ends_out else least <= value <= most):
            continue
        shown = f"--{name.replace('_', '-')}" if as_options else name
        limit = f"{most} or less" if value > most > 1 else words
        got = f"{value:g}" if isinstance(value, float) else value
        raise SettingError(f"{shown} must be {limit}, got {got}")
