"""The atom table of an mmCIF file: find it, and repair it before gemmi reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import gemmi
import numpy as np

from sasnet_core.errors import StructureError
from sasnet_core.structure.chemistry import element_of
from sasnet_core.structure.residue_order import AtomLabels, arrange

if TYPE_CHECKING:
    from pathlib import Path

    from sasnet_core.structure.residue_order import Arrangement

_CATEGORY = "_atom_site."
#: Columns that say the same, the one to use first.
_CHAINS, _NUMBERS = ("auth_asym_id", "label_asym_id"), ("auth_seq_id", "label_seq_id")
_RESIDUES, _ATOMS = ("label_comp_id", "auth_comp_id"), ("label_atom_id", "auth_atom_id")
_QUOTED = ("'", '"', ";", "?", ".")
#: A value without quotes that has letters beyond ASCII, which CIF does not allow.
_FOREIGN_VALUE = re.compile(
    r"(?<!\S)[^\s'\"#;_$\[\]][^\s'\"]*[^\x00-\x7f][^\s'\"]*(?!\S)|"
    r"(?<!\S)[^\x00-\x7f][^\s'\"]*(?!\S)"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def atom_block(path: Path, text: bytes) -> gemmi.cif.Block:
    """Find the data block that holds the atoms.

    Parameters
    ----------
    path : Path
        The file that the text comes from, for messages.
    text : bytes
        The file, in UTF-8.

    Raises
    ------
    StructureError
        None or several blocks hold atoms.
    """
    blocks = [b for b in _document(text) if b.find_mmcif_category(_CATEGORY).width()]
    if len(blocks) == 1:
        return blocks[0]
    names = ", ".join(block.name for block in blocks) or "none"
    raise StructureError(
        f"{path}: one data block with atoms (_atom_site) is needed, found {names}; "
        "put each structure into a file of its own"
    )


def _document(text: bytes) -> gemmi.cif.Document:
    if text.isascii():
        return gemmi.cif.read_string(_CONTROL.sub(" ", text.decode()))
    letters = _CONTROL.sub(" ", text.decode())
    try:
        return gemmi.cif.read_string(letters)
    except ValueError:
        return gemmi.cif.read_string(_FOREIGN_VALUE.sub(r"'\g<0>'", letters))


def repair_atom_site(path: Path, block: gemmi.cif.Block) -> dict[str, str]:
    """Complete the elements of an atom table, and put the atoms of each residue together.

    Parameters
    ----------
    path : Path
        The file that the block comes from, for messages.
    block : gemmi.cif.Block
        A block with atoms; changed in place.

    Returns
    -------
    dict
        New names of chains to their names in the file, if it names several alike.

    Raises
    ------
    StructureError
        A column is missing.
    """
    sites = _Sites(path, block)
    sites.complete_elements()
    arrangement = arrange(sites.labels(), segments_name_chains=False)
    if arrangement is None:
        return {}
    sites.reorder(arrangement)
    return arrangement.copies


class _Sites:
    """The columns of an atom table."""

    def __init__(self, path: Path, block: gemmi.cif.Block) -> None:
        table = block.find_mmcif_category(_CATEGORY)
        table.ensure_loop()
        self._loop = block.find_mmcif_category(_CATEGORY).loop
        self._tags = [tag.lower().removeprefix(_CATEGORY) for tag in self._loop.tags]
        self._path = path

    def _column(self, *names: str) -> int:
        """Return the number of the first column of some that is there."""
        for name in names:
            if name in self._tags:
                return self._tags.index(name)
        raise StructureError(
            f"{self._path}: column {names[0]} of _atom_site is needed; repair the file"
        )

    def _texts(self, *names: str) -> np.ndarray:
        """Return a column without quotes, shape (n_atoms,), str; unknown values are empty."""
        width, number = self._loop.width(), self._column(*names)
        values = self._loop.values[number::width]
        odd = {v: gemmi.cif.as_string(v).strip() for v in set(values) if v[:1] in _QUOTED}
        return np.array([odd.get(v, v) for v in values] if odd else values, str)

    def _optional(self, name: str) -> np.ndarray:
        """Return a column, empty if it is not there."""
        return self._texts(name) if name in self._tags else np.zeros(self._loop.length(), "U1")

    def labels(self) -> AtomLabels:
        """Return where the atoms belong."""
        subchains = self._optional("label_asym_id")
        numbers, codes = self._texts(*_NUMBERS), self._optional("pdbx_pdb_ins_code")
        return AtomLabels(
            models=self._optional("pdbx_pdb_model_num"),
            chains=self._texts(*_CHAINS),
            residue_ids=np.char.add(numbers, codes) if codes.any() else numbers,
            names=self._texts(*_RESIDUES),
            atom_names=self._texts(*_ATOMS),
            altlocs=self._optional("label_alt_id"),
            segments=subchains,
            breaks=np.concatenate([[False], subchains[1:] != subchains[:-1]]),
        )

    def complete_elements(self) -> None:
        """Take missing elements of amino acids' atoms from their names."""
        known = self._optional("type_symbol")
        unknown = [text for text in set(known.tolist()) if gemmi.Element(text).name == "X"]
        missing = np.isin(known, unknown)
        if not missing.any():
            return
        names, atoms = self._texts(*_RESIDUES), self._texts(*_ATOMS)
        symbols = known.astype(object)
        for row in np.flatnonzero(missing).tolist():
            symbols[row] = element_of(names[row], atoms[row]) or "X"
        if "type_symbol" not in self._tags:
            self._loop.add_columns([f"{_CATEGORY}type_symbol"], "?")
            self._tags.append("type_symbol")
        self._write({self._column("type_symbol"): symbols})

    def reorder(self, arrangement: Arrangement) -> None:
        """Put the atoms into an order, under the names that they get."""
        columns = {self._column(*_CHAINS): arrangement.chains}
        if "label_asym_id" in self._tags:
            subchains = _own_subchains(arrangement)
            columns.setdefault(self._column("label_asym_id"), subchains)
        self._write(columns, arrangement.order)

    def _write(self, columns: dict[int, np.ndarray], order: list[int] | None = None) -> None:
        """Write new texts into columns, then put the rows into an order."""
        width, values = self._loop.width(), self._loop.values
        table = [values[number::width] for number in range(width)]
        for number, new in columns.items():
            quoted = {text: gemmi.cif.quote(text) if text else "." for text in set(new.tolist())}
            table[number] = [quoted[text] for text in new.tolist()]
        if order is not None:
            table = [[column[row] for row in order] for column in table]
        self._loop.set_all_values(table)


def _own_subchains(arrangement: Arrangement) -> np.ndarray:
    """Give the copies of a chain subchains (label_asym_id) of their own."""
    subchains = arrangement.segments.copy()
    owners: dict[str, str] = {}
    for row, (chain, subchain) in enumerate(zip(arrangement.chains, subchains, strict=True)):
        if owners.setdefault(subchain, chain) != chain and chain in arrangement.copies:
            subchains[row] = chain
    return subchains
