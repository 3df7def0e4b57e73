import csv
import random
from dataclasses import replace

import numpy as np
import pytest
import yaml

from sasnet_core.errors import ResultError
from sasnet_core.results.formats.boltz_chai import (
    CHAI_DISTANCE,
    sequences_of,
    write_boltz,
    write_chai,
)
from sasnet_core.results.formats.haddock import write_haddock
from sasnet_core.results.formats.haddock_molecule import molecule
from sasnet_core.results.partner import residue_key
from sasnet_core.results.reading import read_result
from sasnet_core.structure import reading
from sasnet_core.structure.chemistry import one_letter
from sasnet_core.structure.contacts import contacts
from tests.core.build import (
    chain_lines,
    random_prediction,
    residue_lines,
    save_prediction,
    table,
    write_pdb,
)


def saved(lines, left, right, tmp_path):
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    prediction = random_prediction((entry, left), (entry, right))
    return read_result(save_prediction(prediction, tmp_path / "out"))


@pytest.fixture
def result(tmp_path):
    lines = [
        *chain_lines("H", 4, first=51),
        *residue_lines("H", 54, (15.2, 0, 0), "TYR", icode="A"),
        *residue_lines("H", 70, (25, 0, 0), "UNK"),
        *chain_lines("L", 3, first=51, start=(0, 10, 0), residue="MSE"),
        *chain_lines("C", 6, start=(0, 5, 0), residue="TRP"),
    ]
    return saved(lines, ["H", "L"], ["C"], tmp_path)


def residues_by_place(path):
    """Map (letter, position) to the row of a mapping table."""
    rows = {(row["letter"], int(row["position"])): row for row in table(path)}
    assert len(rows) == len(table(path))
    return rows


def patch_places(result, rows, side):
    """Map the places of a side's first patch to probabilities."""
    patch = {
        (key[0], key[1]): side.probability[row]
        for row, key in enumerate(side.protein.residue_keys())
        if row in result.patches[side.side][0].rows
    }
    return {
        place: patch[key]
        for place, row in rows.items()
        if row["side"] == side.side
        and row["one_letter"] != "X"
        and (key := (row["chain"], row["number"] + row["insertion_code"])) in patch
    }


def read_boltz(path):
    """Read a Boltz input, and check it against the published form."""
    content = yaml.safe_load(path.read_text())
    assert set(content) == {"version", "sequences", "constraints"} and content["version"] == 1
    chains = {}
    for entry in content["sequences"]:
        assert list(entry) == ["protein"] and set(entry["protein"]) == {"id", "sequence"}
        chains[entry["protein"]["id"]] = entry["protein"]["sequence"]
    for constraint in content["constraints"]:
        ((kind, values),) = constraint.items()
        assert 4 <= values["max_distance"] <= 20 and values["force"] is False
        keys = {"pocket": {"binder", "contacts"}, "contact": {"token1", "token2"}}[kind]
        assert set(values) == keys | {"max_distance", "force"}
        tokens = values.get("contacts") or [values["token1"], values["token2"]]
        assert all(1 <= position <= len(chains[letter]) for letter, position in tokens)
        assert values.get("binder", "A") in chains
    return chains, content["constraints"]


def read_chai(folder, name):
    """Read Chai restraints as its parser does: the residue must be the one of the sequence."""
    lines = (folder / "chai.fasta").read_text().splitlines()
    headers, sequences = lines[::2], lines[1::2]
    assert all(header.startswith(">protein|name=") for header in headers)
    chains = dict(zip("ABCDEFGH", sequences, strict=False))
    with (folder / name).open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len({row["restraint_id"] for row in rows}) == len(rows)
    found = []
    for row in rows:
        assert 0 == float(row["min_distance_angstrom"]) < float(row["max_distance_angstrom"])
        assert 0 <= float(row["confidence"]) <= 1
        places = []
        for letter, text in ((row["chainA"], row["res_idxA"]), (row["chainB"], row["res_idxB"])):
            if text:
                assert chains[letter][int(text[1:]) - 1] == text[0]
            places.append((letter, int(text[1:])) if text else (letter, None))
        assert (places[0][1] is None) == (row["connection_type"] == "pocket")
        found.append((row["connection_type"], *places, float(row["confidence"])))
    return chains, found


