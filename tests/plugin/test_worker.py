import os
import stat
import sys
import time

import pytest

from tests.plugin.conftest import COMMAND

pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)
from pymol import CmdException


@pytest.fixture
def worker(plugin):
    return plugin.worker


@pytest.fixture
def bare(worker, monkeypatch, tmp_path):
    """No setting names the program, and nothing is on the PATH or beside Python."""
    from pymol import plugins

    monkeypatch.delenv("SASNET_PREDICT", raising=False)
    monkeypatch.setitem(plugins.preferences, "sasnet_command", None)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python" / "python"))
    return tmp_path


def program(folder):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "sasnet_predict"
    path.write_text("#!/bin/sh\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def child(worker, code, *arguments):
    return worker.Child([sys.executable, "-c", code, *arguments])


def ended(some, seconds=10.0):
    limit = time.monotonic() + seconds
    while some.running():
        assert time.monotonic() < limit, "the child still runs"
        time.sleep(0.02)
    return some


def test_nothing_found_says_how_to_set_it(worker, bare):
    with pytest.raises(worker.ProgramNotFound, match="SASNET_PREDICT") as caught:
        worker.find_program()
    assert "sasnet_command" in str(caught.value)


def test_order_of_the_places(worker, bare, monkeypatch):
    from pymol import plugins

    on_path = program(bare / "path")
    assert worker.find_program() == [on_path]
    beside = program(bare / "python")
    assert worker.find_program() == [beside]
    preferred = program(bare / "my programs")
    monkeypatch.setitem(plugins.preferences, "sasnet_command", preferred)
    assert worker.find_program() == [preferred]
    monkeypatch.setenv("SASNET_PREDICT", COMMAND)
    assert worker.find_program()[1:] == [COMMAND.split()[1].strip("'")]


def test_windows_keeps_scripts_in_a_folder_of_their_own(worker, bare):
    found = program(bare / "python" / "Scripts")
    assert worker.find_program() == [found]


def test_a_setting_that_names_nothing_is_an_error_not_a_fallback(worker, bare, monkeypatch):
    from pymol import plugins

    program(bare / "path")
    monkeypatch.setitem(plugins.preferences, "sasnet_command", "/nowhere/sasnet_predict")
    with pytest.raises(worker.ProgramNotFound, match="preference sasnet_command"):
        worker.find_program()
    monkeypatch.setenv("SASNET_PREDICT", "/nowhere/sasnet_predict")
    with pytest.raises(CmdException, match="variable SASNET_PREDICT") as caught:
        worker.find_program()
    assert not isinstance(caught.value, worker.ProgramNotFound)
    monkeypatch.setenv("SASNET_PREDICT", "/home/o'brien/sasnet_predict")
    with pytest.raises(CmdException, match="o'brien/sasnet_predict', which is not a program"):
        worker.find_program()


def test_remembered_program_is_found(worker, bare, monkeypatch):
    from pymol import plugins

    monkeypatch.setattr(plugins, "pref_save", lambda **_: None)
    path = program(bare / "elsewhere")
    worker.remember_program(path)
    assert worker.find_program() == [path]


def test_progress_and_success(worker):
    code = "import sys; print('sasnet-progress 0 20\\nsasnet-progress 3 20', file=sys.stderr)"
    some = ended(child(worker, code))
    assert (some.done, len(some.moments)) == (3, 4)
    some.require_success()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys; print('one\\ntwo', file=sys.stderr); sys.exit(2)", "^ Error: two$"),
        ("import sys; sys.exit(2)", "did not say why"),
        ("raise ValueError('seven')", "exit code 1: ValueError: seven"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed .signal 9"),
    ],
)
def test_failures_pass_on_the_last_words(worker, code, message):
    with pytest.raises(CmdException, match=message):
        ended(child(worker, code)).require_success()


def test_progress_is_not_taken_for_last_words(worker):
    code = "import sys; print('why\\nsasnet-progress 1 2', file=sys.stderr); sys.exit(2)"
    with pytest.raises(CmdException, match="^ Error: why$"):
        ended(child(worker, code)).require_success()


def test_a_program_that_cannot_start_is_one_line(worker, tmp_path):
    with pytest.raises(CmdException, match="cannot start"):
        worker.Child([str(tmp_path / "nothing")])


def test_cancel_ends_the_child(worker):
    some = child(worker, "import time; time.sleep(60)")
    some.cancel()
    with pytest.raises(CmdException, match="stopped"):
        ended(some).require_success()


DEAF = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
DEAF += "print('sasnet-progress 0 1', file=sys.stderr, flush=True); time.sleep(60)"


def test_cancel_kills_a_child_that_does_not_listen(worker, monkeypatch):
    monkeypatch.setattr(worker, "_GRACE", 0.3)
    some = child(worker, DEAF)
    while not some.moments:
        time.sleep(0.02)
    some.cancel()
    time.sleep(0.1)
    assert some.running()
    ended(some)


def test_abort_does_not_return_before_the_child_is_gone(worker):
    some = child(worker, DEAF)
    while not some.moments:
        time.sleep(0.02)
    some.abort()
    assert not some.running()


@pytest.mark.skipif(os.name == "nt", reason="process groups are POSIX")
def test_cancel_takes_the_childs_children_along(worker, tmp_path):
    note = tmp_path / "pid"
    code = "import subprocess, sys, time; p = subprocess.Popen(['sleep', '60'])\n"
    code += "open(sys.argv[1], 'w').write(str(p.pid)); print('sasnet-progress 0 1',"
    code += " file=sys.stderr, flush=True); time.sleep(60)"
    some = child(worker, code, str(note))
    while not some.moments:
        time.sleep(0.02)
    some.cancel()
    ended(some)
    assert_gone(int(note.read_text()))


def assert_gone(pid):
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if open(f"/proc/{pid}/stat").read().split()[2] == "Z":
            return  # dead; nobody has collected it yet
        time.sleep(0.02)
    pytest.fail(f"process {pid} still lives")


@pytest.mark.skipif(os.name == "nt", reason="niceness is POSIX")
def test_child_runs_at_low_priority_without_pymols_python(worker, notes, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONHOME", "/bundled/with/pymol")
    command = f"{COMMAND} l r -o out --attached . --rotations 1 --no-picture --quiet"
    command += " --progress-lines"
    ended(worker.Child(command.replace("'", "").split()))
    assert notes()["nice"] == max(os.nice(0), 10)
    assert notes()["pythonhome"] is None
