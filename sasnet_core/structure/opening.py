"""The bytes of a structure file: plain files of a limited size, unpacked, in one form of text."""

from __future__ import annotations

import io
import stat
import zlib
from gzip import GzipFile
from typing import TYPE_CHECKING

from sasnet_core.errors import StructureError

if TYPE_CHECKING:
    from pathlib import Path

_GZIP_MAGIC = b"\x1f\x8b"
#: Larger files are refused, packed or unpacked (bytes). A file of this size has about five million
#: atoms.
MAX_SIZE = 512 << 20
#: Bytes unpacked at a time.
_PIECE = 1 << 24
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read_bytes(path: Path) -> bytes:
    """Read a plain file.

    Raises
    ------
    StructureError
        The file is missing, empty, too large, a folder, a pipe or a device.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise StructureError(f"{path}: a plain file is needed, this is a pipe or a device")
        if status.st_size > MAX_SIZE:
            raise StructureError(f"{path}: {_too_large(status.st_size)}")
        with path.open("rb") as stream:
            data = stream.read(MAX_SIZE + 1)
    except FileNotFoundError:
        raise StructureError(f"{path}: this file does not exist; check the path") from None
    except OSError as error:
        raise StructureError(f"{path}: cannot be read ({error.strerror}); check it") from None
    except ValueError:  # a NUL in the name
        raise StructureError(f"{str(path)!r}: no file can have this name; check it") from None
    if not data:
        raise StructureError(f"{path}: this file is empty; fetch it again")
    if len(data) > MAX_SIZE:
        raise StructureError(f"{path}: {_too_large(len(data))}")
    return data


def unpack(path: Path | str, data: bytes) -> bytes:
    """Unpack the content of a gzip file; return that of other files as it is.

    Parameters
    ----------
    path : Path or str
        Where it comes from, for messages.
    data : bytes
        The content.

    Raises
    ------
    StructureError
        The file is damaged, or holds more than `MAX_SIZE` bytes.
    """
    if not data.startswith(_GZIP_MAGIC):
        return data
    text, size = io.BytesIO(), 0
    try:
        with GzipFile(fileobj=io.BytesIO(data)) as stream:  # read(limit) would allocate the limit
            while size <= MAX_SIZE and (piece := stream.read(_PIECE)):
                size += text.write(piece)
    except (OSError, EOFError, zlib.error):
        raise StructureError(
            f"{path}: the gzip file is truncated or damaged; fetch it again"
        ) from None
    if size > MAX_SIZE:
        raise StructureError(f"{path}: unpacked, {_too_large(size)}")
    return text.getvalue()


def plain_text(data: bytes) -> bytes:
    r"""Return text without a byte order mark, with ``\n`` at the end of lines.

    Examples
    --------
    >>> plain_text(b"\xef\xbb\xbfone\r\ntwo\rthree")
    b'one\ntwo\nthree'
    """
    if data.startswith(_UTF16_MARKS):
        data = data.decode("utf-16", "replace").encode()
    data = data.removeprefix(_UTF8_MARK)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data


def as_utf8(text: bytes) -> bytes:
    r"""Return text in UTF-8; text that is not UTF-8 is taken as Latin-1, which any bytes are.

    Examples
    --------
    >>> as_utf8(b"\xc5ngstr\xf6m").decode()
    'Ångström'
    """
    if text.isascii():
        return text
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1").encode()
    return text


def _too_large(size: int) -> str:
    return (
        f"structure files of up to {MAX_SIZE >> 20} MiB can be read, this has {size >> 20} MiB or "
        "more; check that it is a structure"
    )
