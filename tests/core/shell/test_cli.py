import csv
import gzip
import json
import shutil
import signal
import subprocess
import sys

import gemmi
import numpy as np
import pytest

from sasnet_core.network.precision import choose_precision
from sasnet_core.shell.cli import main
from sasnet_core.shell.export_cli import main as export
from tests.core.build import atom_line, chain_lines, write_pdb

RESIDUE_COLUMNS = (
    "side,chain,number,insertion_code,name,probability,spread,max_pair_score,segment,patch"
)
PAIR_COLUMNS = (
    "left_chain,left_number,left_insertion_code,left_name,"
    "right_chain,right_number,right_insertion_code,right_name,score,spread,log_odds,"
    "left_segment,right_segment"
)
TABLES = [
    "pairs.csv",
    "patch_pairs.csv",
    "patches.csv",
    "report.html",
    "residues.csv",
    "result.json",
    "scores.npz",
]


def tree(folder):
    """Map every file and folder to its contents."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def rows(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def demo_result(demo_pdb, weights_folder, tmp_path_factory):
    """Predict chains D and E of the demo structure."""
    folder = tmp_path_factory.mktemp("cli") / "out"
    code = main(
        [str(demo_pdb), "--left", "D", "--right", "E", "-o", str(folder), "--rotations", "2",
         "--weights", str(weights_folder), "--no-picture", "--quiet"]
    )  # fmt: skip
    assert code == 0
    return folder


def test_the_files_of_a_complex_are_there(demo_result):
    assert sorted(path.name for path in demo_result.iterdir()) == ["complex.cif", *TABLES]


def test_the_residue_table_has_a_row_for_every_residue(demo_result):
    text = (demo_result / "residues.csv").read_text()
    assert text.splitlines()[0] == RESIDUE_COLUMNS
    table = rows(demo_result / "residues.csv")
    assert {(r["side"], r["chain"]) for r in table} == {("left", "D"), ("right", "E")}
    assert len(table) > 190
    for row in table:
        assert 0 <= float(row["probability"]) <= 1 and float(row["spread"]) >= 0


def test_the_pair_table_falls_and_has_a_thousand_rows(demo_result):
    assert (demo_result / "pairs.csv").read_text().splitlines()[0] == PAIR_COLUMNS
    scores = [float(row["score"]) for row in rows(demo_result / "pairs.csv")]
    assert len(scores) == 1000
    assert scores == sorted(scores, reverse=True)


def test_the_arrays_fit_the_tables(demo_result):
    with np.load(demo_result / "scores.npz", allow_pickle=False) as arrays:
        assert set(arrays.files) == {
            "scores",
            "spread",
            "left_residues",
            "right_residues",
            "left_segments",
            "right_segments",
        }
        scores, spread = arrays["scores"], arrays["spread"]
        left, right = arrays["left_residues"].tolist(), arrays["right_residues"].tolist()
    assert scores.shape == spread.shape == (len(left), len(right))
    best = rows(demo_result / "pairs.csv")[0]
    row = left.index("D:{left_number}{left_insertion_code}:{left_name}".format(**best))
    column = right.index("E:{right_number}{right_insertion_code}:{right_name}".format(**best))
    assert scores[row, column] == scores.max() == pytest.approx(float(best["score"]), abs=6e-5)
    for entry, value in zip(rows(demo_result / "residues.csv"), [*scores.max(1), *scores.max(0)],
                            strict=True):  # fmt: skip
        assert float(entry["max_pair_score"]) == pytest.approx(value, abs=6e-5)


def test_the_result_is_described_by_itself(demo_result, demo_pdb):
    result = json.loads((demo_result / "result.json").read_text())
    assert result["schema"] == 3
    precision = choose_precision("auto")
    assert result["settings"] == {"rotations": 2, "seed": 0, "precision": precision}
    assert [part["chains"] for part in result["inputs"]] == [["D"], ["E"]]
    assert sorted(result["inputs"][0]["ignored"]["chains"]) == ["A", "C", "F", "G", "H"]
    assert result["weights"]["model"]["edge"] == 20
    assert len(result["pairs"]) == 1000
    assert result["observed_in_input"]["contacts"] > 50


def test_the_structure_carries_the_probabilities(demo_result):
    table = {
        (r["chain"], r["number"] + r["insertion_code"]): float(r["probability"])
        for r in rows(demo_result / "residues.csv")
    }
    model = gemmi.read_structure(str(demo_result / "complex.cif"))[0]
    assert {chain.name for chain in model} == {"D", "E"}
    found = {
        (chain.name, f"{r.seqid.num}{r.seqid.icode.strip()}"): r[0].b_iso
        for chain in model
        for r in chain
    }
    assert found.keys() == table.keys()
    for key, value in found.items():
        assert value == pytest.approx(table[key], abs=1e-3)


def test_the_same_input_gives_the_same_bytes(demo_pdb, weights_folder, tmp_path):
    for name in ("one", "two"):
        assert 0 == main(
            [str(demo_pdb), "--left", "D", "--right", "E", "-o", str(tmp_path / name),
             "--rotations", "2", "--weights", str(weights_folder), "--no-picture", "--quiet"]
        )  # fmt: skip
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


ONE = ("both.pdb", "--left", "A", "--right", "B")


def test_two_files_give_two_structures(command, work):
    assert command("left.pdb", "right.pdb", "--quiet") == 0
    names = sorted(path.name for path in (work / "out").iterdir())
    assert names == sorted(["left.cif", "right.cif", *TABLES])


def contents_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_residue_is_explained_beside_the_prediction(command, work, capsys):
    left = "A:2"
    assert command(*ONE, "--explain", left) == 0
    printed = capsys.readouterr().out
    assert f"{left.replace(':', '')} (left): probability" in printed and "patch 1:" in printed
    assert {row["chain"] for row in rows(work / "out" / "explain.csv")} == {left[0]}
    assert command(*ONE, "--explain", "Z:2", "-o", "other") == 2
    assert "--explain needs a predicted residue" in capsys.readouterr().err
    assert not (work / "other").exists()


@pytest.fixture
def known_worth(plain_weights, work):
    """Copy the weights with a calibration that knows what thresholds are worth."""
    shutil.copytree(plain_weights, work / "known")
    path = work / "known" / "config.json"
    values = json.loads(path.read_text())
    values["calibration"] |= {
        "thresholds": [0.1, 0.2, 0.3], "precisions": [0.2, 0.5, 0.8], "recalls": [0.9, 0.6, 0.1],
        "rotations": 20,
    }  # fmt: skip
    path.write_text(json.dumps(values))
    return work / "known"


@pytest.mark.parametrize("chosen", [("--threshold", "0.21"), ("--precision-target", "0.5")])
def test_the_summary_says_what_its_threshold_was_worth(command, work, known_worth, capfd, chosen):
    assert command(*ONE, *chosen, "--weights", str(known_worth)) == 0
    printed = capfd.readouterr()
    threshold = 0.21 if chosen[0] == "--threshold" else 0.2
    assert (
        f"likely: probability {threshold:.2f} or more; in the benchmark 50% of such" in printed.out
    )
    assert "60% of the interface was found" in printed.out
    assert json.loads((work / "out" / "result.json").read_text())["threshold"] == threshold
    assert "note: preliminary: 1 rotation averaged" in printed.err


def test_exports_of_an_earlier_run_are_removed(command, work):
    assert command(*ONE, "--quiet", "--export", "pdb") == 0
    assert (work / "out" / "complex.pdb").exists()
    assert command(*ONE, "--quiet") == 0
    assert (work / "out" / "complex.pdb").exists(), "it still belongs to the same result"
    assert command(*ONE, "--quiet", "--seed", "1") == 0
    assert not (work / "out" / "complex.pdb").exists()


def test_structures_of_an_earlier_run_are_removed(command, work):
    assert command("left.pdb", "right.pdb", "--quiet") == 0
    assert command(*ONE, "--quiet") == 0
    assert sorted(path.name for path in (work / "out").glob("*.cif")) == ["complex.cif"]


def test_all_pairs_or_a_few_are_listed(command, work):
    assert command(*ONE, "--pairs", "all", "--quiet") == 0
    assert len(rows(work / "out" / "pairs.csv")) == 12
    assert command(*ONE, "--pairs", "5", "--quiet") == 0
    assert len(rows(work / "out" / "pairs.csv")) == 5


def test_another_seed_gives_other_scores(command, work):
    assert command(*ONE, "--quiet") == command(*ONE, "--quiet", "--seed", "1", "-o", "two") == 0
    one, two = (np.load(work / name / "scores.npz")["scores"] for name in ("out", "two"))
    assert not np.array_equal(one, two)


def test_inputs_are_left_as_they_were(command, work):
    before = tree(work)
    assert command(*ONE, "--quiet") == 0
    after = tree(work)
    assert {name: after[name] for name in before} == before


def test_the_summary_goes_to_standard_output_and_names_the_files(command, capfd):
    assert command(*ONE) == 0
    output = capfd.readouterr().out
    assert "left (chain A)" in output and "Patch 1 of chain B" in output
    assert "out/residues.csv" in output


def test_quiet_says_nothing(command, capfd):
    assert command(*ONE, "--quiet") == 0
    streams = capfd.readouterr()
    assert (streams.out, streams.err) == ("", "")


def test_warnings_are_printed(command, work, capfd):
    write_pdb(work / "trace.pdb", [atom_line("CA", "TRP", number=k, xyz=(3.8 * k, 0, 0))
                                   for k in range(1, 5)])  # fmt: skip
    assert command("trace.pdb", "right.pdb") == 0
    assert "note: trace:A: 4 of 56 expected heavy atoms" in capfd.readouterr().err


def test_progress_lines_count_the_rotations(command, capfd):
    assert command(*ONE, "--progress-lines", "--rotations", "3", "--quiet") == 0
    lines = capfd.readouterr().err.splitlines()
    assert lines == [f"sasnet-progress {k} 3" for k in (1, 2, 3)]


def make_empty(folder):
    (folder / "bad.pdb").write_text("")


def make_truncated(folder):
    text = "\n".join(chain_lines()).encode()
    (folder / "bad.pdb").write_bytes(gzip.compress(text)[:-20])


def make_binary(folder):
    (folder / "bad.pdb").write_bytes(bytes(range(256)) * 50)


def make_dna(folder):
    write_pdb(folder / "bad.pdb", [atom_line("P", " DA", "A", k, (k, 0, 0)) for k in range(1, 5)])


def make_nan(folder):
    lines = chain_lines("A") + chain_lines("B")
    write_pdb(folder / "bad.pdb", [line[:30] + "     nan" + line[38:] for line in lines])


def make_way_blocked(folder):
    (folder / "out").write_text("a file of that name")


def make_wrong_weights(folder):
    (folder / "w").mkdir()
    (folder / "w" / "weights.npz").write_bytes(b"x")
    (folder / "w" / "config.json").write_text(
        '{"format": 1, "calibration": null, "smoothing": {}, "model": {"wings": 2}}'
    )


def nothing(folder):
    pass


BAD = ("bad.pdb", "--left", "A", "--right", "B")
BAD_INPUTS = {
    "no file": (nothing, BAD, "check the path"),
    "empty file": (make_empty, BAD, "empty"),
    "truncated gzip": (make_truncated, BAD, "truncated"),
    "binary junk": (make_binary, BAD, "neither"),
    "no such chain": (nothing, ("both.pdb", "--left", "A", "--right", "Q"), "choose among A, B"),
    "no such chain in two files": (nothing, ("left.pdb", "right.pdb", "--left", "B"), "among A"),
    "chain on both sides": (nothing, ("both.pdb", "--left", "A,B", "--right", "B"), "both sides"),
    "one file, no sides": (nothing, ("both.pdb",), "--left and --right"),
    "one file, one side": (nothing, ("both.pdb", "--left", "A"), "chains: A, B"),
    "DNA only": (make_dna, BAD, "protein chain"),
    "DNA only, no sides": (make_dna, ("bad.pdb",), "a protein chain is needed, found none"),
    "DNA only in two files": (make_dna, ("left.pdb", "bad.pdb"), "nucleic acids"),
    "NaN coordinates": (make_nan, BAD, "finite"),
    "no such model": (nothing, (*ONE, "--model", "2"), "must be 1 to 1"),
    "no such assembly": (nothing, (*ONE, "--assembly", "1"), "none in this file"),
    "file in the way": (make_way_blocked, ONE, "--output"),
    "file in the way of a parent": (make_way_blocked, (*ONE, "-o", "out/deep"), "--output"),
    "no weights": (nothing, (*ONE, "--weights", "w"), "is missing"),
    "weights of other settings": (make_wrong_weights, (*ONE, "--weights", "w"), "wings"),
    "precision out of reach": (
        nothing,
        (*ONE, "--precision-target", "0.9"),
        "0.9 was reached by no threshold",
    ),
    "no such format": (nothing, (*ONE, "--export", "pdb,docx"), "got 'docx'"),
    "no format": (nothing, (*ONE, "--export", ""), "got none"),
}


@pytest.mark.parametrize("name", BAD_INPUTS)
def test_bad_input_ends_with_code_2_one_line_and_no_files(command, work, capfd, name):
    prepare, arguments, message = BAD_INPUTS[name]
    prepare(work)
    before = tree(work)
    assert command(*arguments) == 2
    streams = capfd.readouterr()
    assert streams.out == ""
    (line,) = streams.err.splitlines()
    assert line.startswith("sasnet_predict: ") and message in line
    assert tree(work) == before


def change_settings(weights_folder, work, **model):
    shutil.copytree(weights_folder, work / "w")
    path = work / "w" / "config.json"
    values = json.loads(path.read_text())
    values["model"] |= model
    path.write_text(json.dumps(values))


@pytest.mark.parametrize(
    "model", [{"filters": [4, 5, 6, 8]}, {"normalization": "layer"}, {"edge": 35}]
)
def test_weights_that_do_not_fit_their_settings_are_refused(work, weights_folder, capfd, model):
    change_settings(weights_folder, work, **model)
    before = tree(work)
    assert main([*ONE, "--weights", "w", "--quiet"]) == 2
    assert len(capfd.readouterr().err.splitlines()) == 1
    assert tree(work) == before


def test_weights_without_calibration_are_refused_before_any_rotation(
    command, work, plain_weights, capfd
):
    shutil.copytree(plain_weights, work / "w")
    path = work / "w" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "calibration": None}))
    before = tree(work)
    assert command(*ONE, "--weights", "w", "--progress-lines") == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert "calibration" in line
    assert tree(work) == before


def test_a_failing_run_leaves_no_new_folders(work, weights_folder, capfd):
    import keras

    if keras.distribution.list_devices("gpu"):
        pytest.skip("there is a GPU here")
    before = tree(work)
    weights = "--weights", str(weights_folder)
    assert main([*ONE, *weights, "--device", "gpu", "-o", "new/out", "--quiet"]) == 2
    assert "--device gpu needs a GPU" in capfd.readouterr().err
    assert tree(work) == before


@pytest.mark.slow
def test_a_run_that_is_ended_leaves_nothing(work, weights_folder):
    command = [
        sys.executable, "-m", "sasnet_core.cli", *ONE, "-o", "out", "--rotations", "100000",
        "--weights", str(weights_folder), "--no-picture", "--progress-lines",
    ]  # fmt: skip
    before = tree(work)
    with subprocess.Popen(command, cwd=work, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline().startswith("sasnet-progress 1 ")
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
    assert process.returncode == 128 + signal.SIGTERM
    assert tree(work) == before


@pytest.mark.pymol
@pytest.mark.slow
def test_the_picture_is_drawn_where_pymol_is(work, weights_folder):
    pytest.importorskip("pymol2")
    assert 0 == main(
        [*ONE, "-o", "out", "--rotations", "1", "--weights", str(weights_folder), "--quiet"]
    )
    picture = (work / "out" / "picture.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 10_000
    assert (work / "out" / "session.pse").stat().st_size > 0


def test_what_is_known_is_kept_in_the_result_and_said(demo_pdb, weights_folder, tmp_path, capsys):
    folder = tmp_path / "out"
    options = ["--include", "left:D:45-47", "--exclude", "E:50", "--mask", "right:E:60,E:61"]
    code = main(
        [str(demo_pdb), "--left", "D", "--right", "E", "-o", str(folder), "--rotations", "1",
         "--weights", str(weights_folder), "--no-picture", "--no-report", *options]
    )  # fmt: skip
    assert code == 0
    assert "taken as in the interface (left): D:45-47" in capsys.readouterr().out
    found = {
        (r["chain"], r["number"]): float(r["probability"]) for r in rows(folder / "residues.csv")
    }
    assert [found["D", str(k)] for k in (45, 46, 47)] == [1, 1, 1]
    assert [found["E", str(k)] for k in (50, 60, 61)] == [0, 0, 0]
    known = json.loads((folder / "result.json").read_text())["known"]
    assert [len(known[word]) for word in ("include", "exclude", "mask")] == [3, 1, 2]
    assert export([str(folder), "--to", "haddock"]) == 0


def test_known_residues_of_a_list_are_refused(tmp_path, capsys):
    assert main(["--batch", str(tmp_path / "list.csv"), "--mask", "A:1"]) == 2
    assert "cannot be used with --batch" in capsys.readouterr().err
