import csv

import tensorflow as tf
from PIL import Image

from sasnet_core.training.runlog import RunLog


def rows_of(folder):
    with (folder / "log.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def add(log, step, loss, scores=None):
    log.add(step, 1.0, loss, 0.25)
    if scores:
        log.add_scores(step, scores)


def test_a_table_keeps_the_checks_of_a_run_that_goes_on(tmp_path):
    log = RunLog(tmp_path / "run", 0)
    assert log.best() == 0
    add(log, 10, 0.69)
    add(log, 20, 0.6, (0.7, 0.71))
    log = RunLog(tmp_path / "run", 20)
    add(log, 30, 0.5, (0.65, 0.66))
    rows = rows_of(tmp_path / "run")
    assert [row["step"] for row in rows] == ["10", "20", "30"]
    assert [row["loss"] for row in rows] == ["0.6900", "0.6000", "0.5000"]
    assert [row["cauroc"] for row in rows] == ["", "0.7000", "0.6500"]
    assert {row["waiting"] for row in rows} == {"0.2500"}
    assert log.best() == 0.7


def test_rows_of_steps_that_are_done_again_are_dropped(tmp_path):
    log = RunLog(tmp_path, 0)
    add(log, 10, 0.69, (0.5, 0.5))
    add(log, 20, 0.6, (0.7, 0.7))
    log = RunLog(tmp_path, 10)
    assert log.best() == 0.5
    add(log, 20, 0.61)
    assert [(row["step"], row["loss"], row["cauroc"]) for row in rows_of(tmp_path)] == [
        ("10", "0.6900", "0.5000"), ("20", "0.6100", ""),
    ]  # fmt: skip


def test_a_check_without_scores_is_known(tmp_path):
    log = RunLog(tmp_path, 0)
    add(log, 10, 0.69)
    assert not log.has_scores(10) and not log.has_scores(20)
    log.add_scores(10, (0.6, 0.6))
    assert RunLog(tmp_path, 10).has_scores(10)
    assert len(rows_of(tmp_path)) == 1


def test_the_curve_is_a_picture_that_changes_with_the_log(tmp_path):
    log = RunLog(tmp_path, 0)
    add(log, 10, 0.69)
    first = Image.open(tmp_path / "curve.png").convert("RGB")
    add(log, 20, 0.5, (0.8, 0.8))
    second = Image.open(tmp_path / "curve.png").convert("RGB")
    assert first.size == second.size and first.tobytes() != second.tobytes()


def test_tensorboard_reads_the_same_numbers(tmp_path):
    log = RunLog(tmp_path, 0)
    add(log, 10, 0.69)
    add(log, 20, 0.5, (0.8, 0.7))
    found = {}
    for path in (tmp_path / "tensorboard").iterdir():
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                found[value.tag, event.step] = round(float(tf.make_ndarray(value.tensor)), 4)
    assert found == {
        ("loss", 10): 0.69, ("waiting", 10): 0.25, ("loss", 20): 0.5, ("waiting", 20): 0.25,
        ("cauroc", 20): 0.8, ("mean_auroc", 20): 0.7,
    }  # fmt: skip
