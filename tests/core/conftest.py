"""Fixtures of the core tests."""

import pytest

from tests.core.build import tiny_model, tiny_network


@pytest.fixture(scope="session")
def weights_folder(tmp_path_factory):
    """Weights of a tiny random network, with a calibration."""
    from sasnet_core.fitted import Calibration
    from sasnet_core.network.weights import save_weights

    folder = tmp_path_factory.mktemp("weights")
    model = tiny_model()
    calibration = Calibration()
    save_weights(folder, tiny_network(model), calibration)
    return folder
