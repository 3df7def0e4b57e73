import numpy as np
import pytest

from sasnet_core.errors import SelectionError
from sasnet_core.fitted import Calibration
from sasnet_core.results.explain import (
    MOST_PATCHES,
    PATCH_RADIUS,
    explain,
    explanation_lines,
    find_residue,
    write_explanations,
)
from sasnet_core.results.reading import read_result
from sasnet_core.scoring.calibration import residue_probabilities
from sasnet_core.shell.export_cli import main as export
from sasnet_core.structure import reading
from tests.core.build import (
    chain_lines,
    random_prediction,
    residue_lines,
    save_prediction,
    table,
    write_pdb,
)


@pytest.fixture
def result(tmp_path):
    lines = [
        *chain_lines("A", 3, first=51),
        *residue_lines("A", 53, (11.4, 0, 0), icode="A"),
        *chain_lines("B", 40, first=-1, start=(0, 5, 0)),
    ]
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    return saved((entry, entry), (["A"], ["B"]), tmp_path / "out")


@pytest.fixture
def alike(tmp_path):
    """Both partners are chain A of the same file, read twice."""
    path = write_pdb(tmp_path / "one.pdb", chain_lines("A", 4))
    return saved((reading.read(path), reading.read(path)), (["A"], ["A"]), tmp_path / "two")


def saved(entries, chains, folder):
    return read_result(
        save_prediction(random_prediction(*zip(entries, chains, strict=True)), folder)
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A:53A", ("left", 3)),
        ("A:53", ("left", 2)),
        ("left:A:51", ("left", 0)),
        (" right:B:-1", ("right", 0)),
    ],
)
def test_a_residue_is_found_by_chain_number_and_insertion_code(text, found, result):
    assert find_residue(text, result.sides) == found


def test_a_chain_without_a_name_is_an_underscore(tmp_path):
    entry = reading.read(write_pdb(tmp_path / "one.pdb", chain_lines(" ", 3)))
    result = saved((entry, reading.read(entry.path)), ([""], [""]), tmp_path / "out")
    assert find_residue("right:_:2", result.sides) == ("right", 1)


@pytest.mark.parametrize(
    "text", ["", "A", "A:", "53", "A:53B", "a:53", "right:A:53", "middle:A:53", "A:B:53"]
)
def test_a_residue_that_is_not_there_is_refused(text, result):
    with pytest.raises(SelectionError, match="--explain needs"):
        find_residue(text, result.sides)


def test_a_residue_of_both_sides_needs_its_side(alike):
    with pytest.raises(SelectionError, match="write left:A:2 or right:A:2"):
        find_residue("A:2", alike.sides)
    assert find_residue("right:A:2", alike.sides) == ("right", 1)


@pytest.mark.parametrize(("side", "row"), [("left", 3), ("right", 5)])
def test_the_best_pair_alone_gives_the_residue_its_probability(side, row, result):
    found = explain(result, side, row)
    expected = result.scores[row] if side == "left" else result.scores[:, row]
    assert (found.scores == expected).all()
    assert found.alone.max() == pytest.approx(found.own.probability[row], abs=6e-5)
    best = found.patches[0].rows[0]
    assert found.scores[best] == found.scores.max()


def test_how_high_the_protein_scores_stays_when_partner_residues_are_left_out(result):
    result.values["weights"]["calibration"] |= {"slope": 2.0, "own_mean": -1.5}
    calibration = Calibration(slope=2.0, own_mean=-1.5)
    own = residue_probabilities(result.scores.max(axis=1), calibration)
    for row in range(len(own)):
        assert explain(result, "left", row).alone.max() == pytest.approx(own[row])


def test_without_a_patch_the_probability_is_that_of_the_other_residues(result):
    found = explain(result, "left", 1)
    centers = result.right.protein.centers
    remaining = np.ones(len(centers), bool)
    assert len(found.patches) == MOST_PATCHES
    for patch in found.patches:
        rows = np.array(patch.rows)
        assert remaining[rows].all()
        assert found.scores[rows[0]] == found.scores[remaining].max()
        near = np.linalg.norm(centers - centers[rows[0]], axis=1) <= PATCH_RADIUS
        assert set(rows) == set(np.flatnonzero(near & remaining))
        remaining[rows] = False
        best = np.full(result.left.protein.n_residues, found.scores[remaining].max())
        expected = residue_probabilities(best, Calibration())
        assert patch.without == pytest.approx(float(expected[0]))


def test_a_partner_of_one_patch_leaves_nothing(alike):
    found = explain(alike, "left", 0)
    last = found.patches[-1]
    assert last.without is None
    assert sum(len(patch.rows) for patch in found.patches) == 4
    assert "nothing remains without" in explanation_lines(found)[-1]


def test_the_table_lists_every_partner_residue_best_first(result, tmp_path):
    lines = write_explanations(result, [("left", 3), ("right", 0)], tmp_path)
    rows = table(tmp_path / "explain.csv")
    assert len(rows) == 40 + 4
    first = rows[0]
    assert (first["side"], first["chain"], first["number"], first["insertion_code"]) == (
        "left", "A", "53", "A",
    )  # fmt: skip
    scores = [float(row["score"]) for row in rows[:40]]
    assert scores == sorted(scores, reverse=True)
    best = int(result.scores[3].argmax())
    assert first["partner_number"] == result.right.protein.residue_ids[best]
    assert float(first["probability_alone"]) == pytest.approx(result.left.probability[3], abs=1e-4)
    assert {row["patch"] for row in rows} >= {"1", "2"}
    assert lines[0].startswith("CYS A53A (left): probability")


def test_a_saved_result_is_explained(result, capsys):
    before = {path.name for path in result.folder.iterdir()}
    assert export([str(result.folder), "--explain", "A:53A,B:-1"]) == 0
    said = capsys.readouterr().out
    assert "CYS A53A (left)" in said and "CYS B-1 (right)" in said and "explain.csv" in said
    assert {path.name for path in result.folder.iterdir()} == before | {"explain.csv"}


@pytest.mark.parametrize("arguments", [["--explain", "Z:1"], []], ids=["residue", "nothing to do"])
def test_what_cannot_be_explained_is_one_line(arguments, result, capsys):
    assert export([str(result.folder), *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("sasnet_export: --")
    assert not (result.folder / "explain.csv").exists()
