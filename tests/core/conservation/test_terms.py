import json

import pytest

from sasnet_core.conservation.terms import FILE, ConservationInfo, find_info, read_info, save_info
from sasnet_core.errors import WeightsError
from sasnet_core.fitted import Calibration, PatchLaw
from tests.core.conservation.build_profiles import plain_terms


@pytest.fixture
def saved(tmp_path):
    info = ConservationInfo(
        "a" * 64, {"database": "db"}, plain_terms(exposure=0.5), Calibration(slope=2.0),
        PatchLaw(),
    )  # fmt: skip
    save_info(info, tmp_path)
    return info


def test_terms_come_back_out_of_their_file(saved, tmp_path):
    assert read_info(tmp_path / FILE) == saved


def test_terms_are_found_by_the_weights_they_are_for(saved, tmp_path):
    (tmp_path / "empty").mkdir()
    assert find_info([tmp_path / "empty", tmp_path], "a" * 64) == saved
    with pytest.raises(WeightsError, match=r"bbbbbbbbbbbb are needed.*train\.conservation"):
        find_info([tmp_path], "b" * 64)


@pytest.mark.parametrize(
    "change",
    [{"format": 2}, {"features": ["exposure"]}, {"terms": {"weights": [1.0]}}, {"terms": None}],
)
def test_damaged_terms_are_refused(saved, tmp_path, change):
    path = tmp_path / FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(WeightsError, match="fit them again"):
        find_info([tmp_path], "a" * 64)
