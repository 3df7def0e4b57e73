import pytest

from sasnet_core.dataset.complexes import save_complex
from sasnet_core.errors import DatasetError, SettingError
from sasnet_core.evaluation.selection_set import read_selection_set
from sasnet_core.files import write_table
from tests.core.build import random_complex


@pytest.fixture
def dataset(tmp_path):
    rows = []
    for number, split in enumerate(("DB3", "DB4U", "DB5U")):
        save_complex(random_complex([number], 6, 5), tmp_path / f"{split}.npz")
        rows.append({"split": split, "state": "unbound", "file": f"{split}.npz"})
    write_table(rows, tmp_path / "manifest.csv", list(rows[0]))
    return tmp_path


def test_complexes_of_the_splits_come_with_words_for_them(dataset):
    selection = read_selection_set(dataset, "DB3,DB4U")
    assert selection.description == "2 unbound complexes of DB3,DB4U"
    assert [item.left.n_residues for item in selection.complexes()] == [6, 6]


def test_nothing_is_fitted_on_the_test_set(dataset):
    with pytest.raises(SettingError, match="nothing is fitted or chosen on it"):
        read_selection_set(dataset, "DB4U,DB5U")
    with pytest.raises(DatasetError, match="complexes of DB2 are needed"):
        read_selection_set(dataset, "DB2")
