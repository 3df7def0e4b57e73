import json

import pytest

from sasnet_core.errors import WeightsError
from sasnet_core.fitted import Calibration, Mixture, Smoothing
from sasnet_core.graph.stored import save_networks
from sasnet_core.network.weights import save_weights
from sasnet_core.network.weights_folder import GRAPH_FILE, read_info
from sasnet_core.network.weights_writing import add_graph, save_ensemble, write_fitted
from tests.core.build import tiny_model, tiny_network
from tests.core.graph.build_networks import random_network

MODEL = tiny_model(16)


@pytest.fixture
def folder(tmp_path):
    save_weights(tmp_path / "w", tiny_network(MODEL), Calibration(slope=1.5, intercept=-2.0))
    return tmp_path / "w"


def change(folder, **values):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def refuse(folder):
    with pytest.raises(WeightsError) as caught:
        read_info(folder)
    message = str(caught.value)
    assert "\n" not in message and str(folder) in message
    return message


@pytest.mark.parametrize("name", ["config.json", "weights.npz"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    assert f"{name} is missing" in refuse(folder)


def test_a_missing_folder_is_refused(tmp_path):
    assert "is missing" in refuse(tmp_path / "none")


def test_changed_weights_are_found_by_their_hash(folder):
    path = folder / "weights.npz"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert "sha256 must be" in refuse(folder)


def test_weights_of_another_format_are_refused(folder):
    change(folder, format=99)
    assert "format 1 are needed, these are 99" in refuse(folder)


@pytest.mark.parametrize(
    "values",
    [
        {"model": {"colour": 1}},
        {"model": {"edge": "wide"}},
        {"model": {"edge": 3}},
        {"model": [1]},
        {"model": {"filters": 3}},
        {"model": {"edge": 20.5}},
        {"calibration": 3},
        {"calibration": {"slope": "steep", "intercept": 0.0}},
        {"sha256": 3},
        {"sha256": None},
    ],
    ids=str,
)
def test_settings_that_are_none_are_refused(folder, values):
    change(folder, **values)
    refuse(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 1}', "\udcff", "[" * 9999])
def test_a_damaged_configuration_is_refused(folder, text):
    (folder / "config.json").write_text(text, errors="surrogateescape")
    refuse(folder)


@pytest.mark.parametrize(
    "values",
    [{"model": {"embedding_size": 10**9}}, {"model": {"head_sizes": [10**9]}},
     {"model": {"context_layers": 1, "context_size": 10**9}}, {"model": {"head_sizes": [1] * 999}},
     {"calibration": {"slope": float("nan")}}, {"smoothing": {"width": float("inf")}}],
    ids=str,
)  # fmt: skip
def test_impossible_numbers_are_refused_before_anything_is_made_of_them(folder, values):
    change(folder, **values)
    refuse(folder)


@pytest.mark.parametrize("names", [("a",), ("a", "b"), ("a", "b", "c")])
def test_an_ensemble_that_names_itself_is_refused(tmp_path, names):
    for name, member in zip(names, (*names[1:], names[0]), strict=True):
        (tmp_path / name).mkdir()
        values = {
            "format": 1, "calibration": None, "smoothing": Smoothing().to_dict(), "sha256": "",
            "mixture": Mixture().to_dict(), "members": [{"folder": f"../{member}", "sha256": ""}],
        }  # fmt: skip
        (tmp_path / name / "config.json").write_text(json.dumps(values))
    assert "must be one network" in refuse(tmp_path / "a")


@pytest.fixture
def with_graphs(folder, tmp_path):
    both = tmp_path / "both"
    both.mkdir()
    save_networks([random_network(1)], both / GRAPH_FILE)
    add_graph(read_info(folder), 0.5, both)
    return both


def test_networks_on_graphs_belong_to_a_network_and_to_its_hash(folder, with_graphs, tmp_path):
    alone, info = read_info(folder), read_info(with_graphs)
    assert alone.graph is None and alone.sha256 == alone.network_sha256
    assert info.graph is not None and info.graph.share == 0.5
    assert info.network_sha256 == alone.sha256 != info.sha256
    assert alone.calibration is not None and info.calibration is None
    with pytest.raises(WeightsError, match="on atoms alone"):
        save_ensemble(tmp_path / "e", [info, alone], Mixture(slopes=(0.5, 0.5)), Smoothing())
    write_fitted(info, Calibration(), info.smoothing)
    assert read_info(with_graphs).graph == info.graph


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda both, values: values["graph"].update(share=0), "share must be over 0"),
        (lambda both, values: save_networks([random_network(2)], both / GRAPH_FILE), "fetch it"),
        (lambda both, values: (both / GRAPH_FILE).unlink(), "fetch it again"),
    ],
)  # fmt: skip
def test_changed_networks_on_graphs_are_refused(with_graphs, change, message):
    path = with_graphs / "config.json"
    values = json.loads(path.read_text())
    change(with_graphs, values)
    path.write_text(json.dumps(values))
    assert message in refuse(with_graphs)
