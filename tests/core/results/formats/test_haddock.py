import re
import tomllib
from dataclasses import replace

import gemmi
import numpy as np
import pytest

from sasnet_core.results.formats import haddock_molecule
from sasnet_core.results.formats.haddock import write_haddock
from sasnet_core.results.formats.haddock_molecule import residue_numbers
from sasnet_core.results.reading import read_result
from sasnet_core.structure import reading
from tests.core.build import (
    chain_lines,
    random_prediction,
    residue_lines,
    save_prediction,
    table,
    write_pdb,
)

SELECTION = re.compile(r"\( resid (-?\d+) and segid ([A-Z]) \)")
ONE = r"\( resid -?\d+ and segid [A-Z] \)"
STATEMENT = re.compile(
    rf"assign (?P<source>{ONE})\s+(?:(?P<one>{ONE})|\(\s+(?P<many>{ONE}(?:\s+or {ONE})*)\s+\))"
    r" (?P<distance>\d+\.\d) (?P<minus>\d+\.\d) (?P<plus>\d+\.\d)"
)


def read_tbl(path):
    """Read CNS assign statements, strictly: (resid, segid), its targets, upper limit."""
    text = "\n".join(line.split("!")[0].rstrip() for line in path.read_text().splitlines())
    found = []
    for piece in re.split(r"^(?=assign )", text, flags=re.MULTILINE):
        if not piece.strip():
            continue
        match = STATEMENT.fullmatch(piece.strip())
        assert match, piece
        distance, minus, plus = (float(match[name]) for name in ("distance", "minus", "plus"))
        assert (minus, plus) == (distance, 0), "from zero to the distance"
        sources, targets = (
            [(int(number), segid) for number, segid in SELECTION.findall(text)]
            for text in (match["source"], match["one"] or match["many"])
        )
        found.append((sources[0], targets, distance))
    return found


def saved(lines, left, right, tmp_path, threshold=0.5):
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    prediction = random_prediction((entry, left), (entry, right))
    result = read_result(save_prediction(prediction, tmp_path / "out"))
    return replace(result, threshold=threshold)


@pytest.fixture
def pair(tmp_path):
    lines = [*chain_lines("A", 9, first=-2), *chain_lines("B", 8, first=101, start=(0, 5, 0))]
    return saved(lines, ["A"], ["B"], tmp_path)


def roles(folder, side, role):
    rows = [r for r in table(folder / "haddock_residues.csv") if r["side"] == side]
    return {(int(r["haddock_number"]), r["haddock_chain"]) for r in rows if r["role"] == role}


def assert_restraints_fit_the_table(folder):
    left = roles(folder, "left", "active"), roles(folder, "left", "passive")
    right = roles(folder, "right", "active"), roles(folder, "right", "passive")
    restraints = read_tbl(folder / "haddock_ambiguous.tbl")
    assert {source for source, _, _ in restraints} == left[0] | right[0]
    for source, targets, distance in restraints:
        expected = right[0] | right[1] if source[1] == "A" else left[0] | left[1]
        assert set(targets) == expected and len(targets) == len(expected)
        assert distance == 2.0


def residues_of(path):
    return [
        (r.seqid.num, chain.name, r.name, r.segment)
        for chain in gemmi.read_pdb(str(path))[0]
        for r in chain
    ]


def test_active_residues_are_the_first_patch(pair, tmp_path):
    assert write_haddock(pair, tmp_path) == []
    for side in pair.sides:
        rows = sorted(pair.patches[side.side][0].rows)
        assert 0 < len(rows) < side.protein.n_residues
        numbers = side.protein.residue_ids[rows].astype(int).tolist()
        assert [n for n, _ in sorted(roles(tmp_path, side.side, "active"))] == numbers
    assert_restraints_fit_the_table(tmp_path)
    text = (tmp_path / "haddock_ambiguous.tbl").read_text()
    assert "! active: right, Patch 1 of chain B: " in text


