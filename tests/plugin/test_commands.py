import json
import math
import os
import threading
import time

import pytest

pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)
from pymol import CmdException


@pytest.fixture
def predict(plugin, session, fake, temporary):
    """The command as Python calls it, with the fake child, in a watched temporary folder."""

    def predict(left, right, **options):
        plugin.commands.sasnet_predict(left, right, 2, _self=session, **options)

    return predict


def distances(cmd, own, other):
    """Distance of each residue's CA to the nearest CA of the other partner."""
    positions = {"own": [], "other": []}
    for name, selection in (("own", own), ("other", other)):
        expression = "found.append(((model, segi, chain, resi), (x, y, z)))"
        cmd.iterate_state(
            1, f"({selection}) and name CA", expression, space={"found": positions[name]}
        )
    return {
        residue: min(math.dist(position, far) for _, far in positions["other"])
        for residue, position in positions["own"]
    }


def wanted_colours(plugin, cmd, own, other):
    near = distances(cmd, own, other)
    return {
        residue: plugin.palettes.colour(1 / (1 + math.exp((distance - 9) / 1.5)))
        for residue, distance in near.items()
    }


def painted_colours(cmd, selection):
    found = {}
    expression = "found.setdefault((model, segi, chain, resi), set()).add(color)"
    cmd.iterate(f"({selection}) and polymer", expression, space={"found": found})
    assert all(len(some) == 1 for some in found.values()), "a residue of two colours"
    return {residue: cmd.get_color_tuple(some.pop()) for residue, some in found.items()}


def assert_painted(plugin, cmd, left, right):
    for own, other in ((left, right), (right, left)):
        wanted = wanted_colours(plugin, cmd, own, other)
        painted = painted_colours(cmd, own)
        assert painted.keys() == wanted.keys()
        for residue, rgb in painted.items():
            assert rgb == pytest.approx(wanted[residue], abs=0.01), residue


def test_both_partners_are_painted_and_nothing_else(plugin, enterotoxin, predict, per_atom):
    before = per_atom(enterotoxin, "all", "(color, b)")
    predict("chain D", "chain E")
    assert_painted(plugin, enterotoxin, "chain D", "chain E")
    after = per_atom(enterotoxin, "all", "(color, b)")
    partners = per_atom(enterotoxin, "chain D+E and polymer", "0")
    assert all(after[atom] == before[atom] for atom in before if atom not in partners)
    assert all(after[atom][1] == before[atom][1] for atom in before)


def test_interfaces_are_selected_and_nothing_else_is_left(
    plugin, enterotoxin, predict, temporary, per_atom
):
    predict("chain D", "chain E", threshold=0.7)
    assert enterotoxin.get_names("public") == [
        "tox",
        "sasnet_legend",
        "sasnet_patch_1",
        "sasnet_left_interface",
        "sasnet_right_interface",
    ]
    near = distances(enterotoxin, "chain D", "chain E")
    wanted = {key[3] for key, far in near.items() if 1 / (1 + math.exp((far - 9) / 1.5)) >= 0.7}
    selected = {atom[2] for atom in per_atom(enterotoxin, "sasnet_left_interface", "0")}
    assert selected == wanted and 0 < len(wanted) < len(near)
    assert list(temporary.iterdir()) == []


def test_insertion_codes_negative_numbers_odd_chains_and_mse(plugin, enterotoxin, predict):
    cmd = enterotoxin
    for number in range(1, 11):
        cmd.alter(f"chain D and resi {number}", f"resi = '{number - 6}'")
    cmd.alter("chain D and resi 53", "resi = '52A'")
    cmd.alter("chain D and resi 54", "resi = '52B'")
    cmd.alter("chain D and resi 60", "resn = 'MSE'; type = 'HETATM'")
    cmd.alter("chain D", "chain = 'Long D'; segi = 'S1'")
    cmd.alter("chain E", "chain = ''")
    cmd.sort()
    left = 'tox and chain "Long D" and polymer'
    right = 'tox and chain "" and polymer'
    predict(left, right)
    assert_painted(plugin, cmd, left, right)
    colours = painted_colours(cmd, left)
    assert {("tox", "S1", "Long D", resi) for resi in ("-5", "52", "52A", "52B")} <= colours.keys()


def test_two_objects_with_equal_chains_do_not_mix(plugin, enterotoxin, predict, per_atom):
    cmd = enterotoxin
    cmd.create("copy", "tox")
    cmd.translate([40, 0, 0], object="copy")
    before = per_atom(cmd, "all", "color")
    predict("tox and chain D", "copy and chain D")
    after = per_atom(cmd, "all", "color")
    changed = {atom[:2] for atom in before if before[atom] != after[atom]}
    assert changed == {("tox", "D"), ("copy", "D")}


