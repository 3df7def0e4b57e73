"""The commands that show a result, save it and bring it back, without a window."""

import math
from pathlib import Path

import pytest

from sasnet_core.results.output_folder import PRODUCTS, UNFINISHED
from sasnet_core.shell.viewer_child import MARK
from tests.core.build import contents

pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)
from pymol import CmdException


@pytest.fixture
def predict(plugin, session, fake, temporary):
    """The command as Python calls it, with the fake child, in a watched temporary folder."""

    def predict(left, right, **options):
        plugin.commands.sasnet_predict(left, right, 2, _self=session, **options)

    return predict


@pytest.fixture
def predicted(enterotoxin, predict):
    """The demo structure in colours of its user, then with a result called tox_D_E."""
    enterotoxin.spectrum("b", selection="tox")
    enterotoxin.color("cyan", "elem N")
    predict("chain D", "chain E")
    return enterotoxin


def looks(per_atom, cmd):
    return per_atom(cmd, "all", "(color, b)")


def test_restore_gives_back_every_colour_and_takes_everything_away(
    enterotoxin, predict, per_atom, plugin
):
    enterotoxin.spectrum("b", selection="tox")
    before = looks(per_atom, enterotoxin)
    predict("chain D", "chain E")
    predict("chain E", "chain F")  # E is coloured twice: its first colours count
    plugin.viewing.sasnet_pairs(_self=enterotoxin)
    plugin.viewing.sasnet_color(b=1, _self=enterotoxin)
    assert looks(per_atom, enterotoxin) != before
    plugin.viewing.sasnet_restore(_self=enterotoxin)
    assert looks(per_atom, enterotoxin) == before
    assert enterotoxin.get_names("public") == ["tox"]
    plugin.viewing.sasnet_color(_self=enterotoxin)
    assert looks(per_atom, enterotoxin) != before


def test_patches_are_selections_of_both_sides(predicted, plugin):
    results = plugin.pymol_session.of(predicted).results
    result = results.get("", predicted)
    for patch in result.child_result.patches:
        chain = {"left": "D", "right": "E"}[patch.side]
        found = []
        predicted.iterate(
            f"sasnet_patch_1 and chain {chain} and name CA", "found.append(resi)",
            space={"found": found},
        )  # fmt: skip
        assert set(found) == {result.keys[patch.side][row][2] for row in patch.rows}
    assert "sasnet_patch_2" not in predicted.get_names("public_selections")
    lines = plugin.prediction_run.report(result)
    assert any(line.startswith("left patch 1: 3 residues around ") for line in lines)


def test_restore_of_a_part_leaves_the_rest(predicted, per_atom, plugin):
    after = looks(per_atom, predicted)
    plugin.viewing.sasnet_restore("chain D and resi 1-50", _self=predicted)
    changed = {atom for atom, look in looks(per_atom, predicted).items() if look != after[atom]}
    assert {atom[1] for atom in changed} == {"D"}
    assert {int(atom[2]) for atom in changed} == set(range(1, 51))


def test_restore_survives_renaming_sorting_and_removing(predicted, per_atom, plugin):
    predicted.set_name("tox", "renamed")
    predicted.alter("chain D and resi 5", "resi = '200'")
    predicted.sort()
    predicted.remove("chain A")
    plugin.viewing.sasnet_restore(_self=predicted)
    cyan = predicted.get_color_index("cyan")
    nitrogens = per_atom(predicted, "elem N", "color")
    assert set(nitrogens.values()) == {cyan}
    others = per_atom(predicted, "not elem N", "color").values()
    assert max(others) < plugin.palettes.colour_index(0), "a colour of sasnet was left"


def test_b_factors_change_only_when_asked(predicted, per_atom, plugin):
    before = per_atom(predicted, "all", "b")
    plugin.viewing.sasnet_color(_self=predicted)
    assert per_atom(predicted, "all", "b") == before
    plugin.viewing.sasnet_color(b=1, _self=predicted)
    after = per_atom(predicted, "all", "b")
    assert {atom[1] for atom in after if after[atom] != before[atom]} == {"D", "E"}
    assert all(0 <= after[atom] <= 1 for atom in per_atom(predicted, "chain D and polymer", "0"))


def test_results_are_switched_by_name(predicted, predict, per_atom, plugin):
    predict("chain F", "chain G")
    plugin.viewing.sasnet_restore(_self=predicted)
    before = per_atom(predicted, "all", "color")
    plugin.viewing.sasnet_color("tox_D_E", _self=predicted)
    after = per_atom(predicted, "all", "color")
    assert {atom[1] for atom in after if after[atom] != before[atom]} == {"D", "E"}
    with pytest.raises(
        CmdException, match="no result is called 'x'; the results are tox_D_E, tox_F_G"
    ):
        plugin.viewing.sasnet_color("x", _self=predicted)


