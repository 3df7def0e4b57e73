"""Networks on residue graphs: the same in Keras and NumPy, learning, and their commands."""

import json
from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.dataset.complexes import MANIFEST, load_complex, save_complex
from sasnet_core.errors import SettingError, WeightsError
from sasnet_core.files import write_table
from sasnet_core.graph.features import WIDTHS
from sasnet_core.graph.residue_graph import kept_graph
from sasnet_core.graph.stored import read_networks
from sasnet_core.metrics import auroc
from sasnet_core.network.weights import save_weights
from sasnet_core.network.weights_folder import GRAPH_FILE, read_info
from tests.core.build import random_complex, tiny_model, tiny_network
from train.baselines.pairs import Scale
from train.graphs import fit, join, share
from train.graphs.network import Sizes, build, exported, fill

pytestmark = pytest.mark.usefixtures("untraced_steps")
SIZES = Sizes(layers=2, width=8, dense=6, dropout=0.3)
N_FEATURES = sum(WIDTHS.values())


@pytest.fixture(scope="module")
def item():
    return random_complex(1, 30, 26)


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    return fit.Examples(tmp_path_factory.mktemp("graphs"), largest=100)


def random_model(seed=0):
    """A network none of whose weights are 0 or 1."""
    model = build(SIZES, N_FEATURES, seed)
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        variable.assign(rng.normal(0, 0.4, variable.shape))
    return model


def test_the_network_without_keras_gives_the_same(item, tmp_path):
    graphs = [kept_graph(protein, tmp_path) for protein in (item.left, item.right)]
    examples = fit.Examples(tmp_path, largest=100)
    scale = Scale.of([examples.pair(item)])
    model = random_model()
    example = examples.example(item, scale)
    pairs = np.stack(np.divmod(np.arange(30 * 26), 26), axis=1) + [0, 30]
    inputs = [part[None] for part in (*example.inputs, pairs.astype(np.int32))]
    expected = np.asarray(model(inputs, training=False)[0])[0, :, 0].reshape(30, 26)
    found = exported(model, scale).logits(*graphs)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found.std() > 0.01


def test_training_goes_on_from_another_network():
    before = exported(random_model(1), Scale(np.zeros(N_FEATURES), np.ones(N_FEATURES)))
    model = random_model(2)
    fill(model, before.arrays)
    again = exported(model, Scale(np.zeros(N_FEATURES), np.ones(N_FEATURES)))
    for name, values in before.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], values)


def test_a_step_asks_for_contacts_and_interfaces_but_spares_other_interfaces(examples, item):
    touching = np.unique(item.contacts[:, 0])
    other = np.setdiff1d(np.arange(30), touching)[:2].astype(np.int32)
    spared = replace(item, elsewhere=(np.append(other, touching[:1]), item.elsewhere[1]))
    pair = examples.pair(spared)
    assert pair.spared.tolist() == other.tolist()
    example = fit.make_example(pair, Scale.of([pair]))
    truth = np.concatenate([item.labels().any(axis=axis) for axis in (1, 0)])
    np.testing.assert_array_equal(example.in_interface, truth)
    assert (example.weights[other] == 0).all()
    assert example.weights.sum() == pytest.approx(1)
    assert example.weights[truth].sum() == pytest.approx(0.5)


@pytest.mark.traced
def test_a_small_network_learns_its_complexes(examples):
    items = [random_complex(seed, 30, 26) for seed in range(3)]
    scale = Scale.of([examples.pair(item) for item in items])
    training = fit.Training(steps=250, learning_rate=1e-2, warmup_steps=10)
    sizes = replace(SIZES, dropout=0.0)
    model = fit.compiled(build(sizes, N_FEATURES, 1), training)
    losses = []
    for step in range(1, training.steps + 1):
        example = examples.example(items[step % 3], scale)
        losses.append(fit.take_step(model, example, training, step))
    assert np.mean(losses[-15:]) < 0.7 * np.mean(losses[:15])
    network = exported(model, scale)
    graphs = examples._graphs
    for item in items:
        both = [kept_graph(protein, graphs) for protein in (item.left, item.right)]
        assert auroc(item.labels(), network.logits(*both)) > 0.8


