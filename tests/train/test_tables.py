"""train.tables and train.scaling on small made-up benchmarks, as a user runs them."""

import csv
import importlib
import json
import re
import shutil

import pytest

from sasnet_core.config import RunConfig, TrainConfig
from sasnet_core.dataset.complexes import MANIFEST, save_complex
from sasnet_core.errors import DatasetError, SettingError
from sasnet_core.evaluation.compared import write_measured
from sasnet_core.files import write_json, write_table
from sasnet_core.fitted import Mixture, Smoothing
from sasnet_core.network.weights import save_weights
from sasnet_core.network.weights_folder import read_info
from sasnet_core.network.weights_writing import save_ensemble
from tests.core.build import random_complex, tiny_model, tiny_network
from train import scaling, tables

SPLITS = ("DB3", "DB4U", "DB4U", "DB4U", "DB5U", "DB5U")
KINDS = ("AA", "EI", "OX", "AB", "ES", "OG")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Three complexes of DB4U and a few others, unbound and bound."""
    folder = tmp_path_factory.mktemp("db5")
    rows = []
    for k, (split, category) in enumerate(zip(SPLITS, KINDS, strict=True)):
        for state in ("unbound", "bound"):
            item = random_complex([k, state == "bound"], 60, 40, name=f"C{k}")
            file = f"{state}/C{k}.npz"
            save_complex(item, folder / file)
            rows.append(
                {"id": f"C{k}", "state": state, "n_left": 60, "n_right": 40,
                 "n_contacts": len(item.contacts), "category": category, "difficulty": "rigid",
                 "cluster": f"C{k}", "split": split, "file": file}
            )  # fmt: skip
    write_table(rows, folder / MANIFEST, list(rows[0]))
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Two replicates and their ensemble."""
    root = tmp_path_factory.mktemp("weights")
    for seed in (1, 2):
        save_weights(root / f"r{seed}", tiny_network(tiny_model(16), seed=seed))
    members = [read_info(root / f"r{seed}") for seed in (1, 2)]
    save_ensemble(root / "e", members, Mixture((0.5, 0.5), 0.0, "them", 2), Smoothing())
    return root


@pytest.fixture
def call(dataset, weights, kept_scores, tmp_path):
    """Run a table into a folder of its own; returns its section and its CSV."""

    def run(name, *more):
        arguments = [name, dataset, "-o", tmp_path / "docs", *more]
        if name != "table1":
            arguments += ["--rotations", "2", "--kept", kept_scores]
            arguments += ["--looks", tmp_path / "looks.csv"]
        if name in ("table2", "table3"):
            arguments += [
                "--replicates",
                weights / "r1",
                weights / "r2",
                "--ensemble",
                weights / "e",
            ]
        assert tables.main(list(map(str, arguments))) == 0
        text = (tmp_path / "docs" / "results.md").read_text()
        return text, tmp_path / "docs" / "results"

    return run


