import os
import signal
import subprocess
import sys

import pytest

from tests.conftest import ROOT

#: Run by a process of its own; sends itself a signal at the place of the star.
BEGIN = "import os, signal, sys\nfrom sasnet_core import ending\nnumber = int(sys.argv[1])\n"
OURS = BEGIN + "ending.end_at_signals('stopped')\n"
SEND = "os.kill(os.getpid(), number)\n"
BOTH = [signal.SIGINT, signal.SIGTERM]


def run(code, number, path=ROOT, **options):
    command = [sys.executable, "-c", code, str(int(number))]
    return open_to_interrupts(command, env={**os.environ, "PYTHONPATH": str(path)}, **options)


def open_to_interrupts(command, **options):
    """Run a command; in the background, a shell has its children ignore interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, **options)
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", BOTH)
def test_a_signal_ends_the_process_with_one_line(number):
    done = run(OURS + SEND, number)
    assert (done.returncode, done.stderr) == (128 + number, "stopped\n")


def test_where_there_is_something_to_clean_up_signals_raise():
    code = OURS + """
for number, kind in ((signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)):
    try:
        with ending.raising():
            os.kill(os.getpid(), number)
    except kind as error:
        print(kind.__name__, error, flush=True)
""" + SEND  # fmt: skip
    done = run(code, signal.SIGTERM)
    assert (done.returncode, done.stderr) == (143, "stopped\n")
    assert done.stdout.splitlines() == ["KeyboardInterrupt ", "SystemExit 143"]


@pytest.mark.parametrize("number", BOTH)
def test_within_that_it_can_end_at_once_after_cleaning_up(number, tmp_path):
    code = (
        OURS
        + f"""
with ending.raising(), ending.cleaned_up_by(lambda: os.unlink({str(tmp_path / "file")!r})):
    with ending.cleaned_up_by(lambda: os.unlink("no such file")), ending.at_once():
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.kill(os.getpid(), number)
"""
    )
    (tmp_path / "file").write_text("half")
    done = run(code, number)
    assert (done.returncode, done.stderr) == (128 + number, "\nstopped\n")
    assert not (tmp_path / "file").exists()


def test_what_is_done_needs_no_cleaning_up(tmp_path):
    code = OURS + f"""
with ending.cleaned_up_by(lambda: os.unlink({str(tmp_path / "file")!r})):
    pass
""" + SEND  # fmt: skip
    (tmp_path / "file").write_text("whole")
    assert run(code, signal.SIGTERM).returncode == 143
    assert (tmp_path / "file").read_text() == "whole"


def test_another_program_keeps_its_handlers():
    code = (
        BEGIN
        + """
signal.signal(signal.SIGTERM, lambda *_: print("its own"))
with ending.raising(), ending.at_once():
    os.kill(os.getpid(), signal.SIGTERM)
"""
    )
    assert run(code, signal.SIGTERM).stdout == "its own\n"


def test_jobs_in_the_background_go_on_ignoring_interrupts():
    code = (
        BEGIN
        + """
signal.signal(signal.SIGINT, signal.SIG_IGN)
ending.end_at_signals("stopped")
with ending.raising(), ending.at_once():
    os.kill(os.getpid(), signal.SIGINT)
print("goes on")
"""
    )
    assert run(code, signal.SIGINT).stdout == "goes on\n"


#: Python imports this first. It sends an interrupt when a package is about to be imported.
HOOK = """
import os, signal, sys
class Finder:
    def find_spec(name, path, target=None):
        if name == os.environ["INTERRUPT_AT"]:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder)
"""
EXPORT = ["-c", "import sys; from sasnet_core.cli import export; sys.exit(export())", "x", "--to"]


@pytest.mark.parametrize(
    ("arguments", "package", "line"),
    [
        (["-m", "sasnet_core.cli"], "numpy", "sasnet_predict: stopped, no unfinished files"),
        (["-m", "sasnet_core.cli", "x.pdb", "y.pdb"], "gemmi", "sasnet_predict: stopped"),
        ([*EXPORT, "haddock"], "gemmi", "sasnet_export: interrupted"),
        (["-m", "train.fit"], "numpy", "train: interrupted"),
        (["-m", "train.fit"], "keras", "train: interrupted"),
    ],
)
def test_an_interrupt_during_imports_is_one_line(tmp_path, arguments, package, line):
    (tmp_path / "sitecustomize.py").write_text(HOOK)
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": path, "INTERRUPT_AT": package}
    done = open_to_interrupts([sys.executable, *arguments], cwd=tmp_path, env=environment)
    (message,) = done.stderr.split("\n\n")[-1].strip().splitlines()
    assert done.returncode == 130
    assert message.startswith(line)
