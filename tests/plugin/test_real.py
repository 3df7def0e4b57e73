"""From two selections to colours with the real child and the shipped weights."""

import os
import statistics
import sys
from pathlib import Path

import pytest

pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)
from pymol import CmdException

from sasnet_core.shell.cli import main
from sasnet_core.structure import reading

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_plugin_says_what_the_command_says(
    plugin, enterotoxin, demo, temporary, tmp_path, monkeypatch
):
    monkeypatch.setenv("SASNET_PREDICT", f"{sys.executable} -m sasnet_core.cli")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    enterotoxin.set_name("tox", "1tii")
    with plugin.prediction_run.PredictionRun(
        "chain D", "chain E", 2, _self=enterotoxin
    ) as prediction:
        prediction.begin()
        prediction.wait(lambda *_: None)
        first = prediction.first_result()
        last = prediction.finish()
    plugin.commands.show(last, enterotoxin)
    assert (first.child_result.rotations, last.child_result.rotations) == (1, 2)
    assert first.values("left") != last.values("left")
    assert list(temporary.iterdir()) == []

    options = ["--left", "D", "--right", "E", "--rotations", "2", "--no-picture", "--quiet"]
    assert main([demo, *options, "-o", str(tmp_path / "out")]) == 0
    shell = plugin.child_result.read(tmp_path / "out")
    for side in ("left", "right"):
        told = [(each.resi, each.name) for each in last.child_result.residues[side]]
        assert told == [(each.resi, each.name) for each in shell.residues[side]]
        wanted = [each.probability for each in shell.residues[side]]
        found = [each.probability for each in last.child_result.residues[side]]
        # PyMOL sorts atoms, so the same rotations are not drawn
        assert statistics.mean(found) == pytest.approx(statistics.mean(wanted), abs=0.05)
        assert statistics.correlation(found, wanted) > 0.8
    likely = set()
    enterotoxin.iterate("sasnet_left_interface", "likely.add(resi)", space={"likely": likely})
    read = reading.read(demo).protein(["D"]).residue_ids.tolist()
    over = [each.probability >= last.threshold for each in last.child_result.residues["left"]]
    assert likely == {resi for resi, yes in zip(read, over, strict=True) if yes}


def test_without_tensorflow_the_child_says_so(
    plugin, enterotoxin, temporary, tmp_path, monkeypatch
):
    (tmp_path / "broken").mkdir()
    missing = "raise ModuleNotFoundError(\"No module named 'tensorflow'\", name='tensorflow')\n"
    for package in ("tensorflow", "keras"):
        (tmp_path / "broken" / f"{package}.py").write_text(missing)
    monkeypatch.setenv("SASNET_PREDICT", f"{sys.executable} -m sasnet_core.cli")
    path = [str(tmp_path / "broken"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))
    with pytest.raises(CmdException, match="No module named 'tensorflow'.*--doctor says what"):
        plugin.commands.sasnet_predict("chain D", "chain E", 2, _self=enterotoxin)
    assert enterotoxin.get_names("all") == ["tox"] and list(temporary.iterdir()) == []