def test_partner_of_two_objects_is_painted_in_both(plugin, enterotoxin, predict):
    cmd = enterotoxin
    cmd.create("one", "chain D and polymer")
    cmd.create("two", "chain E and polymer")
    predict("one or two", "tox and chain F")
    assert_painted(plugin, cmd, "one or two", "tox and chain F and polymer")


def test_two_segments_of_one_chain_do_not_mix(plugin, enterotoxin, predict):
    cmd = enterotoxin
    cmd.create("both", "chain D+E and polymer")
    cmd.alter("both", "segi = chain; chain = ''")
    predict("both", "tox and chain F")
    assert_painted(plugin, cmd, "both", "tox and chain F and polymer")


def test_typed_command_reports_and_quiet_is_quiet(enterotoxin, predict, capfd):
    enterotoxin.do("sasnet_predict chain D, chain E, 2, 0.9", echo=0)
    said = capfd.readouterr().out
    assert "rotation 2 of 2" in said
    assert "warning: this is a fake" in said
    assert "left: 7 of 98 residues at 0.90 or more" in said
    assert "0.96 +/- 0.05  /tox//D/ALA`93" in said
    predict("chain D", "chain E")
    assert capfd.readouterr().out == ""


def test_report_lists_the_best_where_none_reaches_the_threshold(enterotoxin, predict, capfd):
    predict("chain D", "chain E", threshold=1, quiet=0)
    left = capfd.readouterr().out.split("right:")[0]
    assert "left: 0 of 98 residues" in left and left.count("+/-") == 5


def test_names_in_the_report_are_selections(enterotoxin, predict, capfd):
    predict("chain D", "chain E", quiet=0)
    names = [line.split()[-1] for line in capfd.readouterr().out.splitlines() if "+/-" in line]
    assert len(names) == 40
    assert all(enterotoxin.count_atoms(f"byres {name}/CA") > 3 for name in names)


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("refuse", "^ Error: sasnet_predict: left.cif: no CA atom$"),
        ("crash", "exit code 1: RuntimeError: out of luck"),
        ("garbage", "no result of sasnet_predict that this plugin can read"),
        ("alien", "1 of them unknown here, e.g. Z/999"),
    ],
)
def test_a_failing_child_changes_nothing(
    enterotoxin, predict, fake, temporary, per_atom, mode, message
):
    before = per_atom(enterotoxin, "all", "(color, b)")
    fake(mode)
    with pytest.raises(CmdException, match=message):
        predict("chain D", "chain E")
    assert per_atom(enterotoxin, "all", "(color, b)") == before
    assert enterotoxin.get_names("all") == ["tox"], "a hidden selection was left"
    assert list(temporary.iterdir()) == []


def test_a_first_answer_that_cannot_be_read_ends_the_child(enterotoxin, predict, fake, notes):
    fake("babble")
    begin = time.monotonic()
    with pytest.raises(CmdException, match="that this plugin can read"):
        predict("chain D", "chain E")
    assert time.monotonic() - begin < 30, "the child was waited for"
    with pytest.raises(ProcessLookupError):
        os.kill(notes()["pid"], 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("chain D", "chain D+E"), "98 residues are in both"),
        (("chain Q", "chain E"), "left partner: no protein atoms"),
        (("chain D", "nonsense"), "right partner: cannot understand"),
        (("chain D", "chain E", 0), "rotations must be 1 or more"),
        (
            ("chain D", "chain E", "many"),
            "rotations must be one of fast, balanced, accurate, got 'many'",
        ),
        (("chain D", "chain E", 2, 50), "threshold must be 0 to 1"),
        (("chain D", "chain E", 2, "nan"), "threshold must be 0 to 1"),
    ],
)
def test_bad_arguments(plugin, enterotoxin, fake, temporary, arguments, message):
    with pytest.raises(CmdException, match=message):
        plugin.commands.sasnet_predict(*arguments, _self=enterotoxin)
    assert enterotoxin.get_names("public") == ["tox"]
    assert list(temporary.iterdir()) == []


def test_no_program_is_a_clear_error(enterotoxin, predict, temporary, monkeypatch):
    monkeypatch.setenv("SASNET_PREDICT", "/nowhere/sasnet_predict")
    with pytest.raises(CmdException, match="SASNET_PREDICT names '/nowhere/sasnet_predict'"):
        predict("chain D", "chain E")
    assert list(temporary.iterdir()) == []


@pytest.fixture
def begin(plugin, enterotoxin, fake, temporary):
    """A function: a prediction whose child has begun to work."""
    begun = []

    def begin(mode="hang"):
        fake(mode)
        begun.append(
            plugin.prediction_run.PredictionRun("chain D", "chain E", 3, _self=enterotoxin)
        )
        begun[-1].begin()
        while not begun[-1].progress[0]:
            time.sleep(0.02)
        return begun[-1]

    yield begin
    for some in begun:
        some.close()


