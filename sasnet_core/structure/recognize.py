"""Which format the text of a file has: PDB, mmCIF, or one that sasnet cannot read."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from sasnet_core.errors import StructureError

if TYPE_CHECKING:
    from pathlib import Path

PDB, MMCIF = "pdb", "mmcif"

_ATOM_SITE = re.compile(rb"^[ \t]*_atom_site\.", re.MULTILINE | re.IGNORECASE)
_ATOM_RECORD = re.compile(rb"^(?:ATOM  |HETATM).*", re.MULTILINE)
#: Records that are compared with other formats of fixed columns.
_SAMPLE = 200
#: PDBQT: a partial charge in columns 71 to 76.
_CHARGE_COLUMN = re.compile(rb"^.{66} {0,4}[ +-]{0,3}\d{1,2}\.\d{3}(?: |$)")
#: PQR: charge and radius after the coordinates, in columns or between blanks.
_CHARGE_AND_RADIUS = re.compile(
    rb"^(?:.{54} *|(?:ATOM|HETATM)\s+\S+\s+\S+\s+\S+(?:\s+\S+)?\s+-?\d+\w?(?:\s+-?\d+\.\d+){3}\s+)"
    rb"-?\d*\.\d{3,}\s+\d*\.\d+\s*(?:[A-Za-z]{1,2}\s*)?$"
)
#: PQR with few decimals: some charges are negative, as no occupancy is.
_NEGATIVE_OCCUPANCY = re.compile(rb"^.{54} *-\d*\.\d+\s+\d*\.\d+\s*$")
#: A record of a PDB file: occupancy and B factor in two decimals, then blanks.
_USUAL = re.compile(rb"^.{54} {0,2}\d{1,3}\.\d\d[ \d]{3}\.\d\d {6}")
#: Formats of records in columns, and the share of records that must look like theirs.
_RECORDS = (
    ("PDBQT (AutoDock)", _CHARGE_COLUMN, 0.5),
    ("PQR", _CHARGE_AND_RADIUS, 0.5),
    ("PQR", _NEGATIVE_OCCUPANCY, 0.1),
)
#: What the text of other formats begins with, or has at the start of a line.
_FOREIGN = (
    (
        "PQR",
        re.compile(
            rb"^(?:ATOM|HETATM) \d+ \S+ \S+ (?:\S+ )?-?\d+\w?(?: -?\d+\.\d+){5}", re.MULTILINE
        ),
    ),
    ("a MOL2 file", re.compile(rb"^@<TRIPOS>", re.MULTILINE)),
    ("a topology (PSF) without coordinates", re.compile(rb"\s*PSF\b")),
    ("an Amber topology without coordinates", re.compile(rb"%VERSION\b")),
    (
        "a GROMACS (.gro) file",
        re.compile(rb"[^\n]*\n\s*\d+\s*\n[ \d]{5}[^\n]{10}[ \d]{5}(?: *-?\d+\.\d+){3}"),
    ),
    ("a GROMOS96 (.g96) file", re.compile(rb"^(?:POSITION|POSITIONRED)\s*$", re.MULTILINE)),
    ("a CHARMM coordinate (.crd) file", re.compile(rb"(?:\*[^\n]*\n)+\s*\d+(?:\s+EXT)?\s*\n")),
    ("an MDL (.mol or .sdf) file", re.compile(rb"^.*V[23]000\s*$", re.MULTILINE)),
    ("an XYZ file", re.compile(rb"\s*\d+\s*\n[^\n]*\n\s*[A-Za-z]{1,2}(?:\s+-?\d+\.\d+){3}\s*\n")),
    ("PDBML (XML)", re.compile(rb"\s*<\?xml|\s*<PDBx:")),
    ("a web page", re.compile(rb"\s*<(?:!doctype html|html)", re.IGNORECASE)),
    ("JSON", re.compile(rb"\s*[{\[]\s*[\"{\[]")),
    ("a sequence (FASTA)", re.compile(rb"\s*>[^\n]*\n[A-Za-z*\-\s]+")),
    ("a Maestro file", re.compile(rb"^f_m_ct\b", re.MULTILINE)),
    ("a density map or a reflection file", re.compile(rb"MTZ |.{208}MAP ", re.DOTALL)),
    ("a trajectory", re.compile(rb".{4}CORD|\0\0\x07[\xc9\xcb]|CDF", re.DOTALL)),
    ("a compressed archive other than gzip", re.compile(rb"PK\x03\x04|BZh|\xfd7zXZ|7z\xbc\xaf")),
    ("an mmCIF file without atoms", re.compile(rb"^\s*data_", re.MULTILINE | re.IGNORECASE)),
)


def find_format(path: Path, text: bytes) -> str:
    r"""Tell whether text is `PDB` or `MMCIF`.

    Parameters
    ----------
    path : Path
        The file that the text comes from, for messages.
    text : bytes
        The file, unpacked, with ``\n`` at the end of lines.

    Raises
    ------
    StructureError
        It is neither; the message names the format if it is a known one.
    """
    if b"_" in text and b"_atom_site." in text.lower() and _ATOM_SITE.search(text):
        return MMCIF
    has_records = _ATOM_RECORD.search(text) is not None
    foreign = _foreign_records(text) if has_records else _foreign_text(text)
    if has_records and not foreign:
        return PDB
    found = f"this is neither but {foreign}" if foreign else "this is neither"
    advice = "convert it, or give the file that it was made from" if foreign else "check the file"
    raise StructureError(f"{path}: a PDB or mmCIF file with atoms is needed, {found}; {advice}")


def _foreign_records(text: bytes) -> str:
    """Name the format of records that look like those of a PDB file, or return an empty text."""
    records = itertools.islice(_ATOM_RECORD.finditer(text), _SAMPLE)
    sample = [found[0].rstrip() for found in records]
    odd = [line for line in sample if not _USUAL.match(line)]
    for name, form, share in _RECORDS:
        if sum(bool(form.match(line)) for line in odd) > share * len(sample):
            return name
    return ""


def _foreign_text(text: bytes) -> str:
    """Name the format of text without PDB records, or return an empty text."""
    for name, form in _FOREIGN:
        if form.search(text) if form.pattern.startswith(b"^") else form.match(text):
            return name
    return ""
