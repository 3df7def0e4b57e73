import os

import numpy as np
import pytest

from sasnet_core.conservation import psiblast
from sasnet_core.conservation.psiblast import SearchSettings, check_psiblast, search
from sasnet_core.errors import ProfileError, SettingError
from tests.core.conservation.conftest import KEPT, RELATIVES, needs_psiblast


@needs_psiblast
def test_relatives_are_found_and_conserved_positions_stand_out(query, database):
    profile = search(query, database, SearchSettings())
    assert profile.sequence == query
    assert profile.homologs == RELATIVES
    assert profile.depths.max() == RELATIVES
    kept = np.zeros(len(query), bool)
    kept[KEPT] = True
    assert profile.information[kept].mean() > 1.5 * profile.information[~kept].mean()


@needs_psiblast
def test_a_larger_database_makes_relatives_less_significant(query, database):
    def homologs(residues):
        settings = SearchSettings(1, evalue=1e-25, database_residues=residues)
        return search(query, database, settings).homologs

    assert 0 < homologs(10**12) < homologs(0) == RELATIVES


@needs_psiblast
@pytest.mark.parametrize("sequence", ["MKV", "WPWQRKMCHWYDNFTEWPLMCHQRWKMDN"])
def test_without_homologs_the_sequence_is_all(sequence, database):
    profile = search(sequence, database, SearchSettings())
    assert profile.is_empty
    assert profile.sequence == sequence


@needs_psiblast
def test_letters_that_psiblast_does_not_know_count_as_x(query, database):
    odd = "*" + query[1:]
    assert search(odd, database, SearchSettings(1)).sequence == odd


@needs_psiblast
def test_a_missing_database_is_one_line(tmp_path):
    with pytest.raises(ProfileError, match=r"there is no .*\.pin; make one with: makeblastdb"):
        check_psiblast(tmp_path / "none")


@needs_psiblast
def test_a_damaged_database_is_one_line(query, tmp_path):
    for ending in (".pin", ".phr", ".psq"):
        (tmp_path / f"db{ending}").write_bytes(b"")
    check_psiblast(tmp_path / "db")
    with pytest.raises(ProfileError, match="psiblast failed"):
        search(query, tmp_path / "db", SearchSettings())


def test_a_missing_program_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProfileError, match="apt install ncbi-blast"):
        check_psiblast(tmp_path / "none")
    with pytest.raises(ProfileError, match="is not installed"):
        search("MKVLAAGIV", tmp_path / "none", SearchSettings())


def test_a_search_that_hangs_is_ended(monkeypatch, tmp_path):
    program = tmp_path / psiblast.PROGRAM
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(ProfileError, match=r"within 0\.2 s"):
        search("MKVLAAGIV", tmp_path / "db", SearchSettings(), seconds=0.2)


@pytest.mark.parametrize(
    "setting", [{"iterations": 0}, {"evalue": 0.0}, {"database_residues": -1}, {"most_homologs": 0}]
)
def test_settings_out_of_range_are_refused(setting):
    with pytest.raises(SettingError):
        SearchSettings(**setting)
