from sasnet_core import markdown

HEAD = "# Results\n"


def test_a_table_has_a_line_for_each_row():
    text = markdown.table(["a", "b"], [["1", "2"], ["3", "4"]])
    assert text.splitlines() == ["| a | b |", "| --- | --- |", "| 1 | 2 |", "| 3 | 4 |"]


def test_a_section_is_added_at_the_end_and_later_replaced_in_its_place(tmp_path):
    path = tmp_path / "docs" / "results.md"
    markdown.write_section("one", "first text", path, HEAD)
    markdown.write_section("two", "second text", path, "another head")
    before = path.read_text()
    assert before.startswith(HEAD) and before.index("first text") < before.index("second text")
    markdown.write_section("one", r"new \1 text", path, HEAD)
    after = path.read_text()
    assert after == before.replace("first text", r"new \1 text")


def test_text_outside_the_sections_stays(tmp_path):
    path = tmp_path / "results.md"
    path.write_text("# Mine\n\nwords\n\n<!-- a -->\nold\n<!-- end of a -->\n\nlast words\n")
    markdown.write_section("a", "new", path, HEAD)
    assert path.read_text() == (
        "# Mine\n\nwords\n\n<!-- a -->\nnew\n<!-- end of a -->\n\nlast words\n"
    )
