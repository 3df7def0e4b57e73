import json

import gemmi
import jsonschema
import numpy as np
import pytest

from sasnet_core.results.summary import summary_lines, summary_row
from sasnet_core.structure import reading
from sasnet_core.structure.plddt import bfactors_are_plddt, local_plddt
from tests.conftest import ROOT
from tests.core.build import chain_lines, random_prediction, write_pdb

ALPHAFOLD = "TITLE     ALPHAFOLD MONOMER V2.0 PREDICTION FOR LYSOZYME (P00698)"
ESMFOLD = "TITLE     ESMFOLD V1 PREDICTION FOR INPUT"
OTHERS = ("", "TITLE     CRYSTAL STRUCTURE OF A PROTEIN", "TITLE     BY ALPHAFOLD", ALPHAFOLD[:28])


def with_bfactors(lines, values):
    """Give the residues of PDB records B factors, one each."""
    return [
        f"{line[:60]}{values[int(line[22:26])]:6.2f}{line[66:]}" if line[:4] == "ATOM" else line
        for line in lines
    ]


def pdb_file(path, title, values, chain="A"):
    numbered = dict(enumerate(values, 1))
    lines = with_bfactors(chain_lines(chain, len(values)), numbered)
    return write_pdb(path, [title, *lines] if title else lines)


def model_cif(path, metrics, values):
    """Write chain A as ModelCIF with tables of quality."""
    entry = gemmi.read_pdb_string("\n".join([*chain_lines("A", 4, first=11), "END"]))
    entry.setup_entities()
    for position, residue in enumerate(entry[0][0], 1):
        residue.label_seq = position
    document = entry.make_mmcif_document()
    block = document.sole_block()
    loop = block.init_loop("_ma_qa_metric.", ["id", "name", "type", "mode"])
    for row in metrics:
        loop.add_row([gemmi.cif.quote(cell) for cell in row])
    columns = ["model_id", "label_asym_id", "label_seq_id", "metric_id", "metric_value"]
    loop = block.init_loop("_ma_qa_metric_local.", columns)
    asym = entry[0][0][0].subchain
    for model, position, metric, value in values:
        loop.add_row([model, asym, position, metric, value])
    document.write_file(str(path))
    return path


def values_of(file):
    return list(file.plddt(["A"]).values())


@pytest.mark.parametrize("title", [ALPHAFOLD, ESMFOLD])
def test_a_pdb_file_tells_by_its_title(tmp_path, title):
    file = reading.read(pdb_file(tmp_path / "model.pdb", title, [91.5, 42.0, 69.99]))
    assert values_of(file) == pytest.approx([91.5, 42.0, 69.99])


@pytest.mark.parametrize("title", OTHERS)
def test_b_factors_are_not_taken_for_plddt_because_they_look_like_it(tmp_path, title):
    file = reading.read(pdb_file(tmp_path / "model.pdb", title, [91.5, 42.0, 69.99]))
    assert file.plddt(["A"]) == {}


def test_esmfold_has_written_shares_too(tmp_path):
    file = reading.read(pdb_file(tmp_path / "model.pdb", ESMFOLD, [0.91, 0.42, 1.0]))
    assert values_of(file) == pytest.approx([91, 42, 100])


LOCAL = ("2", "pLDDT", "pLDDT", "local")
GLOBAL = ("1", "pLDDT", "pLDDT", "global")
ROWS = [("1", "1", "2", "88.5"), ("1", "2", "2", "30.1"), ("1", "3", "2", "?"),
        ("2", "4", "2", "11.0"), ("1", "4", "1", "12.0")]  # fmt: skip


def test_model_cif_tells_by_its_tables(tmp_path):
    file = reading.read(model_cif(tmp_path / "model.cif", [GLOBAL, LOCAL], ROWS))
    found = {key[1]: value for key, value in file.plddt(["A"]).items()}
    assert found == {"11": 88.5, "12": 30.1}


@pytest.mark.parametrize(
    "metric", [GLOBAL, ("2", "QMEANDisCo", "other", "local"), ("3", "pLDDT", "pLDDT", "local")]
)
def test_other_metrics_are_not_plddt(tmp_path, metric):
    file = reading.read(model_cif(tmp_path / "model.cif", [metric], ROWS[:3]))
    assert file.plddt(["A"]) == {}


def test_a_metric_of_zero_to_one_is_brought_to_a_hundred():
    metrics = [{"id": "7", "name": "confidence", "type": "pLDDT in [0,1]", "mode": "local"}]
    row = {"model_id": "", "label_asym_id": "B", "label_seq_id": "3", "metric_id": "7"}
    assert local_plddt(metrics, [{**row, "metric_value": "0.625"}], "1") == {("B", 3): 62.5}


def test_titles_are_read_in_any_case():
    assert bfactors_are_plddt("AlphaFold Monomer v2.0 prediction for X")


@pytest.fixture
def prediction(tmp_path):
    """A predicted model as left partner, a crystal structure as right one."""
    values = [95, 60, 50, 40, 95, 69.9, 95, 30]
    left = reading.read(pdb_file(tmp_path / "model.pdb", ALPHAFOLD, values))
    right = reading.read(pdb_file(tmp_path / "crystal.pdb", "", [20.0] * 5))
    return random_prediction((left, ["A"]), (right, ["A"]))


def test_low_confidence_is_a_warning_that_names_the_residues(prediction):
    (warning,) = prediction.warnings()
    assert warning.startswith("model:A: a predicted model with 5 of 8 residues of pLDDT under 70 ")
    assert "(A2-4, A6, A8)" in warning
    assert warning in summary_row(prediction, [])["warnings"]


def test_the_result_says_how_good_a_model_is(prediction):
    values = prediction.to_dict(5)
    jsonschema.validate(values, json.loads((ROOT / "resources/result.schema.json").read_text()))
    left, right = (part["predicted_model"] for part in values["inputs"])
    assert right is None
    assert (left["metric"], left["low_below"]) == ("pLDDT", 70)
    assert left["mean"] == pytest.approx(np.mean([95, 60, 50, 40, 95, 69.9, 95, 30]), abs=1e-4)
    assert [residue["number"] for residue in left["low"]] == [2, 3, 4, 6, 8]
    assert prediction.warnings()[0] in values["warnings"]


def test_the_summary_says_how_many_likely_residues_are_uncertain(prediction):
    threshold = prediction.calibration.threshold
    likely = prediction.probabilities("left")[0] >= threshold
    (line,) = [line for line in summary_lines(prediction) if "predicted model" in line]
    assert f"mean pLDDT 67; 5 residues are under 70, {likely[[1, 2, 3, 5, 7]].sum()} of" in line


def test_a_model_without_doubt_gives_no_warning(tmp_path):
    left = reading.read(pdb_file(tmp_path / "model.pdb", ALPHAFOLD, [90.0] * 4))
    sure = random_prediction((left, ["A"]), (left, ["A"]))
    assert sure.warnings() == []
    assert sure.left.predicted_model()["low"] == []
