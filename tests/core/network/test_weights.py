import zipfile

import numpy as np
import pytest

from sasnet_core.config import ModelConfig
from sasnet_core.errors import WeightsError
from sasnet_core.fitted import Calibration
from sasnet_core.network.weights import check_sizes, fill, save_weights
from sasnet_core.network.weights_folder import read_info
from sasnet_core.network.weights_writing import write_config
from tests.core.build import tiny_model, tiny_network

MODEL = tiny_model(16)


@pytest.fixture
def folder(tmp_path):
    save_weights(tmp_path / "w", tiny_network(MODEL), Calibration(slope=1.5, intercept=-2.0))
    return tmp_path / "w"


def all_weights(network):
    return [variable for part in network.parts for variable in part.weights]


def test_weights_come_back_in_half_precision(folder):
    network, other = tiny_network(MODEL), tiny_network(MODEL, seed=9)
    fill(other.parts, folder)
    before_and_after = zip(all_weights(network), all_weights(other), strict=True)
    for before, after in before_and_after:
        kind = np.float16 if before.path.endswith("kernel") else np.float32
        expected = np.asarray(before).astype(kind).astype(np.float32)
        np.testing.assert_array_equal(np.asarray(after), expected)


def test_the_files_say_what_is_in_them(folder):
    info = read_info(folder)
    assert info.model == MODEL
    assert info.calibration == Calibration(slope=1.5, intercept=-2.0)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "weights.npz"]
    with np.load(folder / "weights.npz", allow_pickle=False) as arrays:
        assert arrays["tower/conv1/kernel"].dtype == np.float16
        assert arrays["tower/conv1_norm/moving_variance"].dtype == np.float32


def test_the_same_weights_give_the_same_file(folder, tmp_path):
    save_weights(tmp_path / "v", tiny_network(MODEL))
    assert read_info(folder).sha256 == read_info(tmp_path / "v").sha256


def test_settings_of_more_weights_than_the_file_has_are_refused(folder):
    check_sizes(MODEL, folder)
    larger = ModelConfig(**{**MODEL.to_dict(), "embedding_size": 100_000})
    with pytest.raises(WeightsError, match=r"of \d+ weights, weights.npz has \d+"):
        check_sizes(larger, folder)


def replace_array(folder, name, value):
    with np.load(folder / "weights.npz") as arrays:
        arrays = {**arrays, name: value(arrays[name])}
    np.savez_compressed(folder / "weights.npz", **arrays)
    write_config(folder, MODEL, None)


@pytest.mark.parametrize(
    "value",
    [lambda kernel: np.where(kernel == kernel.max(), np.nan, kernel), lambda kernel: kernel / 0,
     lambda kernel: kernel.astype("U"), lambda kernel: kernel.astype(np.complex64)],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:(divide|invalid)")
def test_weights_that_are_no_numbers_are_refused(folder, value):
    replace_array(folder, "tower/conv1/kernel", value)
    with pytest.raises(WeightsError, match="tower/conv1/kernel must hold numbers"):
        fill(tiny_network(MODEL).parts, folder)


def test_an_array_that_says_it_is_huge_is_refused(folder):
    with zipfile.ZipFile(folder / "weights.npz", "a") as arrays, arrays.open("x.npy", "w") as part:
        header = {"descr": "<f4", "fortran_order": False, "shape": (10**12,)}
        np.lib.format.write_array_header_1_0(part, header)
    for use in (lambda: check_sizes(MODEL, folder), lambda: fill([], folder, others=True)):
        with pytest.raises(WeightsError, match="it says that it has 10000"):
            use()


def test_a_network_of_other_sizes_is_refused(folder):
    wider = ModelConfig(**{**MODEL.to_dict(), "filters": (4, 5, 6, 8)})
    with pytest.raises(WeightsError, match="must have shape"):
        fill(tiny_network(wider).parts, folder)
    other = ModelConfig(**{**MODEL.to_dict(), "normalization": "layer"})
    with pytest.raises(WeightsError, match="do not fit their settings"):
        fill(tiny_network(other).parts, folder)


def test_weights_that_are_no_array_file_are_refused(folder):
    (folder / "weights.npz").write_bytes(b"no array file")
    write_config(folder, MODEL, {})
    with pytest.raises(WeightsError):
        fill(tiny_network(MODEL).parts, folder)
