"""The training scripts on small real data: each is run as a user runs it."""

import csv
import hashlib
import json
import runpy
import shutil
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.config import ModelConfig
from sasnet_core.dataset.complexes import load_complex, read_manifest, save_complex
from sasnet_core.errors import DatasetError, SettingError, WeightsError
from sasnet_core.evaluation import residue_fit
from sasnet_core.files import write_table
from sasnet_core.network.network import build_network
from sasnet_core.network.weights import save_weights
from sasnet_core.network.weights_folder import read_info
from tests.conftest import SHARED
from tests.core.build import random_complex
from tests.train.conftest import TINY, needs_shared
from train import calibrate, db5, ensemble, evaluate, mine, patches, reliability, smooth


@needs_shared
def test_mine_keeps_contacts_and_leaves_out_what_resembles_the_benchmark(benchmark, tmp_path):
    structures = tmp_path / "structures"
    structures.mkdir()
    entries = sorted((SHARED / "complexes").rglob("*.pdb.gz"))[::200]
    for path in entries:
        (structures / path.name).symlink_to(path)
    code = benchmark / "db5.csv"
    first = next(csv.DictReader(code.open()))["code"]
    (structures / "like.pdb.gz").symlink_to(benchmark / f"{first}_r_b.pdb.gz")
    output = tmp_path / "mined"
    arguments = [str(structures), "-o", str(output), "--exclude-similar-to", str(benchmark),
                 "--keep-unknown"]  # fmt: skip
    assert mine.main(arguments) == 0
    rows = read_manifest(output)
    assert rows
    for row in rows:
        item = load_complex(output / row["file"])
        assert len(item.contacts) == int(row["n_contacts"]) >= 20
        assert min(item.left.n_residues, item.right.n_residues) >= 50
    assert not any(row["entry"] == "like" for row in rows)
    counts = json.loads((output / "dataset.json").read_text())["counts"]
    assert counts["complexes"] == len(rows)


@needs_shared
def test_db5_takes_labels_from_bound_and_atoms_from_unbound(dataset):
    rows = read_manifest(dataset)
    assert {row["state"] for row in rows} == {"unbound", "bound"}
    for row in rows:
        item = load_complex(dataset / row["file"])
        assert len(item.contacts) == int(row["n_contacts"]) > 10
        digest = hashlib.sha256((dataset / row["file"]).read_bytes()).hexdigest()
        assert digest == row["sha256"]
    with (dataset / db5.UNMAPPED).open(newline="") as stream:
        unmapped = Counter((row["id"], row["state"]) for row in csv.DictReader(stream))
    assert unmapped == Counter(
        {(r["id"], r["state"]): n for r in rows if (n := int(r["unmapped_residues"]))}
    )
    counts = json.loads((dataset / "dataset.json").read_text())["counts"]
    unbound = [int(row["n_contacts"]) for row in rows if row["state"] == "unbound"]
    assert counts["positives"] == counts["positives_by_split"]["DB4U"] == sum(unbound)
    assert counts["unmapped_residues"] == {
        state: sum(n for (_, s), n in unmapped.items() if s == state)
        for state in counts["unmapped_residues"]
    }


@needs_shared
def test_evaluate_writes_a_table_and_a_shuffled_control(dataset, weights, tmp_path, capsys):
    table = tmp_path / "table.csv"
    arguments = [str(dataset), "--weights", str(weights), "--rotations", "1", "-o", str(table)]
    assert evaluate.main(arguments) == 0
    rows = list(csv.DictReader(table.open()))
    assert len(rows) == 3
    assert all(0.5 < float(row["exposed_area_auroc"]) < 1 for row in rows)
    own = [row["auroc"] for row in rows]
    assert "CAUROC" in capsys.readouterr().out
    assert evaluate.main([*arguments, "--shuffle-partners"]) == 0
    assert [row["auroc"] for row in csv.DictReader(table.open())] != own
    assert evaluate.main([*arguments, "--move-partners"]) == 0
    moved = list(csv.DictReader(table.open()))
    assert [row["auroc"] for row in moved] != own
    areas = [[float(row["exposed_area_auroc"]) for row in table] for table in (rows, moved)]
    assert areas[1] == pytest.approx(areas[0], abs=0.02)


