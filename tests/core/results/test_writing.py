import pytest

from sasnet_core.errors import OutputError
from sasnet_core.results.writing import OutputFolder


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


@pytest.mark.parametrize("place", ["out", "out/deeper"])
def test_a_file_in_the_way_is_an_output_error(tmp_path, place):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match="name another with --output"):
        OutputFolder(tmp_path / place)


def test_a_full_disk_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match="No space left"), OutputFolder(tmp_path / "out"):
        raise OSError(28, "No space left on device")
