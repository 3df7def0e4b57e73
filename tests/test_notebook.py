"""The notebook runs from its first cell to its last, and says what it should."""

import re
from pathlib import Path

import pytest

from sasnet_core.shell.cli import main

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "docs" / "example.ipynb"


@pytest.fixture(scope="module")
def run():
    """Run every cell, as in a clone."""
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    where = {"metadata": {"path": str(ROOT)}}
    nbclient.NotebookClient(notebook, timeout=900, resources=where).execute()
    return notebook


def printed(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.text for output in outputs if output.get("name") == "stdout"), outputs


@pytest.mark.slow
def test_the_notebook_runs(run):
    text, outputs = printed(run)
    assert "92 pairs touch" in text
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 1


@pytest.mark.slow
@pytest.mark.sweep  # twenty rotations more
def test_the_notebook_finds_the_residues_that_the_command_finds(run, tmp_path, capsys):
    folder = str(tmp_path / "out")
    assert main(["--demo", "-o", folder, "--no-picture", "--no-report"]) == 0
    found = re.search(
        r"left \(chain A\):.*?(\d+ of 163 residues)", capsys.readouterr().out, re.DOTALL
    )[1]
    assert f"{found} of the left protein are likely" in printed(run)[0]


def test_the_saved_notebook_shows_its_outputs():
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs for cell in cells)
    assert not any(output.output_type == "error" for cell in cells for output in cell.outputs)
