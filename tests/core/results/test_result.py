import json
from dataclasses import fields, replace

import numpy as np
import pytest

from sasnet_core.errors import ResultError
from sasnet_core.results.formats.registry import FORMATS, write_formats
from sasnet_core.results.reading import read_content
from sasnet_core.results.writing import write_prediction
from sasnet_core.structure import reading
from tests.core.build import (
    atom_line,
    chain_lines,
    contents,
    random_prediction,
    residue_lines,
    write_cif,
    write_pdb,
)

LINES = [
    *chain_lines("A", 4, first=51),
    *residue_lines("A", 54, (15.2, 0, 0), icode="A", residue="TYR"),
    atom_line("N", "CYS", "A", 55, (19, 0, 0)),
    *chain_lines("B", 4, first=-1, start=(0, 5, 0)),
    *chain_lines("Z", 2, start=(0, 50, 0)),
]


def written(left, right, folder):
    """Write a prediction; return it and the content of its folder."""
    prediction = random_prediction(left, right)
    prediction = replace(prediction, calibration=replace(prediction.calibration, threshold=0.05))
    folder.mkdir()
    return prediction, write_prediction(prediction, folder, 20)


def one_file(tmp_path):
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", LINES))
    return (entry, ["A"]), (entry, ["B"])


def two_files(tmp_path):
    path = write_pdb(tmp_path / "pair.pdb", LINES)
    return (reading.read(path), ["A", "Z"]), (reading.read(path), ["B"])


def long_names(tmp_path):
    entry = reading.read(write_cif(tmp_path / "pair.cif", LINES, {"A": "A-2"}))
    return (entry, ["A-2"]), (entry, ["B"])


def no_names(tmp_path):
    path = write_pdb(tmp_path / "one.pdb", chain_lines(" ", 5))
    return (reading.read(path), [""]), (reading.read(path), [""])


def fine_coordinates(tmp_path):
    """Coordinates with more decimals than the written file has."""
    path = write_cif(tmp_path / "pair.cif", LINES)
    path.write_text(path.read_text().replace(".800 ", ".80049 "))
    entry = reading.read(path)
    return (entry, ["A"]), (entry, ["B"])


CASES = [one_file, two_files, long_names, no_names, fine_coordinates]


def assert_equal(fresh, saved):
    """Compare two objects field by field; arrays and structures by content."""
    for name in (field.name for field in fields(fresh)):
        one, other = getattr(fresh, name), getattr(saved, name)
        if isinstance(one, np.ndarray):
            np.testing.assert_array_equal(one, other)
        elif name in ("left", "right", "protein", "structure"):
            assert_equal(one, other)
        elif name not in ("gemmi_structure", "gemmi_model"):
            assert one == other, name


@pytest.mark.parametrize("case", CASES)
def test_a_fresh_result_is_the_one_read_from_its_folder(tmp_path, case):
    _, content = written(*case(tmp_path), tmp_path / "out")
    saved = read_content(tmp_path / "out")
    assert json.dumps(content.values) == json.dumps(saved.values)
    assert content.arrays.keys() == saved.arrays.keys()
    assert_equal(content.result, saved.result)
    assert len(content.result.structures) == len(saved.result.structures)


@pytest.mark.parametrize("case", CASES)
def test_exports_of_a_fresh_result_are_those_of_the_saved_one(tmp_path, case):
    _, content = written(*case(tmp_path), tmp_path / "out")
    saved = read_content(tmp_path / "out").result
    for name in FORMATS:
        found = []
        for number, result in enumerate((content.result, saved)):
            folder = tmp_path / name / str(number)
            folder.mkdir(parents=True)
            notes = write_formats(result, [name], folder)
            found.append((notes, contents(folder)))
        assert found[0] == found[1] and found[0][1], name


def test_tables_and_result_have_the_same_four_decimals(tmp_path):
    prediction, content = written(*one_file(tmp_path), tmp_path / "out")
    for partner in content.result.sides:
        exact = prediction.probabilities(partner.side)[0]
        assert partner.probability.tolist() == [round(float(value), 4) for value in exact]


def test_each_side_has_the_other_as_partner(tmp_path):
    result = written(*one_file(tmp_path), tmp_path / "out")[1].result
    assert result.partner(result.left) is result.right
    assert result.partner(result.right) is result.left
    assert [side.side for side in result.sides] == ["left", "right"]


def test_files_of_two_results_are_refused(tmp_path):
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", LINES))
    written((entry, ["A"]), (entry, ["B"]), tmp_path / "out")
    written((entry, ["Z"]), (entry, ["B"]), tmp_path / "other")
    (tmp_path / "other" / "scores.npz").replace(tmp_path / "out" / "scores.npz")
    with pytest.raises(ResultError, match="pair scores of a result are needed"):
        _ = read_content(tmp_path / "out").result
