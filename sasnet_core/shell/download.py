"""Entries taken from a web server, and only if they are what was asked for, and whole."""

from __future__ import annotations

import json
import re
import threading
import time
from contextlib import suppress
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sasnet_core import __version__
from sasnet_core.errors import StructureError
from sasnet_core.shell.archives import ALPHAFOLD, is_address, parse_name
from sasnet_core.structure import opening
from sasnet_core.structure.opening import unpack

if TYPE_CHECKING:
    from collections.abc import Callable

    from sasnet_core.shell.archives import Name

#: Seconds to wait for a connection and for an answer; number of retries.
TIMEOUT, RETRIES = (10, 60), 2
#: Seconds for one download in all, and to wait at most when a busy server names a time.
TOTAL_TIME, LONGEST_WAIT = 600.0, 10.0
#: Most redirects of an address.
REDIRECTS = 5

_STRUCTURE = re.compile(rb"^(_atom_site\.|ATOM  |HETATM)", re.MULTILINE)
#: Where a file says which entry it is: mmCIF, PDB, and models of AlphaFold DB in both formats.
_STATED_ID = re.compile(rb"^_entry\.id\s+(\S+)|^HEADER.{56}(\w{4})", re.MULTILINE | re.IGNORECASE)
_STATED_ACCESSION = re.compile(
    rb"^_ma_target_ref_db_details\.db_accession\s+(\S+)|^DBREF .{20}UNP    (\S+)",
    re.MULTILINE | re.IGNORECASE,
)


class MirrorError(Exception):
    """Why an entry cannot be taken from one mirror."""


class UnreachableError(MirrorError):
    """A mirror does not answer at all."""


def download(mirror: str, entry: Name) -> tuple[bytes, str]:
    """Take an entry from a mirror.

    A mirror answers with the file or, like AlphaFold DB's interface, with JSON that says where
    the file is.

    Parameters
    ----------
    mirror : str
        Web address with placeholders.
    entry : Name

    Returns
    -------
    content : bytes
        The unpacked file.
    address : str
        Where it came from.

    Raises
    ------
    UnreachableError
        The server does not answer.
    MirrorError
        The answer is not a structure file, not whole, too large, or another entry.
    """
    address = entry.fill(mirror)
    content = _get(address)
    if content.lstrip()[:1] in (b"[", b"{"):
        address = _address_in(content, entry, address)
        content = _get(address)
    try:
        unpacked = unpack(address, content)
    except StructureError as error:
        raise MirrorError(str(error)) from None
    packed, content = unpacked is not content, unpacked
    if not _STRUCTURE.search(content):
        raise MirrorError(f"{address}: the answer is not a structure file")
    if not packed and not _is_whole(content):  # gzip has a check of its own
        raise MirrorError(f"{address}: the file is damaged, or its end is missing")
    other = _other_entry(content, entry)
    if other:
        raise MirrorError(f"{address}: the answer is another entry, {other}")
    return content, address


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
    ways: list[tuple[re.Pattern[bytes], Callable[[Name], str]]] = [(_STATED_ID, attrgetter("id"))]
    if entry.archive is ALPHAFOLD:
        ways.append((_STATED_ACCESSION, _protein_of))
    for pattern, what in ways:
        for match in pattern.finditer(content):
            text = (match[1] or match[2]).decode("ascii", "replace").strip("'\"")
            stated = parse_name(text)
            if stated and what(stated) != what(entry):
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
            if place.rpartition("/")[2].startswith(f"{entry.id}-") and is_address(place):
                return place
    raise MirrorError(f"{address}: the answer has no model {entry.id}")


def _get(address: str) -> bytes:
    """Download from a web address, with retries if the server is busy, within the total time.

    Servers can keep `requests` busy for ever, with headers that never end for example. So it runs
    in a thread that is given up when the time is over.
    """
    answers: list[bytes | MirrorError] = []
    end = time.monotonic() + TOTAL_TIME

    def ask() -> None:
        try:
            answers.append(_answer(address, end))
        except MirrorError as error:
            answers.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(TOTAL_TIME)
    if not answers:
        raise UnreachableError(f"{address}: no answer in time")
    if isinstance(answers[0], MirrorError):
        raise answers[0]
    return answers[0]


def _answer(address: str, end: float) -> bytes:
    """Ask a server once, until a time; say what went wrong in words."""
    import requests
    import urllib3

    try:
        with _session() as session, session.get(address, timeout=TIMEOUT, stream=True) as answer:
            if answer.status_code != requests.codes.ok:
                raise MirrorError(f"{address}: HTTP {answer.status_code}")
            return _body(answer, address, end)
    except requests.Timeout:
        raise UnreachableError(f"{address}: no answer in time") from None
    except requests.exceptions.SSLError:
        raise UnreachableError(f"{address}: its certificate cannot be trusted") from None
    except requests.TooManyRedirects:
        raise MirrorError(f"{address}: more than {REDIRECTS} redirects") from None
    except requests.ConnectionError:
        raise UnreachableError(f"{address}: cannot be reached") from None
    except requests.exceptions.ChunkedEncodingError:
        raise MirrorError(f"{address}: the answer broke off") from None
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        kind = type(error).__name__
        raise MirrorError(f"{address}: the answer cannot be used ({kind})") from None
    except OSError as error:  # REQUESTS_CA_BUNDLE names no file, for example
        raise MirrorError(f"{address}: {error}") from None


def _body(answer: Any, address: str, end: float) -> bytes:
    """Read the content of an answer; stop if it is too large or takes too long."""
    pieces, size = [], 0
    for piece in answer.iter_content(1 << 16):
        pieces.append(piece)
        size += len(piece)
        if size > opening.MAX_SIZE:  # what could not be read afterwards
            raise MirrorError(f"{address}: the answer is over {opening.MAX_SIZE >> 20} MiB")
        if time.monotonic() > end:
            raise UnreachableError(f"{address}: no answer in time")
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
