"""Archives of structures, and the names of their entries as users write them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sasnet_core.mining.entries import entry_id

_PDB_ID = re.compile(r"[0-9][a-z0-9]{3}|pdb_[a-z0-9]{8}", re.IGNORECASE)
#: Accessions as UniProt defines them, with the number of an isoform; AlphaFold DB leads with AF.
_ACCESSION = re.compile(
    r"(AF-)?(?P<accession>([OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9]([A-Z][A-Z0-9]{2}[0-9]){1,2})"
    r"(-[0-9]+)?)(-F(?P<fragment>[0-9]+)(-model_v[0-9]+)?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Archive:
    """A collection of structures that are known by ids."""

    title: str
    option: str  # of sasnet_predict: names mirrors
    variable: str  # of the environment: the same, separated by blanks
    placeholders: tuple[str, ...]  # what stands for an entry in a mirror's address, in braces
    mirrors: tuple[str, ...]  # asked in this order when none is named
    files: tuple[str, ...]  # where an entry may lie in a folder


PDB = Archive(
    "the PDB",
    "--pdb-mirror",
    "SASNET_PDB_MIRROR",
    ("id", "long", "upper", "middle"),  # the last is the folder of the divided layout
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
    ("id", "accession"),
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

    def fill(self, pattern: str) -> str:
        """Put the id into the placeholders of a pattern."""
        for word, value in self.parts.items():
            pattern = pattern.replace(f"{{{word}}}", value)
        return pattern


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


def is_address(mirror: str) -> bool:
    """Tell a web address from a folder."""
    return mirror.startswith(("http://", "https://"))