@needs_shared
def test_a_complex_that_fails_counts_0_and_says_why(dataset, weights, tmp_path, capsys):
    own = tmp_path / "dataset"
    shutil.copytree(dataset, own)
    rows = [row for row in read_manifest(own) if row["state"] == "unbound"]
    (own / rows[0]["file"]).write_bytes(b"damaged")
    empty = load_complex(own / rows[1]["file"])
    save_complex(replace(empty, contacts=empty.contacts[:0]), own / rows[1]["file"])
    table = tmp_path / "table.csv"
    arguments = [str(own), "--weights", str(weights), "--rotations", "1", "-o", str(table)]
    assert evaluate.main(arguments) == 0
    found = list(csv.DictReader(table.open()))
    assert [row["id"] for row in found] == [row["id"] for row in rows]
    assert [row["n_left"] for row in found] == [row["n_left"] for row in rows]
    assert [float(row["auroc"]) > 0 for row in found] == [False, False, True]
    assert "a complex (.npz) is needed" in found[0]["failure"]
    assert "contacts and non-contacts are needed" in found[1]["failure"]
    assert not found[2]["failure"]
    printed = capsys.readouterr().out
    assert f"{rows[0]['id']:6s} 0.000  area 0.000  failed: DatasetError" in printed
    mean = float(found[2]["auroc"]) / 3
    assert (
        f"CAUROC 0.000 (95 % 0.000 to {float(found[2]['auroc']):.3f}), mean {mean:.3f}" in printed
    )


@needs_shared
def test_an_evaluation_in_which_all_fails_is_an_error(dataset, weights):
    arguments = [str(dataset), "--weights", str(weights), "--rotations", "1"]
    with pytest.raises(DatasetError, match="all 3 complexes failed: ValueError"):
        evaluate.main([*arguments, "--seed", "-1"])
    with pytest.raises(SettingError, match="rotations"):
        evaluate.main([*arguments, "--rotations", "0"])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--method", "sasnet_x", "--count", "2"], "without --count and controls"),
        (["--method", "sasnet_x", "--move-partners"], "without --count and controls"),
        (["--method", "ngf"], "must begin with sasnet"),
        (["--terms", "t"], "need --pssm"),
    ],
)
def test_an_evaluation_writes_no_rows_that_are_others(tmp_path, more, message):
    with pytest.raises(SettingError, match=message):
        evaluate.main([str(tmp_path), *more])


@pytest.fixture
def mined(tmp_path):
    """A mined dataset of three bound complexes, two of them for validation."""
    folder, rows = tmp_path / "mined", []
    for number, split in enumerate(("train", "validation", "validation")):
        item = random_complex([number], 30, 25, name=f"pair{number}")
        save_complex(item, folder / f"{item.name}.npz")
        sizes = {"n_left": 30, "n_right": 25, "n_contacts": len(item.contacts)}
        rows.append({"id": item.name, **sizes, "split": split, "file": f"{item.name}.npz"})
    write_table(rows, folder / "manifest.csv", list(rows[0]))
    return folder


