import os
import signal
import subprocess
import sys
import tempfile
import threading

import pytest

from sasnet_core.results.staging import PREFIX, StagingFolder, remove_leftovers, signals_held

CHILD = """
import sys
from pathlib import Path
from sasnet_core.results.staging import StagingFolder
staging = StagingFolder(Path(sys.argv[1]))
(staging.path / "result.json").write_text("half")
print(staging.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that has a staging folder."""
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.place = process.stdout.readline().decode().strip()
        yield process
        process.kill()


def test_the_folder_of_a_living_process_stays_and_that_of_a_killed_one_goes(other, tmp_path):
    remove_leftovers(tmp_path)
    assert os.listdir(other.place) == ["result.json"]
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert os.listdir(other.place) == ["result.json"]
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_else_is_removed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "notes.txt").write_text("years")
    (tmp_path / f"{PREFIX}link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / f"{PREFIX}file").write_text("")
    (tmp_path / ".sasnet-other").mkdir()
    before = sorted(tmp_path.rglob("*"))
    remove_leftovers(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_is_done_with_is_gone(tmp_path):
    staging = StagingFolder(tmp_path)
    assert staging.path.name.startswith(f"{PREFIX}{os.getpid()}-")
    staging.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_ends_at_once_takes_its_folder_along(tmp_path):
    code = """
import os, signal, sys
from pathlib import Path
from sasnet_core.ending import end_at_signals
from sasnet_core.results.staging import StagingFolder
end_at_signals("stopped")
staging = StagingFolder(Path(sys.argv[1]))
(staging.path / "half").write_text("")
os.kill(os.getpid(), signal.SIGTERM)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def interrupts():
    """Python's own handler of interrupts, whatever a command of another test has installed."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_signal_waits_for_the_end_of_the_block(interrupts):
    done = []
    with pytest.raises(KeyboardInterrupt), signals_held():
        signal.raise_signal(signal.SIGINT)
        done.append("all")
    assert done == ["all"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_cannot_hold_signals_and_need_not():
    done = []

    def work():
        with signals_held():
            done.append("all")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == ["all"]


def test_a_folder_taken_for_a_leftover_before_it_is_open_is_made_again(tmp_path, monkeypatch):
    made = []

    def make(**words):
        path = make_folder(**words)
        made.append(path)
        if len(made) == 1:
            os.rmdir(path)  # as another process does that sees no lock
        return path

    make_folder = tempfile.mkdtemp
    monkeypatch.setattr(tempfile, "mkdtemp", make)
    staging = StagingFolder(tmp_path)
    assert [str(path) for path in tmp_path.iterdir()] == made[1:] == [str(staging.path)]
    staging.remove()
