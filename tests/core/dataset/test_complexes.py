from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.dataset.complexes import benchmark_rows, load_complex, read_manifest, save_complex
from sasnet_core.errors import DatasetError
from sasnet_core.files import write_table
from tests.core.build import random_complex


def test_a_complex_comes_back_as_it_was(tmp_path):
    elsewhere = np.array([1, 4], np.int32), np.array([0], np.int32)
    item = replace(random_complex(4), elsewhere=elsewhere)
    save_complex(item, tmp_path / "deep" / "pair.npz")
    back = load_complex(tmp_path / "deep" / "pair.npz")
    assert (back.name, back.left.name, back.right.name) == ("pair", "pair:A", "pair:B")
    np.testing.assert_array_equal(back.contacts, item.contacts)
    assert [rows.tolist() for rows in back.elsewhere] == [[1, 4], [0]]
    for before, after in ((item.left, back.left), (item.right, back.right)):
        for name, array in before.array_fields().items():
            np.testing.assert_array_equal(getattr(after, name), array)
            assert getattr(after, name).dtype == array.dtype
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["pair.npz"]


def test_the_auroc_of_a_complex_is_over_all_its_pairs():
    item = random_complex(4)
    labels = item.labels()
    assert labels.shape == (item.left.n_residues, item.right.n_residues)
    assert {tuple(pair) for pair in np.argwhere(labels)} == {tuple(p) for p in item.contacts}
    assert item.auroc(labels.astype(float)) == 1.0
    assert item.auroc(-labels.astype(float)) == 0.0
    assert item.auroc(np.zeros(labels.shape)) == 0.5


def test_files_hold_no_pickle_and_are_the_same_every_time(tmp_path):
    for name in ("one.npz", "two.npz"):
        save_complex(random_complex(4), tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    with np.load(tmp_path / "one.npz", allow_pickle=False) as arrays:
        assert not any(arrays[name].dtype.hasobject for name in arrays.files)


def missing_array(path):
    save_complex(random_complex(4), path)
    with np.load(path) as arrays:
        kept = {name: arrays[name] for name in arrays.files if name != "left_coords"}
    np.savez(path, **kept)


def cut_short(path):
    save_complex(random_complex(4), path)
    path.write_bytes(path.read_bytes()[:500])


def changed_inside(path):
    save_complex(random_complex(4), path)
    contents = bytearray(path.read_bytes())
    contents[200:400] = bytes(200)
    path.write_bytes(contents)


def extra_array(path):
    save_complex(random_complex(4), path)
    with np.load(path) as arrays:
        np.savez(path, left_colour=np.zeros(1), **{name: arrays[name] for name in arrays.files})


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: None,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no zip file"),
        cut_short,
        changed_inside,
        missing_array,
        extra_array,
    ],
    ids=["missing", "empty", "text", "cut short", "changed", "array missing", "array too many"],
)
def test_a_damaged_file_is_a_dataset_error_that_names_it(tmp_path, damage):
    path = tmp_path / "pair.npz"
    damage(path)
    with pytest.raises(DatasetError, match="pair.npz"):
        load_complex(path)


def test_a_dataset_without_manifest_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="manifest.csv"):
        read_manifest(tmp_path)


def test_a_manifest_comes_back(tmp_path):
    write_table([{"id": "1abc", "split": "train"}], tmp_path / "manifest.csv", ["id", "split"])
    assert read_manifest(tmp_path) == [{"id": "1abc", "split": "train"}]
    assert read_manifest(tmp_path / "manifest.csv") == read_manifest(tmp_path)


def test_rows_of_a_benchmark_are_those_of_the_splits_and_state(tmp_path):
    table = [("DB3", "unbound"), ("DB4U", "unbound"), ("DB4U", "bound"), ("DB5U", "unbound")]
    rows = [{"split": split, "state": state} for split, state in table]
    write_table(rows, tmp_path / "manifest.csv", ["split", "state"])
    assert benchmark_rows(tmp_path, "DB3,DB4U") == rows[:2]
    assert benchmark_rows(tmp_path, None, "bound") == [rows[2]]
    with pytest.raises(DatasetError, match="bound complexes of DB3 are needed"):
        benchmark_rows(tmp_path, "DB3", "bound")


def test_complexes_of_a_mined_dataset_are_bound(tmp_path):
    write_table([{"split": "validation"}], tmp_path / "manifest.csv", ["split"])
    expected = [{"split": "validation", "state": "bound"}]
    assert benchmark_rows(tmp_path, "validation") == expected
    assert benchmark_rows(tmp_path, None, "bound") == expected
    with pytest.raises(DatasetError, match="unbound complexes of validation are needed"):
        benchmark_rows(tmp_path, "validation", "unbound")
