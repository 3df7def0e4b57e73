"""The commands and Python of the README and of the guides in docs/ run as they stand.

They see a folder like a fresh clone in which `make` has set up everything, with structures of the
names that the README uses; `sasnet_predict` averages one rotation and draws no picture there. The
sasnet commands of a block run in this process, so that TensorFlow starts once and not with each of
them. A block that cannot run carries its reason above it: `<!-- not run by the tests: reason -->`.
Blocks of a page go on from those before.
"""

import contextlib
import gzip
import importlib
import io
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import gemmi
import pytest

ROOT = Path(__file__).parents[1]
#: Pages that are no guides: their commands need datasets and hours, or they hold none.
#: tests/test_documented_commands.py checks the options of these commands.
OTHERS = {"api", "benchmarks", "experiments", "gallery", "index", "mining", "model_card"} | {
    "reliability",
    "results",
}
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


#: A command that lets the test's process do its work.
CLIENT = """#!{python} -S
import json, os, socket, sys
with socket.create_connection(("127.0.0.1", int(os.environ["SASNET_TEST_PORT"]))) as connection:
    call = {module!r}, sys.argv[1:] + {options!r}, os.getcwd()
    connection.sendall(json.dumps(call).encode() + b"\\n")
    code, out, err = json.load(connection.makefile())
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code)
"""


def write_script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def call(module, arguments, folder):
    """Run a command in this process; return its exit code and what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            code = importlib.import_module(module).main(arguments)
        except SystemExit as end:
            code = end.code
    return code, out.getvalue(), err.getvalue()


def run_shell(code):
    """Run a block of shell commands, and serve the sasnet commands in it."""
    with socket.create_server(("127.0.0.1", 0)) as server, tempfile.TemporaryFile("w+") as said:
        server.settimeout(0.05)
        port = str(server.getsockname()[1])
        # A make in the block must not take options from the make that runs the tests.
        environment = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}
        process = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", code],
            env={**environment, "VENV": ".venv", "SASNET_TEST_PORT": port},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        while process.poll() is None:
            with contextlib.suppress(TimeoutError):
                connection, _ = server.accept()
                with connection:
                    connection.settimeout(None)
                    answer = call(*json.loads(connection.makefile().readline()))
                    connection.sendall(json.dumps(answer).encode())
        said.seek(0)
        return process.returncode, said.read()


@pytest.fixture(scope="module")
def fresh_clone(demo_pdb, tmp_path_factory):
    """Make a folder in which the README's commands find what they name."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("Makefile", "setup.py"):
        (folder / name).symlink_to(ROOT / name)
    write_script(folder / ".ci" / "system-libraries", "#!/bin/sh\n")  # a test installs nothing
    for name, module, options in (
        ("sasnet_predict", "sasnet_core.cli", ["--rotations", "1", "--no-picture"]),
        ("sasnet_export", "sasnet_core.shell.export_cli", []),
        ("sasnet_rank", "sasnet_core.shell.rank_cli", ["--rotations", "1"]),
    ):
        text = CLIENT.format(python=sys.executable, module=module, options=options)
        write_script(folder / ".venv" / "bin" / name, text)
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
    returncode, said = run_shell(code)
    assert returncode == 0, said


@pytest.mark.slow
@pytest.mark.parametrize("code", list(blocks("python")))
def test_python_works(code, clone):
    exec(compile(code, "README.md", "exec"), {})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_says_its_language(page):
    text = page.read_text()
    languages = [match["language"] for match in BLOCK.finditer(text)]
    assert len(languages) == text.count("```") / 2
    assert set(languages) <= {"sh", "python", "pymol", "toml", "text"}


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
