"""The commands in another PyMOL of this machine: Debian's 2.5, where its package is installed."""

import pytest

pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)
from tests.plugin.test_install import LOAD

SCRIPT = (
    LOAD
    + """
session = module.pymol_session.of(cmd)
cmd.load({demo!r}, "tox")
cmd.color("cyan")
cmd.do("sasnet_predict chain D, chain E, fast, name=first")
cmd.do("sasnet_predict chain F, chain G, fast, name=second")
cmd.do("sasnet_color first, viridis, spread")
cmd.do("sasnet_pairs first, 5")
cmd.do("sasnet_select first, 0.9")
print("selected", cmd.count_atoms("sasnet_left_interface and name CA"))
cmd.do("sasnet_save saved, second")
cmd.do("sasnet_load saved")
print("results", session.results.names())
print("lines", [name for name in cmd.get_names("objects") if name.startswith("sasnet_pairs")])
cmd.save("session.pse")
cmd.reinitialize()
cmd.load("session.pse")
print("back", session.results.names(), session.results.current)
cmd.do("sasnet_color first")
cmd.do("sasnet_restore")
colours = set()
cmd.iterate("all", "colours.add(color)", space=locals())
print("restored", colours == {{cmd.get_color_index("cyan")}})
cmd.do("help sasnet_predict")
"""
)


def test_every_command_in_an_old_pymol(run_pymol, old_pymol, demo):
    ended = run_pymol(SCRIPT.format(demo=demo), python=old_pymol)
    said = ended.stdout + ended.stderr
    assert "Traceback" not in said and "Error" not in said, said
    assert "results ['first', 'second', 'second_2']" in said
    assert "left: 30 of 98 residues at 0.50 or more" in said
    assert "'sasnet_pairs'" in said and "selected 7" in said, said
    assert "back ['first', 'second', 'second_2'] second_2" in said
    assert "restored True" in said
    assert "USAGE\n\n    sasnet_predict [ left" in said
