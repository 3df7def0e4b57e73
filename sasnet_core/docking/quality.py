"""How near a pose is to a known complex: native contacts, RMSD, DockQ.

The measures are those of CAPRI and of DockQ (Basu and Wallner 2016; Mirabello and Wallner 2024).
The package DockQ 2.1.3 cannot be used here, because it needs numpy below 2;
``python -m benchmarks.quality`` compares the two.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.errors import StructureError
from sasnet_core.structure.chain_matching import equal_maps
from sasnet_core.structure.contacts import contacts

if TYPE_CHECKING:
    from sasnet_core.structure.protein import Protein

#: Residues with heavy atoms nearer than this are native contacts, and those nearer than the other
#: are in the interface of the interface RMSD (angstrom).
CONTACT, INTERFACE = 5.0, 10.0
#: Distances at which a term of DockQ is one half (angstrom).
IRMSD_HALF, LRMSD_HALF = 1.5, 8.5
#: DockQ from which a pose is acceptable, of medium and of high quality.
ACCEPTABLE, MEDIUM, HIGH = 0.23, 0.49, 0.80
#: An interface of fewer common backbone atoms on a side cannot be superimposed.
_FEWEST = 3


@dataclass(frozen=True)
class Quality:
    """A pose compared with the complex.

    Attributes
    ----------
    fnat : float
        Share of the native contacts that the pose has.
    irmsd : float
        RMSD of the backbone of the interface, superimposed (angstrom).
    lrmsd : float
        RMSD of the backbone of the smaller protein, the larger superimposed (angstrom).
    dockq : float
        0 to 1; acceptable from `ACCEPTABLE`.
    """

    fnat: float
    irmsd: float
    lrmsd: float
    dockq: float


# `Structure.backbone` of both partners.
Backbones = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class _Way:
    """One way to match the chains of the complex with those of the poses."""

    maps: tuple[np.ndarray, ...]  # residue of a pose for each of the complex, of both sides
    native: np.ndarray  # codes of the native contacts that a pose can have


@dataclass(frozen=True)
class _Atoms:
    """What a pose is measured by once each chain of the complex has its chain of the pose."""

    native: np.ndarray  # as of the `_Way`
    rows: tuple[np.ndarray, ...]  # rows of the pose's backbone atoms, of both sides
    places: tuple[np.ndarray, ...]  # where these are in the complex
    interface: tuple[np.ndarray, ...]  # which of them are in the interface


class Reference:
    """A complex that poses are compared with.

    Parameters
    ----------
    complex_ : tuple of Protein
        Left and right partner of the complex.
    complex_backbone : tuple of ndarray
        `Structure.backbone` of both.
    pose : tuple of Protein
        Left and right partner of the first pose. Residues are matched by their sequences, chain by
        chain; where chains are equal, each pose is matched in the way that suits it best, as DockQ
        does.
    pose_backbone : tuple of ndarray
        `Structure.backbone` of both.

    Raises
    ------
    StructureError
        The partners of the complex do not touch, or have too little in common with the pose's.
    """

    def __init__(
        self,
        complex_: tuple[Protein, Protein],
        complex_backbone: Backbones,
        pose: tuple[Protein, Protein],
        pose_backbone: Backbones,
    ) -> None:
        native = contacts(*complex_, CONTACT)
        if not len(native):
            raise StructureError(
                f"the partners of the reference, {complex_[0].name} and {complex_[1].name}, must "
                "touch, they do not; check its chains"
            )
        self._complex, self._backbone = complex_, complex_backbone
        self._count = len(native)
        near = contacts(*complex_, INTERFACE)
        self._near = np.unique(near[:, 0]), np.unique(near[:, 1])
        n_right = pose[1].n_residues
        self._ways = [
            _Way(maps, _mapped(maps, native, n_right))
            for maps in itertools.product(*map(equal_maps, complex_, pose))
        ]
        self._larger = 0 if complex_[0].n_residues > complex_[1].n_residues else 1
        self._first = pose_backbone
        self._of_first = self._matched(pose_backbone)
        if not self._of_first:
            raise StructureError(
                f"the reference {complex_[0].name}, {complex_[1].name} must hold the proteins of "
                "the poses, their sequences differ; check its chains"
            )

    def measure(self, left: Protein, right: Protein, backbones: Backbones | None = None) -> Quality:
        """Compare a pose with the complex.

        Parameters
        ----------
        left, right : Protein
            The partners, with the residues of the first pose.
        backbones : tuple of ndarray, optional
            `Structure.backbone` of both. Default: the atoms are those of the first pose.

        Raises
        ------
        StructureError
            The pose has too few backbone atoms in the interface.
        """
        ways = self._of_first
        if backbones is not None and not all(map(np.array_equal, backbones, self._first)):
            ways = self._matched(backbones)
        if not ways:
            raise StructureError(
                "a pose needs backbone atoms of both partners in the interface of the reference, "
                "it has too few"
            )
        found = _codes(contacts(left, right, CONTACT), right.n_residues)
        measured = (self._measure(left, right, found, one) for one in ways)
        return max(measured, key=lambda quality: quality.dockq)

    def _matched(self, backbones: Backbones) -> list[_Atoms]:
        """Find the backbone atoms that complex and pose share, for each way to match chains."""
        matched = []
        for way in self._ways:
            sides = [
                _common(*pair) for pair in zip(self._backbone, backbones, way.maps, strict=True)
            ]
            places = (p.coords[s[0]] for p, s in zip(self._complex, sides, strict=True))
            interface = tuple(
                np.isin(s[2], near) for s, near in zip(sides, self._near, strict=True)
            )
            if min(mask.sum() for mask in interface) >= _FEWEST:
                rows = tuple(side[1] for side in sides)
                matched.append(_Atoms(way.native, rows, tuple(places), interface))
        return matched

    def _measure(self, left: Protein, right: Protein, found: np.ndarray, one: _Atoms) -> Quality:
        fnat = len(np.intersect1d(found, one.native, assume_unique=True)) / self._count
        atoms = [p.coords[rows] for p, rows in zip((left, right), one.rows, strict=True)]
        at_interface = [
            np.concatenate([side[rows] for side, rows in zip(both, one.interface, strict=True)])
            for both in (atoms, one.places)
        ]
        turn, shift = superposition(*at_interface)
        irmsd = rmsd(at_interface[0] @ turn + shift, at_interface[1])
        larger, smaller = self._larger, 1 - self._larger
        turn, shift = superposition(atoms[larger], one.places[larger])
        lrmsd = rmsd(atoms[smaller] @ turn + shift, one.places[smaller])
        return Quality(fnat, irmsd, lrmsd, dockq(fnat, irmsd, lrmsd))


def _mapped(maps: tuple[np.ndarray, ...], native: np.ndarray, n_right: int) -> np.ndarray:
    """Return the codes that native contacts have in a pose; those it cannot have are left out."""
    mapped = np.stack([maps[0][native[:, 0]], maps[1][native[:, 1]]], axis=1)
    return _codes(mapped[(mapped >= 0).all(axis=1)], n_right)


def _codes(pairs: np.ndarray, n_right: int) -> np.ndarray:
    """Give each pair of residues a number."""
    return pairs[:, 0].astype(np.int64) * n_right + pairs[:, 1]


def _common(
    reference: np.ndarray, pose: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find backbone atoms that both have.

    Returns
    -------
    tuple of ndarray, shape (n,)
        Atom of the reference, atom of the pose, and residue of the reference.
    """
    residues = np.flatnonzero(rows >= 0)
    first, second = reference[residues], pose[rows[residues]]
    both = (first >= 0) & (second >= 0)
    return first[both], second[both], residues[np.nonzero(both)[0]]


