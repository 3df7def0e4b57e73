import dataclasses

import pytest

pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)
from pymol import CmdException


@pytest.fixture
def colouring(plugin):
    return plugin.colouring


@pytest.fixture
def palettes(plugin):
    return plugin.palettes


def luminance(rgb):
    red, green, blue = (part**2.2 for part in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_palettes_are_fixed_and_grow_darker_all_the_way(palettes):
    for palette, (first, *_, last) in palettes.PALETTES.items():
        colours = [palettes.colour(step / 100, palette) for step in range(101)]
        assert colours[0] == pytest.approx(first) and colours[100] == pytest.approx(last)
        assert palettes.colour(-1, palette) == colours[0]
        assert palettes.colour(2, palette) == colours[100]
        # the pale grey start is cool, so the eye tells it from the first colour by hue as well
        lightness = [luminance(rgb) for rgb in colours[20:]]
        assert lightness == sorted(lightness, reverse=True), palette


def test_the_axis_of_even_stops_goes_both_ways(palettes):
    for step in range(101):
        assert palettes.value_at(palettes.even(step / 100)) == pytest.approx(step / 100)
    assert [palettes.even(stop) for stop in palettes.STOPS] == [0, 0.25, 0.5, 0.75, 1]


@pytest.fixture
def painted(enterotoxin, plugin, fake, temporary):
    """The demo structure, chains D and E coloured by the fake child, and the result."""
    enterotoxin.color("cyan", "all")
    plugin.commands.sasnet_predict("chain D", "chain E", 2, _self=enterotoxin)
    return plugin.pymol_session.of(enterotoxin).results.get("", enterotoxin)


def test_residues_without_probability_keep_their_colour(enterotoxin, plugin, painted, per_atom):
    colours = per_atom(enterotoxin, "chain D and polymer", "color")
    assert enterotoxin.get_color_index("cyan") not in colours.values()
    few = {side: keys[:5] for side, keys in painted.keys.items()}
    plugin.viewing.sasnet_restore(_self=enterotoxin)
    plugin.colouring.paint(dataclasses.replace(painted, keys=few), _self=enterotoxin)
    cyan = enterotoxin.get_color_index("cyan")
    colours = per_atom(enterotoxin, "polymer", "color")
    changed = {atom[1:3] for atom, index in colours.items() if index != cyan}
    assert changed == {(chain, str(number)) for chain in "DE" for number in range(1, 6)}


def test_probability_stays_with_the_atoms_where_they_can_hold_it(enterotoxin, plugin, painted):
    try:
        count = enterotoxin.count_atoms("p.sasnet > 0.5")
    except CmdException:
        pytest.skip("this PyMOL has no atom properties")
    assert count == enterotoxin.count_atoms("sasnet_left_interface or sasnet_right_interface")
    plugin.viewing.sasnet_restore(_self=enterotoxin)
    assert enterotoxin.count_atoms("p.sasnet > 0") == 0


def test_legend_is_one_object_and_can_be_drawn_again(enterotoxin, colouring):
    colouring.draw_legend(_self=enterotoxin)
    colouring.draw_legend(_self=enterotoxin)
    assert enterotoxin.get_names("objects") == ["tox", "sasnet_legend"]


def test_colours_survive_a_saved_session(enterotoxin, painted, per_atom, tmp_path):
    wanted = per_atom(enterotoxin, "polymer", "color")
    enterotoxin.save(str(tmp_path / "session.pse"))
    enterotoxin.reinitialize()
    enterotoxin.load(str(tmp_path / "session.pse"))
    assert per_atom(enterotoxin, "polymer", "color") == wanted
    assert "sasnet_legend" in enterotoxin.get_names("objects")
