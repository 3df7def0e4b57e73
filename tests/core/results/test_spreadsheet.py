import pytest
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core.results.spreadsheet import cell_text, safe_cell, write_spreadsheet
from tests.core.build import table


@pytest.mark.parametrize(
    "text", ["=HYPERLINK(1)", "+1+1", "-A", "-", "@SUM(A1)", "\t=1", "\r=1", "'=1"]
)
def test_what_runs_in_a_spreadsheet_becomes_text(text):
    assert safe_cell(text) == "'" + text
    assert cell_text(safe_cell(text)) == text


@pytest.mark.parametrize("value", ["A", "", "-12", "+1.5", "-1e-5", -1, 0.25, None, "5'"])
def test_numbers_and_plain_text_stay(value):
    assert safe_cell(value) == value


@given(st.text())
def test_reading_back_undoes_it(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert cell_text(safe_cell(text)) == text


def test_a_name_that_is_not_utf_8_is_written_in_ascii(tmp_path):
    write_spreadsheet([{"file": "caf\udce9.pdb"}], tmp_path / "t.csv", ["file"])
    assert table(tmp_path / "t.csv") == [{"file": r"caf\udce9.pdb"}]
