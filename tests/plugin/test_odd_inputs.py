"""Objects as users have them: moved, discrete, in states, copied, huge."""

import math

import pytest

pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)


@pytest.fixture
def positions(plugin, tmp_path):
    """A function: where the CA atoms of a partner's file stand, by chain and residue."""

    def read(cmd, selection):
        partner = plugin.selections.freeze("left", selection, cmd)
        atoms = plugin.partner_atoms.read_atoms(partner, cmd)
        text = plugin.partner_atoms.document(partner, atoms)
        columns = [line.split(".")[1] for line in text.splitlines() if line.startswith("_atom")]
        rows = [line.split() for line in text.splitlines() if line.startswith("ATOM")]
        atoms = [dict(zip(columns, row, strict=True)) for row in rows]
        return {
            (atom["auth_asym_id"], atom["auth_seq_id"]): tuple(
                float(atom[f"Cartn_{axis}"]) for axis in "xyz"
            )
            for atom in atoms
            if atom["label_atom_id"] == "CA"
        }

    return read


@pytest.mark.parametrize("mode", [0, 1])
def test_objects_stand_where_the_user_moved_them(enterotoxin, positions, mode):
    """A partner of two objects, one of them turned: their atoms keep the distances shown."""
    cmd = enterotoxin
    cmd.set("matrix_mode", mode)
    cmd.create("one", "tox and chain D")
    cmd.create("two", "tox and chain E")
    cmd.rotate("z", 90, object="two", camera=0, origin=[0, 0, 0])
    cmd.translate([10, 20, 30], object="two", camera=0)
    before = positions(cmd, "tox and chain D+E")
    after = positions(cmd, "one or two")
    for (chain, number), (x, y, z) in before.items():
        wanted = (x, y, z) if chain == "D" else (10 - y, 20 + x, 30 + z)
        assert after[chain, number] == pytest.approx(wanted, abs=0.01)


def test_a_discrete_object_gives_the_state_that_is_shown(enterotoxin, positions):
    cmd = enterotoxin
    cmd.create("states", "tox and chain D", 1, 1, discrete=1)
    cmd.create("states", "tox and chain E", 1, 2, discrete=1)
    for state, chain in ((1, "D"), (2, "E")):
        cmd.set("state", state)
        found = positions(cmd, f"states and chain {chain}")
        assert found == positions(cmd, f"tox and chain {chain}")


def test_a_state_of_one_object_is_what_the_child_gets(plugin, enterotoxin, fake, temporary):
    """An object whose own state is set: the fake's scores fall with the distances of that state."""
    cmd = enterotoxin
    cmd.create("moving", "tox and chain E", 1, 1)
    cmd.create("moving", "tox and chain E", 1, 2)
    cmd.alter_state(2, "moving", "x += 500")
    best = []
    for state in (1, 2):
        cmd.set("state", state, "moving")
        plugin.commands.sasnet_predict("tox and chain D", "moving", 1, _self=cmd)
        best.append(
            max(plugin.pymol_session.of(cmd).results.get("", cmd).child_result.scores.values)
        )
    assert best[0] > 0.9 and best[1] < 0.001


def test_of_states_shown_all_at_once_the_current_one_counts(enterotoxin, positions):
    cmd = enterotoxin
    cmd.create("moving", "tox and chain E", 1, 1)
    cmd.create("moving", "tox and chain E", 1, 2)
    cmd.alter_state(2, "moving", "x += 500")
    cmd.set("state", 2)
    wanted = positions(cmd, "moving")
    cmd.set("all_states")
    assert positions(cmd, "moving") == wanted != positions(cmd, "tox and chain E")


def test_hidden_hydrogens_are_written_as_such_and_change_nothing(
    plugin, enterotoxin, fake, temporary, positions
):
    before = positions(enterotoxin, "chain D")
    enterotoxin.h_add("chain D")
    enterotoxin.hide("everything", "hydrogens")
    assert positions(enterotoxin, "chain D") == before
    plugin.commands.sasnet_predict("chain D", "chain E", 1, _self=enterotoxin)
    colours = set()
    enterotoxin.iterate("chain D and resi 93", "colours.add(color)", space={"colours": colours})
    assert len(colours) == 1, "hydrogens kept their colour"


def test_two_copies_of_one_structure_have_results_of_their_own(
    plugin, enterotoxin, fake, temporary, per_atom
):
    cmd = enterotoxin
    cmd.create("twin", "tox")
    for model in ("tox", "twin"):
        plugin.commands.sasnet_predict(f"{model} and chain D", f"{model} and chain E", 1, _self=cmd)
    assert plugin.pymol_session.of(cmd).results.names() == ["tox_D_E", "twin_D_E"]
    plugin.viewing.sasnet_restore("twin", _self=cmd)
    first = per_atom(cmd, "tox and chain D and polymer", "color").values()
    second = per_atom(cmd, "twin and chain D and polymer", "color").values()
    least = plugin.palettes.colour_index(0) & 0x40000000
    assert all(index & least for index in first) and not any(index & least for index in second)


def test_symmetry_mates_are_partners_like_others(plugin, enterotoxin, fake, temporary):
    cmd = enterotoxin
    cmd.create("one", "tox and chain D")
    cmd.set_symmetry("one", 60, 60, 60, 90, 90, 90, "P 21 21 21")
    cmd.symexp("mate", "one", "one", 60)
    mate = next(name for name in cmd.get_object_list() if name.startswith("mate"))
    plugin.commands.sasnet_predict("one", mate, 1, _self=cmd)
    (name,) = plugin.pymol_session.of(cmd).results.names()
    assert name.startswith("one_D_mate")


@pytest.mark.slow
def test_three_thousand_residues(plugin, enterotoxin, fake, temporary):
    cmd = enterotoxin
    for number in range(15):
        cmd.create(f"part{number}", "tox and chain D+E and polymer")
        cmd.alter(f"part{number}", f"chain = chain + '{number}'")
        cmd.translate([0, 60 * number, 0], f"part{number}", camera=0)
    cmd.create("large", "part*")
    cmd.delete("part* tox")
    chains = ("+".join(f"{letter}{number}" for number in range(15)) for letter in "DE")
    left, right = (f"large and chain {names}" for names in chains)
    plugin.commands.sasnet_predict(left, right, 2, _self=cmd)
    assert cmd.count_atoms("sasnet_left_interface and name CA") >= 15 * 30
    result = plugin.pymol_session.of(cmd).results.get("", cmd)
    scores = result.child_result.scores
    assert (scores.n_rows, scores.n_columns) == (15 * 98, 15 * 98)
    best = max(range(len(scores.values)), key=scores.values.__getitem__)
    pair = result.child_result.pairs[0]
    assert (pair.left, pair.right) == divmod(best, scores.n_columns)
    assert math.isclose(scores.values[best], pair.score, abs_tol=1e-6)
