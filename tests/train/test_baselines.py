"""The compared networks: shapes, rules, learning, and the two commands as a user runs them."""

import csv
import re
from dataclasses import asdict, replace

import numpy as np
import pytest

from sasnet_core.dataset.complexes import MANIFEST, save_complex
from sasnet_core.errors import DatasetError, SettingError
from sasnet_core.evaluation.compared import read_measured
from sasnet_core.files import write_table
from sasnet_core.graph.features import WIDTHS
from sasnet_core.graph.residue_graph import kept_graph
from sasnet_core.metrics import auroc
from tests.core.build import random_complex
from train.baselines import evaluate, fit, learning, runs, together
from train.baselines.methods import METHODS, Sizes, build
from train.baselines.pairs import GraphPair, Scale, join, sample_pairs

FEATURES, NEIGHBOURS = 5, 4


def sizes_of(method, **more):
    return Sizes(method, FEATURES, **{"filters": (8, 8), "dense": 6, "dropout": 0.0,
                                      "neighbours": NEIGHBOURS, **more})  # fmt: skip


def graph_pair(seed, count=30, n_left=18):
    """A complex whose residues touch if their first features are high: something to learn."""
    rng = np.random.default_rng(seed)
    nodes = rng.normal(size=(count, FEATURES)).astype(np.float32)
    touching = np.flatnonzero(nodes[:, 0] > 0.5)
    pairs = [(a, b - n_left) for a in touching if a < n_left for b in touching if b >= n_left]
    return GraphPair(
        name=f"p{seed}",
        nodes=nodes,
        neighbours=rng.integers(count, size=(count, NEIGHBOURS)).astype(np.int32),
        edges=rng.random((count, NEIGHBOURS, 2)).astype(np.float32),
        n_left=n_left,
        contacts=np.array(pairs or [(0, 0)]),
    )


@pytest.fixture(scope="module")
def models():
    """One network of each method, of two convolutions."""
    return {method: build(sizes_of(method)) for method in METHODS}


def logits(model, item, pairs):
    return np.asarray(model([*item.inputs(), np.asarray(pairs)[None]]))[0, :, 0]


PAIRS = np.array([[0, 20], [3, 25], [17, 18]], np.int32)


