"""Protein: one binding partner as arrays, and the rules that make it from raw atoms."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.errors import StructureError
from sasnet_core.structure.chemistry import (
    HEAVY_ATOMS,
    channel_of,
    is_hydrogen,
    one_letter,
    usual_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

#: Neighbours in a chain are nearer than this from CA to CA (angstrom; a peptide bond gives 3.8).
CHAIN_STEP = 4.5
#: A protein with less than this share of its expected heavy atoms gets a warning.
COMPLETENESS_WARNING = 0.8
#: More of its atoms must not repeat the name of another in their residue.
MOST_REPEATS = 0.1
#: Larger coordinates do not fit into a PDB file and mean a damaged one (angstrom).
MAX_COORDINATE = 1e5
#: No protein is larger (angstrom); a larger one has dummy coordinates such as 9999.
MAX_EXTENT = 2000.0


@dataclass(frozen=True)
class RawResidues:
    """Polymer residues and their atoms as they are in a file, before any rule is applied."""

    chain_ids: np.ndarray  # (n_residues,) str, as the author named them
    residue_ids: np.ndarray  # (n_residues,) str, number + insertion code
    segment_ids: np.ndarray  # (n_residues,) str, PDB segment or mmCIF label_asym_id
    names: np.ndarray  # (n_residues,) str
    atom_residues: np.ndarray  # (n_atoms,) int64, row of the residue arrays, never falling
    atom_names: np.ndarray  # (n_atoms,) S8
    elements: np.ndarray  # (n_atoms,) S2, symbols
    has_altloc: np.ndarray  # (n_atoms,) bool
    occupancies: np.ndarray  # (n_atoms,) float
    positions: np.ndarray  # (n_atoms, 3) float, angstrom

    def select(self, residues: np.ndarray) -> RawResidues:
        """Keep the residues of a mask, shape (n_residues,), and their atoms."""
        atoms = residues[self.atom_residues]
        rows = (np.cumsum(residues) - 1)[self.atom_residues[atoms]]
        kept = {name: getattr(self, name)[residues] for name in _PER_RESIDUE}
        kept |= {name: getattr(self, name)[atoms] for name in _PER_ATOM}
        return replace(self, atom_residues=rows, **kept)

    def select_atoms(self, atoms: np.ndarray) -> RawResidues:
        """Keep the atoms of a mask or of rows; residues stay, even without atoms."""
        kept = {name: getattr(self, name)[atoms] for name in ("atom_residues", *_PER_ATOM)}
        return replace(self, **kept)


_PER_RESIDUE = ("chain_ids", "residue_ids", "segment_ids", "names")
_PER_ATOM = ("atom_names", "elements", "has_altloc", "occupancies", "positions")


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

        # Unbalanced trees find the same and are built faster.
        return cKDTree(self.coords, balanced_tree=False, compact_nodes=False)

    @cached_property
    def content_hash(self) -> str:
        """Hash of all arrays that a network reads; its embeddings depend on them and the pose."""
        arrays = (self.coords, self.elements, self.atom_residues, self.centers)
        return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()

    @cached_property
    def pose_key(self) -> tuple[int, ...]:
        """Key of the protein's random poses: four whole numbers, made of its atoms in any order.

        Programs write the atoms of a residue in different orders; the prediction must not depend
        on that.
        """
        columns = (*self.coords.T, self.elements)
        order = np.lexsort(columns)
        content = b"".join(np.ascontiguousarray(column[order]).tobytes() for column in columns)
        return tuple(np.frombuffer(hashlib.sha256(content).digest()[:16], np.uint32).tolist())

    @property
    def sequence(self) -> str:
        """One letter per residue, chains one after the other."""
        return "".join(one_letter(name) for name in self.residue_names)

    def chain_breaks(self) -> np.ndarray:
        """Return after which residues the chain breaks or ends, shape (n_residues - 1,), bool."""
        steps = np.linalg.norm(np.diff(self.centers, axis=0), axis=1)
        breaks: np.ndarray = (steps > CHAIN_STEP) | (self.chain_ids[1:] != self.chain_ids[:-1])
        return breaks

    def residue_keys(self) -> list[tuple[str, str, str]]:
        """Return chain, residue id and segment of each residue."""
        columns = (self.chain_ids, self.residue_ids, self.segment_ids)
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def residue_means(self, coords: np.ndarray | None = None) -> np.ndarray:
        """Average the positions of each residue's heavy atoms.

        Parameters
        ----------
        coords : ndarray, shape (n_atoms, 3), optional
            Other positions of the atoms.

        Returns
        -------
        ndarray, shape (n_residues, 3), float64, angstrom
            0 for a residue without atoms.
        """
        known = self.atom_residues >= 0
        rows, places = self.atom_residues[known], self.coords if coords is None else coords
        sums = [np.bincount(rows, column[known], self.n_residues) for column in places.T]
        counts = np.bincount(rows, minlength=self.n_residues)
        return np.stack(sums, axis=1) / np.maximum(counts, 1)[:, None]

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


def build_protein(name: str, raw: RawResidues) -> Protein:
    """Make a protein from raw residues. All rules on atoms are applied here.

    Hydrogens are dropped. Of alternate locations, and of alternative amino acids, the one with the
    highest occupancy is kept, the first if several have it. The atoms of a residue without a CA
    fill voxel grids, but the residue has no surfacelet.

    Parameters
    ----------
    name : str
        Name of the protein, also in messages.
    raw : RawResidues
        Polymer residues in file order.

    Raises
    ------
    StructureError
        No residue has a CA, a coordinate is not a finite number, or residues stand twice.
    """
    skipped: dict[int, tuple[str, str, str, str]] = {}  # by row of the residue
    losers = _alternatives(raw)
    for row, winner in losers.items():
        skipped[row] = (*_label(raw, row), f"alternative to {raw.names[winner]}")
    chosen = np.ones(len(raw.names), bool)
    chosen[list(losers)] = False
    heavy = ~_is(raw.elements, is_hydrogen) & chosen[raw.atom_residues]
    atoms = _best_locations(raw.select_atoms(heavy))
    is_center = (atoms.atom_names == b"CA") & _is(atoms.elements, lambda e: e.upper() == "C")
    with_center = np.zeros(len(raw.names), bool)
    with_center[atoms.atom_residues[is_center]] = True
    for row in np.flatnonzero(chosen & ~with_center).tolist():
        skipped[row] = (*_label(raw, row), "no CA atom")
    _check_places(name, atoms.positions, with_center)
    rows = np.where(with_center, np.cumsum(with_center) - 1, -1).astype(np.int32)
    protein = Protein(
        name=name,
        coords=atoms.positions.astype(np.float32),
        elements=_channels(atoms.elements),
        atom_residues=rows[atoms.atom_residues],
        centers=atoms.positions[is_center].astype(np.float32),
        chain_ids=raw.chain_ids[with_center],
        residue_ids=raw.residue_ids[with_center],
        residue_names=raw.names[with_center],
        segment_ids=raw.segment_ids[with_center],
        skipped=tuple(skipped[row] for row in sorted(skipped)),
    )
    found = np.bincount(atoms.atom_residues, minlength=len(raw.names))[chosen]
    warnings = (
        *_warnings(protein, raw.names[chosen], found),
        *_repeat_warnings(name, raw.select_atoms(heavy & ~raw.has_altloc)),
    )
    return replace(protein, warnings=warnings)


def _label(raw: RawResidues, row: int) -> tuple[str, str, str]:
    return str(raw.chain_ids[row]), str(raw.residue_ids[row]), str(raw.names[row])


def _is(elements: np.ndarray, rule: Callable[[str], bool]) -> np.ndarray:
    """Apply a rule to each element's symbol; shape (n_atoms,), bool."""
    return np.isin(elements, [e for e in np.unique(elements) if rule(e.decode())])


