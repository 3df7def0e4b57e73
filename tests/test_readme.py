"""The commands and Python of the README and of the guides in docs/ run as they stand.

They see a folder like a fresh clone in which `make` has set up everything, with structures of the
names that the README uses; `sasnet_predict` averages one rotation and draws no picture there. A
block that cannot run carries its reason above it: `<!-- not run by the tests: reason -->`. Blocks
of a page go on from those before.
"""

import gzip
import os
import re
import subprocess
import sys
from pathlib import Path

import gemmi
import pytest

ROOT = Path(__file__).parents[1]
#: Pages that are no guides: their commands need datasets and hours, or they hold none.
#: tests/test_documented_commands.py checks the options of these commands.
OTHERS = {"api", "benchmarks", "experiments", "gallery", "index", "mining", "model_card", "results"}
GUIDES = [page for page in sorted(ROOT.glob("docs/*.md")) if page.stem not in OTHERS]
PAGES = [ROOT / "README.md", *GUIDES]
BLOCK = re.compile(
    r"(?:<!-- not run by the tests: (?P<reason>.+?) -->\s+)?"
    r"^```(?P<language>\w*)\n(?P<code>.+?)^```$",
    re.MULTILINE | re.DOTALL,
)
RESIDUES = 40  # of each chain: small is fast


def blocks(language):
    """Yield the blocks of a language, those with a reason not to run as skipped."""
    for page in PAGES:
        text = page.read_text()
        for match in BLOCK.finditer(text):
            if match["language"] != language:
                continue
            reason = match["reason"]
            marks = [pytest.mark.skip(reason=reason)] if reason else []
            line = text[: match.start("code")].count("\n") + 1
            yield pytest.param(match["code"], marks=marks, id=f"{page.name} line {line}")


def chains_of(entry, names):
    """Copy the first residues of some chains, renamed."""
    structure = gemmi.Structure()
    structure.add_model(gemmi.Model(1))
    for old, new in names.items():
        chain = gemmi.Chain(new)
        chain.append_residues(list(entry[0][old].get_polymer())[:RESIDUES])
        structure[0].add_chain(chain)
    structure.setup_entities()
    return structure


def write_script(path, command):
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)


@pytest.fixture(scope="module")
def fresh_clone(demo_pdb, tmp_path_factory):
    """Make a folder in which the README's commands find what they name."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("Makefile", "setup.py"):
        (folder / name).symlink_to(ROOT / name)
    write_script(folder / ".ci" / "system-libraries", "exit 0")  # a test installs nothing
    predict = f'exec "{sys.executable}" -m sasnet_core.cli "$@" --rotations 1 --no-picture'
    write_script(folder / ".venv" / "bin" / "sasnet_predict", predict)
    export = folder / ".venv" / "bin" / "sasnet_export"
    export.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sasnet_core.shell.export_cli "$@"\n')
    export.chmod(0o755)
    (folder / ".venv" / ".installed").touch()
    entry = gemmi.read_structure(str(demo_pdb))
    entry.setup_entities()
    document = chains_of(entry, {"D": "H", "E": "L", "F": "C"}).make_mmcif_document()
    (folder / "complex.cif.gz").write_bytes(gzip.compress(document.as_string().encode()))
    chains_of(entry, {"D": "A"}).write_pdb(str(folder / "receptor.pdb"))
    chains_of(entry, {"E": "B"}).write_pdb(str(folder / "ligand.pdb"))
    return folder


@pytest.fixture
def clone(fresh_clone, monkeypatch):
    """Stand in that folder."""
    monkeypatch.chdir(fresh_clone)
    return fresh_clone


@pytest.mark.slow
@pytest.mark.parametrize("code", list(blocks("sh")))
def test_shell_commands_work(code, clone):
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT), "VENV": ".venv"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("code", list(blocks("python")))
def test_python_works(code, clone):
    exec(compile(code, "README.md", "exec"), {})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_says_its_language(page):
    text = page.read_text()
    languages = [match["language"] for match in BLOCK.finditer(text)]
    assert len(languages) == text.count("```") / 2
    assert set(languages) <= {"sh", "python", "pymol", "toml"}


def test_blocks_of_the_readme_and_the_guides_are_run():
    run = [block.id for block in [*blocks("sh"), *blocks("python")] if not block.marks]
    pages = {name.split()[0] for name in run}
    assert sum(name.startswith("README") for name in run) >= 3
    assert sum(name.startswith("tutorial") for name in run) >= 4
    assert pages >= {"batches.md", "command_line.md", "exports.md", "report.md"}


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().split()) < 1200


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_links_lead_to_files(page):
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text())
    assert not [link for link in links if "://" not in link and not (page.parent / link).exists()]


def test_a_command_that_does_not_work_would_fail(clone):
    with pytest.raises(AssertionError, match="--colour"):
        test_shell_commands_work(".venv/bin/sasnet_predict --colour; true", clone)
