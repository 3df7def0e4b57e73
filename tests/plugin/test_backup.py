"""Colours and B factors that come back, also in objects that were made of several."""

import pytest

pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)


@pytest.fixture
def merged(session):
    """Two peptides with the same atom ids in one object, with B factors of their own."""
    for name, chain, b in (("x1", "A", 10), ("x2", "B", 20)):
        session.fab("GAVL", name, chain=chain)
        session.alter(name, f"b = {b}")
        session.color({"A": "red", "B": "blue"}[chain], name)
    session.create("m", "x1 or x2")
    session.delete("x1 x2")
    return session


def of_chains(cmd):
    found = {}
    cmd.iterate("m", "found.setdefault(chain, set()).add((color, b))", space={"found": found})
    return found


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("through_a_session", [True, False])
def test_each_chain_of_a_merged_object_gets_its_own_back(
    merged, plugin, together, through_a_session
):
    before = of_chains(merged)
    assert len(before) == 2 and before["A"] != before["B"]
    backup = plugin.backup.Backup()
    for selection in ["m"] if together else ["m and chain A", "m and chain B"]:
        backup.keep(selection, merged)
    if through_a_session:
        packed = backup.packed(merged)
        backup = plugin.backup.Backup()
        backup.unpack(packed, merged)
    merged.alter("m", "b = 99")
    merged.color("green", "m")
    backup.restore("all", merged)
    assert of_chains(merged) == before