def test_palettes_differ_and_are_kept_for_the_next_time(predicted, per_atom, plugin):
    first = per_atom(predicted, "chain D and polymer", "color")
    plugin.viewing.sasnet_color(palette="vir", _self=predicted)
    second = per_atom(predicted, "chain D and polymer", "color")
    assert not set(first.values()) & set(second.values())
    plugin.viewing.sasnet_color(_self=predicted)
    assert per_atom(predicted, "chain D and polymer", "color") == second
    with pytest.raises(CmdException, match="palette must be one of sasnet, blues"):
        plugin.viewing.sasnet_color(palette="rainbow", _self=predicted)


def test_spread_has_a_scale_of_its_own(predicted, per_atom, plugin):
    plugin.viewing.sasnet_color(what="spread", _self=predicted)
    (index,) = set(per_atom(predicted, "chain D and polymer", "color").values())
    middle = plugin.palettes.colour_index(plugin.palettes.value_at(0.5))
    assert index == middle  # the fake's spread is 0.05 everywhere, the scale ends at 0.1


def test_pairs_are_lines_between_ca_atoms_styled_by_score(predicted, plugin):
    plugin.viewing.sasnet_pairs(count=30, _self=predicted)
    names = [n for n in predicted.get_names("objects") if n.startswith("sasnet_pairs_")]
    radii = [float(predicted.get("dash_radius", name)) for name in sorted(names)]
    assert names and radii == sorted(set(radii))
    plugin.viewing.sasnet_pairs(count=0, _self=predicted)
    assert not [n for n in predicted.get_names("objects") if n.startswith("sasnet_pairs")]


def test_pairs_are_the_best_of_all(predicted, plugin, capfd):
    plugin.viewing.sasnet_pairs(count=3, quiet=0, _self=predicted)
    said = capfd.readouterr().out.splitlines()
    ends = {}
    for chain in "DE":
        space = {"found": ends.setdefault(chain, {})}
        predicted.iterate_state(
            1, f"chain {chain} and name CA", "found[resn + ' ' + chain + resi] = (x, y, z)",
            space=space,
        )  # fmt: skip
    near = sorted(
        (math.dist(a, b), f"{left} - {right}")
        for left, a in ends["D"].items()
        for right, b in ends["E"].items()
    )
    assert [line.split("  ")[-1] for line in said[-3:]] == [name for _, name in near[:3]]


def test_select_follows_the_threshold(predicted, plugin):
    counts = []
    for threshold in (0.1, 0.5, 0.9, 1.0):
        plugin.viewing.sasnet_select(threshold=threshold, _self=predicted)
        counts.append(predicted.count_atoms("sasnet_left_interface and name CA"))
    assert counts == sorted(counts, reverse=True) and counts[0] > counts[2] > counts[3] == 0
    with pytest.raises(CmdException, match="threshold must be 0 to 1"):
        plugin.viewing.sasnet_select(threshold=2, _self=predicted)


def test_commands_without_a_result_say_what_to_do(plugin, enterotoxin, tmp_path):
    viewing, commands = plugin.viewing, plugin.commands
    for command in (viewing.sasnet_color, viewing.sasnet_pairs, viewing.sasnet_select):
        with pytest.raises(CmdException, match="run sasnet_predict first"):
            command(_self=enterotoxin)
    with pytest.raises(CmdException, match="run sasnet_predict first"):
        commands.sasnet_save(str(tmp_path / "x"), _self=enterotoxin)
    viewing.sasnet_restore(_self=enterotoxin)


def test_a_result_whose_atoms_are_gone_says_so(predicted, plugin):
    predicted.delete("tox")
    with pytest.raises(CmdException, match="its atoms are gone"):
        plugin.viewing.sasnet_color(_self=predicted)


def test_two_largest_chains_are_the_default(plugin, enterotoxin, fake, temporary):
    plugin.commands.sasnet_predict(rotations="fast", _self=enterotoxin)
    plugin.commands.sasnet_predict("chain F+G+H", rotations=1, _self=enterotoxin)
    results = plugin.pymol_session.of(enterotoxin).results
    assert results.names() == ["tox_A_D", "tox_F_G"]
    with pytest.raises(CmdException, match="two protein chains are needed, 'chain D' has 1"):
        plugin.commands.sasnet_predict("chain D", _self=enterotoxin)


