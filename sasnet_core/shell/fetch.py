"""Structures that a user names: files, and entries of the PDB and of AlphaFold DB.

Entries come from mirrors, web addresses or folders, and are kept in a cache.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import threading
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sasnet_core import __version__
from sasnet_core.errors import DownloadError, SettingError
from sasnet_core.files import write_json, written_whole
from sasnet_core.mining.entries import entry_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CACHE_VARIABLE = "SASNET_CACHE"
#: What stands for an entry in a mirror's address; ``{middle}`` is the divided layout's folder.
PLACEHOLDER = "{id}"
#: Seconds to wait for a connection and for an answer; number of retries.
TIMEOUT, RETRIES = (10, 60), 2
#: Seconds for one download in all, and to wait at most when a busy server names a time.
TOTAL_TIME, LONGEST_WAIT = 600.0, 10.0
#: Most bytes of an answer, and unpacked; the largest entries are a quarter of it. Most redirects.
MOST_BYTES, MOST_UNPACKED, REDIRECTS = 1 << 29, 1 << 30, 5

_PDB_ID = re.compile(r"[0-9][a-z0-9]{3}|pdb_[a-z0-9]{8}", re.IGNORECASE)
#: Accessions as UniProt defines them, with the number of an isoform; AlphaFold DB leads with AF.
_ACCESSION = re.compile(
    r"(AF-)?(?P<accession>([OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9]([A-Z][A-Z0-9]{2}[0-9]){1,2})"
    r"(-[0-9]+)?)(-F(?P<fragment>[0-9]+)(-model_v[0-9]+)?)?",
    re.IGNORECASE,
)
_STRUCTURE = re.compile(rb"^(_atom_site\.|ATOM  |HETATM)", re.MULTILINE)
_VERSION = re.compile(r"_v(\d+)(?:-(\d+))?")
#: Where a file says which entry it is: mmCIF, PDB, and models of AlphaFold DB in both formats.
_STATED_ID = re.compile(rb"^_entry\.id\s+(\S+)|^HEADER.{56}(\w{4})", re.MULTILINE | re.IGNORECASE)
_STATED_ACCESSION = re.compile(
    rb"^_ma_target_ref_db_details\.db_accession\s+(\S+)|^DBREF .{20}UNP    (\S+)",
    re.MULTILINE | re.IGNORECASE,
)
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class Archive:
    """A collection of structures that are known by ids."""

    title: str
    option: str  # of sasnet_predict: names mirrors
    variable: str  # of the environment: the same, separated by blanks
    mirrors: tuple[str, ...]  # asked in this order when none is named
    files: tuple[str, ...]  # where an entry may lie in a folder


PDB = Archive(
    "the PDB",
    "--pdb-mirror",
    "SASNET_PDB_MIRROR",
    (
        "https://files.wwpdb.org/pub/pdb/data/structures/divided/mmCIF/{middle}/{id}.cif.gz",
        "https://files.rcsb.org/download/{id}.cif.gz",
    ),
    tuple(
        folder + name
        for folder in ("{middle}/", "", "{middle}/{long}/")
        for name in (
            *("{id}.cif.gz", "{id}.cif", "{upper}.cif.gz", "{upper}.cif"),
            *("{long}.cif.gz", "{long}.cif", "{long}_xyz.cif.gz", "{long}_xyz_v*.cif.gz"),
            *("pdb{id}.ent.gz", "{id}.pdb.gz", "{id}.pdb", "{upper}.pdb.gz", "{upper}.pdb"),
            *("{long}.pdb.gz", "{long}.pdb"),
        )
    ),
)
ALPHAFOLD = Archive(
    "AlphaFold DB",
    "--alphafold-mirror",
    "SASNET_ALPHAFOLD_MIRROR",
    ("https://alphafold.ebi.ac.uk/api/prediction/{accession}",),
    tuple(f"{{id}}-model_v*.{ending}" for ending in ("cif.gz", "cif", "pdb.gz", "pdb")),
)
ARCHIVES = (PDB, ALPHAFOLD)


@dataclass(frozen=True)
class Name:
    """An entry of an archive."""

    archive: Archive
    id: str  # as the archive's files are called
    parts: dict[str, str]  # what stands for the placeholders of a mirror


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

    def find(self, name: str) -> Found:
        """Find the file that a user names; an entry is downloaded if necessary.

        Parameters
        ----------
        name : str
            A file or, if there is none, an id of the PDB or AlphaFold DB or a UniProt accession.

        Raises
        ------
        DownloadError
            It is an id, and no mirror has the entry.
        """
        path = self.base / name
        there = path.exists() and not path.is_dir()
        entry = None if there else parse_name(name)
        if entry is None:
            return Found(path)
        mirrors = self.mirrors[entry.archive.title]
        for folder in (Path(mirror) for mirror in mirrors if not _is_address(mirror)):
            for file in _in_folder(folder, entry):
                return Found(file, entry.id, str(file))
        return self._cached(entry) or self._fetched(entry, list(filter(_is_address, mirrors)))

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
                    raise _MirrorError(self._down[host])
                content, origin = _download(address, entry)
            except _UnreachableError as error:  # other rows of a list need not wait for it again
                self._down[host] = str(error)
                reasons.append(str(error))
                continue
            except _MirrorError as error:
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


def parse_name(name: str) -> Name | None:
    """Parse the name of an entry; None if it is not one."""
    if _PDB_ID.fullmatch(name):
        short = entry_id(name)
        long = short if short.startswith("pdb_") else f"pdb_0000{short}"
        spellings = {"id": short, "long": long, "upper": short.upper(), "middle": short[-3:-1]}
        return Name(PDB, short, spellings)
    match = _ACCESSION.fullmatch(name)
    if match is None:
        return None
    accession = match["accession"].upper()
    known = f"AF-{accession}-F{match['fragment'] or 1}"
    return Name(ALPHAFOLD, known, {"id": known, "accession": accession})


def _check_mirror(archive: Archive, mirror: str) -> None:
    if _is_address(mirror):
        if PLACEHOLDER not in mirror and "{accession}" not in mirror:
            raise SettingError(
                f"an address of {archive.option} must contain {{id}} or {{accession}}, like "
                f"{archive.mirrors[-1]}, got {mirror!r}"
            )
    elif not Path(mirror).is_dir():
        raise SettingError(
            f"{archive.option} must be a folder or a web address, got {mirror!r}, which is neither"
        )


def _is_address(mirror: str) -> bool:
    return mirror.startswith(("http://", "https://"))


def _filled(pattern: str, entry: Name) -> str:
    """Put an entry's id into the placeholders of a pattern."""
    for word, value in entry.parts.items():
        pattern = pattern.replace(f"{{{word}}}", value)
    return pattern


