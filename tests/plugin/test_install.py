"""The plugin as PyMOL meets it: installed from the zip, without a window, from a script."""

import ast
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)
from sasnet_core import __version__
from tests.plugin.conftest import PLUGIN

PREDICT = """
import pymol.plugins
from pymol import cmd
pymol.plugins.initialize(-2)
cmd.load({demo!r}, "tox")
cmd.do("plugin_load sasnet_plugin")
info = pymol.plugins.plugins["sasnet_plugin"]
print("version", info.get_version(), "commands", sorted(info.commands))
cmd.do("help sasnet_predict")
cmd.do("sasnet_predict chain D, chain E, 2")
print("names", cmd.get_names("public"))
"""


def test_installs_from_the_zip_and_predicts_without_a_window(run_pymol, install, demo):
    folder = install()
    assert (folder / "sasnet_plugin" / "__init__.py").is_file()
    ended = run_pymol(PREDICT.format(demo=demo))
    commands = ["alone", "color", "load", "pairs", "predict", "restore", "save", "select"]
    named = [f"sasnet_{command}" for command in commands]
    assert f"version {__version__} commands {named}" in ended.stdout
    assert re.search(r"^USAGE\n\n    sasnet_predict \[ left", ended.stdout, re.MULTILINE)
    assert "left: 30 of 98 residues at 0.50 or more" in ended.stdout
    assert (
        "'sasnet_legend', 'sasnet_patch_1', 'sasnet_left_interface', 'sasnet_right_interface'"
        in ended.stdout
    )
    assert "Traceback" not in ended.stdout + ended.stderr


LOAD = f"""
import sys
import importlib.util
spec = importlib.util.spec_from_file_location("sasnet_plugin", {str(PLUGIN / "__init__.py")!r})
sys.modules["sasnet_plugin"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
from pymol import cmd
"""


def test_failure_in_a_script_is_one_red_line(run_pymol, plugin, demo):
    script = (
        LOAD
        + f"""
cmd.load({demo!r}, "tox")
cmd.do("sasnet_predict chain D, chain E, 2")
"""
    )
    ended = run_pymol(script, mode="refuse")
    assert "Error: sasnet_predict: left.cif: no CA atom" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def test_zip_holds_exactly_one_package(archive):
    names = zipfile.ZipFile(archive).namelist()
    assert {name.split("/")[0] for name in names} == {"sasnet_plugin"}


def test_metadata_lines_stand_on_top():
    head = (PLUGIN / "__init__.py").read_text().split('"""')[0]
    assert re.search(r"^# Version: \d+\.\d+\.\d+$", head, re.MULTILINE)


def test_qt_is_known_in_one_package_only():
    for path in PLUGIN.rglob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text()))
        imported = [node.module for node in nodes if isinstance(node, ast.ImportFrom)]
        assert "pymol.Qt" not in imported or path.parent.name == "window", path.name
        assert not [name for name in imported if name and "PyQt" in name], path.name


@pytest.fixture
def register(tmp_path):
    """A function: run the command that registers a plugin which pip installed."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sasnet_plugin").symlink_to(PLUGIN)
    environment = os.environ | {"HOME": str(tmp_path), "PYTHONPATH": str(site)}

    def register():
        return subprocess.run(
            [sys.executable, "-m", "sasnet_plugin"],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )

    return register


REGISTERED = """
import sys
sys.path.insert(0, {site!r})
import pymol.plugins
from pymol import cmd
pymol.plugins.initialize(-2)
cmd.do("plugin_load sasnet")
print("version", pymol.plugins.plugins["sasnet"].get_version())
print("commands", "sasnet_predict" in cmd.keyword)
"""


def test_a_plugin_that_pip_installed_is_registered_by_one_command(register, run_pymol, tmp_path):
    for _ in range(2):
        done = register()
        assert done.returncode == 0, done.stderr
    assert str(tmp_path / ".pymol" / "startup" / "sasnet.py") in done.stdout
    ended = run_pymol(REGISTERED.format(site=str(tmp_path / "site")))
    assert f"version {__version__}" in ended.stdout and "commands True" in ended.stdout


def test_registering_beside_the_zip_is_refused(register, tmp_path):
    (tmp_path / ".pymol" / "startup" / "sasnet_plugin").mkdir(parents=True)
    done = register()
    assert done.returncode == 2 and "uninstall that one first" in done.stderr


BATCH = """
load {demo}, tox
load {demo}, twin
sasnet_predict tox and chain D, tox and chain E, fast, name=first
sasnet_predict twin and chain F, twin and chain G, fast, name=second
sasnet_color first, viridis
sasnet_pairs second, 5
sasnet_select first, 0.3
sasnet_save saved, second
sasnet_restore twin
sasnet_load saved
print("names", cmd.get_names("public_objects"))
"""


def test_a_pml_script_predicts_several_structures(run_pymol, tmp_path, demo):
    (tmp_path / "batch.pml").write_text(BATCH.format(demo=demo))
    script = LOAD + 'cmd.do("@batch.pml")'
    ended = run_pymol(script)
    said = ended.stdout + ended.stderr
    assert "Error" not in said and "Traceback" not in said, said
    assert "result second_2" in said
    assert "names ['tox', 'twin', 'sasnet_legend', 'sasnet_pairs_5', 'sasnet_pairs']" in said


def test_nothing_is_left_when_pymol_is_killed(run_pymol, notes, tmp_path, monkeypatch, demo):
    """The child sees its standard input close, removes the folder and ends."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    script = (
        LOAD
        + f"""
import os, signal, threading, time
cmd.load({demo!r}, "tox")
prediction = module.prediction_run.PredictionRun("chain D", "chain E", 3, _self=cmd)
prediction.begin()
while not prediction.progress[0]:
    time.sleep(0.02)
os.kill(os.getpid(), signal.SIGKILL)
"""
    )
    assert run_pymol(script, mode="hang").returncode == -signal.SIGKILL
    end = time.monotonic() + 60
    while list((tmp_path / "temporary").glob("sasnet_*")):
        assert time.monotonic() < end, "the folder was left"
        time.sleep(0.1)
    while is_alive(notes()["pid"]):
        assert time.monotonic() < end, "the child was left"
        time.sleep(0.1)


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False