def test_hidden_objects_are_not_proposed(plugin, enterotoxin):
    enterotoxin.create("two", "chain F+G")
    enterotoxin.disable("tox")
    assert plugin.selections.largest_chains("", enterotoxin) == (
        "two and chain F",
        "two and chain G",
    )


def test_the_best_partners_are_highlighted_on_the_other_side(predicted, plugin):
    result = plugin.pymol_session.of(predicted).results.get("", predicted)
    side, row = plugin.walking.find(result, "chain E and resi 29", predicted)
    partners = plugin.walking.light(result, side, row, predicted)
    chains = set()
    predicted.iterate("sasnet_partners", "chains.add(chain)", space={"chains": chains})
    assert chains == {"D"}
    assert predicted.count_atoms("sasnet_partners and name CA") == len(partners)
    near = predicted.count_atoms(
        "(chain D and name CA) within 9 of (chain E and resi 29 and n. CA)"
    )
    assert near >= 1
    with pytest.raises(CmdException, match="no prediction for a residue of 'chain F'"):
        plugin.walking.find(result, "chain F", predicted)


def test_clicks_never_change_selections_of_the_user(predicted, plugin):
    """As PyMOL does it: a click changes the enabled selection, or makes "sele" anew."""
    cmd = predicted
    cmd.select("sele", "chain G", enable=0)
    cmd.select("mine", "chain H", enable=1)
    walker = plugin.wizard.Walker(cmd)
    cmd.set_wizard(walker)
    walking = plugin.walking

    def click(where):
        (name,) = cmd.get_names("public_selections", 1)
        cmd.select(name, f"({name} or byres ({where})) and not ({name} and byres ({where}))")
        walker.do_select(name)

    def picked():
        found = set()
        cmd.iterate(walking.PICKED, "found.add(chain + resi)", space={"found": found})
        return found

    for where, wanted in (("chain E and resi 29", "E29"), ("chain D and resi 93", "D93")):
        click(f"{where} and name CA")
        assert picked() == {wanted}
    click("chain E and resi 29 and name CA")  # one of those that are lit
    assert picked() == {"E29"}
    plugin.viewing.sasnet_restore(_self=cmd)  # the walker goes on
    click("chain D and resi 93 and name CA")
    assert picked() == {"D93"}
    cmd.set_wizard()
    assert cmd.get_names("public_selections", 1) == ["mine"]
    for name, chain in (("sele", "G"), ("mine", "H")):
        assert cmd.count_atoms(f"{name} and chain {chain}") == cmd.count_atoms(f"chain {chain}")
        assert cmd.count_atoms(name) == cmd.count_atoms(f"chain {chain}")
    hidden = [name for name in cmd.get_names("all") if name.startswith("_sasnet")]
    assert not {walking.CLICKED, "_sasnet_lit"} & set(hidden)


def test_the_doctor_answers_in_the_shell_of_pymol(plugin, session, fake, capfd):
    session.do("sasnet_predict --doctor", echo=0)
    said = capfd.readouterr().out
    assert "PyMOL" in said and "everything is made up" in said


def test_saved_results_come_back_on_the_same_atoms(predicted, plugin, per_atom, tmp_path):
    predicted.alter("tox", "segi = chain; chain = ''")  # file and PyMOL name chains differently
    plugin.commands.sasnet_predict("segi D", "segi E", 2, name="mine", _self=predicted)
    wanted = looks(per_atom, predicted)
    plugin.commands.sasnet_save(str(tmp_path / "saved"), _self=predicted)
    plugin.viewing.sasnet_restore(_self=predicted)
    plugin.pymol_session.of(predicted).results.drop("mine", predicted)
    plugin.commands.sasnet_load(str(tmp_path / "saved"), _self=predicted)
    assert plugin.pymol_session.of(predicted).results.current == "mine"
    assert looks(per_atom, predicted) == wanted


def test_a_result_from_elsewhere_finds_its_object(predicted, plugin, per_atom, tmp_path):
    wanted = per_atom(predicted, "chain D+E and polymer", "color")
    plugin.commands.sasnet_save(str(tmp_path / "saved"), _self=predicted)
    (tmp_path / "saved" / "pymol.json").unlink()  # as the shell command leaves it
    plugin.viewing.sasnet_restore(_self=predicted)
    predicted.create("other", "chain D and resi 1-20")
    plugin.commands.sasnet_load(str(tmp_path / "saved"), _self=predicted)
    found = per_atom(predicted, "tox and chain D+E and polymer", "color")
    assert found == wanted
    assert predicted.get_object_list() == ["tox", "other"]


