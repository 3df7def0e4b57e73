from pathlib import Path

import pytest

from sasnet_core.config import ModelConfig
from sasnet_core.errors import SettingError
from sasnet_core.evaluation.entrants import find_entrants, shown_folder
from sasnet_core.network.weights_folder import read_info
from tests.core.evaluation.fakes import fake_weights


def test_replicates_are_ranked_on_db4(bench, entrants):
    found = [selection for selection, _ in entrants.ranked]
    assert found == sorted(found, reverse=True) and len(set(found)) == 3
    assert bench.selection(entrants.best.folder) == found[0]


def test_the_same_replicate_twice_is_refused(bench, tmp_path):
    folder = fake_weights(tmp_path / "a", ModelConfig())
    with pytest.raises(SettingError, match="different weights"):
        find_entrants(bench, [folder, folder], None)
    with pytest.raises(SettingError, match="an ensemble is needed"):
        find_entrants(bench, [folder], folder)


def test_weights_that_ship_are_named_and_others_by_their_folder(tmp_path):
    (tmp_path / "run_a").mkdir()
    run = fake_weights(tmp_path / "run_a" / "best", ModelConfig())
    assert shown_folder(read_info(run)) == "run_a/best"
    assert shown_folder(read_info(Path("complex-only"))) == "complex-only"
