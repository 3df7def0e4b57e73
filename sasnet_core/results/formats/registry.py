"""The formats that a result can be exported in."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sasnet_core.errors import SettingError

if TYPE_CHECKING:
    from sasnet_core.results.result import Result


@dataclass(frozen=True)
class Format:
    """One format: the module that writes it, every file it may write, and a line for the help."""

    module: str  # of sasnet_core.results; write(result, folder) returns notes for the user
    function: str
    files: tuple[str, ...]
    line: str

    def write(self, result: Result, folder: Path) -> list[str]:
        """Write the files; return notes for the user."""
        module = importlib.import_module(f"sasnet_core.results.{self.module}")
        notes: list[str] = getattr(module, self.function)(result, folder)
        return notes


FORMATS = {
    "report": Format(
        "report",
        "write_report",
        ("report.html",),
        "a page for the browser, in one file; sasnet_predict writes it unless --no-report is given",
    ),
    "haddock": Format(
        "formats.haddock",
        "write_haddock",
        (
            "haddock_ambiguous.tbl",
            "haddock_unambiguous.tbl",
            "haddock_bodies.tbl",
            "haddock_ambiguous.toml",
            "haddock_unambiguous.toml",
            "haddock_left.pdb",
            "haddock_right.pdb",
            "haddock_residues.csv",
        ),
        "HADDOCK 2.4 and 3: restraints, each partner as one chain, and runs of HADDOCK 3",
    ),
    "boltz": Format(
        "formats.boltz_chai",
        "write_boltz",
        ("boltz.yaml", "boltz_contacts.yaml", "boltz_residues.csv"),
        "Boltz-2: sequences with the first patches as pockets, and with the best pairs as contacts",
    ),
    "chai": Format(
        "formats.boltz_chai",
        "write_chai",
        ("chai.fasta", "chai_pocket.csv", "chai_contacts.csv", "chai_residues.csv"),
        "Chai-1: sequences with the first patches as pockets, and with the best pairs as contacts",
    ),
    "chimerax": Format(
        "formats.viewer_scripts",
        "write_chimerax",
        ("chimerax.defattr", "chimerax.cxc"),
        "ChimeraX: residue attributes, and a script that colours by them",
    ),
    "pymol": Format(
        "formats.viewer_scripts",
        "write_pymol",
        ("pymol.pml",),
        "PyMOL: a script that loads and colours the structures",
    ),
    "json-schema": Format(
        "json_schema",
        "write_schema",
        ("result.schema.json",),
        "the JSON Schema that result.json follows",
    ),
    "pdb": Format(
        "formats.pdb",
        "write_pdb",
        ("complex.pdb", "left.pdb", "right.pdb", "pdb_chains.csv"),
        "PDB files with probabilities as B factors",
    ),
}


def help_lines() -> str:
    """List the formats, one line each."""
    width = max(map(len, FORMATS))
    return "\n".join(f"  {name:<{width}}  {entry.line}" for name, entry in FORMATS.items())


def chosen_formats(text: str) -> list[str]:
    """Split ``haddock,pdb`` into names of formats, each once.

    Raises
    ------
    SettingError
        One of them is unknown, or there is none.

    Examples
    --------
    >>> chosen_formats("pdb, pdb")
    ['pdb']
    """
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        got = repr(unknown[0]) if unknown else "none"
        raise SettingError(f"formats must be among {', '.join(FORMATS)}; got {got}")
    return names


def format_files(names: Sequence[str]) -> tuple[str, ...]:
    """Return every file that some formats may write."""
    return tuple(file for name in names for file in FORMATS[name].files)


def write_formats(result: Result, names: Sequence[str], folder: Path) -> list[str]:
    """Write a result in some formats.

    Parameters
    ----------
    result : Result
        What to write.
    names : sequence of str
        Names of `FORMATS`.
    folder : Path
        Where; must be there.

    Returns
    -------
    list of str
        Notes for the user.
    """
    return [note for name in names for note in FORMATS[name].write(result, folder)]
