"""Profiles for a prediction: from files that the user has, or searched in a database."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sasnet_core.conservation.matching import match_profiles
from sasnet_core.conservation.profile import read_ascii
from sasnet_core.conservation.psiblast import SearchSettings, check_psiblast
from sasnet_core.conservation.residues import chain_sequences, residue_profile
from sasnet_core.conservation.store import find_profile, open_store, search_to_store
from sasnet_core.errors import ProfileError, SettingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.conservation.profile import Profile
    from sasnet_core.conservation.residues import ResidueProfile
    from sasnet_core.results.partner import InputPartner
    from sasnet_core.structure.protein import Protein

#: Digits of a hash in a folder's name.
_DIGITS = 12


@dataclass
class ProfileSource:
    """Where the profiles of a run's proteins come from.

    Attributes
    ----------
    name : str
        Names the source in results.
    files : sequence of Profile
        Profiles that the user has.
    database : Path or None
        Database of BLAST in which the others are searched.
    store : Path or None
        Folder that keeps what was found in the database.
    threads : int
        Of psiblast.
    """

    name: str
    files: Sequence[Profile] = ()
    database: Path | None = None
    store: Path | None = None
    threads: int = 1
    _known: dict[str, ResidueProfile] = field(default_factory=dict, repr=False)

    def prepare(self, *partners: InputPartner) -> bool:
        """Get the profiles of some partners; return whether any chain has homologs.

        Raises
        ------
        ProfileError
            No file fits any chain, or a search failed.
        """
        for partner in partners:
            if partner.protein.content_hash not in self._known:
                found = residue_profile(partner.protein, self._profiles(partner))
                self._known[partner.protein.content_hash] = found
        laid = [self.find(partner.protein) for partner in partners]
        if self.files and not any(profile.homologs for profile in laid):
            raise ProfileError(
                "--conservation needs profiles of the partners' chains, the sequences of these "
                "files fit none of them; name other files"
            )
        return any(bool(profile.found.any()) for profile in laid)

    def find(self, protein: Protein) -> ResidueProfile:
        """Return the profile of a protein that was prepared."""
        return self._known[protein.content_hash]

    def _profiles(self, partner: InputPartner) -> dict[str, Profile]:
        """Return the profile of each chain of a partner; chains without one are missing."""
        observed = chain_sequences(partner.protein)
        if self.database is None:
            return match_profiles(observed, self.files)
        full = partner.structure.full_sequences()
        return {chain: self._searched(full.get(chain, text)) for chain, text in observed.items()}

    def _searched(self, sequence: str) -> Profile:
        """Search a sequence in the database, unless that was done before."""
        assert self.database is not None and self.store is not None
        search_to_store(self.store, sequence, self.database, SearchSettings(), self.threads)
        found = find_profile(self.store, sequence)
        assert found is not None
        return found

    def describe(self, left: InputPartner, right: InputPartner) -> dict[str, Any]:
        """Return the source, and the homologs of each chain, for result.json.

        None stands for a chain without a profile, -1 for a number that the file does not hold.
        """
        homologs = {
            partner.side: {
                chain: self.find(partner.protein).homologs.get(chain) for chain in partner.chain_ids
            }
            for partner in (left, right)
        }
        return {"source": self.name, "homologs": homologs}


def profile_source(
    files: Sequence[Path] | None, database: Path | None, cache: Path, threads: int
) -> ProfileSource | None:
    """Make the source of profiles that the command line names; None: no profiles.

    Parameters
    ----------
    files : sequence of Path or None
        ASCII PSSMs.
    database : Path or None
        Made by makeblastdb; without an ending.
    cache : Path
        Folder in which profiles are kept.
    threads : int
        Of psiblast.

    Raises
    ------
    SettingError
        Both are named.
    ProfileError
        A file cannot be read; psiblast or the database is missing.
    """
    if files and database:
        raise SettingError("--conservation and --database cannot be used together; remove one")
    if files:
        profiles = [read_ascii(path) for path in files]
        return ProfileSource(", ".join(path.name for path in files), profiles)
    if database is None:
        return None
    check_psiblast(database)
    settings = SearchSettings()
    key = json.dumps([str(database.resolve()), settings.to_dict()], sort_keys=True)
    folder = f"{database.name}-{hashlib.sha256(key.encode()).hexdigest()[:_DIGITS]}"
    store = (cache / "profiles" / folder).absolute()  # workers of a cluster stand elsewhere
    open_store(store, database, settings)
    return ProfileSource(f"database {database.name}", (), database.resolve(), store, threads)
