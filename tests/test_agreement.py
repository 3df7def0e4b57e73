"""What must stand twice says the same."""

import re
import runpy
from pathlib import Path

import pytest

from sasnet_core import __version__
from sasnet_core.config import ROTATIONS
from sasnet_core.results.colours import SCALE
from tests.test_architecture import FLOORS, core_modules, name_of

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "resources" / "MODEL_CARD.md"]


def found(pattern, path):
    """Return what the pattern's group matches in a file, which must be one place."""
    (value,) = re.findall(pattern, (ROOT / path).read_text(), re.MULTILINE)
    return value


def test_the_plugin_has_the_version_of_the_library():
    # PyMOL's Plugin Manager reads this line without importing anything.
    assert found(r"^# Version: (.+)$", "plugin/__init__.py") == __version__


def test_citation_and_changelog_have_the_version_of_the_library():
    assert found(r"^version: (.+)$", "CITATION.cff") == __version__
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1]
    assert newest == __version__


def test_the_plugin_averages_as_many_rotations_as_the_command():
    # The plugin cannot import the library: PyMOL's Python may not have it.
    assert found(r"^ROTATIONS = (\d+)$", "plugin/prediction_run.py") == str(ROTATIONS)
    described = r"rotations =[^{]*\{default: (\d+)\}"
    assert found(described, "plugin/commands.py") == str(ROTATIONS)


def test_the_plugin_colours_probabilities_as_the_picture_does():
    palettes = runpy.run_path(str(ROOT / "plugin" / "palettes.py"))
    colours = palettes["PALETTES"][palettes["DEFAULT"]]
    assert SCALE == tuple(
        (stop, *rgb) for stop, rgb in zip(palettes["STOPS"], colours, strict=True)
    )


def test_contributing_shows_the_floors_that_are_tested():
    block = (ROOT / "CONTRIBUTING.md").read_text().split("```")[1]
    shown = [tuple(line.split("  ")[0].split(" | ")) for line in block.split("\n") if line.strip()]
    assert shown == [floor for floor in FLOORS if floor != ("doors",)]


def test_the_reference_lists_every_module_of_the_core():
    listed = re.findall(r"automodule:: sasnet_core\.(\S+)", (ROOT / "docs/api.md").read_text())
    rooms = {path.parent for path in core_modules()} - {ROOT / "sasnet_core"}
    assert sorted(listed) == sorted([*map(name_of, core_modules()), *map(name_of, rooms)])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_of_code_that_a_document_names_are_there(document):
    named = set(re.findall(r"[\w./]+/\w+\.(?:py|js|json)\b", document.read_text()))
    mine = {name for name in named if name.split("/")[0] not in {"build", "out", "run"}}
    places = ROOT, ROOT / "sasnet_core", document.parent, ROOT / "resources"
    assert not [name for name in mine if not any((place / name).is_file() for place in places)]