def _in_folder(folder: Path, entry: Name) -> Iterator[Path]:
    """List the files of an entry in a folder, the best one first."""
    for pattern in entry.archive.files:
        files = filter(Path.is_file, folder.glob(_filled(pattern, entry)))
        yield from sorted(files, key=_version, reverse=True)


def _version(path: Path) -> tuple[int, int]:
    found = _VERSION.search(path.name)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


def _cache_file(cache: Path, entry: Name, ending: str) -> Path:
    folder = "alphafold" if entry.archive is ALPHAFOLD else "pdb"
    return cache / folder / f"{entry.id}.{ending}.gz"


def _notes_file(path: Path) -> Path:
    return path.with_name(path.name + ".json")


class _MirrorError(Exception):
    """Why an entry cannot be taken from one mirror."""


class _UnreachableError(_MirrorError):
    """A mirror does not answer at all."""


def _download(mirror: str, entry: Name) -> tuple[bytes, str]:
    """Take an entry from a mirror; return the unpacked file and its address.

    A mirror answers with the file or, like AlphaFold DB's interface, with JSON that says where
    the file is.
    """
    address = _filled(mirror, entry)
    content = _get(address)
    if content.lstrip()[:1] in (b"[", b"{"):
        address = _address_in(content, entry, address)
        content = _get(address)
    packed = content.startswith(_GZIP_MAGIC)
    if packed:
        content = _unpacked(content, address)
    if not _STRUCTURE.search(content):
        raise _MirrorError(f"{address}: the answer is not a structure file")
    if not packed and not _is_whole(content):  # gzip has a check of its own
        raise _MirrorError(f"{address}: the file is damaged, or its end is missing")
    other = _other_entry(content, entry)
    if other:
        raise _MirrorError(f"{address}: the answer is another entry, {other}")
    return content, address


def _unpacked(content: bytes, address: str) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            unpacked = stream.read(MOST_UNPACKED + 1)
    except (OSError, EOFError, zlib.error):
        raise _MirrorError(f"{address}: the file is damaged") from None
    if len(unpacked) > MOST_UNPACKED:
        raise _MirrorError(f"{address}: the file unpacks to more than {MOST_UNPACKED >> 20} MB")
    return unpacked