def test_cancel_leaves_nothing_behind(begin, enterotoxin, temporary):
    prediction = begin()
    assert len(list(temporary.iterdir())) == 1
    prediction.cancel()
    while prediction.running():
        time.sleep(0.02)
    with pytest.raises(CmdException, match="stopped; nothing was coloured"):
        prediction.finish()
    prediction.close()
    assert enterotoxin.get_names("public") == ["tox"]
    assert list(temporary.iterdir()) == []


def test_interrupt_ends_the_child_and_cleans_up(begin, enterotoxin, temporary):
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), begin() as prediction:
        prediction.wait(interrupt)
    assert not prediction.running()
    assert enterotoxin.get_names("public") == ["tox"]
    assert list(temporary.iterdir()) == []


def test_closing_a_running_prediction_twice_is_fine(begin, temporary):
    prediction = begin("deaf")
    prediction.close()
    prediction.close()
    assert list(temporary.iterdir()) == []


def test_objects_renamed_or_deleted_meanwhile(begin, plugin, enterotoxin):
    first = begin("")
    enterotoxin.set_name("tox", "renamed")
    first.wait(lambda *_: None)
    plugin.commands.show(first.finish(), enterotoxin)
    assert_painted(plugin, enterotoxin, "renamed and chain D", "renamed and chain E")
    second = begin("")
    enterotoxin.delete("renamed")
    second.wait(lambda *_: None)
    with pytest.raises(CmdException, match="left partner: its atoms are gone"):
        second.finish()


def test_two_predictions_at_once_do_not_meet(begin, plugin, enterotoxin):
    first, second = begin(""), begin("")
    for some in (second, first):
        some.wait(lambda *_: None)
        plugin.commands.show(some.finish(), enterotoxin)
        some.close()
    assert_painted(plugin, enterotoxin, "chain D", "chain E")


def test_only_the_main_thread_talks_to_pymol(plugin, enterotoxin, fake, temporary):
    threads = set()

    class Watched:
        def __getattr__(self, name):
            threads.add(threading.current_thread())
            return getattr(enterotoxin, name)

    plugin.commands.sasnet_predict("chain D", "chain E", 2, _self=Watched())
    assert threads == {threading.main_thread()}


def test_arguments_are_completed(enterotoxin, predict):
    predict("chain D", "chain E")
    wanted = {
        "sasnet_predict": ("tox", "tox", "balanced"),
        "sasnet_alone": ("tox", "balanced"),
        "sasnet_color": ("tox_D_E", "viridis", "spread"),
        "sasnet_pairs": ("tox_D_E",),
        "sasnet_select": ("tox_D_E",),
        "sasnet_restore": ("tox",),
        "sasnet_save": (None, "tox_D_E"),
        "sasnet_load": (None, "tox", "tox"),
    }
    for command, words in wanted.items():
        for position, word in enumerate(words):
            if word is not None:
                shortcut, what, _ = enterotoxin.auto_arg[position][command]
                assert what and word in shortcut().keywords


def test_every_command_has_help_in_pymols_form(plugin, enterotoxin):
    for command in plugin.commands.COMMANDS:
        assert enterotoxin.keyword[command.__name__][0] is command
        lines = command.__doc__.splitlines()
        headings = [line for line in lines if line.isupper()]
        assert headings[:3] == ["DESCRIPTION", "USAGE", "ARGUMENTS"], command.__name__
        assert f"    {command.__name__} " in command.__doc__
        assert max(map(len, lines)) <= 80


def test_a_partial_result_can_be_forgotten_while_the_rest_is_computed(
    plugin, enterotoxin, fake, temporary
):
    fake(seconds=0.3)
    results = plugin.pymol_session.of(enterotoxin).results
    with plugin.prediction_run.PredictionRun("chain D", "chain E", 3, _self=enterotoxin) as run:
        run.begin()
        while run.first_result() is None:
            time.sleep(0.05)
        results.drop(run.name, enterotoxin)
        run.require_atoms()
        run.wait(lambda done, total: None)
        result = run.finish()
    assert results.get("", enterotoxin) is result and result.final
    results.drop(result.name, enterotoxin)
    assert not [name for name in enterotoxin.get_names("all") if name.startswith("_sasnet")]


def test_the_files_of_a_result_have_the_threshold_that_was_asked_for(
    plugin, enterotoxin, fake, temporary, tmp_path
):
    plugin.commands.sasnet_predict(
        "chain D", "chain E", rotations=1, threshold=0.7, _self=enterotoxin
    )
    plugin.commands.sasnet_save(str(tmp_path / "saved"), _self=enterotoxin)
    assert json.loads((tmp_path / "saved/result.json").read_text())["threshold"] == 0.7