def test_a_result_brings_its_structure_to_an_empty_pymol(predicted, plugin, tmp_path):
    plugin.commands.sasnet_save(str(tmp_path / "saved"), _self=predicted)
    predicted.reinitialize()
    plugin.commands.sasnet_load(str(tmp_path / "saved"), _self=predicted)
    assert predicted.get_object_list() == ["saved_left", "saved_right"]
    assert predicted.count_atoms("sasnet_left_interface and name CA") == 30


def test_saving_never_replaces_something_else(predicted, plugin, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    with pytest.raises(CmdException, match="is not a result folder; choose another"):
        plugin.commands.sasnet_save(str(tmp_path / "mine"), _self=predicted)
    for _ in range(2):
        plugin.commands.sasnet_save(str(tmp_path / "saved"), _self=predicted)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == [
        "mine",
        "saved",
        "temporary",
    ]


def test_saving_replaces_the_files_of_a_result_and_no_others(predicted, plugin, tmp_path):
    saved = tmp_path / "saved"
    plugin.commands.sasnet_save(str(saved), _self=predicted)
    wanted = contents(saved)
    (saved / "notes.txt").write_text("years")
    (saved / "figures").mkdir()
    (saved / "haddock_ambiguous.tbl").write_text("of an earlier result")
    plugin.commands.sasnet_load(str(saved), _self=predicted)
    (saved / "notes.txt").write_text("more years")
    plugin.commands.sasnet_save(str(saved), "tox_D_E", _self=predicted)
    assert (saved / "figures").is_dir()
    assert contents(saved) == {**wanted, "notes.txt": b"more years"}


def test_saving_that_is_killed_leaves_no_result_and_is_finished_later(
    predicted, plugin, tmp_path, monkeypatch
):
    saved = tmp_path / "saved"
    plugin.commands.sasnet_save(str(saved), _self=predicted)
    wanted = contents(saved)
    move, moved = Path.replace, []

    def fail(path, target):
        moved.append(target.name)
        if len(moved) == 2:
            raise OSError(28, "No space left on device")
        return move(path, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(CmdException, match="No space left"):
        plugin.commands.sasnet_save(str(saved), _self=predicted)
    assert "result.json" not in contents(saved)
    with pytest.raises(CmdException, match="holds no result"):
        plugin.commands.sasnet_load(str(saved), _self=predicted)
    monkeypatch.undo()
    assert (saved / UNFINISHED).is_file()
    (saved / ".sasnet-saving-pairs.csv").write_text("left by a kill")
    plugin.commands.sasnet_save(str(saved), _self=predicted)
    assert contents(saved) == wanted


@pytest.mark.parametrize("record", [None, "{}", '{"of": "another program"}'])
def test_files_with_the_names_of_a_result_are_not_ours_for_that(
    predicted, plugin, tmp_path, record
):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "left.pdb").write_text("years")
    if record is not None:
        (mine / "result.json").write_text(record)
    before = contents(mine)
    with pytest.raises(CmdException, match="is not a result folder"):
        plugin.commands.sasnet_save(str(mine), _self=predicted)
    assert contents(mine) == before


def test_a_result_is_not_bound_to_another_protein_with_its_numbers(predicted, plugin, tmp_path):
    plugin.commands.sasnet_save(str(tmp_path / "saved"), _self=predicted)
    predicted.alter("tox and chain D and resi 20", "resn = 'TRP' if resn != 'TRP' else 'GLY'")
    with pytest.raises(CmdException, match="must be the protein of the result, D/20 is "):
        plugin.commands.sasnet_load(
            str(tmp_path / "saved"), "tox and chain D", "tox and chain E", _self=predicted
        )
    plugin.commands.sasnet_load(str(tmp_path / "saved"), _self=predicted)
    here = plugin.pymol_session.of(predicted).results.get("", predicted)
    assert here.partners["left"].models != ["tox"]
    assert here.partners["right"].models == ["tox"]


def test_the_plugin_knows_every_file_of_a_result(plugin):
    assert set(plugin.child_result.RESULT_FILES) == set(PRODUCTS)


def test_the_plugin_marks_its_folder_as_sasnet_predict_wants_it(plugin, temporary):
    with plugin.prediction_run.make_folder() as folder:
        assert (Path(folder) / MARK).is_file()


@pytest.mark.parametrize("content", [None, "{"])
def test_loading_what_is_no_result_is_one_line(plugin, session, tmp_path, content):
    folder = tmp_path / "some"
    if content:
        folder.mkdir()
        (folder / "result.json").write_text(content)
    with pytest.raises(CmdException, match="there is no such folder|holds no result"):
        plugin.commands.sasnet_load(str(folder), _self=session)
