import numpy as np
import pytest

pytest.importorskip("pyopal")

from sasnet_core.config import DB5_POSITIVES, DB5U_POSITIVES  # noqa: E402
from sasnet_core.dataset.db5 import read_case, read_table  # noqa: E402
from sasnet_core.errors import DatasetError, StructureError  # noqa: E402
from sasnet_core.structure.chain_matching import map_residues  # noqa: E402
from sasnet_core.structure.contacts import contacts  # noqa: E402


def test_a_folder_without_the_benchmark_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"db5\.csv"):
        read_table(tmp_path)


def test_a_table_without_its_columns_is_refused(tmp_path):
    (tmp_path / "db5.csv").write_text("code,split\n1ABC,DB3\n")
    with pytest.raises(DatasetError, match=r"\['category', 'difficulty'\] are missing"):
        read_table(tmp_path)


def test_a_missing_structure_is_named(tmp_path):
    row = {"code": "1XYZ", "split": "DB3", "category": "OX", "difficulty": "rigid"}
    with pytest.raises(StructureError, match="1XYZ_r_b"):
        read_case(tmp_path, row)


def test_the_benchmark_has_230_complexes_in_three_parts(shared_data):
    splits = [row["split"] for row in read_table(shared_data / "db5")]
    assert {s: splits.count(s) for s in set(splits)} == {"DB3": 123, "DB4U": 52, "DB5U": 55}


def case(shared_data, code):
    folder = shared_data / "db5"
    (row,) = (row for row in read_table(folder) if row["code"] == code)
    return read_case(folder, row)


def test_an_antibody_and_its_antigen(shared_data):
    found = case(shared_data, "1AHW")
    assert (found.split, found.category, found.difficulty) == ("DB3", "AA", "rigid")
    assert len(set(found.bound.left.chain_ids)) == 2, "an antibody has two chains"
    np.testing.assert_array_equal(
        found.bound.contacts, contacts(found.bound.left, found.bound.right)
    )
    labels = found.unbound.contacts
    assert 0 < len(labels) <= len(found.bound.contacts)
    assert len(labels) + found.unmapped_contacts == len(found.bound.contacts)
    assert labels[:, 0].max() < found.unbound.left.n_residues
    assert labels[:, 1].max() < found.unbound.right.n_residues


def test_labels_join_residues_of_the_same_kind_as_in_the_bound_complex(shared_data):
    found = case(shared_data, "1AHW")
    rows = map_residues(found.bound.left, found.unbound.left)
    here = rows >= 0
    same = found.bound.left.residue_names[here] == found.unbound.left.residue_names[rows[here]]
    assert here.mean() > 0.9 and same.mean() > 0.95


def test_labels_of_unbound_complexes_lie_near_where_the_partners_meet(shared_data):
    for code in ("1AHW", "1ACB", "1A2K"):
        item = case(shared_data, code).unbound
        ca = item.left.centers[item.contacts[:, 0]] - item.right.centers[item.contacts[:, 1]]
        assert np.median(np.linalg.norm(ca, axis=1)) < 15, code


def test_the_positives_of_every_23rd_complex_have_not_changed(shared_data):
    # The sweep below compares those of all complexes with the literature.
    folder = shared_data / "db5"
    cases = [read_case(folder, row) for row in read_table(folder)[::23]]
    assert sum(len(item.unbound.contacts) for item in cases) == 697


@pytest.mark.slow
@pytest.mark.sweep
def test_the_positives_of_the_benchmark_are_those_of_the_literature(shared_data):
    folder = shared_data / "db5"
    cases = [read_case(folder, row) for row in read_table(folder)]
    total = sum(len(item.unbound.contacts) for item in cases)
    newest = sum(len(item.unbound.contacts) for item in cases if item.split == "DB5U")
    assert total == pytest.approx(DB5_POSITIVES, rel=0.005)
    assert newest == pytest.approx(DB5U_POSITIVES, rel=0.01)


def test_every_residue_of_one_state_alone_is_listed_with_what_is_lost(shared_data):
    found = case(shared_data, "1A2K")
    listed = {(r.side, r.state, r.chain_id, r.residue_id): r for r in found.unmapped_residues}
    assert len(listed) == len(found.unmapped_residues) > 0
    lost = set()
    for side, column in (("left", 0), ("right", 1)):
        bound, unbound = getattr(found.bound, side), getattr(found.unbound, side)
        rows = map_residues(bound, unbound)
        for row in range(bound.n_residues):
            key = (side, "bound", bound.chain_ids[row], bound.residue_ids[row])
            assert (key in listed) == (rows[row] < 0)
            touching = np.flatnonzero(found.bound.contacts[:, column] == row).tolist()
            if key in listed:
                assert listed[key].contacts == len(touching)
                lost |= set(touching)
        for row in range(unbound.n_residues):
            key = (side, "unbound", unbound.chain_ids[row], unbound.residue_ids[row])
            assert (key in listed) == (row not in rows)
    assert len(lost) == found.unmapped_contacts > 0