def test_the_rate_warms_up_and_falls_to_0():
    training = fit.Training(steps=100, learning_rate=1.0, warmup_steps=10)
    rates = [fit.learning_rate(step, training) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == max(rates[8:12]) > 0.95
    assert rates[-1] < 0.01


@pytest.fixture
def dataset(tmp_path):
    """Four complexes in two folds, the last too small for a graph."""
    sizes = {"C0": (30, 26), "C1": (24, 28), "C2": (32, 25), "C3": (30, 9)}
    rows = []
    for seed, (name, both) in enumerate(sizes.items()):
        save_complex(random_complex(seed, *both, name=name), tmp_path / "db5" / f"{name}.npz")
        rows.append({"id": name, "state": "unbound", "cluster": name, "split": "DB4U",
                     "fold": seed % 2 + 1, "file": f"{name}.npz"})  # fmt: skip
    write_table(rows, tmp_path / "db5" / MANIFEST, list(rows[0]))
    return tmp_path / "db5"


@pytest.fixture
def config(tmp_path):
    values = {"graph": SIZES.to_dict(), "train": {"steps": 4, "warmup_steps": 2}}
    (tmp_path / "graph.json").write_text(json.dumps(values))
    return tmp_path / "graph.json"


def run(dataset, config, output, *more):
    arguments = [dataset, "--split", "DB4U", "--config", config, "-o", output,
                 "--graphs", dataset.parent / "graphs", *more]  # fmt: skip
    assert fit.main(list(map(str, arguments))) == 0
    return json.loads((output / fit.RUN_FILE).read_text())


@pytest.mark.slow
def test_fit_trains_checks_and_goes_on(dataset, config, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(fit, "SCALED_ON", 3)
    facts = run(dataset, config, tmp_path / "one", "--validate", dataset, "--check-every", "2")
    assert [row["step"] for row in facts["log"]] == [2, 4]
    (network,) = read_networks(tmp_path / "one" / GRAPH_FILE)
    scores = []
    for name in ("C0", "C1", "C2"):  # C3 has no graph
        item = load_complex(dataset / f"{name}.npz")
        graphs = [kept_graph(p, tmp_path / "graphs") for p in (item.left, item.right)]
        scores.append(auroc(item.labels(), network.logits(*graphs)))
    assert facts["log"][-1]["mean_auroc"] == pytest.approx(np.mean(scores), abs=2e-3)
    run(dataset, config, tmp_path / "two", "--start", str(tmp_path / "one"), "--seed", "3")
    (after,) = read_networks(tmp_path / "two" / GRAPH_FILE)
    np.testing.assert_array_equal(after.arrays["mean"], network.arrays["mean"])
    assert np.abs(after.arrays["entry"] - network.arrays["entry"]).max() > 0
    capsys.readouterr()
    run(dataset, config, tmp_path / "one")
    assert "is complete" in capsys.readouterr().out
    with pytest.raises(SettingError, match="a run of other settings"):
        run(dataset, config, tmp_path / "one", "--seed", "9")


def test_a_run_that_was_killed_goes_on_as_if_it_had_not_been(
    dataset, config, tmp_path, monkeypatch
):
    monkeypatch.setattr(fit, "SCALED_ON", 3)
    once = run(dataset, config, tmp_path / "once", "--check-every", "2")
    take_step = fit.take_step

    def killed(model, example, training, step):
        if step == 4:
            raise KeyboardInterrupt
        return take_step(model, example, training, step)

    monkeypatch.setattr(fit, "take_step", killed)
    with pytest.raises(KeyboardInterrupt):
        run(dataset, config, tmp_path / "twice", "--check-every", "2")
    seen = []

    def watched(model, example, training, step):
        seen.append(step)
        return take_step(model, example, training, step)

    monkeypatch.setattr(fit, "take_step", watched)
    twice = run(dataset, config, tmp_path / "twice", "--check-every", "2")
    assert seen == [3, 4]
    (one,), (two,) = (read_networks(tmp_path / name / GRAPH_FILE) for name in ("once", "twice"))
    for name, values in one.arrays.items():
        np.testing.assert_allclose(two.arrays[name], values, atol=1e-3, err_msg=name)
    assert [row["step"] for row in twice["log"]] == [2, 4]
    assert [row["loss"] for row in twice["log"]] == pytest.approx(
        [row["loss"] for row in once["log"]], abs=1e-3
    )
    assert not list((tmp_path / "twice").glob("step-*"))


def test_a_fold_is_left_out(dataset, config, tmp_path, monkeypatch):
    monkeypatch.setattr(fit, "SCALED_ON", 3)
    seen = []
    monkeypatch.setattr(fit, "take_step", lambda model, example, *_: seen.append(example.item.name))
    monkeypatch.setattr(fit.np, "mean", lambda values: 0.0)
    run(dataset, config, tmp_path / "run", "--leave-out-fold", "2")
    assert set(seen) == {"C0", "C2"}
    with pytest.raises(SettingError, match="a run of other settings"):
        run(dataset, config, tmp_path / "run", "--leave-out-fold", "1")


def test_a_network_of_other_sizes_is_refused(dataset, config, tmp_path, monkeypatch):
    monkeypatch.setattr(fit, "SCALED_ON", 3)
    run(dataset, config, tmp_path / "one")
    values = json.loads(config.read_text())
    values["graph"]["width"] = 7
    config.write_text(json.dumps(values))
    with pytest.raises(SettingError, match="of the sizes of the network to start from"):
        run(dataset, config, tmp_path / "two", "--start", tmp_path / "one")


def test_settings_that_are_none_are_one_line(tmp_path):
    (tmp_path / "bad.json").write_text('{"graph": {}}')
    for name in ("bad.json", "missing.json"):
        with pytest.raises(SettingError, match="'graph' and 'train' settings is needed"):
            fit.read_config(tmp_path / name)


def test_runs_are_joined_and_shares_compared(dataset, config, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(fit, "SCALED_ON", 3)
    for seed in ("1", "2"):
        run(dataset, config, tmp_path / seed, "--seed", seed)
    save_weights(tmp_path / "atoms", tiny_network(tiny_model()))
    both = [tmp_path / "1", tmp_path / "2", "--weights", tmp_path / "atoms", "--share", "0.5",
            "-o", tmp_path / "both"]  # fmt: skip
    assert join.main(list(map(str, both))) == 0
    info = read_info(tmp_path / "both")
    assert info.graph.share == 0.5
    assert info.network_sha256 == read_info(tmp_path / "atoms").sha256
    assert len(read_networks(info.graph.path)) == 2
    capsys.readouterr()
    arguments = [dataset, "--weights", tmp_path / "both", "--rotations", "1"]
    assert share.main(list(map(str, arguments))) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [f"share {one:g}" for one in share.SHARES]
    with pytest.raises(WeightsError, match="networks on graphs are needed"):
        share.main([str(dataset), "--weights", str(tmp_path / "atoms")])


def test_a_share_adds_log_odds():
    rng = np.random.default_rng(0)
    truth = rng.random((6, 5)) < 0.3
    ours, theirs = rng.normal(size=(2, 6, 5))
    found = share.measures(truth, ours, theirs)
    for k, value in enumerate(share.SHARES):
        assert found[k, 0] == pytest.approx(auroc(truth, ours + value * theirs))
