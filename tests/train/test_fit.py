"""train.fit on small real data, run as a user runs it."""

import csv
import json

import numpy as np
import pytest

from sasnet_core.config import ModelConfig, RunConfig, TrainConfig
from sasnet_core.dataset.complexes import read_manifest
from sasnet_core.errors import SettingError, WeightsError
from sasnet_core.network.weights import read_info
from tests.core.build import random_complex, write_dataset
from tests.train.conftest import TINY, needs_shared
from train import fit


@pytest.fixture
def mined(tmp_path):
    items = [random_complex(seed, name=f"mined{seed}") for seed in range(2)]
    return write_dataset(tmp_path / "mined", items, ["1-1", "1-2"])


@pytest.fixture
def stopped_run(dataset, tmp_path, monkeypatch):
    """A run of three steps, stopped after the second: its arguments and its folder."""
    settings = {
        "model": TINY,
        "train": {"steps": 3, "complexes_per_step": 1, "optimizer": "adam", "average": 0.5},
    }
    config, run = tmp_path / "config.json", tmp_path / "run"
    config.write_text(json.dumps(settings))
    arguments = [str(dataset), "-o", str(run), "--split", "DB4U", "--validate", str(dataset),
                 "--validate-count", "1", "--check-every", "1"]  # fmt: skip
    add = fit.RunLog.add

    def add_and_stop(log, step, *values):
        add(log, step, *values)
        if step == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(fit.RunLog, "add", add_and_stop)
        fit.main([*arguments, "--config", str(config)])
    return arguments, config, run


@needs_shared
@pytest.mark.parametrize("again", [True, False], ids=["with --config", "without"])
def test_fit_writes_weights_and_a_log_and_goes_on_where_it_stopped(stopped_run, again):
    arguments, config, run = stopped_run
    assert fit.main([*arguments, "--config", str(config)] if again else arguments) == 0
    rows = list(csv.DictReader((run / "log.csv").open()))
    assert [row["step"] for row in rows] == ["1", "2", "3"]
    assert all(0 <= float(row["cauroc"]) <= 1 for row in rows)
    assert read_info(run / "last").model == ModelConfig.from_dict(TINY)
    assert read_info(run / "best").model == ModelConfig.from_dict(TINY)


@needs_shared
def test_fit_refuses_to_go_on_with_other_settings_and_names_them(stopped_run):
    arguments, config, run = stopped_run
    kept = (run / "config.json").read_text()
    settings = json.loads(config.read_text())
    settings["train"]["steps"] = 4
    settings["model"]["edge"] = 20
    config.write_text(json.dumps(settings))
    with pytest.raises(SettingError, match=r"model.edge 16, got 20; train.steps 3, got 4\)"):
        fit.main([*arguments, "--config", str(config)])
    assert (run / "config.json").read_text() == kept


@needs_shared
def test_fit_trains_the_papers_way_when_asked_and_keeps_to_it(dataset, tmp_path):
    config, run = tmp_path / "config.json", tmp_path / "run"
    train = {"steps": 1, "complexes_per_step": 2, "positives": 1, "negatives": 1}
    config.write_text(json.dumps({"model": TINY, "train": train}))
    arguments = [str(dataset), "-o", str(run), "--split", "DB4U"]
    assert fit.main([*arguments, "--config", str(config), "--engine", "windows"]) == 0
    assert json.loads((run / "config.json").read_text())["train"]["engine"] == "windows"
    assert fit.main(arguments) == 0
    with pytest.raises(SettingError, match="train.engine 'windows', got 'lattice'"):
        fit.main([*arguments, "--engine", "lattice"])


@needs_shared
@pytest.mark.parametrize("setting", [{"context_layers": 1}, {}], ids=["context", "frozen tower"])
def test_fit_refuses_pairs_apart_where_they_make_no_sense(dataset, tmp_path, setting):
    config = tmp_path / "config.json"
    train = {"engine": "windows", "frozen_poses": 0 if setting else 1}
    config.write_text(json.dumps({"model": {**TINY, **setting}, "train": train}))
    with pytest.raises(SettingError, match="take engine 'lattice'"):
        fit.main([str(dataset), "-o", str(tmp_path / "run"), "--config", str(config)])
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "No such file"), ("{", "Expecting"), ("[]", "list"), ('{"train": {"steps": 0}}',
     "steps must be a whole number of 1 or more, got 0")],
    ids=["missing", "no JSON", "a list", "out of range"],
)  # fmt: skip
def test_fit_names_the_file_whose_settings_are_wrong(tmp_path, content, reason):
    path = tmp_path / "config.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingError, match=f"^{path}: .*{reason}"):
        fit.read_config(path)


