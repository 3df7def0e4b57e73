import json
import random
import shutil
import struct
import zipfile

import gemmi
import numpy as np
import pytest

from sasnet_core.errors import ResultError, SasnetError
from sasnet_core.results.formats.registry import FORMATS, write_formats
from sasnet_core.results.reading import read_result
from sasnet_core.structure import reading
from tests.core.build import (
    atom_line,
    chain_lines,
    random_prediction,
    residue_lines,
    save_prediction,
    write_cif,
    write_pdb,
)
from tests.core.results.damage import damage


@pytest.fixture
def entry(tmp_path):
    """Write chains A and B with an insertion code, and a residue without a CA."""
    lines = [
        *chain_lines("A", 3, first=51),
        *residue_lines("A", 53, (11.4, 0, 0), icode="A"),
        atom_line("N", "CYS", "A", 54, (15, 0, 0)),
        *chain_lines("B", 2, first=-1, start=(0, 5, 0)),
        *chain_lines("Z", 2, start=(0, 50, 0)),
    ]
    return reading.read(write_pdb(tmp_path / "pair.pdb", lines))


@pytest.fixture
def saved(entry, tmp_path):
    prediction = random_prediction((entry, ["A"]), (entry, ["B"]))
    return prediction, save_prediction(prediction, tmp_path / "out")


def assert_same(result, prediction):
    assert (result.scores == prediction.scores.matrix).all()
    assert result.threshold == prediction.calibration.threshold
    for side, partner in ((result.left, prediction.left), (result.right, prediction.right)):
        for name in ("chain_ids", "residue_ids", "residue_names", "atom_residues", "elements"):
            assert (getattr(side.protein, name) == getattr(partner.protein, name)).all(), name
        np.testing.assert_allclose(side.protein.coords, partner.protein.coords, atol=6e-4)
        assert side.segments == tuple(partner.protein.segment_ids.tolist())
        probability, spread = prediction.probabilities(side.side)
        np.testing.assert_allclose(side.probability, probability, atol=6e-5)
        np.testing.assert_allclose(side.spread, spread, atol=6e-5)


def test_a_result_comes_back_as_it_was_predicted(saved):
    prediction, folder = saved
    assert_same(read_result(folder), prediction)
    assert_same(read_result(folder / "result.json"), prediction)


def test_a_result_of_two_files_comes_back(entry, tmp_path):
    other = reading.read(entry.path)
    prediction = random_prediction((entry, ["A", "Z"]), (other, ["A"]))
    result = read_result(save_prediction(prediction, tmp_path / "out"))
    assert_same(result, prediction)
    assert len(result.structures) == 2


@pytest.mark.parametrize("name", ["AB", "A-2", "a1b2"])
def test_chains_of_long_names_come_back(tmp_path, name):
    lines = [*chain_lines("A", 3), *chain_lines("B", 3, start=(0, 5, 0))]
    entry = reading.read(write_cif(tmp_path / "pair.cif", lines, {"A": name}))
    prediction = random_prediction((entry, [name]), (entry, ["B"]))
    assert_same(read_result(save_prediction(prediction, tmp_path / "out")), prediction)


def test_a_chain_without_a_name_comes_back(tmp_path):
    entry = reading.read(write_pdb(tmp_path / "one.pdb", chain_lines(" ", 3)))
    prediction = random_prediction((entry, [""]), (reading.read(entry.path), [""]))
    assert_same(read_result(save_prediction(prediction, tmp_path / "out")), prediction)


def test_real_structures_come_back(shared_data, tmp_path):
    code = "1AHW"  # an antibody's two chains and an antigen
    files = [reading.read(shared_data / "db5" / f"{code}_{s}_u.pdb.gz") for s in "rl"]
    prediction = random_prediction(*((file, file.chain_ids()) for file in files))
    assert_same(read_result(save_prediction(prediction, tmp_path / "out")), prediction)


def test_old_b_factors_are_kept_in_the_structure_and_the_result(tmp_path):
    lines = [line[:60] + f"{k:6.2f}" + line[66:] for k, line in enumerate(chain_lines("A", 2))]
    lines += chain_lines("B", 2, start=(0, 5, 0))
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    folder = save_prediction(random_prediction((entry, ["A"]), (entry, ["B"])), tmp_path / "out")
    block = gemmi.cif.read(str(folder / "complex.cif")).sole_block()
    column = [float(value) for value in block.find_loop("_atom_site.sasnet_old_B")]
    assert column == [*range(12), *[0] * 12]
    residues = json.loads((folder / "result.json").read_text())["residues"]
    assert [row["old_b_factors"] for row in residues[:2]] == [list(range(6)), list(range(6, 12))]


def test_b_factors_that_are_no_numbers_are_null_and_the_result_is_read(tmp_path):
    lines = [line[:60] + "   nan" + line[66:] for line in chain_lines("A", 2)]
    lines += chain_lines("B", 2, start=(0, 5, 0))
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    folder = save_prediction(random_prediction((entry, ["A"]), (entry, ["B"])), tmp_path / "out")
    residues = json.loads((folder / "result.json").read_text())["residues"]
    assert [row["old_b_factors"] for row in residues[1:3]] == [[None] * 6, [0] * 6]
    assert read_result(folder).left.protein.n_residues == 2


def test_a_folder_without_a_result_is_refused(tmp_path):
    with pytest.raises(ResultError, match=r"result\.json is missing"):
        read_result(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_another_json_file_is_refused(tmp_path, text):
    (tmp_path / "result.json").write_text(text)
    with pytest.raises(ResultError, match="not a result of sasnet_predict"):
        read_result(tmp_path)


def test_a_result_of_an_older_sasnet_is_refused(saved):
    path = saved[1] / "result.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema": 1}))
    with pytest.raises(ResultError, match="a result of schema 3 is needed, this is of 1"):
        read_result(path)


def test_a_result_without_scores_is_refused(saved):
    (saved[1] / "scores.npz").unlink()
    with pytest.raises(ResultError, match="missing or damaged"):
        read_result(saved[1])


def test_a_folder_that_a_killed_run_left_is_named_as_such(saved):
    (saved[1] / "result.json").unlink()
    with pytest.raises(ResultError, match="this result is unfinished"):
        read_result(saved[1])


@pytest.mark.parametrize("seed", range(10))
def test_a_damaged_result_is_read_or_refused_in_one_line(saved, tmp_path, seed):
    """Ten changes for each seed; the long run raises the number of seeds."""
    rng = random.Random(seed)
    for number in range(10):
        folder, out = tmp_path / f"copy{number}", tmp_path / f"exports{number}"
        shutil.copytree(saved[1], folder)
        out.mkdir()
        damage(folder, rng)
        try:
            result = read_result(folder)
            for name in FORMATS:
                try:
                    write_formats(result, [name], out)
                except SasnetError as error:
                    assert "\n" not in str(error)
        except SasnetError as error:
            assert "\n" not in str(error)


def test_an_array_of_an_impossible_size_is_refused_before_it_is_read(saved):
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000, 1000000000), }"
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + header.ljust(117) + b"\n"
    with zipfile.ZipFile(saved[1] / "scores.npz", "w") as archive:
        archive.writestr("scores.npy", data)
    with pytest.raises(ResultError, match="missing or damaged"):
        read_result(saved[1])
