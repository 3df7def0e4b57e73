import json
from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.fitted import PatchLaw
from sasnet_core.results.patches import (
    COLUMNS,
    patch_numbers,
    patch_of,
    patch_pairs,
    patch_row,
    patch_sentence,
    patch_values,
    pymol_selection,
)
from sasnet_core.results.reading import read_result
from sasnet_core.structure import reading
from tests.core.build import chain_lines, random_prediction, save_prediction, table, write_pdb

LAW = PatchLaw(chance_own=1.2, chance_rival=-0.5, fitted_on="two complexes")


@pytest.fixture
def prediction(tmp_path):
    lines = [*chain_lines("A", 14, first=51), *chain_lines("B", 9, start=(0, 5, 0))]
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    found = random_prediction((entry, ["A"]), (entry, ["B"]))
    return replace(found, weights=replace(found.weights, patches=LAW))


def test_patches_have_ranks_chances_areas_and_places(prediction):
    patches = prediction.patches["left"]
    assert [patch.rank for patch in patches] == list(range(1, len(patches) + 1))
    chances = [patch.chance for patch in patches]
    assert chances == sorted(chances, reverse=True) and len(chances) > 1
    first, protein = patches[0], prediction.left.protein
    rows = list(first.rows)
    assert first.area == pytest.approx(prediction.left.exposed_area[rows].sum(), abs=0.1)
    inside = np.isin(protein.atom_residues, rows)
    np.testing.assert_allclose(first.position, protein.coords[inside].mean(axis=0), atol=0.01)
    probability = prediction.probabilities("left")[0][rows]
    assert (np.diff(probability.round(4)) <= 0).all()


def test_without_a_law_patches_have_no_chance(prediction):
    bare = replace(prediction, weights=replace(prediction.weights, patches=None))
    first = bare.patches["left"][0]
    assert first.chance is None and bare.patch_pairs == ()
    mean = bare.probabilities("left")[0][list(first.rows)].mean()
    assert first.share == pytest.approx(mean, abs=1e-4)
    assert "chance" not in patch_sentence(first, bare.left)
    assert patch_row(first, bare.left)["chance"] == ""


def test_a_patch_is_said_in_a_line(prediction):
    first = prediction.patches["left"][0]
    text = patch_sentence(first, prediction.left)
    around = prediction.left.label(first.center)
    assert text == (
        f"Patch 1 of chain A: {len(first.rows)} residues around {around}, chance "
        f"{first.chance:.2f}; expected right {first.share:.0%}"
    )


def test_each_residue_has_the_number_of_its_patch(prediction):
    patches = prediction.patches["left"]
    numbers = patch_numbers(patches, prediction.left.protein.n_residues)
    for patch in patches:
        assert np.flatnonzero(numbers == patch.rank).tolist() == sorted(patch.rows)
    rows = [row.patch for row in prediction.residue_rows() if row.side == "left"]
    assert rows == numbers.tolist()


def test_a_patch_survives_json(prediction):
    for patch in prediction.patches["right"]:
        values = json.loads(json.dumps(patch_values(patch, prediction.right)))
        assert patch_of(values) == patch


def test_a_patch_in_pymols_syntax_names_chains_and_escapes_negative_numbers(tmp_path):
    lines = [*chain_lines("A", 4, first=-2), *chain_lines("B", 3, start=(0, 5, 0))]
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    found = random_prediction((entry, ["A"]), (entry, ["B"]))
    first = replace(found.patches["left"][0], rows=(3, 1, 0))
    assert pymol_selection(first, found.left) == '(chain "A" and resi \\-2+\\-1+1)'


def test_pairs_of_patches_come_by_falling_chance(prediction):
    pairs = prediction.patch_pairs
    left, right = prediction.patches["left"], prediction.patches["right"]
    assert len(pairs) == len(left) * len(right)
    assert (pairs[0].left, pairs[0].right) == (1, 1)
    assert [pair.chance for pair in pairs] == sorted((p.chance for p in pairs), reverse=True)
    assert patch_pairs(left, right, None) == ()


def test_the_tables_hold_every_patch(prediction, tmp_path):
    folder = save_prediction(prediction, tmp_path / "out")
    rows = table(folder / "patches.csv")
    assert tuple(rows[0]) == COLUMNS
    first = prediction.patches["left"][0]
    names = [f"A:{prediction.left.protein.residue_ids[row]}" for row in first.rows]
    assert rows[0]["members"].split(" ") == names
    assert len(rows) == sum(map(len, prediction.patches.values()))
    pairs = table(folder / "patch_pairs.csv")
    assert float(pairs[0]["chance"]) == prediction.patch_pairs[0].chance


def test_a_saved_result_has_the_same_patches(prediction, tmp_path):
    result = read_result(save_prediction(prediction, tmp_path / "out"))
    assert result.patches == prediction.patches
    assert result.patch_pairs == prediction.patch_pairs


def test_a_result_of_an_older_sasnet_gets_patches_without_chances(prediction, tmp_path):
    folder = save_prediction(prediction, tmp_path / "out")
    path = folder / "result.json"
    values = json.loads(path.read_text())
    del values["patches"], values["patch_pairs"]
    path.write_text(json.dumps(values))
    result = read_result(folder)
    assert [p.rows for p in result.patches["left"]] == [p.rows for p in prediction.patches["left"]]
    assert {p.chance for p in result.patches["left"]} == {None}
    assert result.patch_pairs == ()


def test_what_touches_is_compared_with_each_patch(prediction):
    observed = prediction.observed()
    for side, partner in (("left", prediction.left), ("right", prediction.right)):
        touching = np.zeros(partner.protein.n_residues, bool)
        touching[observed[side]["touching"]] = True
        assert touching.sum() == observed[side]["residues_in_contact"]
        found = [int(touching[list(p.rows)].sum()) for p in prediction.patches[side]]
        assert observed[side]["patches_in_contact"] == found