def assert_chains_fit(result, chains, rows):
    for (letter, position), row in rows.items():
        assert chains[letter][position - 1] == row["one_letter"] == one_letter(row["name"])
    assert sum(map(len, chains.values())) == len(rows)
    assert len(rows) == sum(side.protein.n_residues for side in result.sides)


def check_boltz(result, folder):
    write_boltz(result, folder)
    rows = residues_by_place(folder / "boltz_residues.csv")
    chains, pockets = read_boltz(folder / "boltz.yaml")
    assert_chains_fit(result, chains, rows)
    for side, pocket in zip(result.sides, pockets, strict=True):
        found = {tuple(place) for place in pocket["pocket"]["contacts"]}
        assert found == set(patch_places(result, rows, side)) and found
        assert {r["side"] for p, r in rows.items() if p[0] == pocket["pocket"]["binder"]} == {
            result.partner(side).side
        }
    again, pairs = read_boltz(folder / "boltz_contacts.yaml")
    assert again == chains and 0 < len(pairs) <= 10
    first = [tuple(pair["contact"]["token1"]) for pair in pairs]
    second = [tuple(pair["contact"]["token2"]) for pair in pairs]
    assert {rows[place]["side"] for place in first} == {"left"}
    assert {rows[place]["side"] for place in second} == {"right"}
    assert len(set(first)) == len(set(second)) == len(pairs)


def check_chai(result, folder):
    write_chai(result, folder)
    rows = residues_by_place(folder / "chai_residues.csv")
    chains, pockets = read_chai(folder, "chai_pocket.csv")
    assert_chains_fit(result, chains, rows)
    for side in result.sides:
        found = {place: c for _, _, place, c in pockets if rows[place]["side"] == side.side}
        assert found == patch_places(result, rows, side)
    for _, (binder, _), place, _ in pockets:
        assert rows[binder, 1]["side"] != rows[place]["side"]
    _, pairs = read_chai(folder, "chai_contacts.csv")
    assert 0 < len(pairs) <= 10 and {kind for kind, *_ in pairs} == {"contact"}


def test_boltz_gets_pockets_contacts_and_a_mapping(result, tmp_path):
    check_boltz(result, tmp_path)


def test_chai_gets_pockets_contacts_and_a_mapping(result, tmp_path):
    check_chai(result, tmp_path)


def test_chains_are_lettered_left_first_and_hold_what_has_coordinates(result):
    sequences = sequences_of(result)
    assert sequences.chains == {"A": "CCCCYX", "B": "MMM", "C": "WWWWWW"}
    rows = sequences.mapping_rows()
    assert [(r["chain"], r["number"], r["insertion_code"], r["letter"]) for r in rows[4:7]] == [
        ("H", 54, "A", "A"), ("H", 70, "", "A"), ("L", 51, "", "B"),
    ]  # fmt: skip


def test_the_binder_is_the_chain_with_the_highest_probabilities(result):
    result.left.probability[:] = [0.1] * 6 + [0.9] * 3
    assert sequences_of(result).binder(result.left) == "B"


def test_residues_without_a_code_are_in_no_restraint(result):
    result.values["patches"][0]["residues"] = [{"row": row} for row in range(6)]
    sequences = sequences_of(result)
    assert [token.position for token, _ in sequences.pocket(result.left)] == [1, 2, 3, 4, 5]
    assert all(left.code != "X" for left, *_ in sequences.best_pairs())


@pytest.mark.parametrize("write", [write_boltz, write_chai, write_haddock])
def test_without_a_residue_that_may_touch_nothing_is_written(result, tmp_path, write):
    before = sorted(tmp_path.iterdir())
    result.left.probability[:] = 0
    with pytest.raises(ResultError, match="a residue of the left side that may touch is needed"):
        write(result, tmp_path)
    assert sorted(tmp_path.iterdir()) == before


