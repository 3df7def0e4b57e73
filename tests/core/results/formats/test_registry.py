import ast
from pathlib import Path

import pytest

from sasnet_core.errors import SettingError
from sasnet_core.results.formats.registry import FORMATS, chosen_formats, format_files
from sasnet_core.results.result import COMPLEX_FILE, RESULT_FILE, SCORES_FILE

CORE = Path(__file__).parents[4] / "sasnet_core"


@pytest.mark.parametrize("name", FORMATS)
def test_the_function_that_writes_a_format_exists(name):
    entry = FORMATS[name]
    module = ast.parse(
        (CORE.joinpath("results", *entry.module.split(".")).with_suffix(".py")).read_text()
    )
    functions = {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
    assert entry.function in functions


def test_no_format_writes_over_what_a_result_is_read_from():
    kept = {RESULT_FILE, SCORES_FILE, COMPLEX_FILE, "left.cif", "right.cif"}
    assert not kept & set(format_files(list(FORMATS)))


def test_formats_are_taken_once_in_the_order_given():
    assert chosen_formats(" pdb,haddock ,pdb,") == ["pdb", "haddock"]


@pytest.mark.parametrize(("text", "got"), [("", "none"), (" , ", "none"), ("pdb,doc", "'doc'")])
def test_unknown_formats_are_named_with_those_there_are(text, got):
    with pytest.raises(SettingError, match=f"haddock, .+; got {got}"):
        chosen_formats(text)
