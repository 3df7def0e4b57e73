"""Results in PyMOL's sessions: back with the atoms, and no hurt where the plugin is not."""

import subprocess
import sys

import pytest

from tests.plugin.conftest import COMMAND

pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)


def state(plugin, cmd):
    """What the plugin knows of a PyMOL, and what its atoms look like."""
    here = plugin.pymol_session.of(cmd)
    results = {name: here.results.get(name, cmd) for name in here.results.names()}
    return {
        "names": here.results.names(),
        "current": here.results.current,
        "look": (here.palette, here.what),
        "values": {name: [r.values("left"), r.values("right")] for name, r in results.items()},
        "thresholds": [result.threshold for result in results.values()],
        "scores": [result.child_result.scores for result in results.values()],
        "pairs": [result.child_result.pairs for result in results.values()],
        "atoms": {
            name: [cmd.count_atoms(f"?{partner.name}") for partner in result.partners.values()]
            for name, result in results.items()
        },
        "hidden": len([name for name in cmd.get_names("all") if name.startswith("_sasnet")]),
        "colours": colours(cmd, "all"),
    }


def colours(cmd, selection):
    """Map each atom to its colour."""
    found = {}
    cmd.iterate(selection, "found[model, chain, resi, index] = color", space={"found": found})
    return found


@pytest.fixture(scope="module")
def file(plugin, demo, tmp_path_factory):
    """A session with two results, coloured by the first in another palette: file and state."""
    import pymol2

    path = str(tmp_path_factory.mktemp("pse") / "session.pse")
    with pymol2.PyMOL() as pymol, pytest.MonkeyPatch.context() as patch:
        cmd = pymol.cmd
        patch.setenv("SASNET_PREDICT", COMMAND)
        plugin.commands.register(cmd)
        cmd.load(demo, "tox")
        cmd.set_color("mine", [0.1, 0.2, 0.3])
        cmd.color("mine", "chain D")
        cmd.create("copy", "tox")
        plugin.commands.sasnet_predict("copy and chain F", "tox and chain G", 2, _self=cmd)
        plugin.commands.sasnet_predict("tox and chain D", "tox and chain E", 2, 0.7, _self=cmd)
        plugin.viewing.sasnet_color("copy_F_tox_G", "viridis", "spread", _self=cmd)
        cmd.save(path)
        return path, state(plugin, cmd)


@pytest.fixture
def saved(file, session):
    """A PyMOL with that session, and the file."""
    session.load(file[0])
    return session, file[0]


@pytest.fixture
def other(plugin):
    """Another PyMOL with the plugin's commands."""
    import pymol2

    with pymol2.PyMOL() as pymol:
        plugin.commands.register(pymol.cmd)
        yield pymol.cmd


def test_results_come_back_in_another_pymol(plugin, file, other):
    path, before = file
    other.load(path)
    assert state(plugin, other) == before


def test_what_came_back_works(plugin, saved, other, tmp_path):
    _, path = saved
    other.load(path)
    plugin.viewing.sasnet_color("tox_D_E", _self=other)
    plugin.viewing.sasnet_select("tox_D_E", _self=other)
    assert other.count_atoms("sasnet_left_interface and name CA and chain D") > 5
    plugin.commands.sasnet_save(str(tmp_path / "folder"), "tox_D_E", _self=other)
    assert (tmp_path / "folder" / "left.cif").is_file()
    plugin.viewing.sasnet_restore(_self=other)
    mine = other.get_color_index("mine")
    assert set(colours(other, "tox and chain D").values()) == {mine}
    assert len(set(colours(other, "copy and chain F").values())) > 1, "by element"


def test_loading_it_twice_doubles_nothing(plugin, saved):
    cmd, path = saved
    before = state(plugin, cmd)
    for _ in range(2):
        cmd.load(path)
        assert state(plugin, cmd) == before


def test_a_session_without_results_takes_those_before_away(plugin, saved, other, tmp_path):
    cmd, _ = saved
    other.fragment("ala")
    other.save(str(tmp_path / "bare.pse"))
    cmd.load(str(tmp_path / "bare.pse"))
    assert plugin.pymol_session.of(cmd).results.names() == []
    assert plugin.pymol_session.of(cmd).results.current == ""


def test_a_partial_load_adds_its_results(plugin, saved, other, fake, demo):
    cmd, path = saved
    other.load(demo, "mate")
    plugin.commands.sasnet_predict("chain D", "chain E", 2, name="tox_D_E", _self=other)
    values = plugin.pymol_session.of(other).results.get("tox_D_E", other).values("left")
    other.load(path, partial=1)
    results = plugin.pymol_session.of(other).results
    assert results.names() == ["tox_D_E", "copy_F_tox_G", "tox_D_E_2"]
    assert results.get("tox_D_E", other).values("left") == values
    assert set(results.get("tox_D_E_2", other).partners["left"].residues.values()) == {"tox"}
    plugin.viewing.sasnet_restore("tox", _self=other)
    mine = other.get_color_index("mine")
    assert set(colours(other, "tox and chain D").values()) == {mine}


def test_a_result_whose_object_was_deleted_stays_out(plugin, saved, other, tmp_path):
    cmd, _ = saved
    cmd.delete("copy")
    cmd.save(str(tmp_path / "part.pse"))
    other.load(str(tmp_path / "part.pse"))
    assert plugin.pymol_session.of(other).results.names() == ["tox_D_E"]


@pytest.mark.parametrize("damage", [{"version": 99}, {"results": [{}]}, {"backup": None}])
def test_what_cannot_be_read_is_one_line(plugin, saved, other, capfd, damage):
    cmd, _ = saved
    content = cmd.get_session()
    content["sasnet"].update(damage)
    other.set_session(content)
    said = [line for line in capfd.readouterr().out.splitlines() if "sasnet" in line]
    assert len(said) == 1 and "cannot be read" in said[0]
    assert other.get_object_list() == cmd.get_object_list()


def test_damaged_scores_lose_their_result_only(plugin, saved, other, capfd):
    cmd, _ = saved
    content = cmd.get_session()
    content["sasnet"]["results"][0]["files"]["scores.npz"] = b"nothing"
    other.set_session(content)
    assert "result copy_F_tox_G was not restored" in capfd.readouterr().out
    assert plugin.pymol_session.of(other).results.names() == ["tox_D_E"]


def test_a_pymol_without_the_plugin_opens_it(saved, tmp_path):
    cmd, path = saved
    script = "from pymol import cmd; import sys; cmd.load(sys.argv[-1]); "
    script += "print(cmd.get_object_list(), cmd.count_atoms(), 'sasnet_plugin' in sys.modules)"
    command = [
        sys.executable,
        "-m",
        "pymol",
        "-cq",
        "-d",
        script.replace("sys.argv[-1]", repr(path)),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    wanted = f"{cmd.get_object_list()} {cmd.count_atoms()} False"
    assert wanted in ended.stdout, ended.stdout + ended.stderr
    assert "rror" not in ended.stdout + ended.stderr
