from pathlib import Path

import pytest

from sasnet_core.conservation import psiblast
from sasnet_core.conservation.profile import empty_profile
from sasnet_core.conservation.psiblast import SearchSettings
from sasnet_core.conservation.store import (
    find_profile,
    open_store,
    profile_path,
    read_settings,
    search_to_store,
)
from sasnet_core.errors import ProfileError

DATABASE = Path("/somewhere/db")


@pytest.fixture
def searched(monkeypatch):
    """Record the sequences that are searched."""
    found = []

    def search(sequence, *_):
        found.append(sequence)
        return empty_profile(sequence)

    monkeypatch.setattr(psiblast, "search", search)
    return found


def test_a_sequence_is_searched_once(tmp_path, searched):
    assert find_profile(tmp_path, "MKV") is None
    for sequence in ("MKV", "MKV", "MKVL"):
        search_to_store(tmp_path, sequence, DATABASE, SearchSettings(), 1)
    assert searched == ["MKV", "MKVL"]
    assert find_profile(tmp_path, "MKV").sequence == "MKV"
    assert profile_path(tmp_path, "MKV") != profile_path(tmp_path, "MKVL")


def test_all_profiles_of_a_folder_are_made_alike(tmp_path):
    open_store(tmp_path, DATABASE, SearchSettings())
    open_store(tmp_path, DATABASE, SearchSettings())
    assert read_settings(tmp_path)["database"] == "db"
    with pytest.raises(ProfileError, match="iterations was 2 and is 3"):
        open_store(tmp_path, DATABASE, SearchSettings(iterations=3))
    with pytest.raises(ProfileError, match="database was 'db' and is 'other'"):
        open_store(tmp_path, Path("/other"), SearchSettings())


def test_a_folder_without_settings_holds_no_profiles(tmp_path):
    with pytest.raises(ProfileError, match=r"train\.pssm DATASET"):
        read_settings(tmp_path)
