"""Fixtures of the plugin's tests: PyMOL sessions, the fake child, watched temporary folders."""

import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.plugin.screen import virtual_screen

#: Run inside PyMOL; tests start them.
collect_ignore = ["scenario_panel.py", "scenario_full_disk.py"]
PLUGIN = Path(__file__).parents[2] / "plugin"
FAKE = Path(__file__).with_name("fake_predict.py")
COMMAND = f"{shlex.quote(sys.executable)} {shlex.quote(str(FAKE))}"


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.pymol)


@pytest.fixture(scope="session")
def demo():
    """PyMOL's demo structure 1TII, chains A, C and D to H, where this PyMOL keeps it."""
    pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)
    path = Path(os.environ["PYMOL_DATA"]) / "demo" / "1tii.pdb"
    if not path.is_file():
        pytest.skip("this PyMOL has no demo structure")
    return str(path)


@pytest.fixture(scope="session")
def plugin():
    """The folder plugin/ imported under the name that users know."""
    if "sasnet_plugin" not in sys.modules:
        spec = importlib.util.spec_from_file_location("sasnet_plugin", PLUGIN / "__init__.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules["sasnet_plugin"] = module
        spec.loader.exec_module(module)
    return sys.modules["sasnet_plugin"]


@pytest.fixture
def session(plugin):
    """A fresh PyMOL with the plugin's commands."""
    import pymol2

    with pymol2.PyMOL() as pymol:
        plugin.commands.register(pymol.cmd)
        yield pymol.cmd


@pytest.fixture
def enterotoxin(session, demo):
    session.load(demo, "tox")
    return session


@pytest.fixture
def fake(monkeypatch):
    """Make the plugin run the fake child; call it with a mode to make the child fail."""
    monkeypatch.setenv("SASNET_PREDICT", COMMAND)

    def choose(mode="", seconds=0.0):
        monkeypatch.setenv("FAKE_MODE", mode)
        monkeypatch.setenv("FAKE_SECONDS", str(seconds))

    choose()
    return choose


@pytest.fixture
def notes(tmp_path, monkeypatch):
    """What the fake child noted about itself."""
    monkeypatch.setenv("FAKE_NOTES", str(tmp_path))
    return lambda: json.loads((tmp_path / "notes.json").read_text())


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """An empty folder that takes all temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def per_atom():
    """A function: an expression's value for each atom, by (model, chain, resi, index)."""

    def values(cmd, selection, expression):
        found = {}
        cmd.iterate(
            selection,
            f"found[model, chain, resi, index] = {expression}",
            space={"found": found},
        )
        return found

    return values


@pytest.fixture
def archive(tmp_path):
    """A zip with the plugin as its only package, as `make plugin` builds it."""
    package = tmp_path / "archive" / "sasnet_plugin"
    shutil.copytree(PLUGIN, package, ignore=shutil.ignore_patterns("__pycache__"))
    return shutil.make_archive(str(tmp_path / "sasnet_plugin"), "zip", package.parent)


@pytest.fixture(scope="session")
def old_pymol():
    """The Python of another PyMOL on this machine, as Debian's package brings 2.5."""
    beside = [shutil.which("python3", path=folder) for folder in os.get_exec_path()]
    for python in dict.fromkeys(filter(None, beside)):
        if Path(python).resolve() != Path(sys.executable).resolve() and version_of(python):
            return python
    pytest.skip("no other Python here has a PyMOL; on Debian: apt-get install pymol")


def version_of(python):
    """Return the version of a Python's PyMOL, nothing where it has none."""
    ask = "import pymol2\nwith pymol2.PyMOL() as one: print(one.cmd.get_version()[0])"
    done = subprocess.run([python, "-c", ask], capture_output=True, text=True, env=plain())
    return done.stdout.strip()


def plain():
    """The environment without what this Python and its PyMOL have put there."""
    ours = ("PYMOL_", "PYTHON", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


@pytest.fixture
def run_pymol(tmp_path):
    """A function: run a script in a PyMOL of its own, its home empty, on a display or without.

    `python` is that of another PyMOL, `prefix` a command that PyMOL is started by.
    """

    def run(script, *, mode="", display=None, python=sys.executable, prefix=()):
        path = tmp_path / "script.py"
        path.write_text(script)
        environment = os.environ if python == sys.executable else plain()
        environment = environment | {
            "HOME": str(tmp_path),
            "SASNET_PREDICT": COMMAND,
            "FAKE_MODE": mode,
            "PYTHONFAULTHANDLER": "1",
        }
        if display:
            environment |= {"DISPLAY": display, "LIBGL_ALWAYS_SOFTWARE": "1"}
            environment.pop("QT_QPA_PLATFORM", None)
        options = "-q" if display else "-cq"
        return subprocess.run(
            [*prefix, python, "-m", "pymol", options, str(path)],
            capture_output=True,
            text=True,
            timeout=300,
            env=environment,
            cwd=tmp_path,
        )

    return run


@pytest.fixture
def display():
    """A virtual screen of its own."""
    if not shutil.which("Xvfb"):
        pytest.skip("Xvfb is not installed")
    pytest.importorskip("PyQt5", reason="PyQt5 is not installed", exc_type=ImportError)
    with virtual_screen() as name:
        yield name


@pytest.fixture
def install(run_pymol, archive, tmp_path):
    """A function: let PyMOL's Plugin Manager install the zip; returns the start-up folder."""
    script = """
import os, types, pymol.plugins
from pymol.plugins import installation, legacysupport
show = lambda title, message, **_: print(title, message)
legacysupport.tkMessageBox = types.SimpleNamespace(showinfo=show, askyesno=None)
pymol.plugins.initialize(-2)
folder = installation.get_default_user_plugin_path()
os.makedirs(folder)
installation.installPluginFromFile({archive!r}, parent=object(), plugdir=folder)
"""

    def install(python=sys.executable):
        ended = run_pymol(script.format(archive=archive), python=python)
        success = 'Success Plugin "sasnet_plugin" has been installed.'
        assert success in ended.stdout, ended.stdout + ended.stderr
        return tmp_path / ".pymol" / "startup"

    return install
