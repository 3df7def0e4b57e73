import json

import pytest

pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)
from pymol import CmdException

RESIDUE = {"side": "left", "chain": "H", "number": -3, "insertion_code": "A", "segment": ""}
RESIDUE |= {"name": "TYR", "probability": 0.71, "spread": 0.05, "max_pair_score": 0.93}


@pytest.fixture
def read(plugin, tmp_path):
    def read(content):
        path = tmp_path / "result.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return plugin.results.read(path)

    return read


def test_reads_what_the_contract_says(read):
    result = read({"residues": [RESIDUE], "threshold": 0.2, "warnings": ["old"]})
    (residue,) = result.residues
    assert (residue.side, residue.chain, residue.resi, residue.name) == ("left", "H", "-3A", "TYR")
    assert (residue.probability, residue.spread) == (0.71, 0.05)
    assert (result.warnings, result.threshold) == (("old",), 0.2)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        {"residues": []},
        {"residues": [{"side": "left"}], "threshold": 0.5, "warnings": []},
        {"residues": [RESIDUE | {"probability": 1.2}], "threshold": 0.5, "warnings": []},
        {"residues": [RESIDUE | {"probability": float("nan")}], "threshold": 0.5, "warnings": []},
    ],
)
def test_anything_else_is_one_clear_line(read, content):
    with pytest.raises(CmdException, match="no result that this plugin can read") as caught:
        read(content)
    assert "\n" not in str(caught.value)


def test_missing_file_is_one_clear_line(plugin, tmp_path):
    with pytest.raises(CmdException, match="no result that this plugin can read"):
        plugin.results.read(tmp_path / "result.json")
