import csv
import json
from dataclasses import replace

import pytest

from sasnet_core.conservation import psiblast
from sasnet_core.conservation.profile import COLUMNS, empty_profile
from sasnet_core.conservation.terms import ConservationInfo, save_info
from sasnet_core.errors import SettingError
from sasnet_core.fitted import Calibration, PatchLaw
from sasnet_core.network.weights_folder import read_info
from sasnet_core.shell.profiles import profile_source
from tests.core.conservation.build_profiles import plain_terms


def write_pssm(path, sequence):
    """Write an ASCII PSSM of a sequence, conserved towards its end."""
    lines = ["", "made up", "   ".join(COLUMNS)]
    for k, letter in enumerate(sequence, 1):
        scores = [2 * k if column == letter else -k for column in COLUMNS]
        lines.append(f"{k} {letter} " + " ".join(map(str, scores)))
    path.write_text("\n".join([*lines, ""]))
    return str(path)


@pytest.fixture
def weights(plain_weights):
    """The plain weights, and terms that were fitted to them."""
    terms = plain_terms(relative_information=2.0)
    info = ConservationInfo(
        read_info(plain_weights).sha256, {"database": "db"}, terms,
        Calibration(intercept=-0.5), PatchLaw(),
    )  # fmt: skip
    save_info(info, plain_weights)
    return plain_weights


def result(folder):
    return json.loads((folder / "result.json").read_text())


def scores(folder):
    with (folder / "residues.csv").open() as stream:
        return [float(row["max_pair_score"]) for row in csv.DictReader(stream)]


def test_files_change_the_scores_and_are_named(command, work, weights, capfd):
    pssm = [write_pssm(work / "left.pssm", "CCCC"), write_pssm(work / "right.pssm", "CCC")]
    assert command("left.pdb", "right.pdb", "-o", "plain") == 0
    assert "use the structures only. Conservation can improve them" in capfd.readouterr().out
    assert command("left.pdb", "right.pdb", "--conservation", *pssm) == 0
    assert "scores use structure and conservation (left.pssm, right.pssm)" in capfd.readouterr().out
    assert scores(work / "out") != scores(work / "plain")
    found = result(work / "out")
    assert found["settings"]["conservation"]["homologs"] == {"left": {"A": -1}, "right": {"B": -1}}
    assert found["weights"]["calibration"]["intercept"] == -0.5
    assert "conservation" not in result(work / "plain")["settings"]


def test_profiles_are_searched_in_a_database_once(command, work, weights, monkeypatch, capfd):
    searched = []

    def search(sequence, *_):
        searched.append(sequence)
        found = empty_profile(sequence)
        return found if len(sequence) == 3 else replace(found, homologs=7)

    monkeypatch.setattr(psiblast, "search", search)
    monkeypatch.setattr("sasnet_core.shell.profiles.check_psiblast", lambda _: None)
    for _ in range(2):
        arguments = ["left.pdb", "right.pdb", "--database", "db", "--cache", "cache"]
        assert command(*arguments) == 0
    assert searched == ["CCCC", "CCC"]
    assert result(work / "out")["settings"]["conservation"] == {
        "source": "database db", "homologs": {"left": {"A": 7}, "right": {"B": 0}},
    }  # fmt: skip
    captured = capfd.readouterr()
    assert "no homologs of chain B (right): scored by structure alone" in captured.err


def test_without_any_homologs_structure_alone_is_left(command, work, weights, monkeypatch):
    monkeypatch.setattr(psiblast, "search", lambda sequence, *_: empty_profile(sequence))
    monkeypatch.setattr("sasnet_core.shell.profiles.check_psiblast", lambda _: None)
    assert command("left.pdb", "right.pdb", "-o", "plain") == 0
    assert command("left.pdb", "right.pdb", "--database", "db", "--cache", "cache") == 0
    assert scores(work / "out") == scores(work / "plain")
    assert result(work / "out")["weights"]["calibration"]["intercept"] == 0.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--conservation", "none.pssm"], "cannot be read"),
        (["--conservation", "left.pdb"], "no line names the columns"),
        (["--conservation", "other.pssm"], "fit none of them"),
        (["--database", "none"], "makeblastdb|is not installed"),
        (["--database", "db", "--conservation", "other.pssm"], "cannot be used together"),
    ],
)
def test_bad_profiles_are_one_line(command, work, weights, capfd, arguments, words):
    write_pssm(work / "other.pssm", "WWWWW")
    assert command("left.pdb", "right.pdb", *arguments) == 2
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1
    assert any(word in lines[0] for word in words.split("|"))
    assert not (work / "out").exists()


def test_weights_without_terms_are_one_line(command, work, capfd):
    pssm = write_pssm(work / "left.pssm", "CCCC")
    assert command("left.pdb", "right.pdb", "--conservation", pssm) == 2
    assert "fit them with train.conservation" in capfd.readouterr().err


def test_a_list_needs_a_database(command, work, capfd):
    pssm = write_pssm(work / "left.pssm", "CCCC")
    head = "id,left,right,left_chains,right_chains"
    (work / "list.csv").write_text(f"{head}\na,left.pdb,right.pdb,,\n")
    assert command("--batch", "list.csv", "--conservation", pssm) == 2
    assert "--batch needs --database" in capfd.readouterr().err


def test_no_option_is_no_source(tmp_path):
    assert profile_source(None, None, tmp_path, 1) is None
    with pytest.raises(SettingError):
        profile_source([tmp_path], tmp_path, tmp_path, 1)


def test_one_protein_alone_needs_no_profiles(command, work, weights, capfd):
    assert command("both.pdb", "--alone", "A", "--database", "db") == 2
    assert "--database needs two proteins" in capfd.readouterr().err
