import numpy as np
import pytest

from sasnet_core.errors import SettingError, WeightsError
from sasnet_core.fitted import AloneFit, Calibration, Mixture, PatchLaw, Smoothing
from sasnet_core.network.weights import save_weights
from sasnet_core.network.weights_folder import read_info
from sasnet_core.network.weights_writing import (
    check_graph,
    save_ensemble,
    write_config,
    write_fitted,
)
from tests.core.build import tiny_model, tiny_network

MODEL = tiny_model(16)
SMOOTHING = Smoothing(width=6.0, share=0.5)


@pytest.fixture
def info(tmp_path):
    save_weights(tmp_path / "w", tiny_network(MODEL), Calibration(slope=1.5))
    return read_info(tmp_path / "w")


def test_what_was_fitted_changes_and_the_weights_stay(info):
    alone = AloneFit(Calibration(slope=0.5), PatchLaw())
    write_fitted(info, Calibration(slope=2.5), SMOOTHING, alone=alone)
    found = read_info(info.folder)
    assert found.calibration == Calibration(slope=2.5) and found.smoothing == SMOOTHING
    assert found.sha256 == info.sha256 and found.model == info.model
    write_fitted(found, None, Smoothing())
    found = read_info(info.folder)
    assert found.calibration is None and found.alone == alone


def test_a_configuration_takes_the_hash_of_the_weights_beside_it(info):
    path = info.folder / "weights.npz"
    with np.load(path) as stored:
        np.savez(path, **{name: stored[name] + 1 for name in stored})
    with pytest.raises(WeightsError, match="sha256 must be"):
        read_info(info.folder)
    write_config(info.folder, MODEL, None)
    assert read_info(info.folder).sha256 != info.sha256


def test_members_elsewhere_are_copied_and_those_beside_stay(info, tmp_path):
    mixture = Mixture((1.0,), 0.0)
    beside = save_ensemble(tmp_path / "e", [info], mixture, SMOOTHING)
    elsewhere = save_ensemble(tmp_path / "far" / "e", [info], mixture, SMOOTHING)
    assert sorted(path.name for path in beside.folder.iterdir()) == ["config.json"]
    assert (elsewhere.folder / "member1" / "weights.npz").is_file()
    assert beside.sha256 == elsewhere.sha256
    with pytest.raises(WeightsError, match="must be one network"):
        save_ensemble(tmp_path / "f", [beside], mixture, SMOOTHING)


def test_what_cannot_be_joined_with_graphs_is_refused_before_it_is_written(info, tmp_path):
    for share in (0.0, -1.0, float("nan")):
        with pytest.raises(SettingError, match="must be over 0"):
            check_graph(info, share)
    ensemble = save_ensemble(tmp_path / "e", [info], Mixture((1.0,), 0.0), SMOOTHING)
    with pytest.raises(WeightsError, match="this is an ensemble"):
        check_graph(ensemble, 1.0)
    assert check_graph(info, 0.5) == MODEL
