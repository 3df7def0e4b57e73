"""The plugin as PyMOL meets it: installed from the zip, without a window, from a script."""

import ast
import re
import zipfile

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
print("names", cmd.get_names("all"))
"""


def test_installs_from_the_zip_and_predicts_without_a_window(run_pymol, install, demo):
    folder = install()
    assert (folder / "sasnet_plugin" / "__init__.py").is_file()
    ended = run_pymol(PREDICT.format(demo=demo))
    commands = ["color", "load", "pairs", "predict", "restore", "save", "select"]
    named = [f"sasnet_{command}" for command in commands]
    assert f"version {__version__} commands {named}" in ended.stdout
    assert re.search(r"^USAGE\n\n    sasnet_predict \[ left", ended.stdout, re.MULTILINE)
    assert "left: 30 of 98 residues at 0.50 or more" in ended.stdout
    assert "'sasnet_legend', 'sasnet_left_interface', 'sasnet_right_interface'" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr


def test_failure_in_a_script_is_one_red_line(run_pymol, plugin, demo):
    script = f"""
import sys
sys.path.insert(0, {str(PLUGIN.parent)!r})
import importlib.util
spec = importlib.util.spec_from_file_location("sasnet_plugin", {str(PLUGIN / "__init__.py")!r})
sys.modules["sasnet_plugin"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
from pymol import cmd
cmd.load({demo!r}, "tox")
cmd.do("sasnet_predict chain D, chain E, 2")
"""
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