def superposition(moving: np.ndarray, fixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the rigid motion that superimposes points on others (Kabsch 1976).

    Parameters
    ----------
    moving, fixed : ndarray, shape (n, 3)
        The points, in the same order.

    Returns
    -------
    turn : ndarray, shape (3, 3)
    shift : ndarray, shape (3,)
        ``moving @ turn + shift`` is the result.
    """
    centers = moving.mean(axis=0, dtype=np.float64), fixed.mean(axis=0, dtype=np.float64)
    covariance = (moving - centers[0]).T @ (fixed - centers[1])  # (3, 3)
    u, _, v = np.linalg.svd(covariance)
    mirror = np.sign(np.linalg.det(u) * np.linalg.det(v))
    turn = u @ np.diag([1.0, 1.0, mirror]) @ v
    return turn, centers[1] - centers[0] @ turn


def rmsd(first: np.ndarray, second: np.ndarray) -> float:
    """Return the root mean square distance of points, shape (n, 3), in angstrom."""
    return float(np.sqrt(((first - second) ** 2).sum(axis=1).mean()))


def dockq(fnat: float, irmsd: float, lrmsd: float) -> float:
    """Combine three measures to one, 0 to 1 (Basu and Wallner 2016).

    Examples
    --------
    >>> dockq(1.0, 0.0, 0.0)
    1.0
    >>> round(dockq(0.5, 1.5, 8.5), 3)
    0.5
    """
    terms = fnat, 1 / (1 + (irmsd / IRMSD_HALF) ** 2), 1 / (1 + (lrmsd / LRMSD_HALF) ** 2)
    return sum(terms) / len(terms)
