import argparse
import csv
import subprocess

import pytest

from sasnet_core.errors import SettingError
from sasnet_core.evaluation import test_set as access
from sasnet_core.evaluation.test_set import (
    add_test_set_options,
    read_accesses,
    record_access,
    refuse_test_set,
)

TEST, OTHER = {"split": "DB5U"}, {"split": "DB4U"}


@pytest.fixture
def use(tmp_path):
    """Ask for access to rows, recorded in a file of the test."""

    def ask(rows, allowed, state="unbound"):
        record_access(
            rows, allowed=allowed, record=tmp_path / "looks.csv", command="train.evaluate",
            weights=["a" * 64, "b" * 64], rotations=3, state=state,
        )  # fmt: skip

    return ask


def test_the_test_set_is_refused_unless_it_is_asked_for(use, tmp_path):
    with pytest.raises(SettingError, match="1 of the complexes are of the test set DB5U"):
        use([OTHER, TEST], allowed=False)
    assert not (tmp_path / "looks.csv").exists()


def test_every_access_is_recorded_with_what_it_was_for(use, tmp_path, capsys):
    use([OTHER, TEST, TEST], allowed=True)
    use([TEST], allowed=True, state="bound")
    assert "look 2 at DB5U" in capsys.readouterr().out
    first, second = read_accesses(tmp_path / "looks.csv")
    assert (first["command"], first["state"], first["complexes"]) == (
        "train.evaluate", "unbound", "2",
    )  # fmt: skip
    assert first["weights"] == f"{'a' * 12} {'b' * 12}" and first["rotations"] == "3"
    assert (second["state"], second["complexes"]) == ("bound", "1")
    with (tmp_path / "looks.csv").open() as stream:
        assert tuple(next(csv.reader(stream))) == access.COLUMNS


def test_other_complexes_leave_no_record(use, tmp_path):
    use([OTHER], allowed=True)
    use([OTHER], allowed=False)
    assert read_accesses(tmp_path / "looks.csv") == []


def test_nothing_is_fitted_on_the_test_set():
    refuse_test_set([OTHER])
    with pytest.raises(SettingError, match="nothing is fitted or chosen on it"):
        refuse_test_set([OTHER, TEST])


def test_the_options_deny_access_by_default(tmp_path):
    parser = argparse.ArgumentParser()
    add_test_set_options(parser, tmp_path / "looks.csv")
    options = parser.parse_args([])
    assert not options.look_at_db5u and options.looks == tmp_path / "looks.csv"
    assert parser.parse_args(["--look-at-db5u"]).look_at_db5u


@pytest.mark.parametrize(("changed", "mark"), [(0, ""), (1, "+")])
def test_the_revision_has_a_plus_if_the_code_has_changed(monkeypatch, changed, mark):
    def git(command, **_):
        code = changed if "diff" in command else 0
        return subprocess.CompletedProcess(command, code, stdout="0123456789ab\n")

    monkeypatch.setattr(access.subprocess, "run", git)
    assert access.revision() == f"0123456789ab{mark}"


def test_without_git_the_revision_is_unknown(monkeypatch):
    def missing(*_, **__):
        raise OSError

    monkeypatch.setattr(access.subprocess, "run", missing)
    assert access.revision() == "unknown"
