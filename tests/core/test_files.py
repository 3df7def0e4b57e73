import csv
import json

import numpy as np
import pytest

from sasnet_core.files import write_arrays, write_json, write_lines, write_table, written_whole


@pytest.mark.parametrize(("mode", "content"), [("w", "Å\r\nb\n"), ("wb", b"\x00\xff")])
def test_a_file_appears_when_it_is_whole(tmp_path, mode, content):
    path = tmp_path / "new" / "folder" / "file"
    with written_whole(path, mode) as stream:
        stream.write(content)
        assert not path.exists()
    assert path.read_bytes() == (content if mode == "wb" else content.encode())
    assert [p.name for p in path.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_what_was_there_before(tmp_path, error):
    path = tmp_path / "file"
    path.write_text("before")
    with pytest.raises(error), written_whole(path) as stream:
        stream.write("half")
        raise error
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_what_an_interrupted_machine_left_is_overwritten(tmp_path):
    (tmp_path / "a.json.tmp").write_text("{")
    write_json({"b": 1, "a": [1.5, None]}, tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": [1.5, None], "b": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_tables_keep_their_column_order(tmp_path):
    write_table([{"b": 1, "a": "x,y"}], tmp_path / "t.csv", ["a", "b"])
    assert (tmp_path / "t.csv").read_text() == 'a,b\n"x,y",1\n'


def test_a_table_with_an_unknown_column_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="colour"):
        write_table([{"a": 1}, {"colour": 2}], tmp_path / "t.csv", ["a"])
    assert not list(tmp_path.iterdir())


def test_cells_come_back_as_they_were(tmp_path):
    cells = {"a": 'quote"', "b": "two\nlines", "c": "1,5"}
    write_table([cells], tmp_path / "t.csv", "abc")
    with (tmp_path / "t.csv").open(newline="") as stream:
        assert list(csv.DictReader(stream)) == [cells]


def test_arrays_come_back(tmp_path):
    arrays = {"numbers": np.arange(3), "names": np.array(["A", "b"])}
    write_arrays(arrays, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as back:
        assert {name: back[name].tolist() for name in back.files} == {
            "numbers": [0, 1, 2],
            "names": ["A", "b"],
        }


def test_every_line_has_its_end(tmp_path):
    write_lines(["a", "b"], tmp_path / "lines.txt")
    assert (tmp_path / "lines.txt").read_bytes() == b"a\nb\n"
