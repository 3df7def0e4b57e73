"""sasnet_predict with one protein, from a real file to its result, with a tiny network."""

import json
from dataclasses import replace

import gemmi
import numpy as np
import pytest

from sasnet_core.fitted import AloneFit, Calibration, PatchLaw
from sasnet_core.network.weights import save_weights
from sasnet_core.network.weights_folder import read_info
from sasnet_core.network.weights_writing import write_fitted
from sasnet_core.shell import cli
from tests.core.build import chain_lines, table, tiny_model, tiny_network, write_pdb


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site_terms")
    save_weights(folder, tiny_network(replace(tiny_model(16), site_terms=True)), Calibration())
    info = read_info(folder)
    fit = AloneFit(Calibration(threshold=0.4, precision=0.33), PatchLaw())
    write_fitted(info, info.calibration, info.smoothing, alone=fit)
    return folder


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one, two = chain_lines("A", 9, first=50), chain_lines("B", 5, start=(0, 9, 0))
    write_pdb(tmp_path / "one.pdb", one)
    write_pdb(tmp_path / "both.pdb", [*one, *two])
    return tmp_path


def run(weights, *arguments):
    return cli.main([*arguments, "--weights", str(weights), "--rotations", "2", "-o", "out"])


def test_one_protein_gives_a_table_patches_and_a_structure(weights, files, capsys):
    assert run(weights, "one.pdb") == 0
    assert sorted(path.name for path in (files / "out").iterdir()) == [
        "patches.csv", "protein.cif", "residues.csv", "result.json",
    ]  # fmt: skip
    rows = table(files / "out/residues.csv")
    assert [row["number"] for row in rows] == [str(n) for n in range(50, 59)]
    probability = np.array([float(row["probability"]) for row in rows])
    scores = np.array([float(row["site_score"]) for row in rows])
    np.testing.assert_allclose(probability, scores, atol=2e-4)  # by a calibration of 1
    assert probability.std() > 1e-3
    written = gemmi.read_structure(str(files / "out/protein.cif"))
    found = [residue[0].b_iso for residue in written[0]["A"]]
    np.testing.assert_allclose(found, probability, atol=0.01)
    values = json.loads((files / "out/result.json").read_text())
    assert values["$schema"] == "urn:sasnet:alone:1"
    assert values["settings"]["rotations"] == 2
    patch = values["patches"][0]
    members = {residue["number"] for residue in patch["residues"]}
    assert {int(row["number"]) for row in rows if row["patch"] == "1"} == members
    said = capsys.readouterr().out
    assert "Patch 1 of chain A" in said and "33% of such residues" in said


def test_chains_of_one_protein_can_be_named(weights, files):
    assert run(weights, "both.pdb", "--alone", "B") == 0
    assert {row["chain"] for row in table(files / "out/residues.csv")} == {"B"}
    assert run(weights, "both.pdb", "--alone", "A,B", "--quiet") == 0
    whole = (files / "out/residues.csv").read_bytes()
    assert [row["chain"] for row in table(files / "out/residues.csv")] == ["A"] * 9 + ["B"] * 5
    assert run(weights, "both.pdb", "--alone", "", "--quiet") == 0
    assert (files / "out/residues.csv").read_bytes() == whole
    values = json.loads((files / "out/result.json").read_text())
    assert [len(row["old_b_factors"]) for row in values["residues"]] == [6] * 14


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["both.pdb"], "both --left and --right, or --alone for the chains of one protein"),
        (["both.pdb", "--alone", "C"], "no protein chain 'C'"),
        (["one.pdb", "--export", "haddock"], "--export needs two proteins"),
        (["one.pdb", "both.pdb", "--alone", "A"], "--alone takes one structure, got 2"),
        (["one.pdb", "--alone", "A", "--left", "A"], "--left needs two proteins"),
        (["--demo", "--alone", "A"], "remove --batch or --demo"),
    ],
)
def test_what_makes_no_question_about_one_protein_is_refused(
    weights, files, capsys, arguments, reason
):
    assert run(weights, *arguments) == 2
    assert reason in capsys.readouterr().err
    assert not (files / "out").exists()


def test_files_of_an_earlier_run_are_removed_with_a_note(weights, files, capsys):
    assert run(weights, "one.pdb", "--quiet") == 0
    (files / "out/pairs.csv").write_text("of an earlier run\n")
    assert run(weights, "one.pdb", "--quiet") == 0
    assert not (files / "out/pairs.csv").exists()
    streams = capsys.readouterr()
    assert "were removed: pairs.csv" in streams.err and not streams.out


def test_memory_is_kept_to(weights, files, capsys):
    assert run(weights, "one.pdb", "--memory", "0.1") == 2
    assert "--memory 0.1 is too little" in capsys.readouterr().err


def test_weights_without_a_fit_for_one_protein_are_refused(files, tmp_path, capsys):
    folder = tmp_path / "plain"
    save_weights(folder, tiny_network(tiny_model(16)), Calibration())
    assert run(folder, "one.pdb") == 2
    assert "train.alone" in capsys.readouterr().err