def test_a_buried_residue_is_neither_active_nor_passive(tmp_path):
    ball = [p for p in np.ndindex(5, 5, 5) if max(abs(np.subtract(p, 2))) <= 2]
    center = ball.index((2, 2, 2)) + 1
    lines = [
        line
        for number, place in enumerate(ball, 1)
        for line in residue_lines("A", number, np.multiply(place, 3.6))
    ]
    lines += chain_lines("B", 4, start=(0, 40, 0))
    result = saved(lines, ["A"], ["B"], tmp_path, threshold=0.01)
    write_haddock(result, tmp_path)
    assert roles(tmp_path, "left", "active")
    assert (center, "A") not in roles(tmp_path, "left", "active")
    assert (center, "A") not in roles(tmp_path, "left", "passive")


def test_passive_residues_are_the_neighbours_of_active_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(haddock_molecule, "MOST_ACTIVE", 1)
    lines = [*chain_lines("A", 12), *chain_lines("B", 3, start=(0, 40, 0))]
    result = saved(lines, ["A"], ["B"], tmp_path)
    number = result.patches["left"][0].rows[0] + 1
    write_haddock(result, tmp_path)
    assert roles(tmp_path, "left", "active") == {(number, "A")}
    # CA to CA 3.8 A along x, atoms up to 1.2 A to both sides: two neighbours on each side
    around = {n for n in range(number - 2, number + 3) if 1 <= n <= 12} - {number}
    assert roles(tmp_path, "left", "passive") == {(n, "A") for n in around}


def test_numbers_that_are_unique_stay(pair, tmp_path):
    write_haddock(pair, tmp_path)
    assert residues_of(tmp_path / "haddock_left.pdb") == [
        (n, "A", "CYS", "A") for n in range(-2, 7)
    ]
    assert residues_of(tmp_path / "haddock_right.pdb") == [
        (n, "B", "CYS", "B") for n in range(101, 109)
    ]


def test_insertion_codes_and_clashing_chains_are_renumbered_and_noted(tmp_path):
    lines = [
        *chain_lines("H", 3, first=51),
        *residue_lines("H", 53, (11.4, 0, 0), icode="A"),
        *residue_lines("H", 70, (30, 0, 0)),
        *chain_lines("L", 3, first=51, start=(0, 10, 0)),
        *chain_lines("C", 4, start=(0, 5, 0)),
    ]
    result = saved(lines, ["H", "L"], ["C"], tmp_path)
    notes = write_haddock(result, tmp_path)
    assert any("left was renumbered" in note for note in notes)
    assert any("left has several chains, haddock_bodies.tbl keeps" in note for note in notes)
    rows = [r for r in table(tmp_path / "haddock_residues.csv") if r["side"] == "left"]
    found = [(r["chain"], r["number"], r["insertion_code"], int(r["haddock_number"])) for r in rows]
    assert found == [
        ("H", "51", "", 1), ("H", "52", "", 2), ("H", "53", "", 3), ("H", "53", "A", 4),
        ("H", "70", "", 15), ("L", "51", "", 26), ("L", "52", "", 27), ("L", "53", "", 28),
    ]  # fmt: skip
    places = {r["haddock_number"]: k for k, r in enumerate(rows)}
    for number, *_ in residues_of(tmp_path / "haddock_left.pdb"):
        assert str(number) in places
    again = reading.read(tmp_path / "haddock_left.pdb").protein(["A"])
    assert (again.centers == result.left.protein.centers).all()
    assert_restraints_fit_the_table(tmp_path)


def test_one_conformer_is_written(tmp_path):
    lines = chain_lines("A", 4)
    lines[1] = lines[1][:16] + "A" + lines[1][17:54] + "  0.40" + lines[1][60:]
    other = lines[1][:16] + "B" + lines[1][17:54] + "  0.60" + lines[1][60:]
    lines.insert(2, other.replace("   0.000   0.000   0.000", "   0.100   0.100   0.100"))
    result = saved([*lines, *chain_lines("B", 3, start=(0, 5, 0))], ["A"], ["B"], tmp_path, 0.01)
    write_haddock(result, tmp_path)
    first = gemmi.read_pdb(str(tmp_path / "haddock_left.pdb"))[0]["A"][0]
    assert [(a.name, a.altloc) for a in first][:3] == [("N", "\0"), ("CA", "\0"), ("C", "\0")]
    assert first["CA"][0].pos.tolist() == [0.1, 0.1, 0.1]
    assert len(first) == 6


