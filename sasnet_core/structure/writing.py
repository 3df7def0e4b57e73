"""Structures as files: mmCIF with values in the B factors, PDB under other labels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import gemmi
import numpy as np

from sasnet_core.errors import StructureError
from sasnet_core.structure.chemistry import CHANNELS
from sasnet_core.structure.cif_names import document_of
from sasnet_core.structure.protein import best_locations
from sasnet_core.structure.raw_residues import known_bfactor
from sasnet_core.structure.reading import structure_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from sasnet_core.structure.protein import Protein
    from sasnet_core.structure.reading import ResidueKey, Structure

#: Column of an mmCIF file of ours with the B factors of the input.
OLD_B = "_atom_site.sasnet_old_B"
#: B factor of a residue without a value: no probability is below 0.
NO_VALUE = -1.0
#: Limits of a PDB file: atoms, residue numbers, letters of a residue name (wwPDB format 3.3), and
#: coordinates in angstrom.
_PDB_ATOMS, _PDB_NUMBERS, _PDB_NAME, _PDB_COORDINATES = 99_999, (-999, 9_999), 3, (-999, 9_999)

#: Chain, residue id, segment and residue name.
NamedResidue = tuple[str, str, str, str]


def write_mmcif(
    structure: Structure,
    chain_ids: Sequence[str],
    bfactors: Mapping[ResidueKey, float],
    path: Path,
) -> Structure:
    """Write the protein of some chains as mmCIF, with a value of each residue as B factor.

    The column `OLD_B` keeps the B factors of the input.

    Parameters
    ----------
    structure : Structure
        Where to take the chains from.
    chain_ids : sequence of str
        Chains to write.
    bfactors : mapping
        Residue key to value; residues without one get `NO_VALUE`.
    path : Path
        File to write.

    Returns
    -------
    Structure
        What `reading.read` would return for the new file.
    """
    chains: dict[str, gemmi.Chain] = {}
    old: list[float | None] = []
    for key, residue in structure.residues(chain_ids):
        old += map(known_bfactor, residue)
        new = chains.setdefault(key[0], gemmi.Chain(key[0])).add_residue(residue)
        _set_bfactors(new, bfactors.get(key, NO_VALUE))
        if structure.is_pdb:
            new.subchain = key[0]
    document = document_of(_joined(structure, chains.values()))
    block = document.sole_block()
    block.find_loop("_atom_site.id").get_loop().add_columns([OLD_B], "?")
    for row, value in zip(block.find([OLD_B]), old, strict=True):
        row[0] = "?" if value is None else f"{value:.2f}"
    data = document.as_string().encode()
    path.write_bytes(data)
    return structure_of(path, data, block)


def write_pdb(
    structure: Structure,
    relabel: Callable[[NamedResidue], tuple[str, str] | None],
    path: Path,
    one_location: bool = False,
    as_atoms: bool = False,
) -> None:
    """Write protein residues as a PDB file, under the labels that a rule gives them.

    Parameters
    ----------
    structure : Structure
        Where to take the residues from.
    relabel : callable
        Takes (chain, residue id, segment, residue name) and returns the chain and the residue id
        to write, or None to omit the residue. The new chain is written as the segment too.
    path : Path
        File to write.
    one_location : bool
        Whether to keep one location of each atom only, as `build_protein` does. Alternative amino
        acids are residues of their own, which `relabel` tells apart by their names.
    as_atoms : bool
        Whether modified residues such as MSE get ATOM records too. Programs that look for
        proteins in them take a HETATM for a gap.

    Raises
    ------
    StructureError
        A PDB file cannot hold the labels, the number of atoms or the coordinates.
    """
    chains: dict[str, gemmi.Chain] = {}
    for key, residue in structure.residues():
        label = relabel((*key, residue.name))
        if label is None:
            continue
        new = chains.setdefault(label[0], gemmi.Chain(label[0])).add_residue(residue)
        new.segment, new.seqid = label[0], _seqid(label[1])
        if as_atoms:
            new.het_flag = "A"
        if one_location:
            _keep_best_locations(new)
    joined = _joined(structure, chains.values())
    _require_pdb_room(path, joined)
    joined.setup_entities()
    joined.write_pdb(str(path))


def protein_mmcif(protein: Protein, bfactors: np.ndarray) -> str:
    """Return a protein as the text of an mmCIF file, for viewers.

    A `Protein` does not know the names of its atoms: all but CA get made-up ones.

    Parameters
    ----------
    protein : Protein
        Its residues are numbered from 1 in one chain A; atoms of residues without a CA are omitted.
    bfactors : ndarray, shape (n_residues,)
        Value of each residue.
    """
    chain = gemmi.Chain("A")
    for row, (name, value) in enumerate(zip(protein.residue_names, bfactors, strict=True)):
        residue = gemmi.Residue()
        residue.name, residue.seqid, residue.het_flag = str(name), gemmi.SeqId(row + 1, " "), "A"
        for number, atom in enumerate(np.flatnonzero(protein.atom_residues == row).tolist()):
            is_center = bool((protein.coords[atom] == protein.centers[row]).all())
            residue.add_atom(_atom(protein, atom, "CA" if is_center else f"X{number}"))
        _set_bfactors(chain.add_residue(residue), float(value))
    structure, model = gemmi.Structure(), gemmi.Model(1)
    structure.name = "protein"
    model.add_chain(chain)
    structure.add_model(model)
    return document_of(structure).as_string()


def _atom(protein: Protein, row: int, name: str) -> gemmi.Atom:
    atom, channel = gemmi.Atom(), int(protein.elements[row])
    atom.name = name
    atom.element = gemmi.Element(CHANNELS[channel] if channel >= 0 else "X")
    atom.pos = gemmi.Position(*protein.coords[row].tolist())
    return atom


def _seqid(residue_id: str) -> gemmi.SeqId:
    """Take apart a residue id; gemmi itself reads insertion codes as lower-case letters."""
    number = residue_id[: re.match(r"-?\d*", residue_id).end()]  # type: ignore[union-attr]
    return gemmi.SeqId(int(number), residue_id[len(number) :] or " ")


def _set_bfactors(residue: gemmi.Residue, value: float) -> None:
    for atom in residue:
        atom.b_iso = value


def _joined(structure: Structure, chains: Iterable[gemmi.Chain]) -> gemmi.Structure:
    """Make a structure of chains, with the name and the cell of the one they come from."""
    joined, model = gemmi.Structure(), gemmi.Model(1)
    for chain in chains:
        model.add_chain(chain)
    joined.name = re.sub(r"[^A-Za-z0-9_.-]", "_", structure.name) or "sasnet"
    joined.cell = structure.gemmi_structure.cell
    joined.spacegroup_hm = structure.gemmi_structure.spacegroup_hm
    joined.add_model(model)
    return joined


def _keep_best_locations(residue: gemmi.Residue) -> None:
    kept = set(best_locations([a.name for a in residue], [a.occ for a in residue]))
    for row in range(len(residue) - 1, -1, -1):
        if row in kept:
            residue[row].altloc = "\0"
        else:
            del residue[row]


def _require_pdb_room(path: Path, structure: gemmi.Structure) -> None:
    """Raise StructureError if a PDB file has no room for a structure."""
    atoms = list(structure[0].all())
    chains = [chain.name for chain in structure[0] if len(chain.name) != 1]
    numbers = [f.residue.seqid.num or 0 for f in atoms]
    names = sorted({f.residue.name for f in atoms if len(f.residue.name) > _PDB_NAME})
    places = [value for f in atoms for value in f.atom.pos.tolist()]
    problem = ""
    if len(atoms) > _PDB_ATOMS:
        problem = f"at most {_PDB_ATOMS} atoms, this structure has {len(atoms)}"
    elif chains:
        problem = f"chain names of one letter, this structure has {chains[0]!r}"
    elif numbers and not _PDB_NUMBERS[0] <= min(numbers) <= max(numbers) <= _PDB_NUMBERS[1]:
        low, high = _PDB_NUMBERS
        found = f"{min(numbers)} to {max(numbers)}"
        problem = f"residue numbers {low} to {high}, this structure has {found}"
    elif names:
        problem = f"residue names of {_PDB_NAME} letters, this structure has {names[0]!r}"
    elif places and not _PDB_COORDINATES[0] < min(places) <= max(places) < _PDB_COORDINATES[1]:
        problem = "coordinates of four digits before the point, this structure has longer ones"
    if problem:
        raise StructureError(f"{path.name}: a PDB file holds {problem}; use the mmCIF file")
