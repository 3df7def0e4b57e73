"""A partner's atoms as mmCIF text.

PyMOL's own writer is not used. It ends the program with a segmentation fault when an object has
no coordinates in the current state, numbers the atoms of one partner as several models when its
objects show different states, and leaves chains without a name without one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_COLUMNS = (
    "group_PDB",
    "id",
    "type_symbol",
    "label_atom_id",
    "label_alt_id",
    "label_comp_id",
    "label_asym_id",
    "label_seq_id",
    "auth_seq_id",
    "pdbx_PDB_ins_code",
    "Cartn_x",
    "Cartn_y",
    "Cartn_z",
    "occupancy",
    "B_iso_or_equiv",
    "auth_asym_id",
    "pdbx_PDB_model_num",
)
#: What may stand without quotes: no blanks, no leading sign that means something to the format.
_PLAIN = re.compile(r"(?!data_|save_|loop_|stop_|global_)[^\s_#$'\"\[\];.?][^\s]*", re.IGNORECASE)


@dataclass(frozen=True)
class Atom:
    """One atom as it will stand in the file.

    Attributes
    ----------
    group : str
        "ATOM" or "HETATM".
    chain : str
        Name of the chain in the file (auth_asym_id).
    segi : str
        PyMOL's segment identifier (label_asym_id), may be empty.
    number, insertion_code : int, str
        Residue number and insertion code, e.g. 52 and "A".
    resn, name, alt, element : str
        Residue name, atom name, alternate location, element.
    position : tuple of float
        In angstrom.
    occupancy, b : float
        Occupancy, and B factor in square angstrom.
    """

    group: str
    chain: str
    segi: str
    number: int
    insertion_code: str
    resn: str
    name: str
    alt: str
    element: str
    position: tuple[float, float, float]
    occupancy: float
    b: float


def document(name: str, atoms: list[Atom]) -> str:
    """Return an mmCIF document of one block and one coordinate model.

    Parameters
    ----------
    name : str
        Name of the block, letters only.
    atoms : list of Atom
        In the order they shall have.
    """
    head = [f"data_{name}", "loop_"]
    head += [f"_atom_site.{column}" for column in _COLUMNS]
    rows = [_row(serial, atom) for serial, atom in enumerate(atoms, 1)]
    return "\n".join([*head, *rows, "#", ""])


def _row(serial: int, atom: Atom) -> str:
    x, y, z = atom.position
    values = (
        atom.group,
        str(serial),
        _quoted(atom.element),
        _quoted(atom.name),
        _quoted(atom.alt),
        _quoted(atom.resn),
        _quoted(atom.segi),
        ".",
        str(atom.number),
        _quoted(atom.insertion_code, "?"),
        f"{x:.3f} {y:.3f} {z:.3f}",
        f"{atom.occupancy:.2f} {atom.b:.2f}",
        _quoted(atom.chain),
        "1",
    )
    return " ".join(values)


def _quoted(value: str, empty: str = ".") -> str:
    if not value:
        return empty
    if _PLAIN.fullmatch(value):
        return value
    quote = '"' if "'" in value else "'"
    return f"{quote}{value}{quote}"
