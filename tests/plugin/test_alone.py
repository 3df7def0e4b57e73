"""One protein in PyMOL: where another would bind, with the fake child."""

import pytest

pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)
from pymol import CmdException

#: What the fake child says of the residue at each place.
LIKELY, THRESHOLD = (1.0, 1 / 2, 1 / 3), 0.25


def residues(cmd, selection):
    found = []
    cmd.iterate(f"({selection}) and name CA", "found.append(resi)", space={"found": found})
    return found


@pytest.fixture
def alone(plugin, enterotoxin, fake, temporary):
    """The demo structure with a result about chain D alone, called tox_D."""
    enterotoxin.color("cyan", "all")
    plugin.commands.sasnet_alone("chain D", 2, _self=enterotoxin)
    return enterotoxin


def test_one_protein_is_painted_and_its_patches_are_selected(alone, plugin, temporary):
    assert alone.get_names("public") == [
        "tox", "sasnet_legend", "sasnet_patch_1", "sasnet_protein_interface",
    ]  # fmt: skip
    first = residues(alone, "chain D")[:4]
    assert residues(alone, "sasnet_patch_1") == first[:3]
    assert residues(alone, "sasnet_protein_interface") == first
    colours = {}
    alone.iterate("name CA", "colours[chain, resi] = color", space={"colours": colours})
    cyan = alone.get_color_index("cyan")
    assert {chain for (chain, _), colour in colours.items() if colour != cyan} == {"D"}
    assert colours["D", first[0]] != colours["D", first[1]] != colours["D", first[2]]
    assert list(temporary.iterdir()) == []


def test_it_reports_as_for_two(enterotoxin, plugin, fake, temporary, capfd):
    enterotoxin.do("sasnet_alone chain D, fast", echo=0)
    enterotoxin.sync()
    said = capfd.readouterr().out
    assert "protein patch 1: 3 residues around GLY D1, chance 0.40" in said
    assert "protein: 4 of 98 residues at 0.25 or more" in said


def test_a_result_of_two_takes_its_selections_away(alone, plugin):
    plugin.commands.sasnet_predict("chain D", "chain E", 2, _self=alone)
    names = alone.get_names("public")
    assert "sasnet_protein_interface" not in names and "sasnet_left_interface" in names
    plugin.viewing.sasnet_select("tox_D", _self=alone)
    names = alone.get_names("public")
    assert "sasnet_protein_interface" in names and "sasnet_left_interface" not in names
    plugin.viewing.sasnet_restore(_self=alone)
    assert alone.get_names("public") == ["tox"]


def test_a_residue_is_highlighted_without_partners(alone, plugin):
    result = plugin.pymol_session.of(alone).results.get("", alone)
    side, row = plugin.walking.find(result, "chain D and resi 5", alone)
    assert plugin.walking.light(result, side, row, alone) == []
    assert residues(alone, "sasnet_picked") == ["5"]
    assert alone.count_atoms("sasnet_partners") == 0
    assert plugin.lines.top_pairs(result, 20) == []
    walker = plugin.wizard.Walker(alone)
    walker._walk("chain D and resi 2")
    assert walker.get_prompt()[1:] == ["ALA D2: probability 0.50"]


def test_it_is_saved_and_loaded(alone, plugin, tmp_path):
    plugin.commands.sasnet_save(str(tmp_path / "saved"), _self=alone)
    values = plugin.pymol_session.of(alone).results.get("", alone).values("protein")
    alone.reinitialize()
    plugin.commands.sasnet_load(str(tmp_path / "saved"), _self=alone)
    again = plugin.pymol_session.of(alone).results.get("", alone)
    assert list(again.values("protein").values()) == list(values.values())
    assert residues(alone, "sasnet_patch_1") == residues(alone, "chain D")[:3]
    with pytest.raises(CmdException, match="holds a result of one protein; name one selection"):
        plugin.commands.sasnet_load(str(tmp_path / "saved"), "chain D", "chain E", _self=alone)


def test_a_session_keeps_it(alone, plugin, tmp_path):
    alone.save(str(tmp_path / "one.pse"))
    alone.reinitialize()
    alone.load(str(tmp_path / "one.pse"))
    result = plugin.pymol_session.of(alone).results.get("", alone)
    assert result.name == "tox_D" and tuple(result.partners) == ("protein",)
    found = [residue.probability for _, residue in result.residues("protein")]
    assert found[:3] == pytest.approx(LIKELY) and result.threshold == THRESHOLD


def test_a_failing_child_is_one_line(plugin, enterotoxin, fake, temporary):
    fake("refuse")
    with pytest.raises(CmdException, match=r"sasnet_predict: left\.cif: no CA atom"):
        plugin.commands.sasnet_alone("chain D", 2, _self=enterotoxin)
    with pytest.raises(CmdException, match="protein partner: no protein atoms"):
        plugin.commands.sasnet_alone("chain Q", 2, _self=enterotoxin)
    assert enterotoxin.get_names("all") == ["tox"] and list(temporary.iterdir()) == []
