import pytest

from sasnet_core.errors import DatasetError, SasnetError, run_script


@pytest.mark.parametrize("code", [0, 3])
def test_a_script_that_works_ends_with_its_own_code(code, capsys):
    assert run_script("train.x", lambda: code) == code
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (DatasetError("a dataset is needed"), "train.x: a dataset is needed\n"),
        (PermissionError(13, "Permission denied", "out"),
         "train.x: [Errno 13] Permission denied: 'out'\n"),
    ],
)  # fmt: skip
def test_what_a_user_can_mend_is_one_line_and_exit_code_2(error, line, capsys):
    def main():
        raise error

    assert run_script("train.x", main) == 2
    assert capsys.readouterr().err == line


def test_an_interrupt_is_one_line_and_exit_code_130(capsys):
    def main():
        raise KeyboardInterrupt

    assert run_script("train.x", main) == 130
    assert capsys.readouterr().err == "train.x: interrupted\n"


def test_a_mistake_of_ours_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        run_script("train.x", lambda: 1 // 0)


def test_a_line_break_in_a_file_name_makes_no_second_line():
    assert str(SasnetError("a\nb.pdb: caf\udce9 and caf\u00e9")) == r"a\nb.pdb: caf\udce9 and café"