@needs_shared
def test_fit_starts_from_given_weights_and_refuses_those_of_another_network(
    dataset, weights, tmp_path
):
    config = tmp_path / "config.json"
    arguments = [str(dataset), "--config", str(config), "--split", "DB4U", "--check-every", "1",
                 "--start", str(weights)]  # fmt: skip
    train = {"steps": 1, "complexes_per_step": 1, "learning_rate": 0.0}
    config.write_text(json.dumps({"model": TINY, "train": train}))
    assert fit.main([*arguments, "-o", str(tmp_path / "same")]) == 0
    given, trained = (
        np.load(folder / "weights.npz") for folder in (weights, tmp_path / "same/last")
    )
    for name in given.files:
        np.testing.assert_array_equal(given[name], trained[name])
    config.write_text(json.dumps({"model": {**TINY, "embedding_size": 8}, "train": train}))
    with pytest.raises(WeightsError, match="must have shape"):
        fit.main([*arguments, "-o", str(tmp_path / "other")])


@needs_shared
def test_fit_trains_context_layers_behind_the_frozen_tower_of_given_weights(
    dataset, weights, tmp_path
):
    config, run = tmp_path / "config.json", tmp_path / "run"
    model = {**TINY, "context_layers": 1, "context_size": 8, "neighbours": 4}
    train = {"steps": 2, "complexes_per_step": 2, "frozen_poses": 2}
    config.write_text(json.dumps({"model": model, "train": train}))
    assert fit.main([str(dataset), "--config", str(config), "--split", "DB4U",
                     "--start", str(weights), "-o", str(run)]) == 0  # fmt: skip
    given, trained = np.load(weights / "weights.npz"), np.load(run / "last" / "weights.npz")
    assert any(name.startswith("context/") for name in trained.files)
    for name in given.files:
        same = np.array_equal(given[name], trained[name])
        assert same or not name.startswith("tower/")
    assert all(np.load(path).shape[0] == 2 for path in (run / "embeddings").glob("*.npy"))
    unbound = [row for row in read_manifest(dataset) if row["state"] == "unbound"]
    assert len(list((run / "embeddings").glob("*.npy"))) == len(unbound)


@needs_shared
def test_fit_mixes_datasets_as_the_settings_say(dataset, mined):
    stream = fit.make_stream([mined, dataset], ["train", "DB4U"], TrainConfig(repeats=(1, 3)))
    assert len(stream) == 2 + 3 * 3
    stream = fit.make_stream([mined, mined], ["train"], TrainConfig(repeats=(2,)))
    assert len(stream) == 2 * (2 + 2)


@pytest.mark.parametrize(
    ("splits", "repeats", "name"),
    [(["train", "DB3"], (1,), "--split"), (["train"], (1, 3), "train.repeats")],
)
def test_fit_refuses_splits_and_repeats_that_fit_no_dataset(mined, splits, repeats, name):
    with pytest.raises(SettingError, match=f"^{name} must be given once, .* 3 datasets, got 2"):
        fit.make_stream([mined] * 3, splits, TrainConfig(repeats=repeats))


@needs_shared
def test_fit_trains_on_two_datasets(dataset, mined, tmp_path):
    config = tmp_path / "config.json"
    train = {"steps": 2, "complexes_per_step": 2, "repeats": [1, 2]}
    config.write_text(json.dumps({"model": TINY, "train": train}))
    arguments = [str(mined), str(dataset), "--split", "train", "--split", "DB4U"]
    run = tmp_path / "run"
    assert fit.main([*arguments, "--config", str(config), "-o", str(run)]) == 0
    assert RunConfig.from_dict(json.loads((run / "config.json").read_text())).train.repeats == (
        1,
        2,
    )
