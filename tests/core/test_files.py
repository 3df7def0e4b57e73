import csv
import json
import os
import subprocess
import sys
from subprocess import PIPE

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


WRITER = """
import sys
from pathlib import Path
from sasnet_core.files import written_whole
for number in range(25):
    with written_whole(Path(sys.argv[1])) as stream:
        stream.write(f"{sys.argv[2]} {number}\\n" * 5000)
"""


def start(code, *arguments):
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], stdout=PIPE)


def test_eight_processes_write_one_file_and_it_is_always_whole(tmp_path):
    path = tmp_path / "shared"
    writers = [start(WRITER, path, name) for name in "abcdefgh"]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            lines = path.read_text().splitlines()
            assert (len(lines), len(set(lines))) == (5000, 1)
            seen.add(lines[0])
    assert [writer.wait() for writer in writers] == [0] * 8
    assert len(seen) > 1 and {line.split()[0] for line in seen} <= set("abcdefgh")
    assert [p.name for p in tmp_path.iterdir()] == ["shared"]


KILLED = """
import sys, time
from pathlib import Path
from sasnet_core.files import written_whole
with written_whole(Path(sys.argv[1])) as stream:
    stream.write("half")
    stream.flush()
    print("writing", flush=True)
    time.sleep(600)
"""


def test_what_a_killed_process_left_is_removed_by_the_next_and_nothing_else(tmp_path):
    (tmp_path / "notes.tmp").write_text("the user's")
    killed, writing = (start(KILLED, tmp_path / name) for name in ("a.json", "b.json"))
    try:
        assert killed.stdout.readline() == writing.stdout.readline() == b"writing\n"
        killed.kill()
        killed.wait()
        write_json({"b": 1, "a": [1.5, None]}, tmp_path / "a.json")
        assert json.loads((tmp_path / "a.json").read_text()) == {"a": [1.5, None], "b": 1}
        names = sorted(p.name for p in tmp_path.iterdir())
        assert len(names) == 3 and names[1:] == ["a.json", "notes.tmp"]  # one is being written
    finally:
        writing.kill()
        writing.wait()
    write_json({}, tmp_path / "c.json")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.json", "c.json", "notes.tmp"]


def test_the_permissions_are_those_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    write_json({}, tmp_path / "ours")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_long_name_is_no_hindrance(tmp_path):
    write_json({}, tmp_path / ("x" * 255))


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


def test_a_file_name_that_is_no_utf8_loses_no_text(tmp_path):
    write_lines([f"of {os.fsdecode(b'caf' + bytes([233]))}"], tmp_path / "lines.txt")
    assert (tmp_path / "lines.txt").read_text() == "of caf\\udce9\n"
