"""The user's preferences in a PyMOL without a window, which has not read them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)

PLUGIN = Path(__file__).parents[2] / "plugin"
WRITTEN = """
import pymol.plugins
pymol.plugins.autoload = {'someone': False}
pymol.plugins.preferences = {'sasnet_command': '/my/sasnet', 'verbose': False}
"""
SCRIPT = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("sasnet_plugin", sys.argv[1])
plugin = importlib.util.module_from_spec(spec)
sys.modules["sasnet_plugin"] = plugin
spec.loader.exec_module(plugin)
from sasnet_plugin import preferences, timing
print(preferences.get("sasnet_command"))
timing.learn([1.0, 2.0, 3.0, 4.0, 5.0], 100)
print(timing.recall().measured)
"""


def test_one_that_is_set_keeps_the_others(tmp_path):
    rc = tmp_path / ".pymolpluginsrc.py"
    rc.write_text(WRITTEN)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(PLUGIN / "__init__.py")],
        env={**os.environ, "HOME": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["/my/sasnet", "True"]
    kept = rc.read_text()
    assert "'sasnet_command': '/my/sasnet'" in kept and "'sasnet_timing'" in kept
    assert "'someone': False" in kept
