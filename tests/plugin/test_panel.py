"""Drives the panel in PyMOL's real window, on a virtual screen.

The window is photographed at each step; the pictures stay in the folder that SASNET_TEST_PICTURES
names, else in build/window.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.plugin.conftest import COMMAND, version_of

pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys
sys.path.insert(0, {here!r})
from driving import drive
from scenario_panel import scenario
drive(scenario, {facts!r}, demo={demo!r}, command={command!r})
"""


@pytest.fixture(params=["this", "old"])
def python(request):
    """The Python of the PyMOL that is driven."""
    return sys.executable if request.param == "this" else request.getfixturevalue("old_pymol")


@pytest.fixture
def pictures(python, monkeypatch):
    """The folder that takes the pictures of the window."""
    kept = Path(os.environ.get("SASNET_TEST_PICTURES") or ROOT / "build" / "window")
    folder = kept / (version_of(python) or "window")
    shutil.rmtree(folder, ignore_errors=True)
    monkeypatch.setenv("SASNET_TEST_PICTURES", str(folder))
    return folder


@pytest.fixture
def facts(display, install, run_pymol, notes, demo, tmp_path, monkeypatch, python, pictures):
    """What happened in the window."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    install(python)
    path = tmp_path / "facts.json"
    here = str(Path(__file__).parent)
    script = SCRIPT.format(here=here, demo=demo, facts=str(path), command=COMMAND)
    ended = run_pymol(script, display=display, python=python)
    assert path.is_file(), ended.stdout + ended.stderr
    found = json.loads(path.read_text())
    assert not found["trouble"], found["trouble"] + ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr, ended.stdout + ended.stderr
    return found | {"last_child": notes()["pid"]}


@pytest.mark.slow
def test_panel_in_the_real_window(facts, tmp_path, pictures):
    assert facts["docked"]
    assert facts["choices"][0] == "tox and chain A" and facts["choices"][-1] == "tox"
    assert facts["proposed"] == ["tox and chain A", "tox and chain D"]
    assert facts["refusal"] == "Right partner: no protein atoms in selection 'chain Q'"
    assert facts["preset"].startswith("balanced: 8 rotations, about ")
    assert facts["button"] == "Stop"

    assert facts["early"]["running"] and facts["early"]["painted"] > 50
    assert "one rotation" in facts["early"]["message"]
    assert facts["message"].splitlines() == [
        "Warning: this is a fake",
        "Patch 1: left around ALA D93, chance 0.40; right around ASP E29, chance 0.40",
    ]
    assert facts["counts"] == "Interface from 0.500: 30 left, 27 right"
    assert facts["refined"] and facts["others"]
    assert sorted(facts["names"]) == [
        "sasnet_left_interface",
        "sasnet_legend",
        "sasnet_patch_1",
        "sasnet_right_interface",
        "tox",
    ]
    assert facts["rows"] == [2 * 98, 1000]

    assert facts["strict"] == [0, 0]
    assert facts["slider"][0].startswith(f"Interface from 0.250: {facts['slider'][1]} left")
    assert facts["slider"][1] > 30
    assert facts["selected"][0] == pytest.approx(0.6, abs=0.003)
    assert facts["selected"][1] == f"Interface from 0.600: {facts['selected'][2]} left, 22 right"
    assert facts["cut"].splitlines()[1] == (
        "Warning: left partner has only 40 of 98 residues of chain D: where a chain is cut, its "
        "inside looks like surface; select whole chains unless you mean one domain."
    )
    assert facts["atoms"].startswith("Right partner: 98 residues are only partly in selection")

    assert facts["best"] == ["left", 92] and facts["picked"] == ["D93"]
    assert 1 < len(facts["partners"]) <= 8
    assert all(residue.startswith("E") for residue in facts["partners"])
    assert facts["sorted"] == "1"
    assert [[name.split()[1]] for name in facts["pair_row"]] == facts["pair"]
    assert "sasnet_pairs" in facts["lines"] and len(facts["lines"]) > 1
    left, right = facts["map_pair"]
    for chain, ticks in zip("DE", facts["ticks"], strict=True):
        assert ticks[0] == [0, f"{chain}1"] and len(ticks) > 1
        assert all(row == int(text) - 1 and int(text) % 10 == 0 for row, text in ticks[1:])
    assert facts["map_picked"] == [[f"D{left + 1}"], [f"E{right + 1}"]]

    # real clicks, the third at a residue that the second has lit, the last at a water
    first, second, third, water = facts["clicks"]
    assert [each["picked"] for each in facts["clicks"][:3]] == [["E69"], ["D12"], ["E33"]]
    assert first["prompt"][0] == "MET E69: best-scoring residues of the partner"
    assert first["table"] == ["right", 68]
    assert second["table"] == ["left", 11] and "E33" in second["partners"]
    assert "D12" in third["partners"]
    for click, other in ((first, "D"), (second, "E"), (third, "D")):
        assert click["partners"] and all(name[0] == other for name in click["partners"])
        named = [line.split()[-1] for line in click["prompt"][1:]]
        assert sorted(named) == click["partners"] and click["enabled"] == ["sasnet_partners"]
    assert water["prompt"] == ["tox_D_E has no prediction for the clicked residue"]
    assert water["partners"] == third["partners"], "a click beside the partners changed the lights"
    assert facts["selections"] == [True, True], "a click changed a selection of the user's"
    assert facts["enabled_again"] == ["mine"] and not facts["lights"]

    assert facts["spread_scale"] == ["0", "0.025", "0.05", "0.075", "0.1"]
    assert facts["legend"] == pytest.approx((0.28, 0.10, 0.43), abs=0.08), "an old legend is shown"
    assert facts["line"] == pytest.approx((0.30, 0.05, 0.40), abs=0.01), "lines keep the palette"
    assert facts["typed"] == ["probability", "1"], "the fields do not follow a typed command"
    assert facts["restored"] and facts["cleared"] == ["tox"]
    assert facts["results"] == ["tox_D_E", "copy_D_F"]
    assert facts["last_click"], "a result that was clicked away painted all the same"
    assert facts["second"], "a result on one object painted another with equal chains"

    assert facts["stopping"] == "Stopping ..."
    assert facts["switches"] == [False, False] and facts["results_switches"] == [True, True]
    assert facts["unfinished"] == "copy_D_F_2 (one rotation)"
    assert facts["stopped"] == "Stopped; the colours are those of one rotation"
    assert facts["killed"].startswith("sasnet_predict was killed (signal 9)")
    assert facts["gone"] == "Left partner: its atoms are gone; load them again"
    assert "copy" not in facts["deleted"][0] and not facts["deleted"][1]
    assert facts["doctor"].startswith("ok      PyMOL")
    assert facts["alone_preset"].startswith("balanced: 8 rotations, about ")
    assert facts["alone"][0].endswith("Patch 1: around GLY D1, chance 0.40")
    assert facts["alone"][1] == "Interface from 0.250: 4 residues"
    assert facts["alone_rows"] == [1, 98, 0] and facts["alone_picked"] == ["D2"]
    assert "names '/nowhere/sasnet_predict'" in facts["lost"]
    assert not [path for path in (tmp_path / "temporary").iterdir() if "sasnet_" in path.name]
    with pytest.raises(ProcessLookupError):
        os.kill(facts["last_child"], 0)
    assert len(list(pictures.glob("*.png"))) == 11
