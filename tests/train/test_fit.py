"""train.fit on small real data, run as a user runs it."""

import csv
import itertools
import json
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest

from sasnet_core.config import RunConfig, TrainConfig
from sasnet_core.dataset.complexes import read_manifest
from sasnet_core.errors import SettingError, WeightsError
from sasnet_core.training.stream import training_sources
from tests.core.build import random_complex, write_benchmark, write_dataset
from tests.train.conftest import TINY, needs_shared
from train import fit

pytestmark = pytest.mark.usefixtures("untraced_steps")


@pytest.fixture
def mined(tmp_path):
    items = [random_complex(seed, name=f"mined{seed}") for seed in range(2)]
    return write_dataset(tmp_path / "mined", items, ["1-1", "1-2"])


@pytest.fixture
def command(mined, tmp_path):
    """Arguments of a run with a check after each step, and its settings: three steps."""
    held_out = write_benchmark(tmp_path / "db5", {"1ABC": "DB4U"})
    config = write_settings(tmp_path, steps=3, complexes_per_step=1, optimizer="adam", average=0.5)
    return [str(mined), "--validate", str(held_out), "--validate-count", "1",
            "--check-every", "1"], config  # fmt: skip


def write_settings(folder, model=None, **train):
    """Write settings of a tiny network."""
    path = folder / "config.json"
    path.write_text(json.dumps({"model": {**TINY, **(model or {})}, "train": train}))
    return path


def checks_of(run):
    """Read what a run logged, without what depends on time."""
    rows = list(csv.DictReader((run / "log.csv").open()))
    return [[row[name] for name in ("step", "loss", "cauroc", "mean_auroc")] for row in rows]


@pytest.fixture
def stopped_run(command, tmp_path):
    """A run that was killed at its second check: its arguments, settings and folder."""
    arguments, config = command
    run = tmp_path / "run"
    with pytest.MonkeyPatch.context() as patched, pytest.raises(KeyboardInterrupt):
        kill(patched, fit.RunLog, "add", itertools.count(), 1)
        fit.main([*arguments, "-o", str(run), "--config", str(config)])
    return [*arguments, "-o", str(run)], config, run


def kill(patched, owner, name, count, killed_at):
    """Let a function count its calls, and end the run instead of one of them."""
    original = getattr(owner, name)

    def function(*values):
        if next(count) == killed_at:
            raise KeyboardInterrupt
        return original(*values)

    patched.setattr(owner, name, function)


class CountingTrainer:
    """A trainer that only counts steps; its own predictor and network too."""

    def __init__(self, checkpoints):
        self.step = max(checkpoints, default=0)
        self.checkpoints, self.waited, self.network = checkpoints, 0.0, self
        self.steps = SimpleNamespace(chief=True)
        self.config = RunConfig(train=TrainConfig(steps=3))
        self.settled = lambda *_: nullcontext()

    def run(self, *_):
        while self.step < 3:
            self.step += 1
            yield self.step, 1 / self.step

    def save(self):
        self.checkpoints.append(self.step)


@pytest.fixture
def train_counting(monkeypatch, tmp_path):
    """Train until a number of actions are done; returns log and kept weights once it is through."""
    kept = {}
    scores = {1: (0.5, 0.5), 2: (0.7, 0.6), 3: (0.6, 0.7)}
    monkeypatch.setattr(fit, "Predictor", lambda network: network)
    monkeypatch.setattr(fit, "check", lambda trainer, _: scores[trainer.step])
    monkeypatch.setattr(
        fit, "save_weights", lambda folder, trainer: kept.update({folder.name: trainer.step})
    )
    monkeypatch.setattr(fit.RunLog, "draw", lambda log: None)
    actions = [(fit.RunLog, "add"), (CountingTrainer, "save"), (fit, "save_weights"),
               (fit, "check"), (fit.RunLog, "add_scores")]  # fmt: skip

    def train(folder, killed_at=None):
        kept.clear()
        checkpoints, count = [], itertools.count()
        with pytest.MonkeyPatch.context() as patched:
            for action in actions:
                kill(patched, *action, count, killed_at)
            if killed_at is not None:
                with pytest.raises(KeyboardInterrupt):
                    fit.Run(CountingTrainer(checkpoints), None, None, ["x"], folder).finish(1)
        fit.Run(CountingTrainer(checkpoints), None, None, ["x"], folder).finish(1)
        return checks_of(folder), dict(kept)

    return train


@pytest.mark.slow
def test_a_run_can_be_killed_before_any_action_of_its_checks(train_counting, tmp_path):
    expected = train_counting(tmp_path / "straight")
    assert [row[0] for row in expected[0]] == ["1", "2", "3"] and all(map(all, expected[0]))
    assert expected[1] == {"last": 3, "best": 2}
    for action in range(17):
        assert train_counting(tmp_path / str(action), action) == expected, action
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        train_counting(tmp_path / "more", 17)


def test_fit_goes_on_without_settings_and_refuses_others_by_name(stopped_run):
    arguments, config, run = stopped_run
    kept = (run / "config.json").read_text()
    settings = json.loads(config.read_text())
    settings["train"]["steps"] = 4
    settings["model"]["edge"] = 20
    config.write_text(json.dumps(settings))
    with pytest.raises(SettingError, match=r"model.edge 16, got 20; train.steps 3, got 4\)"):
        fit.main([*arguments, "--config", str(config)])
    assert (run / "config.json").read_text() == kept
    assert fit.main(arguments) == 0
    assert [step for step, *_ in checks_of(run)] == ["1", "2", "3"]


