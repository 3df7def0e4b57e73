import base64
import gzip
import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.results import report, threedmol
from sasnet_core.results.reading import read_result
from sasnet_core.structure import reading
from tests.core.build import (
    chain_lines,
    random_prediction,
    residue_lines,
    save_prediction,
    write_cif,
    write_pdb,
)

HOSTILE = "<script>alert(1)</script>&quot;".replace("/", "\u2215")


@pytest.fixture
def viewer(tmp_path, monkeypatch):
    """Stand in for 3Dmol.js: these tests look at what is written, not at what a browser shows."""
    folder = tmp_path / "3dmol"
    folder.mkdir()
    (folder / threedmol.SCRIPT).write_text("/* the viewer */")
    (folder / threedmol.LICENSE).write_text("the viewer's licence")
    monkeypatch.setattr(threedmol, "installed_folder", lambda: folder)
    return folder


def saved(entries, chains, folder):
    prediction = random_prediction(*zip(entries, chains, strict=True))
    return read_result(save_prediction(prediction, folder))


@pytest.fixture
def result(tmp_path):
    lines = [
        *chain_lines("A", 6, first=-2),
        *residue_lines("A", 3, (22.8, 0, 0), icode="A"),
        *residue_lines("A", 9, (60, 0, 0), residue="TYR"),
        *chain_lines("B", 5, start=(0, 8, 0)),
    ]
    entry = reading.read(write_pdb(tmp_path / f"{HOSTILE}.pdb", lines))
    return saved((entry, entry), (["A"], ["B"]), tmp_path / "out")


def content(folder):
    """Return the page, and what its script reads."""
    page = (folder / report.NAME).read_text()
    packed = re.search(r'<script id="data" type="text/plain">(.+?)</script>', page)[1]
    return page, json.loads(gzip.decompress(base64.b64decode(packed)))


def written(result, folder):
    folder.mkdir(exist_ok=True)
    notes = report.write_report(result, folder)
    return *content(folder), notes


def test_the_page_holds_the_tables_numbers(result, viewer, tmp_path):
    page, data, notes = written(result, tmp_path / "page")
    assert notes == [] and data["warnings"] == result.values["warnings"]
    assert "/* the viewer */" in page and "the viewer's licence" in page
    for found, side in zip(data["sides"], result.sides, strict=True):
        assert found["chain"] == side.protein.chain_ids.tolist()
        assert found["residue"] == side.protein.residue_ids.tolist()
        assert found["name"] == side.protein.residue_names.tolist()
        np.testing.assert_allclose(found["probability"], side.probability, atol=1e-4)
        np.testing.assert_allclose(found["spread"], side.spread, atol=1e-4)
    assert data["sides"][0]["letter"] == "CCCCCCCY"
    i, j, score, spread, log_odds = data["pairs"][0]
    assert log_odds == pytest.approx(result.values["pairs"][0]["log_odds"], abs=1e-4)
    assert result.scores[i, j] == result.scores.max() == pytest.approx(score, abs=1e-4)
    assert result.pair_spread[i, j] == pytest.approx(spread, abs=1e-4)
    assert not data["pairs_calibrated"]  # nothing was fitted to these random weights
    assert data["weights"] == result.values["weights"]["sha256"]


def test_names_are_text_not_markup(result, viewer, tmp_path):
    page, data, _ = written(result, tmp_path / "page")
    assert HOSTILE in data["title"]
    assert HOSTILE not in page and "&lt;script&gt;alert(1)" in page


def test_a_page_to_hand_on_tells_nothing_of_the_machine(result, viewer, tmp_path):
    page, data, _ = written(result, tmp_path / "page")
    everything = page + json.dumps(data, ensure_ascii=False)
    assert str(tmp_path.parent) in json.dumps(result.values["inputs"])  # there it must be
    assert str(tmp_path.parent) not in everything
    assert len(data["calibration"]) == 5  # what it was fitted on, not its constants


def test_the_maps_are_rounded_scores(result, viewer, tmp_path):
    found = written(result, tmp_path / "page")[1]["map"]
    shape = found["rows"], found["columns"]
    assert found["block"] == 1 and shape == result.scores.shape
    for name, matrix, highest in zip(
        ("scores", "spread"), (result.scores, result.pair_spread), found["highest"], strict=True
    ):
        cells = np.frombuffer(base64.b64decode(found[name]), np.uint8).reshape(shape)
        np.testing.assert_allclose(cells * highest / 255, matrix, atol=highest / 500)


