"""Coordinates that are none: many atoms at one point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.errors import StructureError
from sasnet_core.structure.chemistry import is_hydrogen

if TYPE_CHECKING:
    from sasnet_core.structure.protein import RawResidues

#: So many heavy atoms at one point have placeholder coordinates; two can be an error of their own.
MANY = 3
#: As many at the origin, where programs put atoms that they could not place.
MANY_AT_ORIGIN = 2
REASON = "placeholder coordinates"
#: Any direction: points that differ hardly ever lie equally far along it.
ANY_DIRECTION = np.array([0.8317, 0.4271, 0.3541])


def without_placeholders(name: str, raw: RawResidues) -> tuple[RawResidues, list[str]]:
    """Omit the atoms that share their point with many others.

    Parameters
    ----------
    name : str
        Name of the protein, for messages.
    raw : RawResidues
        Residues as they are in a file.

    Returns
    -------
    raw : RawResidues
        The same residues, some of them without some atoms.
    warnings : list of str
        What was omitted.

    Raises
    ------
    StructureError
        Most atoms would be omitted.
    """
    if not _some_share_a_point(raw.positions):
        return raw, []
    heavy = ~np.isin(raw.elements, [e for e in set(raw.elements.tolist()) if _is_hydrogen(e)])
    rows = np.flatnonzero(heavy)
    places = _places(raw)[raw.atom_residues]
    omitted = rows[share_a_point(raw.positions[rows], places[rows], raw.atom_names[rows])]
    if not len(omitted):
        return raw, []
    if len(omitted) > len(rows) / 2:
        raise StructureError(
            f"{name}: atoms need coordinates, {len(omitted)} of {len(rows)} heavy atoms share "
            "theirs with others (placeholders such as 0, 0, 0); give a complete structure"
        )
    kept = np.ones(len(raw.positions), bool)
    kept[omitted] = False
    residues = len(np.unique(raw.atom_residues[omitted]))
    warning = (
        f"{name}: {len(omitted)} heavy atoms of {residues} residues share their coordinates with "
        "others (placeholders such as 0, 0, 0) and are omitted; rebuild them first"
    )
    return raw.select_atoms(kept), [warning]


def _repeated(values: np.ndarray) -> np.ndarray:
    """Return the values that come more than once."""
    ordered = np.sort(values)
    return ordered[1:][ordered[1:] == ordered[:-1]]


def _some_share_a_point(positions: np.ndarray) -> bool:
    """Tell whether two atoms may share their point; quick, and true if in doubt."""
    return bool(len(_repeated(positions @ ANY_DIRECTION)))


def _places(raw: RawResidues) -> np.ndarray:
    """Give residues a number, alternative amino acids the same; shape (n_residues,), int."""
    changes = np.zeros(len(raw.names), bool)
    for labels in (raw.chain_ids, raw.residue_ids):
        changes[1:] |= labels[1:] != labels[:-1]
    return np.cumsum(changes)


def with_reasons(
    skipped: tuple[tuple[str, str, str, str], ...], raw: RawResidues, placed: RawResidues
) -> tuple[tuple[str, str, str, str], ...]:
    """Say of residues whose CA has no coordinates that this is why they were skipped.

    Parameters
    ----------
    skipped : tuple
        Chain, residue id, name and reason of residues that were skipped.
    raw, placed : RawResidues
        The residues before and after `without_placeholders`.
    """
    if placed is raw:
        return skipped
    with_ca = [r.atom_residues[r.atom_names == b"CA"] for r in (raw, placed)]
    lost = np.setdiff1d(*with_ca)
    columns = (raw.chain_ids[lost], raw.residue_ids[lost], raw.names[lost])
    labels = set(zip(*(column.tolist() for column in columns), strict=True))
    return tuple((*e[:3], REASON if e[:3] in labels else e[3]) for e in skipped)


def _is_hydrogen(element: bytes) -> bool:
    return is_hydrogen(element.decode())


def share_a_point(positions: np.ndarray, residues: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Tell which atoms share their point with many others.

    Parameters
    ----------
    positions : ndarray, shape (n_atoms, 3)
        Coordinates in angstrom.
    residues : ndarray, shape (n_atoms,)
        Residue of each atom.
    names : ndarray, shape (n_atoms,)
        Name of each atom; the alternate locations of an atom have one name and count once.

    Returns
    -------
    ndarray, shape (n_atoms,), bool

    Examples
    --------
    >>> points = np.array([[0, 0, 0], [1, 0, 0], [0, 0, 0]])
    >>> share_a_point(points, np.array([1, 1, 2]), np.array(["CA", "CB", "CA"]))
    array([ True, False,  True])
    """
    places = positions @ ANY_DIRECTION
    sharing = np.isin(places, _repeated(places))
    atoms: dict[tuple[float, ...], set[tuple[int, bytes]]] = {}
    rows = np.flatnonzero(sharing).tolist()
    points = [tuple(point) for point in positions[rows].tolist()]
    for row, point in zip(rows, points, strict=True):
        atoms.setdefault(point, set()).add((residues[row], names[row]))
    for row, point in zip(rows, points, strict=True):
        sharing[row] = len(atoms[point]) >= (MANY if any(point) else MANY_AT_ORIGIN)
    return sharing
