"""Names in mmCIF files that need quotes; gemmi writes chains and insertion codes without."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

import gemmi

if TYPE_CHECKING:
    from collections.abc import Callable

#: Values that need no quotes, wherever they stand.
_PLAIN = re.compile(r"(?!(?:data|save|loop|stop|global)_)[A-Za-z0-9+*/-][!-~]*", re.IGNORECASE)


def needs_quotes(name: str) -> bool:
    """Tell whether a name must stand in quotes.

    Examples
    --------
    >>> [needs_quotes(name) for name in ("A-2", "_x", "loop_", "?", "")]
    [False, True, True, True, False]
    """
    return bool(name) and not _PLAIN.fullmatch(name)


def document_of(structure: gemmi.Structure) -> gemmi.cif.Document:
    """Return a structure as an mmCIF document, with quotes around all names that need them.

    Parameters
    ----------
    structure : gemmi.Structure
        One with one coordinate model, whose names this changes.
    """
    codes = _Codes(structure)
    codes.encode(structure[0])
    structure.setup_entities()
    block = (document := structure.make_mmcif_document()).sole_block()
    codes.decode(block)
    for tag, letter in (("pdbx_PDB_ins_code", _insertion_code), ("label_alt_id", _altloc)):
        _write_letters(structure[0], block.find_values(f"_atom_site.{tag}"), letter)
    return document


class _Codes:
    """Codes in place of names that need quotes."""

    def __init__(self, structure: gemmi.Structure) -> None:
        names: set[str] = set()
        for chain in structure[0]:
            names.add(chain.name)
            for residue in chain:
                names |= {residue.name, residue.subchain}
        prefix = "name"
        while any(name.startswith(prefix) for name in names):
            prefix += "x"
        odd = sorted(filter(needs_quotes, names))
        self._codes = {name: f"{prefix}{number}" for number, name in enumerate(odd)}
        self._names = {code: name for name, code in self._codes.items()}

    def encode(self, model: gemmi.Model) -> None:
        """Replace names by codes."""
        if not self._codes:
            return
        for chain in model:
            chain.name = self._codes.get(chain.name, chain.name)
            for residue in chain:
                residue.name = self._codes.get(residue.name, residue.name)
                residue.subchain = self._codes.get(residue.subchain, residue.subchain)

    def decode(self, block: gemmi.cif.Block) -> None:
        """Replace codes by names in quotes."""
        if not self._codes:
            return
        for item in block:
            if item.pair is not None:
                tag, value = cast("tuple[str, str]", item.pair)
                block.set_pair(tag, self._value(value))
            elif item.loop is not None:
                width, values = item.loop.width(), [self._value(v) for v in item.loop.values]
                item.loop.set_all_values([values[column::width] for column in range(width)])

    def _value(self, value: str) -> str:
        """Return a value, or what a code or a list of codes stands for."""
        parts = value.split(",")
        if not any(part in self._names for part in parts):
            return value
        return gemmi.cif.quote(",".join(self._names.get(part, part) for part in parts))


def _insertion_code(found: gemmi.CRA) -> str:
    return str(found.residue.seqid.icode)


def _altloc(found: gemmi.CRA) -> str:
    return str(found.atom.altloc)


def _write_letters(
    model: gemmi.Model, column: gemmi.cif.Column, letter: Callable[[gemmi.CRA], str]
) -> None:
    """Write letters of atoms that need quotes into a column of the atom table."""
    for row, found in enumerate(model.all()):
        text = letter(found).strip(" \0")
        if needs_quotes(text):
            column[row] = gemmi.cif.quote(text)