def test_large_maps_hold_the_best_of_blocks(result, viewer, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "MOST_CELLS", 12)
    found = written(result, tmp_path / "page")[1]["map"]
    assert (found["block"], found["rows"], found["columns"]) == (2, 4, 3)
    cells = np.frombuffer(base64.b64decode(found["scores"]), np.uint8).reshape(4, 3)
    for row in range(4):
        for column in range(3):
            block = result.scores[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            assert cells[row, column] == round(255 * block.max())


def test_the_viewers_numbers_skip_one_where_the_chain_is_broken(result, viewer, tmp_path):
    left, right = written(result, tmp_path / "page")[1]["structures"]
    assert left["numbers"] == [1, 2, 3, 4, 5, 6, 7, 9]
    assert right["numbers"] == [1, 2, 3, 4, 5]
    numbers = [int(line[22:26]) for line in left["pdb"].splitlines()]
    assert numbers == np.repeat(left["numbers"], 6).tolist()


def placed(points, place):
    moved = (points - np.array(place["center"])) @ np.array(place["rotation"]).T
    return moved + np.array(place["shift"])


def test_the_left_partner_is_shown_on_the_left(result, viewer, tmp_path):
    structures = written(result, tmp_path / "page")[1]["structures"]
    centers = [side.protein.centers for side in result.sides]
    for way in ("together", "apart"):
        left, right = (
            placed(points, shown[way]) for points, shown in zip(centers, structures, strict=True)
        )
        assert left[:, 0].mean() < right[:, 0].mean()
    assert left[:, 0].max() + report.GAP < right[:, 0].min()
    together = [placed(c, s["together"]) for c, s in zip(centers, structures, strict=True)]
    distances = [np.linalg.norm(a[:, None] - b, axis=2) for a, b in (centers, together)]
    np.testing.assert_allclose(*distances, atol=1e-4)


def test_a_likely_interface_is_turned_to_the_viewer(result, viewer, tmp_path):
    shown = written(result, tmp_path / "page")[1]["structures"][0]
    points = placed(result.left.protein.centers, shown["apart"])
    weights = result.left.probability**2
    assert np.average(points[:, 2], weights=weights) > points[:, 2].mean()


def test_a_chain_name_that_is_no_letter_is_shown(viewer, tmp_path):
    lines = [*chain_lines("A", 3), *chain_lines("B", 3, start=(0, 5, 0))]
    entry = reading.read(write_cif(tmp_path / "pair.cif", lines, {"A": "A-2"}))
    found = saved((entry, entry), (["A-2"], ["B"]), tmp_path / "out")
    _, data, notes = written(found, tmp_path / "page")
    assert notes == [] and data["sides"][0]["chain"] == ["A-2"] * 3
    assert len(data["structures"]) == 2


def test_modified_residues_are_shown_too(viewer, tmp_path):
    lines = chain_lines("A", 3, residue="MSE", record="HETATM")
    lines += chain_lines("A", 2, first=4, start=(11.4, 0, 0))
    entry = reading.read(write_pdb(tmp_path / "one.pdb", lines))
    result = saved((entry, reading.read(entry.path)), (["A"], ["A"]), tmp_path / "out")
    _, data, _ = written(result, tmp_path / "page")
    assert len(data["structures"][0]["pdb"].splitlines()) == len(lines)
    assert not data["together"]


def test_a_structure_without_room_is_left_out_and_said(viewer, tmp_path):
    path = write_cif(tmp_path / "long.cif", chain_lines("A", 3))
    path.write_text(path.read_text().replace("CYS", "A1B2C"))
    entry = reading.read(path)
    result = saved((entry, reading.read(path)), (["A"], ["A"]), tmp_path / "out")
    page, data, notes = written(result, tmp_path / "page")
    assert data["structures"] == [] and "/* the viewer */" in page
    assert len(notes) == 1 and "no 3D view (left.pdb: a PDB file holds residue names" in notes[0]


def test_without_the_viewer_the_page_says_so(result, viewer, tmp_path):
    shutil.rmtree(viewer)
    page, data, notes = written(result, tmp_path / "page")
    assert data["structures"] == []
    assert notes == [
        "report: no 3D view, 3Dmol.js is not part of this installation; "
        "python -m sasnet_core.results.threedmol installs it from npm"
    ]
    assert notes[0].removeprefix("report: ") in data["warnings"]


def test_thresholds_come_with_their_precision(result, viewer, tmp_path):
    known = {"thresholds": [0.5, 0.8], "precisions": [0.2, 0.6], "recalls": [0.9, 0.3]}
    result.values["weights"]["calibration"] |= known | {"threshold": 0.61, "precision": 0.41}
    data = written(replace(result, threshold=0.7), tmp_path / "page")[1]
    assert data["threshold"] == 0.7
    assert data["benchmark"] == [[0.61, 0.41, 0.0], [0.5, 0.2, 0.9], [0.8, 0.6, 0.3]]
    assert data["meaning"].startswith("likely: probability {threshold} or more; in the benchmark")


def test_the_truth_is_there_if_the_input_is_a_complex(result, viewer, tmp_path):
    data = written(result, tmp_path / "page")[1]
    observed = result.values["observed_in_input"]
    assert len(data["contacts"]) == observed["contacts"] > 0
    for name, column in (("left", 0), ("right", 1)):
        assert sorted({pair[column] for pair in data["contacts"]}) == observed[name]["touching"]
    result.values["observed_in_input"] = None
    assert written(result, tmp_path / "other")[1]["contacts"] == []


def test_the_scale_ends_above_the_highest_probability(result, viewer, tmp_path):
    scale = written(result, tmp_path / "page")[1]["scale"]
    highest = max(side.probability.max() for side in result.sides)
    assert scale[-1][0] - 0.1 < highest <= scale[-1][0] + 1e-4


def test_the_picture_is_in_the_page_where_there_is_one(result, viewer, tmp_path):
    assert '<section id="picture">' not in written(result, tmp_path / "page")[0]
    (result.folder / "picture.png").write_bytes(b"\x89PNG")
    page = written(result, tmp_path / "page")[0]
    assert "data:image/png;base64,iVBORw==" in page


def test_the_same_result_gives_the_same_page(result, viewer, tmp_path):
    assert written(result, tmp_path / "one")[0] == written(result, tmp_path / "two")[0]


def test_real_proteins_are_shown(shared_data, viewer, tmp_path):
    files = [reading.read(shared_data / "db5" / f"1AHW_{s}_u.pdb.gz") for s in "rl"]
    result = saved(files, [file.chain_ids() for file in files], tmp_path / "out")
    _, data, notes = written(result, tmp_path / "page")
    assert notes == []
    for shown, side in zip(data["structures"], result.sides, strict=True):
        found = {int(line[22:26]) for line in shown["pdb"].splitlines()}
        assert found == set(shown["numbers"]) and len(found) == side.protein.n_residues
