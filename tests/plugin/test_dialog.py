"""Drives the dialog in PyMOL's real window, on a virtual screen."""

import json
import os
import shutil
import subprocess

import pytest

from tests.plugin.conftest import COMMAND

pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)

#: Runs inside PyMOL: a chain of steps, each waited for by a timer while the window lives.
DRIVER = """
import json, os, time, traceback
from pymol import cmd, plugins
from pymol.Qt import QtCore, QtGui, QtWidgets

facts = {{"beats": 0}}


def menu_action():
    from pymol.gui import get_qtwindow
    for action in get_qtwindow().findChildren(QtWidgets.QWidget) + [get_qtwindow()]:
        for entry in action.actions():
            if "SASNet" in entry.text():
                return entry


def colours(selection):
    found = set()
    cmd.iterate(selection, "found.add(color)", space={{"found": found}})
    return sorted(found)


def wait_for(condition, then, limit=30.0):
    facts["beats"] += 1
    if condition():
        guard(then)
    elif limit < 0:
        finish("waited in vain before " + then.__name__)
    else:
        QtCore.QTimer.singleShot(50, lambda: wait_for(condition, then, limit - 0.05))


def guard(step):
    try:
        step()
    except BaseException:
        finish(traceback.format_exc())


def begin():
    cmd.load({demo!r}, "tox")
    cmd.color("cyan", "all")
    menu_action().trigger()
    from pmg_tk.startup.sasnet_plugin import dialog
    facts["window"] = window = dialog.open_dialog()
    facts["choices"] = [window.left.itemText(i) for i in range(window.left.count())]
    facts["proposed"] = [window.left.currentText(), window.right.currentText()]
    window.left.setEditText("chain D")
    window.right.setEditText("chain Q")
    window.run_button.click()
    facts["refusal"] = window.message.text()
    os.environ["FAKE_SECONDS"] = "0.3"
    window.right.setEditText("chain E")
    window.rotations.setValue(4)
    facts["beats"] = 0
    window.run_button.click()
    facts["button"] = window.run_button.text()
    wait_for(lambda: window.bar.value() > 1, look_at_progress)


def look_at_progress():
    facts["progress"] = facts["window"].message.text()
    wait_for(lambda: facts["window"].run_button.text() == "Run", look_at_result)


def look_at_result():
    window = facts["window"]
    facts["responsive"] = facts["beats"]
    facts["message"] = window.message.text()
    facts["painted"] = len(colours("chain D+E and polymer"))
    facts["others"] = colours("not (chain D+E and polymer)") == [cmd.get_color_index("cyan")]
    facts["names"] = cmd.get_names("all")
    if {picture!r}:
        QtWidgets.QApplication.primaryScreen().grabWindow(0).save({picture!r})
    os.environ["FAKE_MODE"] = "deaf"
    cmd.color("cyan", "all")
    window.run_button.click()
    wait_for(lambda: window.bar.value() > 0, stop)


def stop():
    window = facts["window"]
    window.run_button.click()
    facts["stopping"] = window.message.text()
    wait_for(lambda: window.run_button.text() == "Run", look_at_stopped)


def look_at_stopped():
    window = facts["window"]
    facts["stopped"] = window.message.text()
    facts["untouched"] = colours("all") == [cmd.get_color_index("cyan")]
    os.environ["SASNET_PREDICT"] = ""
    os.environ["PATH"] = ""
    from pmg_tk.startup.sasnet_plugin import worker
    worker._beside_python = lambda: None
    window.run_button.click()
    facts["lost"] = window.message.text()
    facts["locate"] = window.locate_button.isVisible()
    os.environ["SASNET_PREDICT"] = {command!r}
    window.run_button.click()  # PyMOL ends while this one runs
    wait_for(lambda: window.bar.value() > 0, finish)


def finish(trouble=""):
    facts["trouble"] = trouble
    facts.pop("window", None)
    with open({facts!r}, "w") as out:
        json.dump(facts, out)
    cmd.quit()


QtCore.QTimer.singleShot(500, lambda: guard(begin))
"""


@pytest.fixture
def display():
    """A virtual screen of its own; the number is the server's choice."""
    if not shutil.which("Xvfb"):
        pytest.skip("Xvfb is not installed")
    pytest.importorskip("PyQt5", reason="PyQt5 is not installed", exc_type=ImportError)
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1200x900x24"]
    server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with open(reading) as pipe:
        number = pipe.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait(10)


@pytest.fixture
def facts(display, install, run_pymol, notes, demo, tmp_path, monkeypatch):
    """What happened in the window."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    install()
    path = tmp_path / "facts.json"
    script = DRIVER.format(
        demo=demo,
        facts=str(path),
        command=COMMAND,
        picture=os.environ.get("SASNET_TEST_PICTURE", ""),
    )
    ended = run_pymol(script, display=display)
    assert path.is_file(), ended.stdout + ended.stderr
    found = json.loads(path.read_text())
    assert not found["trouble"], found["trouble"] + ended.stdout + ended.stderr
    return found | {"last_child": notes()["pid"]}


@pytest.mark.slow
def test_dialog_in_the_real_window(facts, tmp_path):
    assert facts["choices"][:2] == facts["proposed"] == ["tox and chain A", "tox and chain C"]
    assert facts["choices"][-1] == "tox"
    assert facts["refusal"] == "Right partner: no protein atoms in selection 'chain Q'"
    assert facts["button"] == "Stop"
    assert facts["progress"] in ("Rotation 2 of 4", "Rotation 3 of 4")
    assert facts["responsive"] >= 10, "the window stood still while the child computed"
    assert "left: 30 of 98 residues at 0.50 or more" in facts["message"]
    assert facts["painted"] > 50 and facts["others"]
    assert facts["names"] == [
        "tox",
        "sasnet_left_interface",
        "sasnet_right_interface",
        "sasnet_legend",
    ]
    assert facts["stopping"] == "Stopping ..."
    assert facts["stopped"] == "Stopped; nothing was coloured" and facts["untouched"]
    assert facts["lost"].startswith("Cannot find the program sasnet_predict") and facts["locate"]
    assert not [path for path in (tmp_path / "temporary").iterdir() if "sasnet_" in path.name]
    with pytest.raises(ProcessLookupError):
        os.kill(facts["last_child"], 0)