def _channels(elements: np.ndarray) -> np.ndarray:
    symbols, rows = np.unique(elements, return_inverse=True)
    return np.array([channel_of(symbol.decode()) for symbol in symbols], np.int8)[rows]


def _alternatives(raw: RawResidues) -> dict[int, int]:
    """Find, in residues modelled as several amino acids, those with less occupancy.

    Returns
    -------
    dict
        Row of each residue to omit, to the row of the one that replaces it.
    """
    same = np.ones(max(0, len(raw.names) - 1), bool)
    for labels in (raw.chain_ids, raw.residue_ids):
        same &= labels[1:] == labels[:-1]
    firsts = np.flatnonzero(np.diff(same.astype(np.int8), prepend=0) == 1)
    ends = np.flatnonzero(np.diff(same.astype(np.int8), append=0) == -1) + 2
    occupancies = np.zeros(len(raw.names))  # the highest of each residue
    np.maximum.at(occupancies, raw.atom_residues, np.nan_to_num(raw.occupancies))
    alone = np.bincount(raw.atom_residues[~raw.has_altloc], minlength=len(raw.names)) > 0
    losers: dict[int, int] = {}
    for first, end in zip(firsts.tolist(), ends.tolist(), strict=True):
        if not alone[first:end].any():
            best = first + int(occupancies[first:end].argmax())
            losers |= {row: best for row in range(first, end) if row != best}
    return losers


