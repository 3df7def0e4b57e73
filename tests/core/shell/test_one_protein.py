"""One protein in Python, from a real file to its result, with a tiny network."""

import json
from dataclasses import replace

import numpy as np
import pytest

import sasnet_core
from sasnet_core.errors import SelectionError, SettingError
from sasnet_core.fitted import AloneFit, Calibration, PatchLaw
from sasnet_core.network.weights import save_weights
from sasnet_core.network.weights_folder import read_info
from sasnet_core.network.weights_writing import write_fitted
from sasnet_core.shell import cli, one_protein
from tests.core.build import chain_lines, contents, table, tiny_model, tiny_network, write_pdb


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site_terms")
    save_weights(folder, tiny_network(replace(tiny_model(16), site_terms=True)), Calibration())
    info = read_info(folder)
    fit = AloneFit(Calibration(threshold=0.4, precision=0.33), PatchLaw())
    write_fitted(info, info.calibration, info.smoothing, alone=fit)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("one_protein")
    chains = [*chain_lines("A", 9, first=50), *chain_lines("B", 5, start=(0, 9, 0))]
    write_pdb(folder / "both.pdb", chains)
    return folder


@pytest.fixture(scope="module")
def found(folder, weights):
    settings = {"chains": "A", "rotations": 2, "weights": weights}
    return sasnet_core.predict_alone(folder / "both.pdb", **settings)


def test_one_call_gives_the_answer_of_the_command(found, folder, weights):
    command = [folder / "both.pdb", "--alone", "A", "--rotations", 2, "--weights", weights]
    assert cli.main([*map(str, command), "-o", str(folder / "out"), "--quiet"]) == 0
    files = found.save(folder / "own")
    assert contents(folder / "own") == contents(folder / "out")
    assert sorted(file.name for file in files) == sorted(contents(folder / "out"))


def test_json_is_the_result_file(found, folder):
    found.save(folder / "own")
    text = found.to_json(folder / "result.json")
    assert (folder / "result.json").read_text() == text
    assert json.loads(text) == json.loads((folder / "own/result.json").read_text())


def test_tables_are_those_of_the_files(found, folder, monkeypatch):
    monkeypatch.setattr(one_protein, "as_table", lambda rows: rows)
    found.save(folder / "own")
    for name in ("patches", "residues"):
        rows = getattr(found, name)
        written = table(folder / "own" / f"{name}.csv")
        assert [{key: str(value) for key, value in row.items()} for row in rows] == written, name
    assert found.probability.shape == (9,)
    np.testing.assert_allclose(
        found.probability, [row["probability"] for row in found.residues], atol=1e-4
    )
    assert str(found).startswith("both:A: where another protein would bind\n  Patch 1 of chain A: ")
    assert found.warnings == []


def test_what_makes_no_question_is_refused(folder, weights):
    with pytest.raises(SelectionError, match=r"chains of one protein must be named.* A, B"):
        sasnet_core.predict_alone(folder / "both.pdb", weights=weights)
    with pytest.raises(SelectionError, match="no protein chain 'C'"):
        sasnet_core.predict_alone(folder / "both.pdb", chains="C", weights=weights)
    with pytest.raises(SettingError, match="threshold must be between 0 and 1, got 2"):
        sasnet_core.predict_alone(folder / "both.pdb", chains="A", threshold=2.0)
    with pytest.raises(SelectionError, match="predict_alone answers for one protein"):
        sasnet_core.predict_interface(folder / "both.pdb")
