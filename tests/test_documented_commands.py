"""Every training command in a document or docstring has options that the script knows."""

import argparse
import importlib
import re
import shlex
from pathlib import Path

import pytest

from sasnet_core.shell.options import EPILOG, build_parser

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), *ROOT.glob("train/*.py")]
COMMAND = re.compile(r"python -m train\.(\w+) ([^`\n]+)")


class ParsedError(Exception):
    """Stands for what the script would do after its arguments were read."""


def documented():
    for path in sorted(DOCUMENTS):
        text = path.read_text().replace("\\\n", " ")
        for script, arguments in COMMAND.findall(text):
            name = f"{path.relative_to(ROOT)}: {script} {' '.join(arguments.split())}"
            yield pytest.param(script, shlex.split(arguments, comments=True), id=name)


def call(script, arguments, monkeypatch):
    """Run a script to where its arguments are read."""
    parse = argparse.ArgumentParser.parse_args

    def parse_only(parser, given=None, namespace=None):
        parse(parser, given, namespace)
        raise ParsedError

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_only)
    importlib.import_module(f"train.{script}").main(arguments)


@pytest.mark.parametrize(("script", "arguments"), list(documented()))
def test_the_script_knows_the_options(script, arguments, monkeypatch):
    with pytest.raises(ParsedError):
        call(script, arguments, monkeypatch)


def test_every_script_is_documented():
    scripts = {path.stem for path in (ROOT / "train").glob("*.py")} - {"__init__"}
    assert {param.values[0] for param in documented()} == scripts


def test_an_unknown_option_would_fail(monkeypatch):
    with pytest.raises(SystemExit):
        call("evaluate", ["DB5_DATASET", "--colour"], monkeypatch)


EXAMPLES = [line.split()[1:] for line in EPILOG.splitlines() if line.startswith("  sasnet_predict")]


@pytest.mark.parametrize("arguments", EXAMPLES, ids=" ".join)
def test_the_examples_in_the_help_are_command_lines(arguments):
    assert build_parser().parse_args(arguments)