def best_locations(names: Sequence[Hashable], occupancies: Sequence[float]) -> list[int]:
    """Choose one of the alternate locations of each atom: highest occupancy, then first.

    Parameters
    ----------
    names : sequence
        Names of atoms in file order; locations of one atom share a name.
    occupancies : sequence of float
        Occupancy of each location.

    Returns
    -------
    list of int
        Rows of the chosen locations, atoms in the order in which their names come first.

    Examples
    --------
    >>> best_locations(["CA", "CB", "CA", "CB"], [0.5, 0.3, 0.5, 0.7])
    [0, 3]
    """
    best: dict[Hashable, int] = {}
    for row, (name, occupancy) in enumerate(zip(names, occupancies, strict=True)):
        if name not in best or occupancy > occupancies[best[name]]:
            best[name] = row
    return list(best.values())


def _best_locations(raw: RawResidues) -> RawResidues:
    """Keep one location of each atom."""
    suspects = _residues_with_twins(raw)
    if not len(suspects):
        return raw
    suspect = np.isin(raw.atom_residues, suspects)
    rows = np.flatnonzero(suspect)
    occupancies = np.nan_to_num(raw.occupancies[rows]).tolist()
    names = zip(raw.atom_residues[rows].tolist(), raw.atom_names[rows].tolist(), strict=True)
    best = rows[best_locations(list(names), occupancies)]
    kept = np.concatenate([np.flatnonzero(~suspect), best])
    return raw.select_atoms(kept[np.argsort(raw.atom_residues[kept], kind="stable")])


def _residues_with_twins(raw: RawResidues) -> np.ndarray:
    """Return the rows of the residues that may have an atom name twice.

    Names are hashed; two names with one hash only cost time.
    """
    names = np.ascontiguousarray(raw.atom_names, "S8").view(np.uint64)
    hashes = names * np.uint64(0x9E3779B97F4A7C15) ^ raw.atom_residues.astype(np.uint64)
    ordered = np.sort(hashes)
    twins = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(twins):
        return np.zeros(0, np.int64)
    return np.unique(raw.atom_residues[np.isin(hashes, twins)])


def _repeat_warnings(name: str, atoms: RawResidues) -> list[str]:
    """Warn of atoms without alternate locations that repeat a name in their residue.

    Raises
    ------
    StructureError
        They are many: chains under one name lie in one another, and half of them would be lost.
    """
    there = len(atoms.positions)
    lost = there - len(_best_locations(atoms).positions)
    if not lost:
        return []
    if lost > MOST_REPEATS * there:
        raise StructureError(
            f"{name}: each residue needs a chain and number of its own, {lost} of {there} heavy "
            "atoms repeat the name of another in their residue; rename the copies of the chain"
        )
    return [
        f"{name}: {lost} heavy atoms repeat the name of another in their residue and are omitted; "
        "check the residue numbers"
    ]


def _check_places(name: str, positions: np.ndarray, with_center: np.ndarray) -> None:
    if not with_center.any():
        raise StructureError(
            f"{name}: at least one protein residue with a CA atom is needed, found none; "
            "choose chains that hold protein"
        )
    plausible = (np.abs(positions) < MAX_COORDINATE).all()
    if not plausible or (np.ptp(positions, axis=0) > MAX_EXTENT).any():
        raise StructureError(
            f"{name}: coordinates must be finite numbers within {MAX_EXTENT:g} A of one "
            "another, found others; repair or re-download the file"
        )


def _warnings(protein: Protein, names: np.ndarray, found: np.ndarray) -> tuple[str, ...]:
    """List what is wrong with a protein, from its residues' names and numbers of heavy atoms."""
    wanted = np.array([HEAVY_ATOMS.get(usual_name(name), 0) for name in names.tolist()])
    there, expected = int(np.minimum(found, wanted).sum()), int(wanted.sum())
    warnings = []
    if there < COMPLETENESS_WARNING * expected:
        warnings.append(
            f"{protein.name}: {there} of {expected} expected heavy atoms are there; the network "
            "reads all atoms, so expect poor scores (rebuild side chains first)"
        )
    places = set(protein.residue_keys())
    if len(places) < protein.n_residues:
        repeats = protein.n_residues - len(places)
        warnings.append(f"{protein.name}: {repeats} residues repeat a chain and number")
    return tuple(warnings)


def select_chains(protein: Protein, chain_ids: Iterable[str], name: str) -> Protein:
    """Cut some chains out of a protein, without warnings and residues that have no CA.

    Parameters
    ----------
    protein : Protein
        Protein that has the chains.
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
