"""train.conservation and train.paper_conservation: from profiles to scores."""

import csv
import json

import numpy as np
import pytest

from sasnet_core.conservation.features import FEATURES
from sasnet_core.conservation.profile import save_profile
from sasnet_core.conservation.psiblast import SearchSettings
from sasnet_core.conservation.residues import chain_sequences
from sasnet_core.conservation.store import open_store, profile_path
from sasnet_core.conservation.terms import FILE, read_info
from sasnet_core.dataset.complexes import benchmark_rows, load_complex
from sasnet_core.errors import ProfileError, SettingError
from sasnet_core.evaluation.compared import CONSERVATION, read_measured
from sasnet_core.network.weights_folder import read_info as read_weights
from tests.core.conservation.build_profiles import laid_profile
from tests.core.conservation.test_residues import profile_of
from tests.train.conftest import needs_shared
from train import conservation, evaluate, paper_conservation

pytestmark = needs_shared


@pytest.fixture(scope="module")
def profiles(dataset, tmp_path_factory):
    """Profiles with random scores, of all chains but those of the last complex."""
    folder = tmp_path_factory.mktemp("profiles")
    open_store(folder, folder / "db", SearchSettings())
    for row in benchmark_rows(dataset, None)[:-1]:
        item = load_complex(dataset / row["file"])
        for protein in (item.left, item.right):
            for sequence in chain_sequences(protein).values():
                made = profile_of(sequence)
                made.scores[:] = laid_profile(len(sequence)).scores
                save_profile(made, profile_path(folder, sequence))
    return folder


def run(script, dataset, profiles, weights, output, *more):
    arguments = [
        str(dataset),
        "--pssm",
        str(profiles),
        "--weights",
        str(weights),
        "-o",
        str(output),
    ]
    arguments += [
        "-o",
        str(output),
        "--fit-split",
        "DB4U",
        "--split",
        "DB4U",
        "--rotations",
        "1",
        *more,
    ]
    return script.main(arguments)


def test_terms_are_fitted_and_calibrated(dataset, profiles, weights, tmp_path, capsys):
    more = ["--fit-weights", str(weights), "--fit-rotations", "1"]
    assert run(conservation, dataset, profiles, weights, tmp_path / "out", *more) == 0
    found = read_info(tmp_path / "out" / FILE)
    assert found.structure == read_weights(weights).sha256
    assert len(found.terms.weights) == len(FEATURES)
    assert np.any(found.terms.weights)
    assert found.terms.fitted_on == "2 of 3 unbound complexes of DB4U"
    assert found.calibration.rotations == 1
    with (tmp_path / "out" / "DB4U.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["least_homologs"] for row in rows] == ["7", "7", "0"]
    assert rows[2]["auroc"] == rows[2]["structure_auroc"]
    assert rows[0]["auroc"] != rows[0]["structure_auroc"]
    assert "mean AUROC by structure" in capsys.readouterr().out
    assert (tmp_path / "out" / "depth-DB4U.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_papers_model_is_trained_and_measured(dataset, profiles, weights, tmp_path, capsys):
    more = ["--epochs", "2", "--replicates", "2", "--negatives", "50", "--window", "1", "5"]
    assert run(paper_conservation, dataset, profiles, weights, tmp_path / "out", *more) == 0
    with (tmp_path / "out" / "linear-DB4U.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["window"], row["replicate"]) for row in rows[:4]] == [
        ("1", "1"), ("1", "2"), ("1", "ensemble"), ("5", "1"),
    ]  # fmt: skip
    assert len(rows) == 18
    assert all(0 < float(row["auroc"]) < 1 for row in rows)
    assert "window 5, DB4U, unbound: auroc" in capsys.readouterr().out
    assert (tmp_path / "out" / "search-DB4U.png").read_bytes().startswith(b"\x89PNG")


def test_the_papers_model_writes_rows_of_both_tables(
    dataset, profiles, weights, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(paper_conservation, "DOCS", tmp_path)
    more = ["--epochs", "1", "--replicates", "2", "--negatives", "50", "--units", "3", "--bound"]
    more += ["--method", "sasnet_units"]
    assert run(paper_conservation, dataset, profiles, weights, tmp_path / "out", *more) == 0
    assert "DB4U, bound: auroc" in capsys.readouterr().out
    both = [read_measured(tmp_path / "results" / name) for name in ("table2", "table3")]
    unbound, bound = (found["sasnet_units", CONSERVATION].aurocs["DB4U"] for found in both)
    assert list(unbound) == list(bound) == ["1", "2"]
    assert unbound != bound
    assert all("sasnet_units_ensemble" in {method for method, _ in found} for found in both)
    with pytest.raises(SettingError, match="one --window"):
        more += ["--window", "1", "5"]
        run(paper_conservation, dataset, profiles, weights, tmp_path / "out", *more)


@pytest.mark.parametrize("script", [conservation, paper_conservation])
def test_a_folder_without_profiles_is_one_line(script, dataset, weights, tmp_path):
    with pytest.raises(ProfileError, match=r"train\.pssm DATASET"):
        run(script, dataset, tmp_path, weights, tmp_path / "out")


def test_a_window_has_a_middle(dataset, profiles, weights, tmp_path):
    with pytest.raises(SettingError, match="odd"):
        run(paper_conservation, dataset, profiles, weights, tmp_path / "o", "--window", "4")


def test_terms_that_come_with_sasnet_are_for_weights_that_come_with_it():
    from sasnet_core.network.weights_folder import find_folder

    path = find_folder("conservation") / FILE
    if not path.is_file():
        pytest.skip("no terms come with this version")
    assert json.loads(path.read_text())["format"] == 1
    assert read_info(path).structure == read_weights("default").sha256


def test_an_evaluation_uses_conservation(dataset, profiles, weights, tmp_path, monkeypatch, capsys):
    more = ["--fit-weights", str(weights), "--fit-rotations", "1"]
    assert run(conservation, dataset, profiles, weights, weights, *more) == 0
    monkeypatch.setattr(evaluate, "RESULTS", tmp_path)
    arguments = [str(dataset), "--weights", str(weights), "--rotations", "1", "--split", "DB4U"]
    arguments += ["--pssm", str(profiles), "--method", "sasnet_tiny"]
    assert evaluate.main(arguments) == 0
    with (weights / "DB4U.csv").open() as stream:
        fitted = {row["id"]: float(row["auroc"]) for row in csv.DictReader(stream)}
    found = read_measured(tmp_path / "table2")["sasnet_tiny", CONSERVATION]
    assert found.aurocs["DB4U"]["1"] == pytest.approx(fitted, abs=1e-4)
    assert evaluate.main([*arguments, "--state", "bound"]) == 0
    assert list(read_measured(tmp_path / "table3")) == [("sasnet_tiny", CONSERVATION)]
