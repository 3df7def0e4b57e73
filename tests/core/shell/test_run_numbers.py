import pytest

from sasnet_core.errors import SettingError
from sasnet_core.shell.run_numbers import check_numbers


@pytest.mark.parametrize(
    "values",
    [
        {"rotations": 1, "seed": 0, "threshold": None, "threads": None, "memory": None},
        {"rotations": 1_000_000, "seed": 2**64, "threshold": 0.5, "threads": 4096, "memory": 0.1},
        {"precision_target": 0.99},
    ],
)
def test_numbers_of_a_run_are_accepted(values):
    check_numbers(values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rotations": 0}, "^rotations must be 1 or more, got 0$"),
        ({"rotations": 10**7}, "^rotations must be 1000000 or less, got 10000000$"),
        ({"seed": -1}, "^seed must be 0 or more, got -1$"),
        ({"threshold": 1.0}, "^threshold must be between 0 and 1, got 1$"),
        ({"memory": float("nan")}, "^memory must be more than 0, got nan$"),
        ({"memory": float("inf")}, "^memory must be 1000000 or less, got inf$"),
        ({"threads": 4097}, "^threads must be 4096 or less, got 4097$"),
    ],
)
def test_others_are_named(values, message):
    with pytest.raises(SettingError, match=message):
        check_numbers(values)


def test_options_are_called_options():
    with pytest.raises(SettingError, match="^--precision-target must be between 0 and 1, got 0$"):
        check_numbers({"precision_target": 0.0}, as_options=True)
