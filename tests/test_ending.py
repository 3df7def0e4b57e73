"""pytest ends on SIGTERM, and so does all that the tests have started."""

import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.conftest import ENDED, ROOT

LONG = """
import signal, subprocess, sys, time

def test_long(tmp_path):
    if {taken}:  # as sasnet_predict does when it runs within a test
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    open({place!r}, "w").write(f"{{child.pid}} ")
    time.sleep(600)

def test_next():
    time.sleep(600)
"""


@pytest.mark.parametrize(
    ("taken", "options"),
    [(False, []), (True, []), (False, ["-n", "1"])],
    ids=["plain", "signal taken by a command", "worker"],
)
def test_sigterm_ends_pytest_and_its_children(tmp_path, taken, options):
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    place = tmp_path / "pid"
    (tmp_path / "test_long.py").write_text(LONG.format(taken=taken, place=str(place)))
    command = [sys.executable, "-m", "pytest", "-c", "/dev/null", "--rootdir", str(tmp_path)]
    command += ["-p", "tests.conftest", "-p", "no:cacheprovider", *options, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: place.is_file() and place.read_text().endswith(" "))
            children = psutil.Process(process.pid).children(recursive=True)
            assert int(place.read_text()) in [child.pid for child in children]
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == ENDED
        finally:
            process.kill()
    wait_for(lambda: not [child for child in children if alive(child)], seconds=5)


def alive(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
