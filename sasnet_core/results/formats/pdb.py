"""A result as PDB files, for programs that cannot read mmCIF."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from sasnet_core.errors import ResultError
from sasnet_core.results.spreadsheet import write_spreadsheet
from sasnet_core.structure import writing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sasnet_core.results.result import Result
    from sasnet_core.structure.writing import NamedResidue

#: Names that a chain of a PDB file may have, in the order in which they are used.
CHAIN_NAMES = string.ascii_uppercase + string.ascii_lowercase + string.digits
MAPPING = "pdb_chains.csv"


def write_pdb(result: Result, folder: Path) -> list[str]:
    """Write complex.pdb, or left.pdb and right.pdb, with the content of the mmCIF files.

    Chains whose names are not one letter are renamed; pdb_chains.csv lists the new names.

    Parameters
    ----------
    result : Result
        What to write.
    folder : Path
        Where; must be there.

    Returns
    -------
    list of str
        A note when chains were renamed.

    Raises
    ------
    ResultError
        There are more chains than one-letter names.
    StructureError
        A PDB file has no room for the structure.
    """
    renamed = []
    for file in result.structures:
        names = one_letter_names(file.chain_ids())

        def relabel(key: NamedResidue, names: dict[str, str] = names) -> tuple[str, str]:
            return names[key[0]], key[1]

        path = folder / f"{file.path.stem}.pdb"
        writing.write_pdb(file, relabel, path)
        renamed += [
            {"file": path.name, "chain": old, "pdb_chain": new}
            for old, new in names.items()
            if old != new
        ]
    if not renamed:
        return []
    write_spreadsheet(renamed, folder / MAPPING, ["file", "chain", "pdb_chain"])
    return [f"pdb: chains were renamed, {MAPPING} says how"]


def one_letter_names(chain_ids: Sequence[str]) -> dict[str, str]:
    """Give each chain a name of one letter: its own if it has one.

    Raises
    ------
    ResultError
        There are more chains than such names.

    Examples
    --------
    >>> one_letter_names(["H", "A-2", "AA"])
    {'H': 'H', 'A-2': 'A', 'AA': 'B'}
    """
    taken = {name for name in chain_ids if len(name) == 1}
    free = [name for name in CHAIN_NAMES if name not in taken]
    others = [name for name in chain_ids if len(name) != 1]
    if len(others) > len(free):
        raise ResultError(
            f"a PDB file holds at most {len(CHAIN_NAMES)} chains, this structure has "
            f"{len(chain_ids)}; use the mmCIF file"
        )
    new = dict(zip(others, free, strict=False))
    return {name: new.get(name, name) for name in chain_ids}