def test_weights_are_evaluated_and_fitted_on_a_mined_validation_split(
    mined, weights, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(smooth, "SHARES", (0.0, 0.5))
    table = tmp_path / "table.csv"
    arguments = [str(mined), "--split", "validation", "--weights", str(weights)]
    arguments += ["--rotations", "1", "--kept", str(tmp_path / "kept")]
    assert evaluate.main([*arguments, "-o", str(table)]) == 0
    assert "AUROC of sites: 0." in capsys.readouterr().out
    found = list(csv.DictReader(table.open()))
    assert [(row["id"], row["state"]) for row in found] == [("pair1", "bound"), ("pair2", "bound")]
    assert smooth.main(arguments) == 0
    assert read_info(weights).smoothing.fitted_on == "2 bound complexes of validation"
    monkeypatch.setattr(residue_fit, "FEWEST_CALLED", 1)
    assert calibrate.main(arguments) == 0
    assert read_info(weights).calibration.fitted_on == "2 bound complexes of validation"


@needs_shared
def test_calibrate_stores_what_it_fitted(dataset, weights, kept_scores):
    arguments = [str(dataset), "--weights", str(weights), "--rotations", "1"]
    arguments += ["--kept", kept_scores]
    assert calibrate.main(arguments) == 0
    calibration = read_info(weights).calibration
    assert calibration.fitted_on == "3 unbound complexes of DB4U"
    assert calibration.rotations == 1
    assert 0 < calibration.threshold < 1
    law = read_info(weights).patches
    assert (law.fitted_on, law.rotations) == ("3 unbound complexes of DB4U", 1)
    assert law.patches > 6


@needs_shared
def test_patches_are_fitted_and_compared_with_complexes_left_out(
    dataset, weights, kept_scores, tmp_path
):
    quick = ["--weights", str(weights), "--rotations", "1", "--kept", kept_scores]
    assert calibrate.main([str(dataset), *quick]) == 0
    before = read_info(weights)
    assert patches.main([str(dataset), *quick, "-o", str(tmp_path)]) == 0
    assert read_info(weights) == before, "train.calibrate fits the same"
    text = (tmp_path / "results.md").read_text()
    assert "## Patches: DB4U" in text and "| patch 1 | 6 | " in text
    assert "Each complex is compared with a fit on the others" in text
    assert patches.main([str(dataset), *quick, "-o", str(tmp_path), "--check"]) == 0
    assert "What is stored, fitted on 3 unbound" in (tmp_path / "results.md").read_text()
    assert read_info(weights) == before


@needs_shared
def test_reliability_writes_its_section_and_picture(
    dataset, weights, kept_scores, tmp_path, capsys
):
    quick = ["--weights", str(weights), "--rotations", "1", "--kept", kept_scores]
    looks = tmp_path / "looks.csv"
    arguments = [str(dataset), *quick, "-o", str(tmp_path), "--looks", str(looks),
                 "--control-rotations", "1"]  # fmt: skip
    with pytest.raises(WeightsError, match="run train.calibrate on them"):
        reliability.main(arguments)
    assert calibrate.main([str(dataset), *quick]) == 0
    assert reliability.main(arguments) == 0
    text = (tmp_path / "results.md").read_text()
    assert "## Probabilities: DB4U" in text and "![Reliability](reliability-DB4U.png)" in text
    assert (tmp_path / "reliability-DB4U.png").read_bytes().startswith(b"\x89PNG")
    sizes = [int(row[k]) for row in read_manifest(dataset) for k in ("n_left", "n_right")
             if row["state"] == "unbound"]  # fmt: skip
    assert f"3 unbound complexes, {sum(sizes):,} residues, rotations averaged: 1" in text
    assert "of 6 proteins" in text
    assert "| all | 6 | " in text
    assert not looks.exists()


@needs_shared
def test_smooth_keeps_the_best_and_calibrate_leaves_it_alone(
    dataset, weights, kept_scores, monkeypatch, capsys
):
    monkeypatch.setattr(smooth, "WIDTHS", (8.0,))
    monkeypatch.setattr(smooth, "SHARPNESSES", (8.0,))
    arguments = [str(dataset), "--split", "DB4U", "--weights", str(weights), "--rotations", "1",
                 "--kept", kept_scores]  # fmt: skip
    assert smooth.main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    tried = {float(line.split()[3]): line for line in lines if "CAUROC" in line}
    kept = read_info(weights).smoothing
    assert kept.fitted_on == "3 unbound complexes of DB4U"
    value = {
        share: sum(float(line.split()[column]) for column in (5, 7, 9))
        for share, line in tried.items()
    }
    assert value[kept.share] == pytest.approx(max(value.values()), abs=3e-3)
    assert read_info(weights).calibration is None
    assert calibrate.main(arguments) == 0
    assert read_info(weights).smoothing == kept


@pytest.mark.slow
@needs_shared
def test_an_ensemble_is_fitted_whatever_the_order_and_is_used_like_other_weights(
    dataset, weights, kept_scores, tmp_path, capsys
):
    other, kept = tmp_path / "other", kept_scores
    save_weights(other, build_network(ModelConfig.from_dict(TINY)))
    made = []
    for number, pair in enumerate(([weights, other], [other, weights])):
        made.append(tmp_path / str(number) / "e")
        line = [str(dataset), "--split", "DB4U", "--rotations", "1", "--kept", kept]
        line += ["--weights", *map(str, pair), "-o", str(made[-1])]
        assert ensemble.main(line) == 0
    configs = [(folder / "config.json").read_bytes() for folder in made]
    assert configs[0] == configs[1]
    info = read_info(made[0])
    assert info.mixture.fitted_on == "3 unbound complexes of DB4U" and info.mixture.rotations == 1
    assert capsys.readouterr().out.count("CAUROC") == 6
    arguments = [str(dataset), "--weights", str(made[0]), "--rotations", "1", "--kept", kept]
    assert calibrate.main(arguments) == 0
    assert read_info(made[0]).calibration.fitted_on == "3 unbound complexes of DB4U"
    table = tmp_path / "table.csv"
    assert evaluate.main([*arguments, "-o", str(table)]) == 0
    assert all(0 < float(row["auroc"]) < 1 for row in csv.DictReader(table.open()))
    with pytest.raises(SettingError, match="two folders"):
        ensemble.main([str(dataset), "--weights", str(weights), "-o", str(tmp_path / "e")])


def test_the_mixture_finds_what_made_the_labels():
    rng = np.random.default_rng(0)
    cases = []
    for _ in range(3):
        odds = rng.normal(size=(2, 150, 120))
        truth = 1 / (1 + np.exp(-(1.2 * odds[0] + 0.4 * odds[1] - 3.0)))
        cases.append((1 / (1 + np.exp(-odds)), rng.random(truth.shape) < truth))
    slopes, intercept = ensemble.fit_mixture(cases)
    assert slopes == pytest.approx([1.2, 0.4], abs=0.1)
    positives = np.mean([labels.mean() for _, labels in cases])
    balanced = -3.0 - np.log(positives / (1 - positives))  # both classes weigh alike
    assert intercept == pytest.approx(balanced, abs=0.15)
    twice = [(np.stack([scores[0]] * 2), labels) for scores, labels in cases]
    slopes, _ = ensemble.fit_mixture(twice)
    assert slopes[0] == pytest.approx(slopes[1], abs=1e-6), "who says the same weighs the same"


@needs_shared
def test_the_test_set_is_looked_at_on_purpose_only(benchmark, weights, tmp_path, capsys):
    own = tmp_path / "benchmark"
    shutil.copytree(benchmark, own, symlinks=True)
    table = (own / "db5.csv").read_text().replace(",DB4U", ",DB5U", 1)
    (own / "db5.csv").write_text(table)
    output, looks = tmp_path / "db5", tmp_path / "looks.csv"
    assert db5.main([str(own), "-o", str(output)]) == 0
    arguments = [str(output), "--weights", str(weights), "--rotations", "1"]
    for split in ([], ["--split", "DB5U"], ["--split", "DB4U,DB5U"]):
        with pytest.raises(SettingError, match="1 of the complexes are of the test set"):
            evaluate.main([*arguments, *split, "--looks", str(looks)])
    for script in (calibrate, smooth, patches):
        with pytest.raises(SettingError, match="nothing is fitted or chosen on it"):
            script.main([*arguments, "--split", "DB4U,DB5U"])
    assert not looks.exists()
    for count in (1, 2):
        assert evaluate.main([*arguments, "--look-at-db5u", "--looks", str(looks)]) == 0
        assert f"look {count} at DB5U" in capsys.readouterr().out
    rows = list(csv.DictReader(looks.open()))
    assert [row["weights"] for row in rows] == [read_info(weights).sha256[:12]] * 2
    assert {row["command"] for row in rows} == {"train.evaluate"}
    assert evaluate.main([*arguments, "--split", "DB4U", "--look-at-db5u",
                          "--looks", str(looks)]) == 0  # fmt: skip
    assert len(list(csv.DictReader(looks.open()))) == 2, "no test complex, no look"


@pytest.mark.parametrize(
    ("script", "options"),
    [
        ("db5", ["-o", "out"]),
        ("fit", ["-o", "out"]),
        ("smooth", []),
        ("calibrate", []),
        ("evaluate", []),
        ("ensemble", ["--weights", "a", "b", "-o", "out"]),
    ],
)
def test_a_missing_dataset_is_one_line_and_exit_code_2(
    script, options, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [script, "nowhere", *options])
    monkeypatch.delitem(sys.modules, f"train.{script}", raising=False)  # else runpy warns
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(f"train.{script}", run_name="__main__")
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"train.{script}: n")
    assert " needs a " in line or "is needed" in line
