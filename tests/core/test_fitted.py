from dataclasses import replace

import pytest

from sasnet_core.errors import SettingError
from sasnet_core.fitted import Calibration

WORTH = Calibration(
    thresholds=(0.1, 0.2, 0.3, 0.4), precisions=(0.2, 0.5, 0.4, 0.6), recalls=(0.9, 0.7, 0.5, 0.2)
)


def test_a_threshold_brings_what_it_was_worth():
    asked = WORTH.at_threshold(0.22)
    assert (asked.threshold, asked.precision, asked.recall) == (0.22, 0.5, 0.7)


def test_a_precision_target_is_held_by_all_higher_thresholds():
    assert WORTH.at_precision(0.4).threshold == 0.2
    assert WORTH.at_precision(0.45).threshold == 0.4
    sparse = replace(WORTH, recalls=(0.9, 0.7, 0.01, 0.005))
    assert sparse.at_precision(0.45).threshold == 0.2
    assert sparse.at_precision(0.55).threshold == 0.4
    with pytest.raises(SettingError, match=r"0.7 was reached by no threshold .* highest: 0.60"):
        WORTH.at_precision(0.7)
