import json
import threading
from pathlib import Path

import pytest

from sasnet_core.errors import OutputError
from sasnet_core.results.output_folder import UNFINISHED, OutputFolder
from sasnet_core.results.staging import folder_locked
from tests.core.build import contents

#: Two results as far as their records tell.
RECORD, OTHER = (json.dumps({"version": v, "weights": 0, "residues": []}) for v in "12")


def test_files_appear_when_they_are_published_and_the_staging_is_gone(tmp_path):
    with OutputFolder(tmp_path / "out") as output:
        (output.staging / "b.csv").write_text("b")
        (output.staging / "a.csv").write_text("a")
        assert not (tmp_path / "out").exists()
        files = output.publish()
    assert files == [tmp_path / "out" / "a.csv", tmp_path / "out" / "b.csv"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_nothing_is_left_of_a_run_that_failed(tmp_path):
    with pytest.raises(RuntimeError), OutputFolder(tmp_path / "out") as output:
        (output.staging / "a.csv").write_text("a")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_no_new_folder_is_left_of_a_run_that_failed(tmp_path):
    with pytest.raises(RuntimeError), OutputFolder(tmp_path / "new" / "deep" / "out"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_other_files_of_the_folder_stay(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with OutputFolder(tmp_path) as output:
        (output.staging / "a.csv").write_text("a")
        output.publish()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "notes.txt"]


def test_runs_that_end_at_one_time_publish_one_after_the_other(tmp_path):
    with OutputFolder(tmp_path / "out") as output:
        (output.staging / "pairs.csv").write_text("new")
        publish(tmp_path / "out", result_json=RECORD)
        thread = threading.Thread(target=output.publish)
        with folder_locked(tmp_path / "out"):  # another run publishes
            (tmp_path / "out" / "residues.csv").write_text("of the other run")
            thread.start()
            thread.join(0.1)
            assert "pairs.csv" not in contents(tmp_path / "out")
        thread.join()
    assert contents(tmp_path / "out") == {"pairs.csv": b"new"}
    assert output.removed == ["residues.csv", "result.json"]


@pytest.mark.parametrize("place", ["out", "out/deeper"])
def test_a_file_in_the_way_is_an_output_error(tmp_path, place):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match="name another with --output"):
        OutputFolder(tmp_path / place)


def test_a_full_disk_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match="No space left"), OutputFolder(tmp_path / "out"):
        raise OSError(28, "No space left on device")


def publish(folder, **files):
    """Write a result of some files; return the note."""
    with OutputFolder(folder) as output:
        for name, text in files.items():
            (output.staging / name.replace("_", ".")).write_text(text)
        output.publish()
    return output.removal_note()


def test_another_result_removes_exports_and_says_so(tmp_path):
    publish(tmp_path / "out", result_json=RECORD, scores_npz="1", pymol_pml="1", boltz_yaml="1")
    (tmp_path / "out" / "notes.txt").write_text("years")
    (note,) = publish(tmp_path / "out", result_json=OTHER, scores_npz="2", boltz_yaml="2")
    assert note.endswith("these do not belong to the new result and were removed: pymol.pml")
    expected = {"scores.npz": b"2", "boltz.yaml": b"2", "notes.txt": b"years"}
    assert contents(tmp_path / "out") == {"result.json": OTHER.encode(), **expected}


def test_the_same_result_keeps_its_exports(tmp_path):
    publish(tmp_path / "out", result_json=RECORD, scores_npz="1", pymol_pml="1")
    assert publish(tmp_path / "out", result_json=RECORD, scores_npz="1", boltz_yaml="1") == []
    assert set(contents(tmp_path / "out")) == {
        "result.json", "scores.npz", "pymol.pml", "boltz.yaml"
    }  # fmt: skip


@pytest.mark.parametrize("step", range(7))
def test_publishing_that_stops_half_way_leaves_no_result(tmp_path, monkeypatch, step):
    """Stop before each removal and each move: a whole result, or no result.json."""
    folder = tmp_path / "out"
    publish(folder, result_json=RECORD, scores_npz="1", pairs_csv="1")
    steps = iter(range(100))

    def stopping(function):
        def call(path, *arguments, **named):
            if path.suffix != ".tmp" and next(steps) == step:
                raise OSError(5, "stopped")
            return function(path, *arguments, **named)

        return call

    for name in ("unlink", "replace"):
        monkeypatch.setattr(Path, name, stopping(getattr(Path, name)))
    with pytest.raises(OutputError, match="stopped"):
        publish(folder, result_json=OTHER, scores_npz="2", pairs_csv="2")
    monkeypatch.undo()
    found = contents(folder)
    assert [*tmp_path.rglob(".sasnet-*")] == [folder / UNFINISHED]
    del found[UNFINISHED]
    results = [
        {"result.json": record.encode(), "scores.npz": text, "pairs.csv": text}
        for record, text in ((RECORD, b"1"), (OTHER, b"2"))
    ]
    assert any(files.items() >= found.items() for files in results)
    assert "result.json" not in found or found in results
    publish(folder, result_json=RECORD, scores_npz="3")  # the marker says that they are ours
    assert contents(folder).keys() == {"result.json", "scores.npz"}


def test_a_folder_with_the_name_of_a_file_is_found_before_the_work(tmp_path):
    (tmp_path / "residues.csv").mkdir()
    with pytest.raises(OutputError, match=r"residues\.csv in it is a folder"):
        OutputFolder(tmp_path)


def test_files_that_no_run_wrote_are_neither_replaced_nor_removed(tmp_path):
    (tmp_path / "left.pdb").write_text("years")
    (tmp_path / "result.json").write_text('{"of": "another program"}')
    before = contents(tmp_path)
    with pytest.raises(OutputError, match=r"result\.json, left\.pdb in it may be yours"):
        OutputFolder(tmp_path)
    assert contents(tmp_path) == before


def test_an_input_in_the_place_of_a_product_is_refused(tmp_path):
    publish(tmp_path / "out", result_json=RECORD, complex_cif="1")
    (tmp_path / "link").symlink_to(tmp_path / "out")
    with pytest.raises(OutputError, match=r"must not hold the input complex\.cif"):
        OutputFolder(tmp_path / "out", inputs=[tmp_path / "link" / "complex.cif"])
