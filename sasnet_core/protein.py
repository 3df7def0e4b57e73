"""Protein: one binding partner as arrays, and the rules that make it from raw atoms."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.chemistry import HEAVY_ATOMS, channel_of, is_hydrogen, one_letter
from sasnet_core.errors import StructureError

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Below this share of its expected heavy atoms a protein gets a warning.
COMPLETENESS_WARNING = 0.8
#: Coordinates beyond this cannot stand in a PDB file and mean a damaged one (angstrom).
MAX_COORDINATE = 1e5
#: No protein is larger (angstrom); one that is holds dummy coordinates such as 9999.
MAX_EXTENT = 2000.0


@dataclass(frozen=True)
class RawAtom:
    """One atom as it stands in a file, before any rule is applied."""

    name: str
    element: str
    altloc: str
    occupancy: float
    position: tuple[float, float, float]  # angstrom


@dataclass(frozen=True)
class RawResidue:
    """One polymer residue as it stands in a file."""

    chain_id: str
    residue_id: str  # number + insertion code
    segment_id: str  # PDB segment or mmCIF label_asym_id
    name: str
    atoms: tuple[RawAtom, ...]


@dataclass(frozen=True)
class Protein:
    """One binding partner: the heavy atoms of its polymer residues."""

    name: str
    coords: np.ndarray  # (n_atoms, 3) float32, angstrom
    elements: np.ndarray  # (n_atoms,) int8, row of chemistry.CHANNELS, -1: counts in no channel
    atom_residues: np.ndarray  # (n_atoms,) int32, row of the residue arrays, -1: residue has no CA
    centers: np.ndarray  # (n_residues, 3) float32, angstrom, CA
    chain_ids: np.ndarray  # (n_residues,) str, as the author named them
    residue_ids: np.ndarray  # (n_residues,) str, number + insertion code: "52A", "-3"
    residue_names: np.ndarray  # (n_residues,) str
    segment_ids: np.ndarray  # (n_residues,) str, keeps residues apart where author names repeat
    warnings: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str, str, str], ...] = ()  # chain, residue id, name, reason

    @property
    def n_residues(self) -> int:
        """Number of residues that have a CA, and so a surfacelet."""
        return len(self.centers)

    @cached_property
    def tree(self) -> Any:
        """Search tree over its atoms (scipy's cKDTree), made once."""
        from scipy.spatial import cKDTree

        # Unbalanced trees find the same and are made faster.
        return cKDTree(self.coords, balanced_tree=False, compact_nodes=False)

    @property
    def sequence(self) -> str:
        """One letter per residue, chains one after the other."""
        return "".join(one_letter(name) for name in self.residue_names)

    def with_coordinates(self, coords: np.ndarray, centers: np.ndarray) -> Protein:
        """Return the same protein in another place.

        Parameters
        ----------
        coords : ndarray, shape (n_atoms, 3)
            Atom positions in angstrom.
        centers : ndarray, shape (n_residues, 3)
            CA positions in angstrom.
        """
        return replace(
            self,
            coords=np.asarray(coords, np.float32),
            centers=np.asarray(centers, np.float32),
        )

    def array_fields(self) -> dict[str, np.ndarray]:
        """Return the arrays of this protein by field name."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}


def build_protein(name: str, residues: Iterable[RawResidue]) -> Protein:
    """Make a protein from raw residues: the one place for the rules on atoms.

    Hydrogens are dropped; of alternate locations, and of alternative amino acids, the one with
    the highest occupancy stays, the first among equals; a residue without a CA fills grids but is
    no centre.

    Parameters
    ----------
    name : str
        What the protein is called in messages.
    residues : iterable of RawResidue
        Polymer residues in file order.

    Raises
    ------
    StructureError
        No residue has a CA, or a coordinate is not a finite number.
    """
    builder = _ProteinBuilder(name)
    for _, versions in itertools.groupby(residues, _place):
        for residue in builder.choose(list(versions)):
            builder.add(residue)
    return builder.finish()


def _place(residue: RawResidue) -> tuple[str, str, str]:
    return residue.chain_id, residue.residue_id, residue.segment_id


def _best_locations(atoms: Iterable[RawAtom]) -> list[RawAtom]:
    """Keep one atom per name: highest occupancy, then first."""
    best: dict[str, RawAtom] = {}
    for atom in atoms:
        if is_hydrogen(atom.element):
            continue
        rival = best.get(atom.name)
        if rival is None or atom.occupancy > rival.occupancy:
            best[atom.name] = atom
    return list(best.values())


class _ProteinBuilder:
    """Collects residues and reports what the rules left out."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.positions: list[tuple[float, float, float]] = []
        self.elements: list[int] = []
        self.atom_residues: list[int] = []
        self.centers: list[tuple[float, float, float]] = []
        self.keys: list[tuple[str, str, str, str]] = []
        self.skipped: list[tuple[str, str, str, str]] = []
        self.atoms_expected = 0
        self.atoms_found = 0

    def choose(self, versions: list[RawResidue]) -> list[RawResidue]:
        """Of one residue modelled as several amino acids keep the one with most occupancy."""
        if len(versions) == 1 or any(not a.altloc for v in versions for a in v.atoms):
            return versions
        best = max(versions, key=lambda v: max(a.occupancy for a in v.atoms))
        for other in versions:
            if other is not best:
                key = (other.chain_id, other.residue_id, other.name)
                self.skipped.append((*key, f"alternative to {best.name}"))
        return [best]

    def add(self, residue: RawResidue) -> None:
        atoms = _best_locations(residue.atoms)
        center = next((a for a in atoms if a.name == "CA" and a.element.upper() == "C"), None)
        row = len(self.centers) if center is not None else -1
        key = (residue.chain_id, residue.residue_id, residue.name)
        if center is None:
            self.skipped.append((*key, "no CA atom"))
        else:
            self.centers.append(center.position)
            self.keys.append((*key, residue.segment_id))
        expected = HEAVY_ATOMS.get(residue.name, 0)
        self.atoms_expected += expected
        self.atoms_found += min(len(atoms), expected)
        for atom in atoms:
            self.positions.append(atom.position)
            self.elements.append(channel_of(atom.element))
            self.atom_residues.append(row)

    def _warnings(self) -> tuple[str, ...]:
        found, expected = self.atoms_found, self.atoms_expected
        warnings = []
        if expected and found < COMPLETENESS_WARNING * expected:
            warnings.append(
                f"{self.name}: {found} of {expected} expected heavy atoms are there; the network "
                "reads all atoms, so expect poor scores (rebuild side chains first)"
            )
        places = Counter((chain, number, segment) for chain, number, _, segment in self.keys)
        repeats = sum(n - 1 for n in places.values())
        if repeats:
            warnings.append(f"{self.name}: {repeats} residues repeat a chain and number")
        return tuple(warnings)

    def finish(self) -> Protein:
        if not self.centers:
            raise StructureError(
                f"{self.name}: at least one protein residue with a CA atom is needed, found none; "
                "choose chains that hold protein"
            )
        coords = np.asarray(self.positions, np.float32).reshape(-1, 3)
        plausible = (np.abs(coords) < MAX_COORDINATE).all()
        if not plausible or (np.ptp(coords, axis=0) > MAX_EXTENT).any():
            raise StructureError(
                f"{self.name}: coordinates must be finite numbers within {MAX_EXTENT:g} A of one "
                "another, found others; repair or re-download the file"
            )
        columns = [np.array(column) for column in zip(*self.keys, strict=True)]
        chain_ids, residue_ids, residue_names, segment_ids = columns
        return Protein(
            name=self.name,
            coords=coords,
            elements=np.asarray(self.elements, np.int8),
            atom_residues=np.asarray(self.atom_residues, np.int32),
            centers=np.asarray(self.centers, np.float32),
            chain_ids=chain_ids,
            residue_ids=residue_ids,
            residue_names=residue_names,
            segment_ids=segment_ids,
            warnings=self._warnings(),
            skipped=tuple(self.skipped),
        )


def select_chains(protein: Protein, chain_ids: Iterable[str], name: str) -> Protein:
    """Cut some chains out of a protein; residues without a CA, and warnings, stay behind.

    Parameters
    ----------
    protein : Protein
        Where to cut from.
    chain_ids : iterable of str
        Chains to keep.
    name : str
        Name of the new protein.
    """
    keep_residues = np.isin(protein.chain_ids, list(chain_ids))
    new_row = np.where(keep_residues, np.cumsum(keep_residues) - 1, -1).astype(np.int32)
    keep_atoms = (protein.atom_residues >= 0) & keep_residues[protein.atom_residues]
    return Protein(
        name=name,
        coords=protein.coords[keep_atoms],
        elements=protein.elements[keep_atoms],
        atom_residues=new_row[protein.atom_residues[keep_atoms]],
        centers=protein.centers[keep_residues],
        chain_ids=protein.chain_ids[keep_residues],
        residue_ids=protein.residue_ids[keep_residues],
        residue_names=protein.residue_names[keep_residues],
        segment_ids=protein.segment_ids[keep_residues],
    )