def _is_whole(content: bytes) -> bool:
    """Return whether the last lines of a file are there, as far as the file shows it.

    The archives' mmCIF files have a # after each category, the last one too, and their PDB files
    end with END. Of other files only a line that breaks off is noticed.
    """
    end = content[-500:].split(b"\n")[-1]
    last = content[-500:].rstrip().rpartition(b"\n")[2]
    if b"_atom_site." not in content:
        return last.startswith(b"END") or (not content.startswith(b"HEADER") and not end.strip())
    if b"\n#" in content:
        return last.startswith(b"#")
    import gemmi

    with suppress(ValueError, RuntimeError):
        gemmi.cif.read_string(content.decode("utf-8", "replace"))
        return not end.strip()
    return False


def _other_entry(content: bytes, entry: Name) -> str | None:
    """Return which other entry a file says it is; None if it names this one, or none."""
    for pattern in (_STATED_ID, _STATED_ACCESSION)[: 1 + (entry.archive is ALPHAFOLD)]:
        for match in pattern.finditer(content):
            text = (match[1] or match[2]).decode("ascii", "replace").strip("'\"")
            stated = parse_name(text)
            if stated and _protein_of(stated) != _protein_of(entry):
                return text
    return None


def _protein_of(entry: Name) -> str:
    """Return what the id of an entry and the accessions in its file have in common."""
    return entry.parts.get("accession", entry.id).partition("-")[0]


def _address_in(content: bytes, entry: Name, address: str) -> str:
    """Read where the mmCIF file of a model is in AlphaFold DB's answer."""
    with suppress(ValueError, TypeError, AttributeError, RecursionError):
        found = json.loads(content)
        for model in found if isinstance(found, list) else [found]:
            place = str(model.get("cifUrl"))
            if place.rpartition("/")[2].startswith(f"{entry.id}-") and _is_address(place):
                return place
    raise _MirrorError(f"{address}: the answer has no model {entry.id}")


def _get(address: str) -> bytes:
    """Download from a web address, with retries if the server is busy, within the total time.

    Servers can keep `requests` busy for ever, with headers that never end for example. So it runs
    in a thread that is given up when the time is over.
    """
    answers: list[bytes | _MirrorError] = []
    end = time.monotonic() + TOTAL_TIME

    def ask() -> None:
        try:
            answers.append(_answer(address, end))
        except _MirrorError as error:
            answers.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(TOTAL_TIME)
    if not answers:
        raise _UnreachableError(f"{address}: no answer in time")
    if isinstance(answers[0], _MirrorError):
        raise answers[0]
    return answers[0]


def _answer(address: str, end: float) -> bytes:
    """Ask a server once, until a time; say what went wrong in words."""
    import requests
    import urllib3

    try:
        with _session() as session, session.get(address, timeout=TIMEOUT, stream=True) as answer:
            if answer.status_code != requests.codes.ok:
                raise _MirrorError(f"{address}: HTTP {answer.status_code}")
            return _body(answer, address, end)
    except requests.Timeout:
        raise _UnreachableError(f"{address}: no answer in time") from None
    except requests.exceptions.SSLError:
        raise _UnreachableError(f"{address}: its certificate cannot be trusted") from None
    except requests.TooManyRedirects:
        raise _MirrorError(f"{address}: more than {REDIRECTS} redirects") from None
    except requests.ConnectionError:
        raise _UnreachableError(f"{address}: cannot be reached") from None
    except requests.exceptions.ChunkedEncodingError:
        raise _MirrorError(f"{address}: the answer broke off") from None
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        kind = type(error).__name__
        raise _MirrorError(f"{address}: the answer cannot be used ({kind})") from None


def _body(answer: Any, address: str, end: float) -> bytes:
    """Read the content of an answer; stop if it is too large or takes too long."""
    pieces, size = [], 0
    for piece in answer.iter_content(1 << 16):
        pieces.append(piece)
        size += len(piece)
        if size > MOST_BYTES:
            raise _MirrorError(f"{address}: the answer is over {MOST_BYTES >> 20} MB")
        if time.monotonic() > end:
            raise _UnreachableError(f"{address}: no answer in time")
    return b"".join(pieces)


def _session() -> Any:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    class PatientRetry(Retry):
        """Waits as long as the server asks for, up to `LONGEST_WAIT`."""

        def get_retry_after(self, response: Any) -> float | None:
            seconds = super().get_retry_after(response)
            return None if seconds is None else min(seconds, LONGEST_WAIT)

    busy = (429, 500, 502, 503, 504)
    retry = PatientRetry(RETRIES, backoff_factor=0.5, status_forcelist=busy, raise_on_status=False)
    session = requests.Session()
    session.max_redirects = REDIRECTS
    session.headers["User-Agent"] = f"sasnet/{__version__}"
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session
