import csv
import json

import numpy as np
import pytest

from sasnet_core.shell.rank_cli import main
from sasnet_core.structure import reading
from tests.core.build import chain_lines, random_prediction, save_prediction, write_pdb


def pose_lines(shift, count=6):
    return [*chain_lines("A", 12), "TER", *chain_lines("B", count, start=(3.8 * shift, 5, 0))]


@pytest.fixture
def poses(tmp_path):
    lines = []
    for number, shift in enumerate((0, 3, 6), 1):
        lines += [f"MODEL     {number:4d}", *pose_lines(shift), "ENDMDL"]
    return write_pdb(tmp_path / "poses.pdb", lines)


@pytest.fixture
def result(tmp_path):
    """A saved prediction of the two proteins."""
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", pose_lines(3)))
    return save_prediction(random_prediction((entry, ["A"]), (entry, ["B"])), tmp_path / "result")


def run(tmp_path, *arguments):
    command = [*map(str, arguments), "--left", "A", "--right", "B", "-o", str(tmp_path / "out")]
    return main(command)


def table(tmp_path):
    with (tmp_path / "out" / "ranking.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_poses_are_ranked_and_the_best_written(tmp_path, poses, result, capsys):
    reference = write_pdb(tmp_path / "known.pdb", pose_lines(6))
    options = ["--prediction", result, "--best", "2", "--reference", reference]
    assert run(tmp_path, poses, *options) == 0
    rows = table(tmp_path)
    assert [row["rank"] for row in rows] == ["1", "2", "3"]
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    quality = {row["model"]: float(row["dockq"]) for row in rows}
    assert quality["3"] == pytest.approx(1.0, abs=1e-3)
    assert max(quality, key=quality.get) == "3"
    best = reading.read(tmp_path / "out" / "best_001.pdb").protein(["B"])
    shift = {"1": 0, "2": 3, "3": 6}[rows[0]["model"]]
    assert best.centers[0, 0] == pytest.approx(3.8 * shift, abs=1e-3)
    assert not (tmp_path / "out" / "best_003.pdb").exists()
    settings = json.loads((tmp_path / "out" / "ranking.json").read_text())
    assert settings["poses"] == 3 and settings["prediction"]["result"] == str(result)
    assert "3 poses ranked, 0 skipped" in capsys.readouterr().out


def test_another_run_takes_away_the_best_of_the_first(tmp_path, poses, result):
    assert run(tmp_path, poses, "--prediction", result, "--best", "3", "--no-plot") == 0
    assert run(tmp_path, poses, "--prediction", result, "--best", "1", "--no-plot") == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"best_001.pdb", "ranking.csv", "ranking.json"}


def test_a_pose_that_does_not_match_is_named_once_and_listed(tmp_path, poses, result, capsys):
    odd = write_pdb(tmp_path / "odd.pdb", pose_lines(0, count=5))
    assert run(tmp_path, poses, odd, "--prediction", result, "--no-plot", "--quiet") == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and "odd.pdb: the right partner needs" in lines[0]
    assert "odd.pdb" in (tmp_path / "out" / "skipped.csv").read_text()
    assert len(table(tmp_path)) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.pdb"], "does not exist"),
        (["poses.pdb", "--left", "A", "--right", "X"], "no protein chain 'X'"),
        (["poses.pdb", "--left", "A", "--right", "A"], "both sides"),
        (["poses.pdb", "--left", "A", "--right", "B", "--prediction", "none"], "result folder"),
        (["poses.pdb", "--left", "A", "--right", "B", "--reference", "none.pdb"], "not exist"),
    ],
)
def test_bad_input_is_one_line(tmp_path, poses, arguments, message, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chains = [] if "--left" in arguments else ["--left", "A", "--right", "B"]
    assert main([*arguments, *chains]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "sasnet_ranking").exists()


def test_the_first_pose_is_predicted_if_nothing_else_is(tmp_path, poses, weights_folder):
    options = ["--weights", weights_folder, "--rotations", "1", "--quiet", "--no-plot"]
    assert run(tmp_path, poses, *options) == 0
    by_pose = {row["model"]: float(row["score"]) for row in table(tmp_path)}
    left, right = (
        write_pdb(tmp_path / f"{name}.pdb", lines)
        for name, lines in (("l", chain_lines("A", 12)), ("r", chain_lines("A", 6)))
    )
    assert run(tmp_path, poses, *options, "--structures", left, right) == 0
    by_structures = {row["model"]: float(row["score"]) for row in table(tmp_path)}
    assert by_pose.keys() == by_structures.keys()
    assert np.isfinite(list(by_structures.values())).all()
