"""The plugin reads what sasnet_predict writes, and says of anything else that it cannot."""

import copy
import json
import random
import shutil

import numpy as np
import pytest

pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)
from pymol import CmdException

from sasnet_core.structure import reading
from tests.core.build import (
    chain_lines,
    random_prediction,
    residue_lines,
    save_prediction,
    write_pdb,
)
from tests.core.results.damage import damage, mutate


@pytest.fixture
def saved(tmp_path):
    """A prediction of residues with an insertion code and negative numbers, and its folder."""
    lines = [
        *chain_lines("A", 3, first=51),
        *residue_lines("A", 53, (11.4, 0, 0), icode="A"),
        *chain_lines("B", 2, first=-1, start=(0, 5, 0)),
    ]
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    prediction = random_prediction((entry, ["A"]), (entry, ["B"]))
    return prediction, save_prediction(prediction, tmp_path / "out", 3)


def test_the_plugin_reads_what_was_predicted(plugin, saved):
    prediction, folder = saved
    answer = plugin.child_result.read(folder)
    named = {
        side: [(r.chain, r.resi, r.name) for r in answer.residues[side]] for side in answer.residues
    }
    assert named == {
        "left": [("A", n, "CYS") for n in ("51", "52", "53", "53A")],
        "right": [("B", n, "CYS") for n in ("-1", "0")],
    }
    for side, rows in answer.residues.items():
        probability, spread = prediction.probabilities(side)
        np.testing.assert_allclose([row.probability for row in rows], probability, atol=6e-5)
        np.testing.assert_allclose([row.spread for row in rows], spread, atol=6e-5)
    matrix = prediction.scores.matrix
    np.testing.assert_allclose(list(answer.scores.values), matrix.ravel(), rtol=1e-6)
    assert (answer.scores.n_rows, answer.scores.n_columns) == matrix.shape
    best = np.argsort(-matrix, axis=None)[:3]
    assert [(pair.left, pair.right) for pair in answer.pairs] == [
        tuple(np.unravel_index(place, matrix.shape)) for place in best
    ]
    for side in ("left", "right"):
        found = [(p.rank, p.rows, p.center) for p in answer.patches if p.side == side]
        assert found == [(p.rank, p.rows, p.center) for p in prediction.patches[side]]
    assert all(patch.chance != patch.chance for patch in answer.patches), "no chance: nan"
    assert (answer.threshold, answer.rotations) == (prediction.calibration.threshold, 3)


def test_a_result_of_an_older_sasnet_has_no_patches(plugin, saved):
    _, folder = saved
    change(folder, lambda content: content.pop("patches"))
    assert plugin.child_result.read(folder).patches == ()


def test_a_patch_of_residues_that_are_not_there_is_refused(plugin, saved):
    _, folder = saved
    change(folder, lambda content: content["patches"][0]["around"].update(row=99))
    with pytest.raises(CmdException, match="no result of sasnet_predict that this plugin"):
        plugin.child_result.read(folder)


def change(folder, edit):
    path = folder / "result.json"
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def emptied(folder):
    (folder / "result.json").write_text("")


def of_another_kind(folder):
    (folder / "result.json").write_text("[]")


def without_residues(folder):
    change(folder, lambda content: content.update(residues=[]))


def residue_without_number(folder):
    change(folder, lambda content: content["residues"][0].pop("number"))


def impossible_probability(folder):
    change(folder, lambda content: content["residues"][0].update(probability=1.2))


def no_probability(folder):
    change(folder, lambda content: content["residues"][0].update(probability=float("nan")))


def pair_of_nobody(folder):
    change(folder, lambda content: content["pairs"][0].update(left_number=999))


def without_scores(folder):
    (folder / "scores.npz").unlink()


def cut_scores(folder):
    path = folder / "scores.npz"
    path.write_bytes(path.read_bytes()[:100])


DAMAGES = (
    emptied, of_another_kind, without_residues, residue_without_number, impossible_probability,
    no_probability, pair_of_nobody, without_scores, cut_scores,
)  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_anything_else_is_one_clear_line(plugin, saved, damage):
    _, folder = saved
    damage(folder)
    with pytest.raises(CmdException, match="that this plugin can read") as caught:
        plugin.child_result.read(folder)
    assert "\n" not in str(caught.value)


PYMOL_NAMES = {
    side: {"objects": ["pair"], "chains": [["", chain, chain]]}
    for side, chain in (("left", "A"), ("right", "B"))
} | {"name": "a_b", "threshold": 0.5}


@pytest.mark.parametrize("seed", range(3))
def test_a_result_changed_at_random_is_loaded_or_refused_in_one_line(
    plugin, session, saved, tmp_path, seed
):
    """Fifteen changes for each seed; PyMOL's own reader of mmCIF must not hang either."""
    rng = random.Random(seed)
    for number in range(15):
        folder = tmp_path / f"copy{number}"
        shutil.copytree(saved[1], folder)
        if rng.random() < 0.4:
            names = copy.deepcopy(PYMOL_NAMES)
            mutate(names, rng)
            (folder / plugin.child_result.NAMES_FILE).write_text(json.dumps(names))
        else:
            damage(folder, rng)
        session.delete("all")
        try:
            plugin.saving.load(str(folder), _self=session)
        except CmdException as error:
            assert "\n" not in str(error)


def test_a_table_without_tags_on_which_pymol_hangs_is_refused(plugin, session, saved):
    path = saved[1] / "complex.cif"
    path.write_bytes(
        path.read_bytes().replace(b"loop_\n_struct_asym.id", b"loop_\n?struct_asym.id")
    )
    with pytest.raises(CmdException, match="this structure is damaged"):
        plugin.saving.load(str(saved[1]), _self=session)


def test_a_missing_folder_is_one_clear_line(plugin, tmp_path):
    with pytest.raises(CmdException, match="none cannot be read: No such file"):
        plugin.child_result.read(tmp_path / "none")
