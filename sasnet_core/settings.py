"""What all settings share: JSON in and out, and rules for their values."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, Self

from sasnet_core.errors import SettingError


class Rule(NamedTuple):
    """What a setting must be, in words and as a test."""

    words: str
    allows: Callable[[Any], bool]


POSITIVE = Rule("a number over 0", lambda value: 0 < value < math.inf)
NOT_NEGATIVE = Rule("a number of 0 or more", lambda value: 0 <= value < math.inf)
WHOLE = Rule("a whole number of 0 or more", lambda value: value >= 0)
COUNT = Rule("a whole number of 1 or more", lambda value: value >= 1)
SHARE = Rule("a number from 0 to 1", lambda value: 0 <= value <= 1)
UNDER_ONE = Rule("a number of 0 or more and under 1", lambda value: 0 <= value < 1)
SEED = Rule("a whole number from 0 to 4294967295", lambda value: 0 <= value < 2**32)


def one_of(*choices: str) -> Rule:
    """Make the rule that a setting is one of some words."""
    return Rule("one of " + ", ".join(choices), lambda value: value in choices)


#: No setting needs numbers of this size; infinity and "not a number" are refused with them.
_LARGEST = 1e15


class Settings:
    """JSON in and out and checks of ranges, for dataclasses of settings.

    Subclasses name a `Rule` for each setting that has a range in ``_rules``.
    """

    _rules: ClassVar[dict[str, Rule]] = {}

    def __post_init__(self) -> None:
        """Check every setting that has a rule, and the size of all numbers.

        Raises
        ------
        SettingError
            A setting is out of its range.
        """
        for name, rule in self._rules.items():
            value = getattr(self, name)
            if not rule.allows(value):
                raise SettingError(f"{name} must be {rule.words}, got {value!r}")
        for name, value in vars(self).items():
            _check_size(name, value)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values."""
        return dataclasses.asdict(self)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Make the settings from plain values; unknown names are an error."""
        known = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise SettingError(f"unknown settings {unknown}; known: {sorted(known)}")
        for name, value in values.items():
            _check_type(name, value, known[name].default)
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


def _check_type(name: str, value: Any, default: Any) -> None:
    """Refuse a value of another type than the default's (whole numbers may stand for floats)."""
    kind = type(default)
    if isinstance(default, tuple):
        good = isinstance(value, (list, tuple)) and all(type(v) is type(default[0]) for v in value)
    elif kind is float:
        good = type(value) in (int, float)
    else:
        good = type(value) is kind
    if not good:
        raise SettingError(f"{name} must be of type {kind.__name__}, got {value!r}")


def _check_size(name: str, value: Any) -> None:
    """Refuse numbers that no setting needs, in tuples too."""
    for number in value if isinstance(value, tuple) else [value]:
        if isinstance(number, (int, float)) and not -_LARGEST < number < _LARGEST:
            raise SettingError(f"{name} must be a number below {_LARGEST:g}, got {value!r}")
