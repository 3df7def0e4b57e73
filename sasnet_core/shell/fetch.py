"""Structures that a user names: files, and entries of the PDB and of AlphaFold DB.

Entries come from mirrors, web addresses or folders, and are kept in a cache.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sasnet_core.errors import DownloadError, SettingError
from sasnet_core.files import write_json, written_whole
from sasnet_core.shell.archives import (
    ALPHAFOLD,
    ARCHIVES,
    is_address,
    parse_name,
)
from sasnet_core.shell.download import MirrorError, UnreachableError, download

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sasnet_core.shell.archives import Archive, Name

CACHE_VARIABLE = "SASNET_CACHE"

#: Letters of a name that a message shows.
_LONGEST_SHOWN = 60
_VERSION = re.compile(r"_v(\d+)(?:-(\d+))?")


@dataclass(frozen=True)
class Found:
    """A structure file, and where it came from."""

    path: Path
    id: str | None = None  # of an entry; None: the user named a file
    origin: str | None = None  # address or file that the entry was taken from


@dataclass(frozen=True)
class Sources:
    """Where to look for structures.

    Attributes
    ----------
    mirrors : dict
        Of each archive's title: web addresses with placeholders, or folders.
    cache : Path
        Folder for what was downloaded.
    base : Path
        Folder that names of files are relative to.
    """

    mirrors: dict[str, tuple[str, ...]]
    cache: Path
    base: Path = Path()
    _down: dict[str, str] = field(default_factory=dict)  # hosts that cannot be reached, and why

    def absolute(self) -> Sources:
        """Return the same for processes that stand in other folders."""
        mirrors = {
            title: tuple(m if is_address(m) else str(Path(m).absolute()) for m in named)
            for title, named in self.mirrors.items()
        }
        return Sources(mirrors, self.cache.absolute(), self.base.absolute())

    def find(self, name: str) -> Found:
        """Find the file that a user names; an entry is downloaded if necessary.

        Parameters
        ----------
        name : str
            A file or, if there is none, an id of the PDB or AlphaFold DB or a UniProt accession.

        Raises
        ------
        DownloadError
            It is an id, and no mirror has the entry; or it cannot be the name of a file.
        """
        path = self.base / name
        try:
            there = path.exists() and not path.is_dir()
        except OSError as error:  # a folder that cannot be read, or a name of thousands of letters
            shown = name if len(name) < _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}..."
            raise DownloadError(
                f"{shown}: a file or the id of an entry is needed ({error.strerror})"
            ) from None
        entry = None if there else parse_name(name)
        if entry is None:
            return Found(path)
        mirrors = self.mirrors[entry.archive.title]
        for folder in (Path(mirror) for mirror in mirrors if not is_address(mirror)):
            for file in _in_folder(folder, entry):
                return Found(file, entry.id, str(file))
        return self._cached(entry) or self._fetched(entry, list(filter(is_address, mirrors)))

    def _cached(self, entry: Name) -> Found | None:
        """Find an entry in the cache; a file that has changed since its download does not count."""
        for path in (_cache_file(self.cache, entry, ending) for ending in ("cif", "pdb")):
            with suppress(OSError, ValueError, KeyError, TypeError):
                notes = json.loads(_notes_file(path).read_text())
                if hashlib.sha256(path.read_bytes()).hexdigest() == notes["sha256"]:
                    return Found(path, entry.id, str(notes["origin"]))
        return None

    def _fetched(self, entry: Name, addresses: Sequence[str]) -> Found:
        """Download an entry into the cache."""
        reasons = []
        for address in addresses:
            host = urlsplit(address).netloc
            try:
                if host in self._down:
                    raise MirrorError(self._down[host])
                content, origin = download(address, entry)
            except UnreachableError as error:  # other rows of a list need not wait for it again
                self._down[host] = str(error)
                reasons.append(str(error))
                continue
            except MirrorError as error:
                reasons.append(str(error))
                continue
            return Found(self._keep(entry, content, origin), entry.id, origin)
        reason = "; ".join(reasons) or "no mirror has it"
        raise DownloadError(
            f"{entry.id}: a file or an entry is needed; there is no such file, the cache does not "
            f"have the entry, and {entry.archive.title} does not give it ({reason}); check the "
            f"name and the connection, set {entry.archive.option}, or give a file"
        )

    def _keep(self, entry: Name, content: bytes, origin: str) -> Path:
        """Write a structure to the cache, whole or not at all."""
        path = _cache_file(self.cache, entry, "cif" if b"_atom_site." in content else "pdb")
        packed = gzip.compress(content, mtime=0)
        try:
            with written_whole(path, "wb") as stream:
                stream.write(packed)
            notes = {"sha256": hashlib.sha256(packed).hexdigest(), "origin": origin}
            write_json(notes, _notes_file(path))
        except OSError as error:
            raise DownloadError(
                f"{self.cache}: the cache must be a folder that can be written to "
                f"({error.strerror}); name another with --cache"
            ) from None
        return path


def make_sources(
    named: dict[str, Sequence[str]], cache: Path | None = None, base: Path | None = None
) -> Sources:
    """Choose where to look for structures: options first, then the environment, then defaults.

    Parameters
    ----------
    named : dict
        Of an archive's title: mirrors that the user named.
    cache : Path, optional
        Folder for downloads; default: that of SASNET_CACHE, or the user's cache folder.
    base : Path, optional
        Folder that file names are relative to; default: the working directory.

    Raises
    ------
    SettingError
        A mirror is neither a folder nor a web address with a placeholder for the id.
    """
    mirrors = {}
    for archive in ARCHIVES:
        given = named.get(archive.title) or os.environ.get(archive.variable, "").split()
        mirrors[archive.title] = tuple(given) or archive.mirrors
        for mirror in mirrors[archive.title]:
            _check_mirror(archive, mirror)
    return Sources(mirrors, cache or default_cache(), base or Path())


def default_cache() -> Path:
    """Return the folder for downloads."""
    if os.environ.get(CACHE_VARIABLE):
        return Path(os.environ[CACHE_VARIABLE])
    from platformdirs import user_cache_path

    return user_cache_path("sasnet")


def _check_mirror(archive: Archive, mirror: str) -> None:
    if is_address(mirror):
        known = {f"{{{word}}}" for word in archive.placeholders}
        if not set(re.findall(r"\{\w*\}", mirror)) <= known or not any(w in mirror for w in known):
            raise SettingError(
                f"an address of {archive.option} must contain {{{archive.placeholders[0]}}} and no "
                f"placeholders but {', '.join(sorted(known))}, like {archive.mirrors[-1]}, got "
                f"{mirror!r}"
            )
    elif not os.path.isdir(mirror):  # Path.is_dir raises for folders that cannot be read
        raise SettingError(
            f"{archive.option} must be a folder or a web address, got {mirror!r}, which is neither"
        )


def _in_folder(folder: Path, entry: Name) -> Iterator[Path]:
    """List the files of an entry in a folder, the best one first."""
    for pattern in entry.archive.files:
        files = filter(Path.is_file, folder.glob(entry.fill(pattern)))
        yield from sorted(files, key=_version, reverse=True)


def _version(path: Path) -> tuple[int, int]:
    found = _VERSION.search(path.name)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


def _cache_file(cache: Path, entry: Name, ending: str) -> Path:
    folder = "alphafold" if entry.archive is ALPHAFOLD else "pdb"
    return cache / folder / f"{entry.id}.{ending}.gz"


def _notes_file(path: Path) -> Path:
    return path.with_name(path.name + ".json")
