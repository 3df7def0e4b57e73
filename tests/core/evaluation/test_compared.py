"""Measured rows of table 2: their files, the best replicate, paired tests."""

import pytest
from scipy.stats import wilcoxon

from sasnet_core.errors import DatasetError
from sasnet_core.evaluation import compared, literature


def rows(aurocs, split="DB4U"):
    return [
        {"split": split, "id": name, "replicate": replicate, "auroc": value}
        for replicate, one in aurocs.items()
        for name, value in one.items()
    ]


@pytest.fixture
def folder(tmp_path):
    two = {"1": {"a": 0.5, "b": 0.6, "c": 0.9}, "2": {"a": 0.7, "b": 0.8, "c": 0.75}}
    test = rows({"1": {"x": 0.9}, "2": {"x": 0.4}}, "DB5U")
    compared.write_measured(tmp_path, "node_average", "structure", [*rows(two), *test])
    compared.write_measured(tmp_path, "sasnet-tuned", "conservation", rows({"1": {"a": 1.0}}))
    return tmp_path


def test_files_are_read_by_method_and_column(folder):
    found = compared.read_measured(folder)
    assert list(found) == [("node_average", "structure"), ("sasnet-tuned", "conservation")]
    assert found["node_average", "structure"].aurocs["DB4U"]["2"]["c"] == 0.75
    assert compared.read_measured(folder / "missing") == {}


def test_the_replicate_that_is_best_on_one_split_counts_on_the_other(folder):
    one = compared.read_measured(folder)["node_average", "structure"]
    assert one.caurocs("DB4U") == {"1": 0.6, "2": 0.75}
    assert one.best("DB4U") == "2"
    with pytest.raises(DatasetError, match="is chosen on DB3, where it was not measured"):
        one.best("DB3")
    assert one.of_best("DB5U", "DB4U") == {"x": 0.4}


def test_cells_give_the_best_replicate_and_the_spread_of_all(folder):
    one = compared.read_measured(folder)["node_average", "structure"]
    cell = compared.cauroc_cell(one, "DB4U", "DB4U")
    assert cell.startswith("0.750 (0.700 to 0.800); 0.675 +/- 0.106")
    assert compared.cauroc_cell(one, "DB3", "DB4U") == ""
    assert compared.cauroc_cell(None, "DB4U", "DB4U") == ""


def test_pairs_are_compared_on_the_same_complexes():
    ours = {
        name: value
        for name, value in zip("abcdefz", [0.9, 0.8, 0.7, 0.9, 0.6, 0.8, 0], strict=True)
    }
    theirs = dict(zip("fedcba", [0.7, 0.65, 0.6, 0.5, 0.4, 0.2], strict=True))
    cell = compared.paired_cell(ours, theirs)
    shared = "abcdef"
    p = wilcoxon([ours[k] for k in shared], [theirs[k] for k in shared]).pvalue
    assert cell.startswith("+0.275 (")
    assert cell.endswith(f"; 5 of 6; p = {p:.2g}")
    assert compared.paired_cell({"a": 1.0}, {"b": 1.0}) == ""
    assert compared.paired_cell({"a": 1.0}, {"a": 1.0}).endswith("0 of 1; p = 1")


def test_tables_are_empty_until_something_is_measured():
    assert compared.column_table({}, "structure", ["DB4U"], "DB4U") == ""
    assert compared.paired_table({}, {}, ["DB4U"], "DB4U") == ""
    assert compared.states_table({}, {}, ["DB4U"], "DB4U") == ""


def test_bound_is_compared_with_unbound_on_the_same_complexes(tmp_path):
    states = {"table2": {"a": 0.5, "b": 0.6, "c": 0.9}, "table3": {"b": 0.7, "c": 0.95}}
    for name, aurocs in states.items():
        rows_of = rows({"1": aurocs})
        compared.write_measured(tmp_path / name, "sasnet_x", "conservation", rows_of)
        compared.write_measured(tmp_path / name, "sasnet_x", "structure", rows_of)
    found = (compared.read_measured(tmp_path / name) for name in states)
    lines = compared.states_table(*found, ["DB4U", "DB5U"], "DB4U").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert [row[0] for row in cells] == [
        "sasnet_x: unbound", "sasnet_x: bound", "sasnet_x: bound minus unbound",
    ]  # fmt: skip
    assert cells[0][1].startswith("0.600 (")
    assert cells[1][1].startswith("0.825 (")
    assert cells[2][1].startswith("+0.075 (")  # of b and c: 0.825 - 0.75
    assert [row[2] for row in cells] == ["", "", ""]
    assert cells[0][3].startswith("0.921")


def test_every_compared_method_has_its_published_numbers():
    for table in (literature.METHODS, literature.METHODS_CONSERVATION):
        assert set(table) == set(compared.COMPARED.values())


def test_a_damaged_file_is_one_line(tmp_path):
    (tmp_path / "ngf-structure.csv").write_text("split,id,replicate\nDB4U,a,1\n")
    with pytest.raises(DatasetError, match="split, id, replicate, auroc are needed"):
        compared.read_measured(tmp_path)


def test_sasnet_comes_from_the_table_with_most_rotations(tmp_path):
    for rotations, value in ((2, 0.5), (20, 0.75)):
        path = tmp_path / f"complexes-abc-DB4U-unbound-{rotations}rotations.csv"
        path.write_text(f"id,auroc\na,{value}\n")
    ours = compared.of_evaluations(tmp_path, {"default": "abc"}, ["DB4U", "DB5U"])
    assert ours == {("default, 20 rotations,", "structure"): {"DB4U": {"a": 0.75}}}
    with pytest.raises(DatasetError, match=r"a table of the complexes of best \(def\) is needed"):
        compared.of_evaluations(tmp_path, {"best": "def"}, ["DB4U"])


def test_the_rows_of_other_splits_stay(tmp_path):
    for split, value in (("DB4U", 0.5), ("DB5U", 0.7), ("DB4U", 0.6)):
        compared.update_measured(
            tmp_path, "sasnet_x", compared.CONSERVATION, {split: {"1ABC": value}}
        )
    found = compared.read_measured(tmp_path)["sasnet_x", compared.CONSERVATION]
    assert found.aurocs == {"DB4U": {"1": {"1ABC": 0.6}}, "DB5U": {"1": {"1ABC": 0.7}}}
