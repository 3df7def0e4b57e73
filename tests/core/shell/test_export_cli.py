import subprocess
import sys

import pytest

from sasnet_core.results.formats.registry import FORMATS, format_files
from sasnet_core.shell.export_cli import EPILOG, build_parser, main
from sasnet_core.structure import reading
from tests.core.build import (
    chain_lines,
    contents,
    random_prediction,
    save_prediction,
    write_pdb,
)


@pytest.fixture
def folder(tmp_path):
    lines = [*chain_lines("A", 8), *chain_lines("B", 7, start=(0, 5, 0))]
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    prediction = random_prediction((entry, ["A"]), (entry, ["B"]))
    return save_prediction(prediction, tmp_path / "out")


def test_every_format_writes_files_of_its_list_and_keeps_the_result(folder, capsys):
    before = contents(folder)
    for name, entry in FORMATS.items():
        known = set(contents(folder))
        assert main([str(folder), "--to", name]) == 0
        written = set(contents(folder)) - known
        assert written and written <= set(entry.files)
        listed = capsys.readouterr().out.split()[1:]
        assert sorted(listed) == sorted(str(folder / file) for file in written)
    after = contents(folder)
    assert {name: after[name] for name in before} == before


def test_no_two_formats_write_the_same_file():
    files = format_files(list(FORMATS))
    assert len(set(files)) == len(files)


def test_another_folder_gets_the_structures_too(folder, tmp_path):
    before = contents(folder)
    assert main([str(folder), "--to", "pdb", "-o", str(tmp_path / "new"), "--quiet"]) == 0
    assert set(contents(tmp_path / "new")) == {"complex.cif", "complex.pdb", "exports.json"}
    assert contents(folder) == before
    assert main([str(folder), "--to", "chimerax", "-o", str(tmp_path / "new"), "--quiet"]) == 0
    assert "chimerax.cxc" in contents(tmp_path / "new"), "a second time into the same folder"


def test_files_of_the_user_stay(folder, tmp_path, capsys):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "left.pdb").write_text("years")
    assert main([str(folder), "--to", "pdb", "-o", str(mine)]) == 2
    assert "left.pdb in it may be yours" in capsys.readouterr().err
    assert contents(mine) == {"left.pdb": b"years"}


def test_another_result_is_not_overwritten(folder, tmp_path, capsys):
    other = tmp_path / "other"
    other.mkdir()
    (other / "result.json").write_text("{}")
    assert main([str(folder), "--to", "pdb", "-o", str(other)]) == 2
    assert "must not hold another result" in capsys.readouterr().err
    assert set(contents(other)) == {"result.json"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "docx"], "formats must be among "),
        (["--to", "pdb,docx"], "got 'docx'"),
        (["--to", ","], "got none"),
        ([], "--to or --explain must say what to write"),
        (["--to", "pdb", "--threshold", "2"], "--threshold must be between 0 and 1, got 2"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(folder, arguments, message, capsys):
    assert main([str(folder), *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and error.startswith("sasnet_export: ") and error.count("\n") == 1


def test_a_folder_that_is_none_is_one_line_and_exit_code_2(tmp_path, capsys):
    assert main([str(tmp_path / "nowhere"), "--to", "pdb"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_help_lists_every_format_with_a_line():
    lines = build_parser().format_help().splitlines()
    for name, entry in FORMATS.items():
        assert any(line.split() == [name, *entry.line.split()] for line in lines)


EXAMPLES = [line.split()[1:] for line in EPILOG.splitlines() if line.startswith("  sasnet_export")]


@pytest.mark.parametrize("arguments", EXAMPLES, ids=" ".join)
def test_the_examples_in_the_help_name_formats(arguments):
    options = build_parser().parse_args(arguments)
    assert options.explain or set(options.to.split(",")) <= set(FORMATS)


def test_exporting_loads_no_tensorflow(folder):
    code = f"""
import sys
from sasnet_core.shell.export_cli import main
code = main([{str(folder)!r}, "--to", {",".join(FORMATS)!r}, "--quiet"])
print(code, *sorted({{"tensorflow", "keras"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["0"], done.stderr


def test_an_interrupt_is_one_line_and_exit_code_130(folder, capsys, monkeypatch):
    from sasnet_core.results import reading as results

    def interrupt(place):
        raise KeyboardInterrupt

    monkeypatch.setattr(results, "read_result", interrupt)
    assert main([str(folder), "--to", "pdb"]) == 130
    assert capsys.readouterr().err.count("\n") == 1