def test_modified_residues_are_no_gaps(tmp_path):
    lines = [*chain_lines("A", 4, residue="MSE"), *chain_lines("B", 3, start=(0, 5, 0))]
    lines = [line.replace("ATOM  ", "HETATM") if "MSE" in line else line for line in lines]
    write_haddock(saved(lines, ["A"], ["B"], tmp_path, 0.01), tmp_path)
    text = (tmp_path / "haddock_left.pdb").read_text()
    assert text.count("MSE A") >= 4 and "HETATM" not in text


def test_the_best_pairs_are_contacts_each_residue_once(pair, tmp_path):
    write_haddock(pair, tmp_path)
    restraints = read_tbl(tmp_path / "haddock_unambiguous.tbl")
    assert 5 < len(restraints) <= 8
    assert all(distance == 6.0 and len(targets) == 1 for _, targets, distance in restraints)
    left = [source for source, _, _ in restraints]
    right = [targets[0] for _, targets, _ in restraints]
    assert len(set(left)) == len(left) and len(set(right)) == len(right)
    assert {s for _, s in left} == {"A"} and {s for _, s in right} == {"B"}
    i, j = np.unravel_index(pair.scores.argmax(), pair.scores.shape)
    assert (left[0][0], right[0][0]) == (i - 2, j + 101)


@pytest.mark.parametrize("code", ["1AHW", "1A2K"])
def test_real_structures(shared_data, tmp_path, code):
    files = [reading.read(shared_data / "db5" / f"{code}_{s}_u.pdb.gz") for s in "rl"]
    prediction = random_prediction(*((file, file.chain_ids()) for file in files))
    result = read_result(save_prediction(prediction, tmp_path / "out"))
    write_haddock(result, tmp_path)
    assert_restraints_fit_the_table(tmp_path)
    for side in result.sides:
        numbers, _ = residue_numbers(side)
        assert len(set(numbers.tolist())) == side.protein.n_residues
        found = [n for n, *_ in residues_of(tmp_path / f"haddock_{side.side}.pdb")]
        assert sorted(found) == sorted(numbers.tolist())


def test_runs_name_the_files_that_are_written(pair, tmp_path):
    write_haddock(pair, tmp_path)
    assert not (tmp_path / "haddock_bodies.tbl").exists()
    for name in ("haddock_ambiguous", "haddock_unambiguous"):
        run = tomllib.loads((tmp_path / f"{name}.toml").read_text())
        assert run["molecules"] == ["haddock_left.pdb", "haddock_right.pdb"]
        assert run["run_dir"] == f"{name}_run"
        for stage in ("rigidbody", "flexref", "emref"):
            assert run[stage]["ambig_fname"] == f"{name}.tbl"
            assert "unambig_fname" not in run[stage]
            assert (tmp_path / run[stage]["ambig_fname"]).is_file()
        assert list(run)[2:] == [
            "topoaa", "rigidbody", "seletop", "flexref", "emref", "clustfcc", "seletopclusts",
            "caprieval",
        ]  # fmt: skip


@pytest.mark.parametrize("name", ["haddock_ambiguous.tbl", "haddock_unambiguous.tbl"])
def test_haddocks_own_checker_accepts_the_restraints(pair, tmp_path, name):
    checker = pytest.importorskip("haddock.libs.librestraints", reason="haddock3 is not installed")
    write_haddock(pair, tmp_path)
    text = (tmp_path / name).read_text()
    checker.check_parenthesis(text)
    assert checker.validate_tbldata(text).count("assign") == len(read_tbl(tmp_path / name))
