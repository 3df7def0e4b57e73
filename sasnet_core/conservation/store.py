"""Profiles of many sequences in one folder, a file for each distinct sequence."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from sasnet_core.conservation import psiblast
from sasnet_core.conservation.profile import load_profile, save_profile
from sasnet_core.errors import ProfileError
from sasnet_core.files import json_values, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from sasnet_core.conservation.profile import Profile
    from sasnet_core.conservation.psiblast import SearchSettings

#: File of the settings with which all profiles of a folder were made.
SETTINGS = "profiles.json"


def profile_path(folder: Path, sequence: str) -> Path:
    """Return the file of a sequence's profile."""
    return folder / f"{hashlib.sha256(sequence.encode()).hexdigest()[:24]}.npz"


def find_profile(folder: Path, sequence: str) -> Profile | None:
    """Read the profile of a sequence, if the folder holds it."""
    path = profile_path(folder, sequence)
    return load_profile(path) if path.is_file() else None


def search_to_store(
    folder: Path, sequence: str, database: Path, settings: SearchSettings, threads: int
) -> None:
    """Search the relatives of a sequence and store its profile, unless it is stored already."""
    path = profile_path(folder, sequence)
    if not path.is_file():
        save_profile(psiblast.search(sequence, database, settings, threads), path)


def open_store(folder: Path, database: Path, settings: SearchSettings) -> None:
    """Note how the profiles of a folder are made; all must be made alike.

    Raises
    ------
    ProfileError
        The folder holds profiles made in another way.
    """
    ours: dict[str, Any] = {"database": database.name, **settings.to_dict()}
    path = folder / SETTINGS
    if not path.is_file():
        write_json(ours, path)
        return
    theirs = json.loads(path.read_text(encoding="utf-8"))
    for key, value in json_values(ours).items():
        if theirs.get(key) != value:
            raise ProfileError(
                f"{folder}: all profiles of a folder are made alike, {key} was "
                f"{theirs.get(key)!r} and is {value!r}; use the same, or another folder"
            )


def read_settings(folder: Path) -> dict[str, Any]:
    """Read how the profiles of a folder were made.

    Raises
    ------
    ProfileError
        The folder holds none.
    """
    path = folder / SETTINGS
    if not path.is_file():
        raise ProfileError(
            f"{folder}: a folder of train.pssm is needed, it has no {SETTINGS}; make one with: "
            "python -m train.pssm DATASET --database DB -o FOLDER"
        )
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
