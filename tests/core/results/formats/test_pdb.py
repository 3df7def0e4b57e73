import gemmi
import pytest

from sasnet_core.errors import ResultError
from sasnet_core.results.formats.pdb import one_letter_names, write_pdb
from sasnet_core.results.reading import read_result
from sasnet_core.structure import reading
from tests.core.build import (
    chain_lines,
    random_prediction,
    save_prediction,
    table,
    write_cif,
)


def saved(tmp_path, rename, first=1):
    lines = [*chain_lines("A", 3, first=first), *chain_lines("B", 2, start=(0, 5, 0))]
    entry = reading.read(write_cif(tmp_path / "pair.cif", lines, rename))
    left, right = entry.chain_ids()
    prediction = random_prediction((entry, [left]), (entry, [right]))
    return read_result(save_prediction(prediction, tmp_path / "out"))


def test_the_pdb_file_carries_the_probabilities(tmp_path):
    result = saved(tmp_path, {})
    assert write_pdb(result, tmp_path) == []
    model = gemmi.read_pdb(str(tmp_path / "complex.pdb"))[0]
    found = [(c.name, str(r.seqid), r.name, r[0].b_iso) for c in model for r in c]
    expected = [
        (*key[:2], name, pytest.approx(value, abs=0.006))
        for side in result.sides
        for key, name, value in zip(
            side.protein.residue_keys(), side.protein.residue_names, side.probability, strict=True
        )
    ]
    assert found == expected
    assert not (tmp_path / "pdb_chains.csv").exists()


def test_chains_of_long_names_get_others_and_a_table_says_so(tmp_path):
    result = saved(tmp_path, {"A": "A-2", "B": "A"})
    assert "pdb_chains.csv" in write_pdb(result, tmp_path)[0]
    assert [chain.name for chain in gemmi.read_pdb(str(tmp_path / "complex.pdb"))[0]] == ["B", "A"]
    assert table(tmp_path / "pdb_chains.csv") == [
        {"file": "complex.pdb", "chain": "A-2", "pdb_chain": "B"}
    ]


def test_more_chains_than_names_are_refused():
    with pytest.raises(ResultError, match="at most 62 chains, this structure has 63"):
        one_letter_names([f"A{k}" for k in range(63)])


def test_a_real_complex_survives(demo_pdb, tmp_path):
    entry = reading.read(demo_pdb)
    prediction = random_prediction((entry, ["D"]), (entry, ["E"]))
    result = read_result(save_prediction(prediction, tmp_path / "out"))
    write_pdb(result, tmp_path)
    again = reading.read(tmp_path / "complex.pdb")
    for side in result.sides:
        found = again.protein(side.chain_ids)
        assert (found.residue_ids == side.protein.residue_ids).all()
        assert (found.coords == side.protein.coords).all()
