import csv

import tensorflow as tf
from PIL import Image

from sasnet_core.training.runlog import RunLog


def rows_of(folder):
    with (folder / "log.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_checks_are_kept_in_a_table_and_gone_on_with(tmp_path):
    log = RunLog(tmp_path / "run")
    assert log.best() == 0
    log.add(10, 3.2, 0.69, 0.01)
    log.add(20, 6.4, 0.6, 0.02, (0.7, 0.71))
    RunLog(tmp_path / "run").add(30, 1.0, 0.5, 0.03, (0.65, 0.66))
    rows = rows_of(tmp_path / "run")
    assert [row["step"] for row in rows] == ["10", "20", "30"]
    assert [row["cauroc"] for row in rows] == ["", "0.7000", "0.6500"]
    assert [row["waiting"] for row in rows] == ["0.0100", "0.0200", "0.0300"]
    assert RunLog(tmp_path / "run").best() == 0.7


def test_the_curve_is_a_picture_that_changes_with_the_log(tmp_path):
    log = RunLog(tmp_path)
    log.add(10, 1.0, 0.69, 0.0)
    first = Image.open(tmp_path / "curve.png").convert("RGB")
    log.add(20, 2.0, 0.5, 0.0, (0.8, 0.8))
    second = Image.open(tmp_path / "curve.png").convert("RGB")
    assert first.size == second.size and first.tobytes() != second.tobytes()


def test_tensorboard_reads_the_same_numbers(tmp_path):
    log = RunLog(tmp_path)
    log.add(10, 1.0, 0.69, 0.25)
    log.add(20, 1.0, 0.5, 0.0, (0.8, 0.7))
    found = {}
    for path in (tmp_path / "tensorboard").iterdir():
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                found[value.tag, event.step] = round(float(tf.make_ndarray(value.tensor)), 4)
    assert found == {
        ("loss", 10): 0.69, ("waiting", 10): 0.25, ("loss", 20): 0.5, ("waiting", 20): 0.0,
        ("cauroc", 20): 0.8, ("mean_auroc", 20): 0.7,
    }  # fmt: skip
