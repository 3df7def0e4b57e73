import argparse
from pathlib import Path

import pytest

from sasnet_core import __version__
from sasnet_core.config import ROTATIONS
from sasnet_core.errors import SettingError
from sasnet_core.fitted import Calibration
from sasnet_core.network.weights_folder import read_info
from sasnet_core.shell.archives import PDB
from sasnet_core.shell.fetch import CACHE_VARIABLE
from sasnet_core.shell.options import (
    build_parser,
    check_options,
    chosen_sources,
    folder_content,
    listed_pairs,
    progress_style,
    question,
    run_settings,
    shared_settings,
)
from sasnet_core.shell.question import Question, demo_structure
from sasnet_core.shell.result_folder import Content
from sasnet_core.shell.session import RunSettings

ONE = ("both.pdb", "--left", "A", "--right", "B")


def parsed(*arguments):
    return build_parser().parse_args(arguments)


BAD_OPTIONS = {
    "no rotations": ((*ONE, "--rotations", "0"), "--rotations must be 1 or more, got 0"),
    "negative seed": ((*ONE, "--seed", "-1"), "--seed must be 0 or more, got -1"),
    "no pairs": ((*ONE, "--pairs", "0"), "--pairs must be 1 or more, or 'all', got '0'"),
    "pairs in words": ((*ONE, "--pairs", "many"), "--pairs must be 1 or more"),
    "threshold over 1": ((*ONE, "--threshold", "50"), "--threshold must be between 0 and 1"),
    "threshold 0": ((*ONE, "--threshold", "0"), "--threshold must be between 0 and 1, got 0"),
    "precision 1": ((*ONE, "--precision-target", "1"), "--precision-target must be between"),
    "no threads": ((*ONE, "--threads", "0"), "--threads must be 1 or more, got 0"),
    "no memory": ((*ONE, "--memory", "0"), "--memory must be more than 0, got 0"),
    "NaN memory": ((*ONE, "--memory", "nan"), "--memory must be more than 0, got nan"),
    "endless memory": ((*ONE, "--memory", "inf"), "--memory must be 1000000 or less, got inf"),
    "huge memory": ((*ONE, "--memory", "1e300"), "--memory must be 1000000 or less, got 1e+300"),
    "too many threads": (
        (*ONE, "--threads", "9" * 20),
        "--threads must be 4096 or less, got 99999",
    ),
    "too many rotations": ((*ONE, "--rotations", "9" * 400), "--rotations must be 1000000 or less"),
    "three files": (("a.pdb", "b.pdb", "c.pdb"), "one or two structure files are needed, got 3"),
    "no files": ((), "one or two structure files are needed, got 0"),
    "demo and files": (("a.pdb", "--demo"), "--demo has its own structure"),
    "demo and chains": (("--demo", "--left", "A"), "--demo has its own structure"),
    "list and file": (("--batch", "l.csv", "a.pdb"), "--batch takes structures and chains from"),
    "list and chains": (("--batch", "l.csv", "--left", "A"), "--batch takes structures"),
    "list and demo": (("--batch", "l.csv", "--demo"), "--batch takes structures"),
    "list and residue": (("--batch", "l.csv", "--explain", "A:1"), "--explain cannot be used"),
}


@pytest.mark.parametrize("name", BAD_OPTIONS)
def test_options_that_cannot_be_used_are_refused(name):
    arguments, message = BAD_OPTIONS[name]
    with pytest.raises(SettingError) as caught:
        check_options(parsed(*arguments))
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [ONE, ("a.pdb", "b.pdb"), ("--demo",), ("--batch", "l.csv"), (*ONE, "--threshold", "0.5")],
)
def test_options_that_can_be_used_are_not(arguments):
    check_options(parsed(*arguments))


def test_a_threshold_and_a_precision_exclude_each_other(capsys):
    with pytest.raises((SystemExit, SettingError)):
        parsed(*ONE, "--threshold", "0.5", "--precision-target", "0.5")


@pytest.mark.parametrize(("text", "count"), [("all", None), ("1", 1), ("1000", 1000)])
def test_pairs_are_a_number_or_all(text, count):
    assert listed_pairs(argparse.Namespace(pairs=text)) == count


def test_the_defaults_are_those_of_the_settings():
    assert run_settings(parsed(*ONE)) == RunSettings(pair_count=1000)
    assert RunSettings().rotations == ROTATIONS


def test_every_option_reaches_its_setting():
    options = parsed(
        *ONE, "--rotations", "3", "--seed", "7", "--pairs", "all", "--threshold", "0.4",
        "--weights", "w", "--device", "cpu", "--precision", "float32", "--threads", "2",
        "--memory", "4", "--attached", "viewer",
    )  # fmt: skip
    assert run_settings(options) == RunSettings(
        rotations=3, seed=7, pair_count=None, threshold=0.4, precision_target=None,
        weights=Path("w"), device="cpu", precision="float32", threads=2, memory=4.0,
        viewer_folder=Path("viewer"),
    )  # fmt: skip
    other = parsed(*ONE, "--precision-target", "0.6")
    assert run_settings(other).precision_target == 0.6


def test_the_content_of_a_folder():
    assert folder_content(parsed(*ONE), []) == Content(1000, (), True, True, ())
    options = parsed(*ONE, "--no-picture", "--no-report", "--pairs", "5")
    found = folder_content(options, ["pdb"], [("left", 1)])
    assert found == Content(5, ("pdb",), False, False, (("left", 1),))


def test_the_question_is_files_and_chains():
    options = parsed("a.pdb", "b.pdb", "--left", "H,L", "--model", "2", "--assembly", "1")
    assert question(options) == Question(("a.pdb", "b.pdb"), "H,L", "", 2, "1")


def test_the_demo_has_its_own_structure():
    assert question(parsed("--demo")) == Question((str(demo_structure()),), "A", "B")


@pytest.mark.parametrize(
    ("arguments", "style"),
    [((), "bar"), (("--quiet",), "none"), (("--progress-lines", "--quiet"), "lines")],
)
def test_progress_is_a_bar_lines_or_nothing(arguments, style):
    assert progress_style(parsed(*ONE, *arguments)) == style


def test_rows_of_a_list_depend_on_settings_and_weights(plain_weights):
    info = read_info(plain_weights)
    found = shared_settings(parsed("--batch", "l.csv", "--seed", "3"), info)
    assert found["seed"] == 3 and found["rotations"] == ROTATIONS
    assert found["calibration"] == Calibration().to_dict()
    assert (found["weights"], found["version"]) == (info.sha256, __version__)
    other = shared_settings(parsed("--batch", "l.csv", "--no-report"), info)
    assert {name for name in found if found[name] != other[name]} == {"seed", "no_report"}


def test_files_of_a_list_are_relative_to_its_folder(monkeypatch, tmp_path):
    for variable in (CACHE_VARIABLE, PDB.variable):
        monkeypatch.delenv(variable, raising=False)
    found = chosen_sources(
        parsed("--batch", "deep/list.csv", "--cache", "c", "--pdb-mirror", str(tmp_path))
    )
    assert (found.base, found.cache) == (Path("deep"), Path("c"))
    assert found.mirrors[PDB.title] == (str(tmp_path),)
    assert chosen_sources(parsed(*ONE)).base == Path()
