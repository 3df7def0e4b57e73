"""Structure files as entries: which files of a folder tree belong together, and their names."""

from __future__ import annotations

import itertools
import os
import re
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePath
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits
from typing import TYPE_CHECKING, Any

from sasnet_core.errors import StructureError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: The entry, the number of an assembly as the wwPDB (1abc-assembly1.cif, 1abc.pdb1) and PDBe
#: (1abc-assembly-1.cif) write it, and the ending.
_FILE_NAME = re.compile(
    r"(?P<stem>.+?)(-assembly-?(?P<cif_assembly>\d+))?"
    r"\.(?P<format>pdb(?P<pdb_assembly>\d*)|ent|cif|mmcif)(\.gz)?",
    re.IGNORECASE | re.DOTALL,
)
#: PDB identifiers, in any case, and what may follow them in names of files. Old names begin with
#: pdb; an extended identifier with four zeros is a short one. PDBe adds _updated, the wwPDB _xyz
#: (coordinates) with a version or -enrich; assemblies are often saved as 1abc_bio1.pdb.
_PDB_ID = re.compile(
    r"((pdb|pdb_0000)?(?P<id>[0-9][a-z0-9]{3})|(?P<long>pdb_[a-z0-9]{8}))"
    r"(_updated|_xyz(_v(?P<major>\d+)-(?P<minor>\d+))?(-enrich)?)?(_bio(?P<assembly>\d+))?",
    re.IGNORECASE,
)
_ALWAYS_PLAIN = digits + "-"


@dataclass(frozen=True)
class StructureFile:
    """One file of an entry."""

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
    ``pdb1abc.ent.gz``, ``pdb_00001abc_xyz_v1-2.cif.gz``, and the biological assemblies
    ``1abc.pdb1.gz``, ``1abc-assembly1.cif.gz`` or ``1abc-assembly-1.cif.gz``.

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
    paths = (Path(place, name) for place, names in _walk(folder) for name in names)
    files = sorted(path for path in paths if _FILE_NAME.fullmatch(path.name) and path.is_file())
    if not files:
        raise StructureError(
            f"{folder}: a folder with PDB or mmCIF files is needed, this one has none; "
            "check the path"
        )
    return files


def _walk(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder of a tree once, with its files; folders behind links come last."""
    seen: set[tuple[int, int]] = set()
    starts = [str(folder)]
    while starts:
        links = []
        for place, folders, files in itertools.chain.from_iterable(map(os.walk, starts)):
            status = os.stat(place)
            if (status.st_dev, status.st_ino) in seen:
                folders.clear()
                continue
            seen.add((status.st_dev, status.st_ino))
            links += [path for name in folders if os.path.islink(path := f"{place}/{name}")]
            yield place, files
        starts = sorted(links)


def group_files(folder: Path, paths: Iterable[Path]) -> list[Entry]:
    """Put the files of one entry together; paths of the result start at a folder."""
    named = sorted((_describe(folder, path) for path in paths), key=lambda pair: pair[0])
    return [
        Entry(entry_id, tuple(sorted((file for _, file in members), key=_order)))
        for entry_id, members in groupby(named, key=lambda pair: pair[0])
    ]


def _describe(folder: Path, path: Path) -> tuple[str, StructureFile]:
    match = _FILE_NAME.fullmatch(path.name)
    assert match is not None, path
    status = path.stat()
    number = match["pdb_assembly"] or match["cif_assembly"] or _in_stem(path, "assembly")
    is_pdb = not match["format"].lower().endswith("cif")
    relative = path.relative_to(folder).as_posix()
    file = StructureFile(int(number), is_pdb, relative, status.st_size, status.st_mtime_ns)
    return entry_id(match["stem"]), file


def _order(file: StructureFile) -> tuple[Any, ...]:
    """Sort the files of an entry: the current version comes first, then the newest."""
    major, minor = (_in_stem(PurePath(file.path), part) for part in ("major", "minor"))
    return file.assembly, file.is_pdb, major > 0, -major, -minor, file.path


def _in_stem(path: PurePath, part: str) -> int:
    """Read a number that follows the identifier in a file name, or 0."""
    match = _FILE_NAME.fullmatch(path.name)
    found = match and _PDB_ID.fullmatch(match["stem"])
    return int(found[part] or 0) if found else 0


def entry_id(stem: str) -> str:
    """Return the PDB id in a file name, in lower case; other names stay as they are.

    Examples
    --------
    >>> [entry_id(stem) for stem in ("pdb1ABC", "pdb_00001abc_xyz_v1-2", "pdb_1000abcd", "Model_7")]
    ['1abc', '1abc', 'pdb_1000abcd', 'Model_7']
    """
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
