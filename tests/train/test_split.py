"""train.split as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sasnet_core.dataset.complexes import MANIFEST, read_manifest
from sasnet_core.errors import SasnetError
from sasnet_core.files import write_table
from train import split

COLUMNS = ("id", "entry", "n_contacts", "cluster", "split", "file", "sha256")


@pytest.fixture
def dataset(tmp_path):
    rows = [
        {
            "id": f"c{k}",
            "entry": f"e{k}",
            "n_contacts": 10 + k,
            "cluster": f"{k // 2}-{k // 2 + 100 * (k % 2)}",
            "split": "train",
            "file": f"{k}.npz",
            "sha256": "00",
        }
        for k in range(100)
    ]
    write_table(rows, tmp_path / MANIFEST, COLUMNS)
    return tmp_path


def test_only_the_column_split_changes_and_the_record_says_how(dataset, capsys):
    before = read_manifest(dataset)
    assert split.main([str(dataset), "--validation", "0.2", "--test", "0.1", "--seed", "4"]) == 0
    after = read_manifest(dataset)
    assert list(after[0]) == list(COLUMNS)
    assert [r | {"split": "train"} for r in after] == before
    names = [row["split"] for row in after]
    assert (names.count("validation"), names.count("test")) == (20, 10)
    record = json.loads((dataset / split.RECORD).read_text())
    assert record == {
        "shares": {"validation": 0.2, "test": 0.1},
        "seed": 4,
        "cut": False,
        "complexes": {"train": 70, "validation": 20, "test": 10},
    }
    said = capsys.readouterr().out
    assert "100 complexes in 50 groups" in said
    assert "validation: 20 complexes (20.0%), 10 groups" in said


def test_the_same_command_gives_the_same_bytes(dataset):
    texts = []
    for seed in ("7", "8", "7"):
        split.main([str(dataset), "--seed", seed])
        texts.append((dataset / MANIFEST).read_bytes())
    assert texts[0] == texts[2] != texts[1]


def test_a_share_out_of_reach_is_said_and_a_cut_reaches_it(dataset, capsys):
    rows = [r | {"cluster": f"{k}-{k + 1}"} for k, r in enumerate(read_manifest(dataset))]
    write_table(rows, dataset / MANIFEST, COLUMNS)
    split.main([str(dataset)])
    assert "validation: 10 complexes were asked for" in capsys.readouterr().out
    split.main([str(dataset), "--cut"])
    said = capsys.readouterr().out
    assert "validation: 10 complexes" in said
    assert "left out:" in said
    left_out = [r for r in read_manifest(dataset) if r["split"] == "left_out"]
    assert 1 <= len(left_out) <= 2


def test_unlike_partners_that_another_dataset_has_not_seen_are_held_out(dataset, tmp_path, capsys):
    other = tmp_path / "other.csv"
    write_table([{"entry": f"e{k}"} for k in range(0, 50, 2)], other, ["entry"])
    line = [str(dataset), "--validation-unlike", "10", "--unseen-by", str(other)]
    assert split.main(line) == 0
    names = {row["id"]: row["split"] for row in read_manifest(dataset)}
    held_out = [k for k in range(100) if names[f"c{k}"] == "validation"]
    assert len(held_out) == 10
    assert all(k % 2 and k > 50 for k in held_out)  # unlike partners; the other half was seen
    assert [k for k in range(100) if names[f"c{k}"] == "left_out"] == [k - 1 for k in held_out]
    record = json.loads((dataset / split.RECORD).read_text())
    assert record == {
        "validation_unlike": 10,
        "seed": 0,
        "entries_of_others": 25,
        "complexes": {"left_out": 10, "train": 80, "validation": 10},
    }
    assert "validation: 10 complexes (10.0%), 10 groups" in capsys.readouterr().out
    split.main([*line[:2], "60", "--unseen-by", str(other)])
    assert "validation: 60 complexes were asked for, 25 can be held out" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--validation", "1"], "less than 1 together"),
        (["--validation-unlike", "0"], "count must be 1 or more"),
        (["--validation-unlike", "5", "--test", "0.1"], "--unseen-by belongs to"),
        (["--unseen-by", "x"], "--unseen-by belongs to"),
        (["--validation-unlike", "5", "--unseen-by", "{other}"], "the column entry"),
        ([], "two protein clusters"),
    ],
)
def test_bad_input_is_one_line_and_the_manifest_stays(dataset, change, words):
    if not change:
        rows = [r | {"cluster": r["id"]} for r in read_manifest(dataset)]
        write_table(rows, dataset / MANIFEST, COLUMNS)
    before = (dataset / MANIFEST).read_bytes()
    other = dataset / "other.csv"
    write_table([{"id": "1ABC"}], other, ["id"])
    with pytest.raises(SasnetError, match=words):
        split.main([str(dataset), *(text.format(other=other) for text in change)])
    assert (dataset / MANIFEST).read_bytes() == before


def test_an_error_is_one_line(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "train.split", str(tmp_path)],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("train.split: ") and done.stderr.count("\n") == 1
