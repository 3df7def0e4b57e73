import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from sasnet_core.results.formats import boltz_chai
from sasnet_core.results.output_folder import OutputFolder
from sasnet_core.results.reading import SCORES_FILE
from sasnet_core.results.summary import SUMMARY_COLUMNS
from sasnet_core.scoring import predictor
from sasnet_core.shell.batch import ROW_FILE
from sasnet_core.shell.batch_list import COLUMNS
from sasnet_core.shell.cli import main
from tests.conftest import ROOT
from tests.core.build import chain_lines, contents, table, write_pdb

HEAD = ",".join(COLUMNS)


def write_list(path, *rows):
    path.write_text("\n".join([HEAD, *rows, ""]))
    return path


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A folder with a hub, three partners and a file of both."""
    monkeypatch.chdir(tmp_path)
    write_pdb(tmp_path / "hub.pdb", chain_lines("H", 12))
    for number in range(3):
        lines = chain_lines("P", 6 + number, start=(0, 5, number))
        write_pdb(tmp_path / f"partner{number}.pdb", lines)
    both = [*chain_lines("A", 5), *chain_lines("B", 4, start=(0, 5, 0))]
    write_pdb(tmp_path / "both.pdb", both)
    return tmp_path


@pytest.fixture
def command(work, plain_weights, scorer):
    """Run with the random scorer and two rotations."""

    def run(*arguments):
        weights = "--weights", str(plain_weights)
        return main([*arguments, *weights, "--rotations", "2", "--no-picture"])

    return run


ROWS = (
    "one,hub.pdb,partner0.pdb,,",
    "two,hub.pdb,partner1.pdb,H,P",
    "three,both.pdb,,A,B",
    "four,partner2.pdb,hub.pdb,,",
    "five,hub.pdb,hub.pdb,,",
)


def count_embedded(monkeypatch):
    """Remember the size of every protein that is embedded."""
    embedded = []

    def count(protein, *arguments, **named):
        embedded.append(protein.n_residues)
        return build(protein, *arguments, **named)

    build = predictor.build_lattice
    monkeypatch.setattr(predictor, "build_lattice", count)
    return embedded


def folders(out):
    return {path.name for path in out.iterdir() if path.is_dir()}


@pytest.mark.slow
@pytest.mark.parametrize(
    "precision", ["bfloat16", pytest.param("float32", marks=pytest.mark.sweep)]
)
def test_a_row_has_the_same_bytes_as_a_single_run(work, weights_folder, monkeypatch, precision):
    def command(*arguments):
        weights = "--weights", str(weights_folder), "--precision", precision
        return main([*arguments, *weights, "--rotations", "2", "--no-picture"])

    embedded = count_embedded(monkeypatch)
    write_list(work / "list.csv", *ROWS)
    assert command("--batch", "list.csv", "-o", "out", "--quiet") == 0
    # Two rotations: the hub's two of each pose as itself and as its own twin, and each partner's.
    assert sorted(embedded) == sorted(2 * [12, 12, 6, 7, 8, 5, 4])
    write_list(work / "turned.csv", *reversed(ROWS))
    assert command("--batch", "turned.csv", "-o", "two", "--quiet") == 0
    singles = {
        "one": ("hub.pdb", "partner0.pdb"),
        "two": ("hub.pdb", "partner1.pdb", "--left", "H", "--right", "P"),
        "three": ("both.pdb", "--left", "A", "--right", "B"),
        "four": ("partner2.pdb", "hub.pdb"),
        "five": ("hub.pdb", "hub.pdb"),
    }
    assert folders(work / "out") == folders(work / "two") == singles.keys()
    for name, arguments in singles.items():
        assert command(*arguments, "-o", "single", "--quiet") == 0
        single = contents(work / "single")
        for out in ("out", "two"):
            row = contents(work / out / name)
            assert json.loads(row.pop(ROW_FILE))["problems"] == []
            if precision == "float32":  # threads share out sums differently (docs/batches.md)
                assert_same_scores(row.pop(SCORES_FILE), single[SCORES_FILE])
            assert {name: single[name] for name in row} == row
        shutil.rmtree(work / "single")


def assert_same_scores(one, other):
    with np.load(io.BytesIO(one)) as found, np.load(io.BytesIO(other)) as expected:
        assert found.keys() == expected.keys()
        for name in ("scores", "spread"):
            np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1e-6)


def test_the_tables_list_results_and_failures(command, work, capfd):
    write_list(
        work / "list.csv",
        "good,hub.pdb,partner0.pdb,,",
        "gone,hub.pdb,no_such.pdb,,",
        "chain,hub.pdb,partner0.pdb,Q,",
        "sides,both.pdb,,A,A",
    )
    assert command("--batch", "list.csv", "-o", "out") == 2
    streams = capfd.readouterr()
    assert "1 of 4 rows done: out/summary.csv" in streams.out
    assert "all rows must succeed, 3 of 4 failed; see out/failures.csv" in streams.err
    (good,) = table(work / "out" / "summary.csv")
    assert list(good) == [*COLUMNS, *SUMMARY_COLUMNS]
    assert (good["id"], good["left_residues"], good["right_residues"]) == ("good", "12", "6")
    residues = table(work / "out" / "good" / "residues.csv")
    highest = max(float(row["probability"]) for row in residues if row["side"] == "left")
    assert float(good["left_highest"]) == highest
    best = table(work / "out" / "good" / "pairs.csv")[0]
    assert good["best_pair_left"] == "{left_name} {left_chain}{left_number}".format(**best)
    assert good["best_pair_score"] == best["score"]
    reasons = {row["id"]: row["reason"] for row in table(work / "out" / "failures.csv")}
    assert reasons.keys() == {"gone", "chain", "sides"}
    assert "check the path" in reasons["gone"] and "choose among H" in reasons["chain"]
    assert "both sides" in reasons["sides"]
    assert folders(work / "out") == {"good"}


def test_only_rows_that_are_missing_or_changed_are_predicted_again(command, work, scorer):
    rows = list(ROWS[:3])
    write_list(work / "list.csv", *rows)
    run = "--batch", "list.csv", "-o", "out", "--quiet"
    assert command(*run) == 0
    assert scorer.scored == [(12, 6), (12, 7), (5, 4)]
    first = contents(work / "out")
    scorer.scored.clear()
    assert command(*run) == 0
    assert scorer.scored == [] and contents(work / "out") == first
    (work / "out" / "one" / ROW_FILE).unlink()  # as if the run was killed before the row's end
    assert command(*run) == 0
    assert scorer.scored == [(12, 6)] and contents(work / "out") == first
    scorer.scored.clear()
    write_pdb(work / "partner1.pdb", chain_lines("P", 9, start=(0, 5, 0)))  # another file
    rows[2] = "three,both.pdb,,B,A"  # another row
    write_list(work / "list.csv", *rows)
    assert command(*run) == 0
    assert scorer.scored == [(12, 9), (4, 5)]
    scorer.scored.clear()
    assert command(*run, "--seed", "1") == 0  # another setting
    assert scorer.scored == [(12, 6), (12, 9), (4, 5)]
    assert json.loads((work / "out/one/result.json").read_text())["settings"]["seed"] == 1


def test_a_bug_in_one_row_costs_only_that_row(command, work, scorer, monkeypatch):
    def fail(left, right, *arguments, **named):
        if right.n_residues == 6:
            raise MemoryError("no room for 6 residues")
        return score(left, right, *arguments, **named)

    score = scorer.score
    monkeypatch.setattr(scorer, "score", fail)
    write_list(work / "list.csv", *ROWS[:2])
    assert command("--batch", "list.csv", "-o", "out", "--quiet") == 2
    (failure,) = table(work / "out" / "failures.csv")
    assert failure["reason"] == "MemoryError: no room for 6 residues"
    assert folders(work / "out") == {"two"}


def test_an_export_that_fails_is_reported_and_not_tried_again(command, work, scorer, monkeypatch):
    monkeypatch.setattr(boltz_chai, "LETTERS", "A")  # as if the two chains were too many
    write_list(work / "list.csv", ROWS[0])
    run = "--batch", "list.csv", "-o", "out", "--quiet", "--export", "boltz,pdb"
    assert command(*run) == 2
    (failure,) = table(work / "out" / "failures.csv")
    assert failure["reason"].startswith("export: at most 1 chains can be exported")
    assert (work / "out" / "one" / "left.pdb").is_file()
    assert [row["id"] for row in table(work / "out" / "summary.csv")] == ["one"]
    assert len(scorer.scored) == 1
    assert command(*run) == 2
    assert len(scorer.scored) == 1


def test_files_are_named_from_the_lists_folder(command, work, monkeypatch):
    (work / "deep").mkdir()
    write_list(work / "deep" / "list.csv", "one,../hub.pdb,../partner0.pdb,,")
    assert command("--batch", "deep/list.csv", "-o", "out", "--quiet") == 0
    values = json.loads((work / "out" / "one" / "result.json").read_text())
    assert values["inputs"][0]["file"] == "deep/../hub.pdb"


def test_progress_lines_count_the_rotations_of_all_rows(command, work, capfd):
    write_list(work / "list.csv", *ROWS[:2])
    assert command("--batch", "list.csv", "-o", "out", "--quiet", "--progress-lines") == 0
    lines = capfd.readouterr().err.splitlines()
    assert sorted(set(lines)) == [f"sasnet-progress {k} 4" for k in (1, 2, 3, 4)]


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was(command, work, weights_folder, monkeypatch):
    rows = [f"row{k},hub.pdb,partner{k % 3}.pdb,," for k in range(60)]
    write_list(work / "list.csv", *rows)
    options = ["--batch", "list.csv", "-o", "out", "--rotations", "2", "--no-picture",
               "--precision", "float32", "--weights", str(weights_folder)]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "sasnet_core.cli", *options, "--progress-lines", "--quiet"],
        cwd=work, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for line in process.stderr:
        if line == "sasnet-progress 5 120\n":
            process.send_signal(signal.SIGKILL)
            break
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    finished = {path.parent.name for path in work.glob(f"out/*/{ROW_FILE}")}
    assert {"row0", "row1"} <= finished < {f"row{k}" for k in range(60)}
    ages = {name: os.stat(work / "out" / name / "result.json").st_mtime_ns for name in finished}
    assert main([*options, "--quiet"]) == 0
    assert [row["id"] for row in table(work / "out" / "summary.csv")] == [
        f"row{k}" for k in range(60)
    ]
    for name, age in ages.items():
        assert os.stat(work / "out" / name / "result.json").st_mtime_ns == age
    assert not list(work.glob("out/.sasnet-*")) and not list(work.glob("out/*/.sasnet-*"))


def test_two_runs_do_not_write_at_once(command, work, capfd):
    import fcntl

    write_list(work / "list.csv", *ROWS[:1])
    (work / "out").mkdir()
    with (work / "out" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert command("--batch", "list.csv", "-o", "out", "--quiet") == 2
    assert "only one run at a time" in capfd.readouterr().err
    assert folders(work / "out") == set()


def test_one_bad_row_never_ends_a_batch(command, work, capfd):
    latin = (work / "hub.pdb").read_bytes()
    (work / "latin.pdb").write_bytes(b"TITLE     caf\xe9\n" + latin)
    rows = [
        b"nul,hub.pdb,part\0ner,,",
        b"long," + b"x" * 300 + b",hub.pdb,,",
        b"device,/dev/zero,hub.pdb,,",
        b"summary.csv,hub.pdb,partner0.pdb,,",
        b"..,hub.pdb,partner0.pdb,,",
        b"latin,hub.pdb,caf\xe9.pdb,,",
        b"taken,hub.pdb,partner0.pdb,,",
        b"good,latin.pdb,partner0.pdb,,",
        b"good,hub.pdb,partner1.pdb,,",
    ]
    (work / "out").mkdir()
    (work / "out" / "taken").write_text("a file")
    (work / "list.csv").write_bytes(b"\n".join([HEAD.encode(), *rows, b""]))
    assert command("--batch", "list.csv", "-o", "out", "--quiet") == 2
    failed = table(work / "out" / "failures.csv")
    assert [row["id"] for row in failed] == [
        "nul", "long", "device", "summary.csv", "..", "latin", "taken", "good",
    ]  # fmt: skip
    for row, line in zip(failed[3:6], (5, 6, 7), strict=True):
        assert row["reason"].startswith(f"line {line} of the list: ")
    assert [row["id"] for row in table(work / "out" / "summary.csv")] == ["good"]
    assert folders(work / "out") == {"good"}
    assert (work / "out" / "taken").read_text() == "a file"
    error = capfd.readouterr().err.splitlines()
    assert [line.split(": ")[:2] for line in error[:8]] == [["failed", row["id"]] for row in failed]
    assert "8 of 9 failed" in error[-1]


def test_a_list_holds_odd_files(command, work):
    """Copies of a chain under one name, and a header in Latin-1."""
    left = [line for y in (0, 5) for line in chain_lines("A", 5, start=(0, y, 0))]
    write_pdb(work / "twice.pdb", left)
    text = write_pdb(work / "latin.pdb", ["EXPDTA    X", *chain_lines("D", 4)]).read_bytes()
    (work / "latin.pdb").write_bytes(text.replace(b"    X", b"   \xc5X"))
    write_list(work / "list.csv", "odd,twice.pdb,latin.pdb,,", "good,hub.pdb,partner0.pdb,,")
    assert command("--batch", "list.csv", "-o", "out", "--quiet") == 0
    values = json.loads((work / "out" / "odd" / "result.json").read_text())
    chains = [(row["side"], row["chain"]) for row in values["residues"]]
    assert chains == [("left", "A")] * 5 + [("left", "A-2")] * 5 + [("right", "D")] * 4
    assert any("have the name 'A'" in warning for warning in values["warnings"])


def test_bad_rows_are_named_before_the_first_row_is_predicted(command, work, scorer, monkeypatch):
    def fail(*arguments, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr(scorer, "score", fail)
    write_list(work / "list.csv", ROWS[0], "gone,hub.pdb,no_such.pdb,,")
    with contextlib.redirect_stderr(io.StringIO()) as stream:
        assert command("--batch", "list.csv", "-o", "out", "--quiet") == 130
    assert stream.getvalue().startswith("failed: gone: ")
    assert [row["id"] for row in table(work / "out" / "failures.csv")] == ["gone"]


def test_a_batch_keeps_the_staging_folder_of_a_run_beside_it(command, work):
    (work / "out").mkdir()
    write_list(work / "list.csv", ROWS[0])
    with OutputFolder(work / "out") as beside:
        (beside.staging / "result.json").write_text("unfinished")
        assert command("--batch", "list.csv", "-o", "out", "--quiet") == 0
        assert (beside.staging / "result.json").read_text() == "unfinished"


def test_a_file_name_that_a_spreadsheet_would_run_is_text(command, work):
    write_pdb(work / "=1+1.pdb", chain_lines("P", 6, start=(0, 5, 0)))
    write_list(work / "list.csv", "one,hub.pdb,=1+1.pdb,,")
    assert command("--batch", "list.csv", "-o", "out", "--quiet") == 0
    assert table(work / "out" / "summary.csv")[0]["right"] == "'=1+1.pdb"
