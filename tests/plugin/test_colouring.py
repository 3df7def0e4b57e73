import pytest

pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)
from pymol import CmdException


@pytest.fixture
def colouring(plugin):
    return plugin.colouring


def luminance(rgb):
    red, green, blue = (part**2.2 for part in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_scale_is_fixed_and_grows_darker_all_the_way(colouring):
    colours = [colouring.colour(step / 100) for step in range(101)]
    assert colours[0] == pytest.approx(colouring.SCALE[0][1:])
    assert colours[100] == pytest.approx(colouring.SCALE[-1][1:])
    # the pale grey start is cool, so the eye tells it from the first orange by hue as well
    lightness = [luminance(rgb) for rgb in colours[25:]]
    assert lightness == sorted(lightness, reverse=True)
    assert colouring.colour(-1) == colours[0] and colouring.colour(2) == colours[100]


def test_paint_colours_each_residue_by_its_probability(enterotoxin, colouring, per_atom):
    probabilities = {("", "D", str(number)): number / 100 for number in range(1, 90)}
    before = per_atom(enterotoxin, "all", "(color, b, q)")
    enterotoxin.select("_part", "chain D and polymer")
    colouring.paint("_part", probabilities, enterotoxin)
    for (_, _, resi, _), index in per_atom(enterotoxin, "_part and resi 1-89", "color").items():
        wanted = colouring.colour(int(resi) / 100)
        assert enterotoxin.get_color_tuple(index) == pytest.approx(wanted, abs=0.6 / 255)
    after = per_atom(enterotoxin, "all", "(color, b, q)")
    changed = {atom for atom in before if before[atom] != after[atom]}
    assert changed == set(per_atom(enterotoxin, "_part and resi 1-89", "0"))
    assert all(before[atom][1:] == after[atom][1:] for atom in before)


def test_residues_without_probability_keep_their_colour(enterotoxin, colouring, per_atom):
    enterotoxin.color("cyan", "all")
    enterotoxin.select("_part", "chain D and polymer")
    colouring.paint("_part", {("", "D", "5"): 1.0}, enterotoxin)
    cyan = enterotoxin.get_color_index("cyan")
    colours = per_atom(enterotoxin, "polymer", "color")
    assert {atom[1:3] for atom, index in colours.items() if index != cyan} == {("D", "5")}


def test_probability_stays_with_the_atoms_and_paints_again(enterotoxin, colouring, per_atom):
    enterotoxin.select("_part", "chain D and polymer")
    colouring.paint("_part", {("", "D", "5"): 0.7}, enterotoxin)
    wanted = per_atom(enterotoxin, "chain D and polymer", "color")
    try:
        assert enterotoxin.count_atoms("p.sasnet > 0.6") == enterotoxin.count_atoms(
            "_part and resi 5"
        )
    except CmdException:
        pytest.skip("this PyMOL has no atom properties")
    enterotoxin.color("cyan", "_part and resi 5")
    count = colouring.repaint("all", enterotoxin)
    assert count == enterotoxin.count_atoms("_part and resi 5")
    assert per_atom(enterotoxin, "chain D and polymer", "color") == wanted


def test_legend_is_one_object_and_can_be_drawn_again(enterotoxin, colouring):
    colouring.draw_legend(enterotoxin)
    colouring.draw_legend(enterotoxin)
    assert enterotoxin.get_names("objects") == ["tox", "sasnet_legend"]


def test_colours_survive_a_saved_session(enterotoxin, colouring, per_atom, tmp_path):
    enterotoxin.select("_part", "chain D and polymer")
    colouring.paint("_part", {("", "D", "5"): 0.7}, enterotoxin)
    colouring.draw_legend(enterotoxin)
    wanted = per_atom(enterotoxin, "polymer", "color")
    enterotoxin.save(str(tmp_path / "session.pse"))
    enterotoxin.reinitialize()
    enterotoxin.load(str(tmp_path / "session.pse"))
    assert per_atom(enterotoxin, "polymer", "color") == wanted
    assert "sasnet_legend" in enterotoxin.get_names("objects")


def test_the_picture_of_the_shell_command_has_the_same_scale(plugin):
    from sasnet_core import picture

    assert plugin.colouring.SCALE == picture.SCALE
