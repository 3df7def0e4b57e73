"""The amino-acid residues of a coordinate model of gemmi, as arrays."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import gemmi
import numpy as np

from sasnet_core.errors import StructureError
from sasnet_core.structure.chemistry import element_of, usual_name
from sasnet_core.structure.protein import RawResidues

if TYPE_CHECKING:
    from collections.abc import Callable

_NUCLEIC = (gemmi.ResidueKind.RNA, gemmi.ResidueKind.DNA)
#: What is no polymer, and what it is called.
KIND_WORDS = {
    gemmi.EntityType.Water: "water",
    gemmi.EntityType.Branched: "glycan",
    gemmi.EntityType.NonPolymer: "ligand",
}


def raw_residues(model: gemmi.Model, segment_id: Callable[[gemmi.Residue], str]) -> RawResidues:
    """Return the amino-acid residues of a coordinate model, in its order.

    Parameters
    ----------
    model : gemmi.Model
        Of a structure whose entities are set up.
    segment_id : callable
        Reads the segment of a residue, or in mmCIF files its label_asym_id.

    Raises
    ------
    StructureError
        A residue has no number, or a name is too long.
    """
    labels, sizes, kept = [], [], []
    for chain in model:
        chain_id = chain.name
        for residue in chain:
            sizes.append(len(residue))
            kept.append(is_protein(residue))
            if kept[-1]:
                place = residue_id(chain_id, residue), segment_id(residue)
                labels.append((chain_id, *place, residue.name))
    columns = list(zip(*labels, strict=True)) or [()] * 4
    chain_ids, residue_ids, segment_ids, names = (np.array(column, str) for column in columns)
    rows = np.repeat(np.where(kept, np.cumsum(kept) - 1, -1), sizes)
    here = rows >= 0
    atoms = _flat_atoms(model)
    atom_names, elements = (
        np.asarray(column)[here] for column in (atoms.atom_names, atoms.element_names)
    )
    atom_residues = rows[here]
    for row in np.flatnonzero(elements == b"X").tolist():
        name = str(names[atom_residues[row]])
        elements[row] = element_of(name, atom_names[row].decode("ascii", "replace")) or "X"
    return RawResidues(
        chain_ids=chain_ids,
        residue_ids=residue_ids,
        segment_ids=segment_ids,
        names=names,
        atom_residues=atom_residues,
        atom_names=atom_names,
        elements=elements,
        has_altloc=~np.isin(atoms.altlocs[here], [0, ord(" ")]),
        occupancies=atoms.occ[here],
        positions=atoms.pos[here],
    )


def _flat_atoms(model: gemmi.Model) -> gemmi.FlatStructure:
    """Return the atoms of a coordinate model as columns; chain and residue names may be lost."""
    alone = gemmi.Structure()
    alone.add_model(model)
    try:
        atoms = gemmi.FlatStructure(alone)
    except RuntimeError:  # it has no room for names of eight letters or more
        for chain in alone[0]:
            chain.name = "A"
            for residue in chain:
                residue.name, residue.subchain, residue.entity_id = "UNK", "A", ""
        try:
            atoms = gemmi.FlatStructure(alone)
        except RuntimeError as error:
            raise StructureError(
                f"names of atoms must be shorter than eight letters ({error}); rename them"
            ) from None
    atoms.strings_as_numbers = False
    return atoms


def is_protein(residue: gemmi.Residue) -> bool:
    """Tell whether a residue is an amino acid, or unknown with a backbone.

    An amino acid outside the polymer is a ligand only if its records are HETATM. Files that end a
    chain at every gap (TER) would lose most of their protein otherwise.
    """
    amino_acid, nucleic = _residue_kind(residue.name)
    if amino_acid and residue.het_flag == "A":
        return True
    if residue.entity_type in KIND_WORDS:
        return False
    return amino_acid or (not nucleic and _has_backbone(residue))


def is_nucleic(residue: gemmi.Residue) -> bool:
    """Tell whether a residue is a nucleotide."""
    return _residue_kind(residue.name)[1]


@functools.cache
def _residue_kind(name: str) -> tuple[bool, bool]:
    """Return whether a residue name is that of an amino acid, and that of a nucleotide."""
    found = gemmi.find_tabulated_residue(usual_name(name))
    return found.is_amino_acid(), found.kind in _NUCLEIC


def _has_backbone(residue: gemmi.Residue) -> bool:
    names = {atom.name for atom in residue}
    return {"N", "CA", "C"} <= names


def residue_id(chain_id: str, residue: gemmi.Residue) -> str:
    """Return the number and insertion code of a residue of a chain, like ``"52A"``."""
    number = residue.seqid.num
    if number is None:
        raise StructureError(
            f"residue {residue.name} of chain {chain_id or '_'!r} has no number; give it one"
        )
    return f"{number}{residue.seqid.icode.strip()}"


def known_bfactor(atom: gemmi.Atom) -> float | None:
    """Return the B factor of an atom, to two decimals, or None if it is not a finite number."""
    return round(atom.b_iso, 2) if math.isfinite(atom.b_iso) else None