def test_residues_known_to_be_in_the_interface_guide_docking(result, tmp_path):
    """Whatever patch they are in: in the pockets, and active in HADDOCK."""
    side = result.left
    row = next(r for r in range(4) if r not in result.patches["left"][0].rows[:3])
    patches = [
        {**patch, "residues": [e for e in patch["residues"] if e["row"] != row]}
        if patch["side"] == "left" else patch
        for patch in result.values["patches"]
    ]  # fmt: skip
    columns = ("chain", "number", "insertion_code", "name")
    known = {"side": "left", **dict(zip(columns, residue_key(side.protein, row), strict=True))}
    result = replace(
        result, values={**result.values, "patches": patches, "known": {"include": [known]}}
    )
    assert row not in result.first_patch(side) and result.guiding(side)[0] == row
    token = sequences_of(result).tokens["left"][row]
    assert token in [found for found, _ in sequences_of(result).pocket(side)]
    assert molecule(result, side).active[row]


def test_residues_known_not_to_touch_are_in_no_pocket(result):
    row = result.first_patch(result.left)[0]
    result.left.probability[row] = 0
    token = sequences_of(result).tokens["left"][row]
    assert token not in [found for found, _ in sequences_of(result).pocket(result.left)]


def test_confidences_of_contacts_are_the_chances_of_the_pairs(result, tmp_path):
    write_chai(result, tmp_path)
    rows = residues_by_place(tmp_path / "chai_residues.csv")
    names = ("chain", "number", "insertion_code")
    odds = {
        tuple(str(pair[f"{side}_{name}"]) for side in ("left", "right") for name in names): pair
        for pair in result.values["pairs"]
    }
    keys = {
        tuple(rows[place][name] for place in places for name in names): confidence
        for _, *places, confidence in read_chai(tmp_path, "chai_contacts.csv")[1]
    }
    shared = keys.keys() & odds.keys()  # result.json lists the best pairs only
    assert shared
    for key in shared:
        chance = 1 / (1 + np.exp(-odds[key]["log_odds"]))
        assert keys[key] == pytest.approx(chance, abs=2e-4)


def test_the_file_for_boltz_says_how_to_give_alignments(result, tmp_path):
    notes = write_boltz(result, tmp_path)
    for name in ("boltz.yaml", "boltz_contacts.yaml"):
        text = (tmp_path / name).read_text()
        assert f"boltz predict {name} --use_msa_server" in text and '"msa": "empty"' in text
    assert "alignments (MSAs); boltz.yaml says" in notes[-1]


def test_more_chains_than_letters_are_refused(tmp_path):
    names = [chr(ord("A") + k) for k in range(26)] + ["a"]
    lines = [line for k, c in enumerate(names) for line in chain_lines(c, 1, start=(0, 9 * k, 0))]
    with pytest.raises(ResultError, match="at most 26 chains"):
        sequences_of(saved(lines, names[:-1], names[-1:], tmp_path))


def test_real_structures(shared_data, tmp_path):
    files = [reading.read(shared_data / "db5" / f"1AHW_{s}_u.pdb.gz") for s in "rl"]
    prediction = random_prediction(*((file, file.chain_ids()) for file in files))
    result = read_result(save_prediction(prediction, tmp_path / "out"))
    check_boltz(result, tmp_path)
    check_chai(result, tmp_path)


def test_the_distance_for_chai_holds_95_of_100_contacts(shared_data):
    paths = sorted((shared_data / "complexes").rglob("*.pdb.gz"))
    distances = []
    for path in random.Random(0).sample(paths, 12):
        entry = reading.read(path)
        if len(entry.chain_ids()) > 1:
            left, right = (entry.protein([chain]) for chain in entry.chain_ids()[:2])
            rows, columns = contacts(left, right).T
            distances += np.linalg.norm(
                left.centers[rows] - right.centers[columns], axis=1
            ).tolist()
    assert len(distances) > 500
    assert np.percentile(distances, 95) == pytest.approx(CHAI_DISTANCE, abs=0.5)