def test_fit_goes_on_with_the_complexes_it_began_with(stopped_run, mined, tmp_path):
    arguments, _, run = stopped_run
    (tmp_path / "elsewhere").mkdir()
    arguments[0] = str(mined.rename(tmp_path / "elsewhere" / "mined"))
    assert fit.main(arguments) == 0, "they may lie elsewhere now"
    other = write_dataset(tmp_path / "other", [random_complex(5, name="other")], ["1"])
    with pytest.raises(SettingError, match="must go on with the complexes that it has begun with"):
        fit.main([str(other), *arguments[1:]])


@needs_shared
def test_fit_trains_the_papers_way_when_asked_and_keeps_to_it(dataset, tmp_path):
    run = tmp_path / "run"
    config = write_settings(tmp_path, steps=1, complexes_per_step=2, positives=1, negatives=1)
    arguments = [str(dataset), "-o", str(run), "--split", "DB4U"]
    assert fit.main([*arguments, "--config", str(config), "--engine", "windows"]) == 0
    assert json.loads((run / "config.json").read_text())["train"]["engine"] == "windows"
    assert fit.main(arguments) == 0
    with pytest.raises(SettingError, match="train.engine 'windows', got 'lattice'"):
        fit.main([*arguments, "--engine", "lattice"])


@needs_shared
@pytest.mark.parametrize("setting", [{"context_layers": 1}, {}], ids=["context", "frozen tower"])
def test_fit_refuses_pairs_apart_where_they_make_no_sense(dataset, tmp_path, setting):
    train = {"engine": "windows", "frozen_poses": 0 if setting else 1}
    config = write_settings(tmp_path, setting, **train)
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
        RunConfig.read(path)


@needs_shared
def test_fit_starts_from_given_weights_and_refuses_those_of_another_network(
    dataset, weights, tmp_path
):
    train = {"steps": 1, "complexes_per_step": 1, "learning_rate": 0.0}
    config = write_settings(tmp_path, **train)
    arguments = [str(dataset), "--config", str(config), "--split", "DB4U", "--check-every", "1",
                 "--start", str(weights)]  # fmt: skip
    assert fit.main([*arguments, "-o", str(tmp_path / "same")]) == 0
    given, trained = (
        np.load(folder / "weights.npz") for folder in (weights, tmp_path / "same/last")
    )
    for name in given.files:
        np.testing.assert_array_equal(given[name], trained[name])
    write_settings(tmp_path, {"site_terms": True}, **train)
    assert fit.main([*arguments, "-o", str(tmp_path / "sites")]) == 0
    with np.load(tmp_path / "sites/last/weights.npz") as trained:
        assert {*trained.files} - {*given.files} == {"head/site/kernel", "head/site/bias"}
        for name in given.files:
            np.testing.assert_array_equal(given[name], trained[name])
    write_settings(tmp_path, {"embedding_size": 8}, **train)
    with pytest.raises(WeightsError, match="must have shape"):
        fit.main([*arguments, "-o", str(tmp_path / "other")])


@needs_shared
def test_fit_trains_context_layers_behind_the_frozen_tower_of_given_weights(
    dataset, weights, tmp_path
):
    run = tmp_path / "run"
    model = {"context_layers": 1, "context_size": 8, "neighbours": 4}
    config = write_settings(tmp_path, model, steps=2, complexes_per_step=2, frozen_poses=2)
    assert fit.main([str(dataset), "--config", str(config), "--split", "DB4U",
                     "--start", str(weights), "-o", str(run)]) == 0  # fmt: skip
    given, trained = np.load(weights / "weights.npz"), np.load(run / "last" / "weights.npz")
    assert any(name.startswith("context/") for name in trained.files)
    for name in given.files:
        same = np.array_equal(given[name], trained[name])
        assert same or not name.startswith("tower/")
    assert all(np.load(path).shape[0] == 2 for path in (run / "embeddings").rglob("*.npy"))
    unbound = [row for row in read_manifest(dataset) if row["state"] == "unbound"]
    assert len(list((run / "embeddings").rglob("*.npy"))) == len(unbound)


@needs_shared
def test_fit_mixes_datasets_as_the_settings_say(dataset, mined):
    sources = training_sources([mined, dataset], ["train", "DB4U"], (1, 3))
    assert len(fit.make_stream(sources, TrainConfig())) == 2 + 3 * 3
    sources = training_sources([mined, mined], ["train"], (2,))
    assert len(fit.make_stream(sources, TrainConfig())) == 2 * (2 + 2)


@pytest.mark.parametrize(
    ("splits", "repeats", "name"),
    [(["train", "DB3"], (1,), "--split"), (["train"], (1, 3), "train.repeats")],
)
def test_fit_refuses_splits_and_repeats_that_fit_no_dataset(mined, splits, repeats, name):
    with pytest.raises(SettingError, match=f"^{name} must be given once, .* 3 datasets, got 2"):
        training_sources([mined] * 3, splits, repeats)


@needs_shared
@pytest.mark.traced
def test_fit_trains_on_two_datasets(dataset, mined, tmp_path):
    config = write_settings(tmp_path, steps=2, complexes_per_step=2, repeats=[1, 2])
    arguments = [str(mined), str(dataset), "--split", "train", "--split", "DB4U"]
    run = tmp_path / "run"
    assert fit.main([*arguments, "--config", str(config), "-o", str(run)]) == 0
    assert RunConfig.from_dict(json.loads((run / "config.json").read_text())).train.repeats == (
        1,
        2,
    )