def test_all_methods_of_the_paper_are_there(models):
    assert tuple(METHODS) == runs.METHODS
    for model in models.values():
        assert logits(model, graph_pair(0), PAIRS).shape == (3,)


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_a_pair_does_not_matter(models, method):
    item = graph_pair(1)
    swapped = logits(models[method], item, PAIRS[:, ::-1])
    assert swapped == pytest.approx(logits(models[method], item, PAIRS), abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_only_order_dependent_sees_the_order_of_neighbours(models, method):
    item = graph_pair(2)
    other = GraphPair(item.name, item.nodes, item.neighbours[:, ::-1], item.edges[:, ::-1],
                      item.n_left, item.contacts)  # fmt: skip
    change = np.abs(logits(models[method], item, PAIRS) - logits(models[method], other, PAIRS))
    assert (change.max() > 1e-4) == (method == "order_dependent")


@pytest.mark.parametrize("method", METHODS)
def test_edges_matter_where_the_method_reads_them(models, method):
    item = graph_pair(3)
    other = GraphPair(item.name, item.nodes, item.neighbours, item.edges + 1, item.n_left,
                      item.contacts)  # fmt: skip
    change = np.abs(logits(models[method], item, PAIRS) - logits(models[method], other, PAIRS))
    assert (change.max() > 1e-5) == (method in ("dtnn", "node_edge_average", "order_dependent"))


@pytest.mark.parametrize("method", METHODS)
def test_two_convolutions_reach_the_neighbours_of_neighbours_and_no_further(models, method):
    item = graph_pair(4)
    ring = (np.arange(30)[:, None] + np.arange(1, NEIGHBOURS + 1)) % 30  # the four that follow
    item = GraphPair(item.name, item.nodes, ring.astype(np.int32), item.edges, 18, item.contacts)
    before = logits(models[method], item, PAIRS[:1])
    for far, matters in ((8, True), (9, False)):  # of residue 0; residue 20 reaches 21 to 28
        nodes = item.nodes.copy()
        nodes[far] += 3
        changed = GraphPair(item.name, nodes, item.neighbours, item.edges, 18, item.contacts)
        moved = np.abs(logits(models[method], changed, PAIRS[:1]) - before).max() > 1e-6
        assert moved == matters, far


def test_node_average_is_the_published_formula(models):
    model, item = build(sizes_of("node_average", filters=(3,))), graph_pair(5)
    center, center_bias, around, first, first_bias, second, score, bias = model.get_weights()
    x = item.nodes
    z = np.maximum(x @ center + x[item.neighbours].mean(axis=1) @ around + center_bias, 0)
    a, b = PAIRS.T

    def one_order(a, b):
        hidden = np.maximum(np.hstack([z[a], z[b]]) @ np.vstack([first, second]) + first_bias, 0)
        return (hidden @ score + bias)[:, 0]

    expected = (one_order(a, b) + one_order(b, a)) / 2
    assert logits(model, item, PAIRS) == pytest.approx(expected, abs=1e-5)


def test_dtnn_carries_the_features_on_and_adds_a_product_of_factors():
    model, item = build(sizes_of("dtnn", filters=(3,))), graph_pair(6)
    weights = {value.shape: value for value in model.get_weights()}
    of_node, of_edge, back = (weights[shape] for shape in ((FEATURES, 3), (2, 3), (3, FEATURES)))
    x = item.nodes
    factors = (x @ of_node)[item.neighbours] * (item.edges @ of_edge)
    z = x + np.tanh(factors @ back).mean(axis=1)
    first, _ = learning.halves_of(model)(item.inputs())
    kernel, bias = model.get_layer("first").get_weights()
    assert np.asarray(first)[0] == pytest.approx(z @ kernel + bias, abs=1e-5)


def test_all_pairs_at_once_score_as_pair_by_pair(models):
    item, model = graph_pair(7), models["node_edge_average"]
    head = learning.PairHead(model, learning.halves_of(model), item)
    everything = np.stack(np.divmod(np.arange(18 * 12), 12), axis=1) + [0, 18]
    expected = logits(model, item, everything.astype(np.int32))
    assert head.matrix().ravel() == pytest.approx(expected, abs=1e-5)
    assert head.of_pairs(everything) == pytest.approx(expected, abs=1e-5)


def test_samples_hold_every_contact_and_no_contact_as_a_non_contact():
    item = graph_pair(8)
    pairs, labels = sample_pairs(item, 500, np.random.default_rng(0))
    contacts = set(map(tuple, (item.contacts + [0, item.n_left]).tolist()))
    positive = set(map(tuple, pairs[labels == 1].tolist()))
    negative = set(map(tuple, pairs[labels == 0].tolist()))
    assert positive == contacts and not negative & contacts
    assert len(negative) > 100 and all(a < 18 <= b for a, b in negative)


def test_spared_residues_are_in_no_non_contact():
    item = replace(graph_pair(8), spared=np.array([2, 20]))
    pairs, labels = sample_pairs(item, 2000, np.random.default_rng(0))
    others = pairs[labels == 0]
    assert len(others) > 1000 and not np.isin(others, item.spared).any()


def test_features_are_scaled_and_constant_ones_become_0():
    item = graph_pair(9)
    item.nodes[:, 2] = 4.0
    scaled = Scale.of([item]).apply(item).nodes
    assert scaled.mean(axis=0) == pytest.approx(0, abs=1e-5)
    assert scaled.std(axis=0) == pytest.approx([1, 1, 0, 1, 1], abs=1e-5)


def test_a_network_learns_and_comes_back_from_its_file(tmp_path):
    examples, held_out = [graph_pair(k) for k in range(8)], [graph_pair(k) for k in (20, 21)]
    settings = learning.Training(learning_rate=0.02, epochs=6)
    trained = learning.train(sizes_of("node_average", dropout=0.1), settings, examples, held_out, 1)
    history = [each["mean_auroc"] for each in trained.facts["history"]]
    assert history[0] < 0.9 < max(history)
    assert trained.facts["check"]["mean_auroc"] == max(history)
    assert trained.facts["epoch"] == history.index(max(history)) + 1
    learning.save(tmp_path / "net", trained)
    again = learning.load(tmp_path / "net")
    assert (learning.score(again, held_out[0]) == learning.score(trained, held_out[0])).all()
    assert auroc(held_out[0].labels(), learning.score(again, held_out[0])) > 0.9


def test_a_folder_without_a_network_is_one_line(tmp_path):
    with pytest.raises(DatasetError, match=r"a network of train\.baselines\.fit is needed"):
        learning.load(tmp_path)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Two complexes of each split."""
    folder = tmp_path_factory.mktemp("db5")
    rows = []
    for k, split in enumerate(["DB3", "DB3", "DB4U", "DB4U", "DB5U", "DB5U"]):
        item = random_complex([k], 40, 30, name=f"C{k}")
        save_complex(item, folder / f"C{k}.npz")
        rows.append(
            {"id": f"C{k}", "state": "unbound", "n_left": 40, "n_right": 30,
             "n_contacts": len(item.contacts), "split": split, "file": f"C{k}.npz",
             "fold": k % 2 + 1 if split != "DB5U" else ""}
        )  # fmt: skip
    write_table(rows, folder / MANIFEST, list(rows[0]))
    return folder


def untrained(sizes, training, examples, held_out, seed, report):
    """Stand in for training, which another test shows: wider networks are better."""
    good = {"mean_auroc": 0.6 + sum(sizes.filters) / 100, "cauroc": 0.7}
    facts = {"sizes": asdict(sizes), "training": asdict(training), "seed": seed, "epoch": 1,
             "check": good}  # fmt: skip
    return learning.Trained(build(sizes, seed), Scale.of(examples), facts)


def test_the_commands_choose_train_evaluate_and_look_once(dataset, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(learning, "train", untrained)
    train = [dataset, "-o", tmp_path / "runs", "--method", "node_average", "--filters", "4", "3,3",
             "--dense", "4", "--replicates", "2"]  # fmt: skip
    assert fit.main(list(map(str, train))) == 0
    nets = {p.parent.name: p.parent.parent.name
            for p in (tmp_path / "runs").rglob("replicate_2/run.json")}  # fmt: skip
    assert nets == {"replicate_2": "3-3_4_dropout0.2_rate0.001"}, (
        "only the best settings are repeated"
    )
    first = {p: p.stat().st_mtime_ns for p in (tmp_path / "runs").rglob("weights.npz")}
    assert len(first) == 3
    assert fit.main(list(map(str, train))) == 0
    assert {p: p.stat().st_mtime_ns for p in first} == first, "nothing is trained twice"
    with pytest.raises(SettingError, match="was trained with training .*'epochs': 12"):
        fit.main([*map(str, train), "--epochs", "3"])

    again = [dataset, tmp_path / "runs", "-o", tmp_path / "table2", "--method", "node_average",
             "--looks", tmp_path / "looks.csv"]  # fmt: skip
    assert evaluate.main(list(map(str, again))) == 0
    assert not (tmp_path / "looks.csv").exists()
    measured = read_measured(tmp_path / "table2")["node_average", "structure"]
    assert list(measured.aurocs) == ["DB4U"]
    for _ in range(2):
        assert evaluate.main([*map(str, again), "--look-at-db5u"]) == 0
    with (tmp_path / "looks.csv").open() as stream:
        (look,) = csv.DictReader(stream)
    assert look["command"] == "train.baselines.evaluate" and look["complexes"] == "2"
    assert len(look["weights"].split()) == 2
    measured = read_measured(tmp_path / "table2")["node_average", "structure"]
    assert {split: sorted(one) for split, one in measured.aurocs.items()} == {
        "DB4U": ["1", "2"],
        "DB5U": ["1", "2"],
    }
    assert sorted(measured.aurocs["DB5U"]["1"]) == ["C4", "C5"]
    assert "written to" in capsys.readouterr().out


def test_a_fold_that_is_left_out_neither_trains_nor_chooses(dataset, tmp_path, monkeypatch):
    seen = []

    def train(sizes, training, examples, held_out, *others):
        seen.append([[item.name for item in part] for part in (examples, held_out)])
        return untrained(sizes, training, examples, held_out, *others)

    monkeypatch.setattr(learning, "train", train)
    asked = [str(dataset), "-o", str(tmp_path), "--method", "dtnn", "--replicates", "1"]
    assert fit.main([*asked, "--leave-out-fold", "2"]) == 0
    assert seen == [[["C0"], ["C2"]]]
    with pytest.raises(SettingError, match="was trained with left_out_fold 2, asked for is 1"):
        fit.main([*asked, "--leave-out-fold", "1"])
    with pytest.raises(SettingError, match="was trained with left_out_fold 2, asked for is None"):
        fit.main(asked)


def test_sasnet_and_a_method_score_together(dataset, tmp_path, capsys, monkeypatch):
    from sasnet_core.network.weights import save_weights
    from tests.core.build import tiny_model, tiny_network

    monkeypatch.setattr(learning, "train", untrained)
    train = [dataset, "-o", tmp_path / "runs", "--method", "dtnn", "--filters", "4", "--dense", "4",
             "--replicates", "2"]  # fmt: skip
    assert fit.main(list(map(str, train))) == 0
    save_weights(tmp_path / "weights", tiny_network(tiny_model()))
    both = [dataset, tmp_path / "runs", "--weights", tmp_path / "weights", "--rotations", "1",
            "-o", tmp_path / "table2", "--name", "sasnet_both", "--looks",
            tmp_path / "looks.csv", "--look-at-db5u"]  # fmt: skip
    assert together.main(list(map(str, both))) == 0
    lines = capsys.readouterr().out.splitlines()
    means = {
        float(re.search(r"share (\S+):", line)[1]): float(re.search(r"mean (\S+),", line)[1])
        for line in lines[-12:]
        if line.startswith("DB4U, share")
    }
    assert list(means)[:2] == [0.0, 0.1]
    measured = read_measured(tmp_path / "table2")["sasnet_both", "structure"]
    found = list(measured.aurocs["DB4U"]["1"].values())
    assert np.mean(found) == pytest.approx(max(means.values()), abs=1e-4)
    assert sorted(measured.aurocs["DB5U"]["1"]) == ["C4", "C5"]
    with (tmp_path / "looks.csv").open() as stream:
        (look,) = csv.DictReader(stream)
    assert look["command"] == "train.baselines.together" and len(look["weights"].split()) == 3


def test_dtnn_without_keras_gives_the_same(tmp_path):
    item = random_complex([1], 30, 25)
    graphs = [kept_graph(protein, tmp_path) for protein in (item.left, item.right)]
    pair = join("c", graphs, item.contacts, list(WIDTHS))
    sizes = Sizes("dtnn", pair.nodes.shape[1], (6,), 5)
    trained = learning.Trained(build(sizes, 3), Scale.of([pair]), {"sizes": asdict(sizes)})
    theirs = learning.score(trained, pair)
    np.testing.assert_allclose(together.exported(trained).logits(*graphs), theirs, atol=1e-5)
    with pytest.raises(SettingError, match="DTNN of one convolution"):
        other = {"sizes": {"method": "ngf", "filters": [6]}}
        together.exported(learning.Trained(trained.model, trained.scale, other))


def test_both_are_saved_as_weights(dataset, tmp_path, monkeypatch):
    from sasnet_core.network.weights import save_weights
    from sasnet_core.network.weights_folder import read_info
    from tests.core.build import tiny_model, tiny_network

    monkeypatch.setattr(learning, "train", untrained)
    train = [dataset, "-o", tmp_path / "runs", "--method", "dtnn", "--filters", "4", "--dense", "4",
             "--replicates", "2"]  # fmt: skip
    assert fit.main(list(map(str, train))) == 0
    save_weights(tmp_path / "weights", tiny_network(tiny_model()))
    monkeypatch.setattr(together, "SHARES", (0.25,))
    both = [dataset, tmp_path / "runs", "--weights", tmp_path / "weights", "--rotations", "1",
            "--save", tmp_path / "both"]  # fmt: skip
    assert together.main(list(map(str, both))) == 0
    info = read_info(tmp_path / "both")
    assert info.graph.share == 0.25
    assert info.network_sha256 == read_info(tmp_path / "weights").sha256
    with pytest.raises(SettingError, match="omit --pssm"):
        together.main([*map(str, both), "--pssm", str(tmp_path)])


def test_graphs_of_both_proteins_are_joined(tmp_path):
    item = random_complex([1], 40, 30)
    graphs = [kept_graph(protein, tmp_path) for protein in (item.left, item.right)]
    more = [np.full((40, 2), 7), np.full((30, 2), 8)]
    both = join("c", graphs, item.contacts, ["depth", "exposure"], more)
    assert both.nodes.shape == (70, 5) and both.nodes[[39, 40], 4].tolist() == [7, 8]
    assert (both.neighbours[:40] < 40).all() and (both.neighbours[40:] >= 40).all()
    assert both.labels().sum() == len(item.contacts)


def test_wrong_options_are_one_line(dataset, tmp_path):
    with pytest.raises(SettingError, match="--replicates and --epochs must be 1 or more"):
        fit.main([str(dataset), "-o", str(tmp_path), "--replicates", "0"])
    with pytest.raises(DatasetError, match="no network is here"):
        evaluate.main([str(dataset), str(tmp_path), "--method", "ngf"])