def cells(text, name):
    """Return the cells of the table row that begins with a name."""
    line = next(line for line in text.splitlines() if line.startswith(f"| {name}"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def read(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_table_1_counts_what_the_manifests_hold(call, dataset):
    text, results = call("table1", "--mined", dataset, "--also", "larger", dataset)
    rows = {row["dataset"]: row for row in read(results / "table1.csv")}
    assert rows["DB5U"]["complexes"] == "2" and rows["DB5"]["complexes"] == "6"
    assert rows["DB5U"]["pairs"] == str(2 * 60 * 40)
    assert rows["larger"]["positives"] == rows["complex-only"]["positives"]
    assert cells(text, "DB5 ")[-2:] == ["230", "21,091"]


def test_table_2_has_every_row_and_leaves_the_test_set_alone(call, tmp_path):
    text, results = call("table2")
    assert not (tmp_path / "looks.csv").exists()
    heads = next(line for line in text.splitlines() if line.startswith("| CAUROC"))
    assert heads.split("|")[2:6] == [" DB4 ", " DB4U ", " DB5U ", " DB5U (paper) "]
    best = cells(text, "**SASNet, replicate best on DB4**")
    assert re.fullmatch(r"0\.\d{3} \(0\.\d{3} to 0\.\d{3}\)", best[1])
    assert best[2:] == ["not looked at", "0.899"]
    mean = cells(text, "SASNet, mean and standard deviation (replicates: 2)")
    assert mean[3] == "0.890 +/- 0.011" and "+/-" in mean[0] and "+/-" in mean[1]
    assert cells(text, "**SASNet, ensemble**")[3] == "0.903"
    assert cells(text, "NGF")[3] == "0.843 (0.851 +/- 0.010)"
    assert float(cells(text, "product of exposed areas")[1].split()[0]) > 0
    assert "place 1, place 2 by DB4; one-layer sigmoid fitted on them, 2 rotations" in text
    assert (results / "table2.csv").is_file()
    assert not list(results.glob("*DB5U*"))


def test_table_2_takes_further_rows(call, weights):
    text, _ = call("table2", "--also", "the same again", weights / "e")
    assert cells(text, "the same again")[:2] == cells(text, "**SASNet, ensemble**")[:2]


@pytest.mark.parametrize("also", [["a row"], ["a row", "R", "--also", "a row", "R"]])
def test_a_further_row_without_weights_or_a_name_of_its_own_is_refused(call, also):
    with pytest.raises(SettingError, match="--also must name a row of its own and weights"):
        call("table2", "--also", *also)


def measure(tmp_path, method, column, aurocs):
    """Write measured rows of two replicates: AUROC of the first complex, the others follow."""
    rows = [
        {"split": split, "id": f"C{k}", "replicate": number, "auroc": aurocs[number] + k / 100}
        for number in aurocs
        for k, split in enumerate(SPLITS)
    ]
    write_measured(tmp_path / "docs" / "results" / "table2", method, column, rows)


def test_table_2_shows_the_compared_methods_that_were_measured(call, tmp_path):
    measure(tmp_path, "ngf", "structure", {1: 0.5, 2: 0.7})
    measure(tmp_path, "ngf", "conservation", {1: 0.8, 2: 0.6})
    measure(tmp_path, "sasnet-default", "conservation", {1: 0.9})
    text, _ = call("table2")
    assert cells(text, "NGF ")[1:4] == [
        "0.720 (0.710 to 0.730); 0.620 +/- 0.141", "not looked at", "0.843 (0.851 +/- 0.010)",
    ]  # fmt: skip
    assert cells(text, "DTNN (published)")[1] == ""
    second = text[text.index("| CAUROC, with conservation") :]
    assert cells(second, "NGF") == [
        "0.820 (0.810 to 0.830); 0.720 +/- 0.141", "0.869 (0.875 +/- 0.018)",
    ]  # fmt: skip
    assert cells(second, "sasnet-default")[0].startswith("0.920")
    pair = cells(second, "conservation | sasnet-default minus NGF")
    assert pair[1] == "+0.100 (+0.100 to +0.100); 3 of 3; p = 0.25"
    assert re.search(r"structure \| SASNet, replicate best on DB4, minus NGF \| [+-]0\.\d{3}", text)
    assert "DB5U |" not in second.split("sasnet minus a compared method")[1]
    looked, _ = call("table2", "--look-at-db5u")
    assert cells(looked, "NGF ")[2].startswith("0.745 (0.740 to 0.750); 0.645")


def test_methods_needs_files_alone(call, weights, tmp_path):
    measure(tmp_path, "ngf", "structure", {1: 0.5, 2: 0.7})
    arguments = ["methods", "-o", str(tmp_path / "docs"), "--weights", str(weights / "r1")]
    with pytest.raises(DatasetError, match=f"a table of the complexes of {weights.name}/r1"):
        tables.main(arguments)
    call("table2")
    assert tables.main(arguments) == 0
    section = (tmp_path / "docs" / "results.md").read_text().split("## The compared methods")[1]
    assert cells(section, "NGF")[2] == "0.843 (0.851 +/- 0.010)"
    assert f"| structure | {weights.name}/r1, 2 rotations, minus NGF | " in section
    assert "Command: `python -m train.tables methods --weights r1`" in section


def test_the_best_replicate_is_chosen_on_db4(call, weights):
    text, results = call("table2")
    picked = cells(text, "**SASNet, replicate best on DB4**")[0]
    hashes = {seed: read_info(weights / f"r{seed}").sha256[:12] for seed in (1, 2)}
    of_both = {
        seed: [float(row["auroc"]) for row in read(
            results / f"complexes-{hashes[seed]}-DB3+DB4U-unbound-2rotations.csv")]
        for seed in (1, 2)
    }  # fmt: skip
    medians = {seed: sum(sorted(values)[1:3]) / 2 for seed, values in of_both.items()}
    assert picked == f"{max(medians.values()):.3f}"


def test_a_look_fills_the_column_and_is_written_down(call, tmp_path):
    call("table3")
    text, results = call("table3", "--look-at-db5u")
    unbound, bound, both = (
        cells(text, f"best on DB4: {state}") for state in ("unbound", "bound ", "bound minus")
    )
    for column in (0, 1):
        difference = float(bound[column].split()[0]) - float(unbound[column].split()[0])
        assert float(both[column].split()[0]) == pytest.approx(difference, abs=2e-3)
    assert (
        cells(text, "mean and standard deviation (replicates: 2): bound")[-1] == "0.919 +/- 0.008"
    )
    (look,) = read(tmp_path / "looks.csv")
    assert (look["command"], look["state"], look["complexes"]) == (
        "train.tables table3", "unbound and bound", "4",
    )  # fmt: skip
    assert "looked at 1 times" in text
    assert text.count("## Table 3") == 1, "a section is replaced"
    assert list(results.glob("complexes-*-DB5U-bound-2rotations.csv"))


def test_beyond_has_measures_groups_controls_and_rotations(call, weights):
    text, results = call("beyond", "--weights", weights / "e", "--control-rotations", "1")
    rows = read(results / "beyond-DB4U.csv")
    assert len(rows) == 3
    base = sum(float(row["base_rate"]) for row in rows) / 3
    assert cells(text, "average precision")[-1] == f"{base:.4f}"
    assert cells(text, "antibody and antigen")[0] == "1"
    assert cells(text, "all but antibodies")[0] == "2"
    assert "difficulty not known" not in text and "Failed" not in text
    assert all(float(row["mean_spread"]) > 0 for row in rows)
    own, wrong = cells(text, "residues alone, own"), cells(text, "residues alone, wrong")
    gain = cells(text, "what the own partner adds")
    expected = float(own[1].split()[0]) - float(wrong[1].split()[0])
    assert float(gain[1].split()[0]) == pytest.approx(expected, abs=2e-3)
    assert cells(text, "2 ")[0] == cells(text, "CAUROC (median)")[0], "all rotations of the run"
    again, _ = call("beyond", "--weights", weights / "e", "--control-rotations", "1")
    assert again == text, "the same numbers again"


def test_a_complex_that_fails_is_named_and_counts_0(call, weights, dataset, tmp_path):
    own = tmp_path / "own"
    shutil.copytree(dataset, own)
    (own / "unbound" / "C2.npz").write_bytes(b"damaged")
    arguments = ["beyond", own, "-o", tmp_path / "docs", "--weights", weights / "r1", "--kept",
                 tmp_path / "kept", "--rotations", 1, "--control-rotations", 1]  # fmt: skip
    assert tables.main(list(map(str, arguments))) == 0
    text = (tmp_path / "docs" / "results.md").read_text()
    assert "Failed, and count 0: C2 (DatasetError" in text
    rows = read(tmp_path / "docs" / "results" / "beyond-DB4U.csv")
    assert [float(row["auroc"]) > 0 for row in rows] == [True, False, True]


def test_wrong_weights_are_one_line(call, weights, dataset, tmp_path):
    arguments = ["table2", str(dataset), "-o", str(tmp_path), "--rotations", "1", "--kept",
                 str(tmp_path / "kept"), "--replicates"]  # fmt: skip
    with pytest.raises(SettingError, match="different weights"):
        tables.main([*arguments, str(weights / "r1"), str(weights / "r1")])
    with pytest.raises(SettingError, match="an ensemble is needed"):
        tables.main([*arguments, str(weights / "r1"), "--ensemble", str(weights / "r2")])


@pytest.fixture
def base(tmp_path):
    """Write settings of a network that is trained in a moment."""
    train = TrainConfig(optimizer="adam", steps=2, complexes_per_step=1, warmup_steps=1)
    write_json(RunConfig(tiny_model(16, "layer"), train).to_dict(), tmp_path / "base.json")
    return tmp_path / "base.json"


@pytest.mark.slow
def test_scaling_makes_its_points_and_goes_on(dataset, base, tmp_path, capsys, monkeypatch):
    def run_here(command, _):  # as the next test does in a process
        name, *words = map(str, command)
        assert importlib.import_module(name).main(words) == 0

    monkeypatch.setattr(scaling, "run", run_here)
    docs, runs = tmp_path / "docs", tmp_path / "runs"
    arguments = ["pairs", dataset, "--validate", dataset, "-o", runs, "--docs", docs, "--config",
                 base, "--split", "DB4U", "--pairs", 40, 80, "--replicates", 1, "--checks", 1,
                 "--check-count", 1, "--rotations", 1]  # fmt: skip
    arguments = list(map(str, arguments))
    with pytest.raises(SettingError, match="no point is done yet"):
        scaling.main([*arguments, "--hours", "0"])
    assert scaling.main(arguments) == 0
    rows = read(docs / "figure3b.csv")
    assert [row["pairs"] for row in rows] == ["40", "80"]
    text = (docs / "results.md").read_text()
    assert "![CAUROC against pairs](figure3b.png)" in text and "Trend:" in text
    assert (docs / "figure3b.png").stat().st_size > 10_000
    point = json.loads((runs / "23A-40pairs-1" / "point.json").read_text())
    assert (
        point["config"]["train"]["distinct_pairs"] == 40 and point["config"]["model"]["edge"] == 23
    )
    assert point["config"]["train"]["steps"] == 1  # its one complex is seen once
    assert point["complexes"] == 1 and not (runs / "23A-40pairs-1" / "checkpoints").exists()

    def fail(*_):
        raise AssertionError("a point that is done is not made again")

    monkeypatch.setattr(scaling, "make", fail)
    assert scaling.main(arguments) == 0
    with pytest.raises(SettingError, match="made with other settings"):
        scaling.main([*arguments, "--steps", "3"])


def test_a_point_that_cannot_be_made_is_one_line(dataset, base, tmp_path):
    arguments = ["grid", dataset, "--validate", dataset, "-o", tmp_path / "runs", "--docs",
                 tmp_path, "--config", base, "--split", "DB4U", "--edges", 11]  # fmt: skip
    with pytest.raises((SettingError, DatasetError), match="ask for at most"):
        scaling.main(list(map(str, arguments)))
    assert not (tmp_path / "figure3a.png").exists()
