import sys

import pytest

from sasnet_core.shell import doctor
from sasnet_core.shell.cli import main


def test_a_healthy_machine_is_called_so_in_one_screen(capfd):
    assert main(["--doctor"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) <= 25 and all(line.startswith("ok ") for line in lines)
    assert any(sys.executable in line for line in lines)


def test_every_package_of_the_installation_is_looked_at():
    names = [name for name, _ in doctor.requirements()]
    assert {"tensorflow", "keras", "gemmi", "numpy"} <= set(names)


@pytest.fixture
def needed(monkeypatch):
    """Make something else needed than what the installation says."""
    return lambda *packages: monkeypatch.setattr(doctor, "requirements", lambda: list(packages))


def test_a_missing_package_is_named_with_the_command_that_installs_it(needed, capfd):
    needed(("no-such-package", "1.0"), ("numpy", "999.0"))
    assert main(["--doctor"]) == 2
    said = capfd.readouterr()
    missing = [line for line in said.out.splitlines() if line.startswith("MISSING")]
    assert len(missing) == 2
    assert "pip install 'no-such-package>=1.0'" in missing[0]
    assert "999.0 or newer is needed" in missing[1]
    assert "a prediction needs all of the above, 2 are MISSING" in said.err


def test_a_broken_package_is_reported(tmp_path, monkeypatch):
    (tmp_path / "broken.py").write_text("raise ImportError('libcudnn.so.9 is not there')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert doctor.import_trouble("broken") == "ImportError: libcudnn.so.9 is not there"
    (tmp_path / "broken.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGILL)")
    assert doctor.import_trouble("broken").startswith("SIGILL: this build does not fit")


def test_a_prediction_without_a_package_is_one_line(monkeypatch, tmp_path, capfd):
    monkeypatch.setitem(sys.modules, "sasnet_core.results.partner", None)
    assert main([str(tmp_path / "a.pdb"), str(tmp_path / "b.pdb")]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert "sasnet_predict --doctor says what is missing" in line
