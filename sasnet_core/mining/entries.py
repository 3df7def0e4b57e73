"""Structure files as entries: which files of a folder tree belong together, and their names."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits
from typing import TYPE_CHECKING

from sasnet_core.errors import StructureError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: The entry, one of the PDB's two ways to number an assembly, and the ending.
_FILE_NAME = re.compile(
    r"(?P<stem>.+?)(-assembly(?P<cif_assembly>\d+))?"
    r"\.(?P<format>pdb(?P<pdb_assembly>\d*)|ent|cif|mmcif)(\.gz)?",
    re.IGNORECASE | re.DOTALL,
)
#: PDB identifiers, in any case; old file names begin with pdb.
_PDB_ID = re.compile(r"(pdb)?(?P<id>[0-9][a-z0-9]{3})|(?P<long>pdb_[a-z0-9]{8})", re.IGNORECASE)
_ALWAYS_PLAIN = digits + "-"


@dataclass(frozen=True, order=True)
class StructureFile:
    """One file of an entry. Files are sorted in the order in which they are to be used."""

    assembly: int  # number of the biological assembly that the file holds, 0: as deposited
    is_pdb: bool  # mmCIF files come first because they have everything
    path: str  # below the folder that holds all that were searched
    size: int  # bytes
    modified: int  # nanoseconds since 1970


@dataclass(frozen=True)
class Entry:
    """The files of one entry, in order."""

    id: str  # as in tables of facts
    files: tuple[StructureFile, ...]

    @property
    def name(self) -> str:
        """The id as part of a file name."""
        return _safe(self.id, ascii_lowercase + "_")


def common_folder(folders: Sequence[Path]) -> Path:
    """Return the folder that holds all these folders; a single folder is its own."""
    if len(folders) == 1:
        return folders[0]
    return Path(os.path.commonpath([folder.resolve() for folder in folders]))


def find_entries(folders: Sequence[Path]) -> list[Entry]:
    """Find the structure files below some folders and put those of one entry together.

    PDB and mmCIF files, plain or gzipped, are known by their names: ``1abc.cif.gz``,
    ``pdb1abc.ent.gz``, and the biological assemblies ``1abc.pdb1.gz`` or
    ``1abc-assembly1.cif.gz``.

    Returns
    -------
    list of Entry
        In order of their ids; paths start at the `common_folder`.

    Raises
    ------
    StructureError
        A folder holds no structure file.
    """
    if len(folders) > 1:
        folders = [folder.resolve() for folder in folders]
    paths = {path for folder in folders for path in structure_files(folder)}
    return group_files(common_folder(folders), paths)


def structure_files(folder: Path) -> list[Path]:
    """List the structure files of a folder tree, sorted."""
    found = (p for p in folder.rglob("*") if _FILE_NAME.fullmatch(p.name) and p.is_file())
    files = sorted(found)
    if not files:
        raise StructureError(
            f"{folder}: a folder with PDB or mmCIF files is needed, this one has none; "
            "check the path"
        )
    return files


def group_files(folder: Path, paths: Iterable[Path]) -> list[Entry]:
    """Put the files of one entry together; paths of the result start at a folder."""
    named = sorted((_describe(folder, path) for path in paths), key=lambda pair: pair[0])
    return [
        Entry(entry_id, tuple(sorted(file for _, file in members)))
        for entry_id, members in groupby(named, key=lambda pair: pair[0])
    ]


def _describe(folder: Path, path: Path) -> tuple[str, StructureFile]:
    match = _FILE_NAME.fullmatch(path.name)
    assert match is not None, path
    status = path.stat()
    number = match["pdb_assembly"] or match["cif_assembly"] or 0
    is_pdb = not match["format"].lower().endswith("cif")
    relative = path.relative_to(folder).as_posix()
    file = StructureFile(int(number), is_pdb, relative, status.st_size, status.st_mtime_ns)
    return entry_id(match["stem"]), file


def entry_id(stem: str) -> str:
    """Return the PDB id in a file name, in lower case; other names stay as they are."""
    match = _PDB_ID.fullmatch(stem)
    return (match["id"] or match["long"]).lower() if match else stem


def complex_name(entry: str, assembly: str, left: str, right: str) -> str:
    """Name the complex of two chains; names differ on file systems that ignore case too.

    Parameters
    ----------
    entry : str
        Name of the entry.
    assembly : str
        Biological assembly; it is part of the name unless it is the first, or none ("").
    left, right : str
        Chain names as the author gave them.

    Returns
    -------
    str
        Like ``1abc_A_A-2``, or ``1abc.2_A_+b`` for the chains A and b of assembly 2.
    """
    first = entry if assembly in ("", "1") else f"{entry}.{_safe(assembly, ascii_lowercase)}"
    return "_".join((first, _safe(left, ascii_uppercase), _safe(right, ascii_uppercase)))


def _safe(text: str, plain: str) -> str:
    """Mark letters of the other case with a plus; write other special characters as %XX."""
    return "".join(
        character
        if character in plain or character in _ALWAYS_PLAIN
        else f"+{character}"
        if character in ascii_letters
        else "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))
        for character in text
    )
