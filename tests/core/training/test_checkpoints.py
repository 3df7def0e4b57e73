import numpy as np
import pytest

from sasnet_core.training.checkpoints import (
    CheckpointError,
    list_checkpoints,
    read_checkpoint,
    write_checkpoint,
)


def test_what_was_written_is_read_and_the_two_newest_stay(tmp_path):
    for step in (5, 90, 1000):
        write_checkpoint({"a": np.full(3, step), "b": np.array(1.5)}, step, tmp_path)
    kept = list_checkpoints(tmp_path)
    assert [path.name for path in kept] == ["step-000000090.npz", "step-000001000.npz"]
    arrays = read_checkpoint(kept[-1])
    np.testing.assert_array_equal(arrays["a"], [1000] * 3)
    assert arrays["b"] == 1.5
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_is_not_there_holds_none(tmp_path):
    assert list_checkpoints(tmp_path / "none") == []


@pytest.mark.parametrize("damage", [lambda data: data[:-40], lambda data: b"", lambda data: b"x"])
def test_a_damaged_one_is_named(tmp_path, damage):
    write_checkpoint({"a": np.ones(100)}, 1, tmp_path)
    (path,) = list_checkpoints(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CheckpointError, match="delete it to go on from the one before"):
        read_checkpoint(path)
