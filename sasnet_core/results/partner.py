"""A partner: one of the two proteins of a prediction."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.structure.plddt import LOW_PLDDT
from sasnet_core.structure.surface import exposed_area, relative_exposure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sasnet_core.structure.protein import Protein
    from sasnet_core.structure.reading import Structure

SIDES = ("left", "right")
#: Columns that name a residue in every table: see `PredictedPartner.place`.
PLACE_COLUMNS = ("side", "chain", "number", "insertion_code", "name", "segment")
#: Stretches of residues that a warning names.
MOST_RANGES = 5
_NUMBER = re.compile(r"-?\d+")


@dataclass(frozen=True)
class Partner:
    """One of the two proteins.

    Attributes
    ----------
    side : str
        "left" or "right".
    structure : Structure
        The structure file that holds it.
    protein : Protein
        Its residues.
    """

    side: str
    structure: Structure
    protein: Protein

    @cached_property
    def exposed_area(self) -> np.ndarray:
        """Exposed area of each residue, the partner alone; shape (n_residues,), square angstrom."""
        return exposed_area(self.protein)

    @property
    def exposure(self) -> np.ndarray:
        """Share of the largest area that each residue can expose, shape (n_residues,)."""
        return relative_exposure(self.protein, self.exposed_area)

    @property
    def chain_ids(self) -> list[str]:
        """Its chains, in file order."""
        return list(dict.fromkeys(self.protein.chain_ids.tolist()))

    def label(self, row: int) -> str:
        """Name a residue for people, like ``TYR H52A``."""
        protein = self.protein
        return f"{protein.residue_names[row]} {protein.chain_ids[row]}{protein.residue_ids[row]}"


@dataclass(frozen=True)
class InputPartner(Partner):
    """A partner as the user gave it.

    Attributes
    ----------
    settings : dict
        How it was read: coordinate model, assembly, and the entry if it was downloaded.
    """

    settings: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def plddt(self) -> np.ndarray | None:
        """Confidence of a predicted structure in each residue, shape (n_residues,), 0 to 100.

        NaN for a residue without a value; None if the file does not say that it is a predicted
        model.
        """
        found = self.structure.plddt(self.chain_ids)
        if not found:
            return None
        return np.array([found.get(key, np.nan) for key in self.protein.residue_keys()])

    @cached_property
    def low_plddt(self) -> np.ndarray:
        """Rows of the residues with a low pLDDT."""
        if self.plddt is None:
            return np.zeros(0, np.int64)
        return np.flatnonzero(self.plddt < LOW_PLDDT)

    def predicted_model(self) -> dict[str, Any] | None:
        """Summarize the pLDDT of a predicted model; None for an experimental structure."""
        if self.plddt is None:
            return None
        return {
            "metric": "pLDDT",
            "mean": round(float(np.nanmean(self.plddt)), 4),
            "low_below": LOW_PLDDT,
            "low": [
                dict(zip(("chain", "number", "insertion_code", "name"), key, strict=True))
                for key in (residue_key(self.protein, row) for row in self.low_plddt.tolist())
            ],
        }

    def warnings(self) -> list[str]:
        """List what may make the prediction of this partner unreliable."""
        if not len(self.low_plddt):
            return list(self.protein.warnings)
        return [
            *self.protein.warnings,
            f"{self.protein.name}: a predicted model with {len(self.low_plddt)} of "
            f"{self.protein.n_residues} residues of pLDDT under {LOW_PLDDT:g} "
            f"({_ranges(self.protein, self.low_plddt.tolist())}); where they lie is uncertain, and "
            "so is what is predicted of them and around them",
        ]


@dataclass(frozen=True)
class PredictedPartner(Partner):
    """A partner with its predicted residues; the structure's B factors are probabilities.

    Attributes
    ----------
    segments : tuple of str
        Segment of each residue in the input; that of the structure's own file may differ.
    probability, spread : ndarray, shape (n_residues,)
        As in residues.csv, to four decimals.
    """

    segments: tuple[str, ...]
    probability: np.ndarray
    spread: np.ndarray

    def place(self, row: int) -> dict[str, str | int]:
        """Return what `PLACE_COLUMNS` hold for a residue."""
        values = (self.side, *residue_key(self.protein, row), self.segments[row])
        return dict(zip(PLACE_COLUMNS, values, strict=True))


def residue_key(protein: Protein, row: int) -> tuple[str, int, str, str]:
    """Return chain, number, insertion code and name of a residue, as in the input."""
    residue_id = str(protein.residue_ids[row])
    digits = _NUMBER.match(residue_id)[0]  # type: ignore[index]
    code = residue_id[len(digits) :]
    return str(protein.chain_ids[row]), int(digits), code, str(protein.residue_names[row])


def residue_labels(protein: Protein) -> np.ndarray:
    """Name each residue like ``H:52A:TYR``, as scores.npz does; shape (n_residues,)."""
    parts = zip(protein.chain_ids, protein.residue_ids, protein.residue_names, strict=True)
    return np.array([":".join(part) for part in parts])


def stretches(protein: Protein, rows: Iterable[int]) -> list[list[int]]:
    """Group ascending rows of residues: those that follow one another in a chain are together."""
    groups: list[list[int]] = []
    chains = protein.chain_ids
    for row in rows:
        if groups and groups[-1][-1] == row - 1 and chains[row] == chains[row - 1]:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _ranges(protein: Protein, rows: list[int]) -> str:
    """Name residues, neighbours in the file together: ``A1-12, A40``; the first few of many."""
    groups = stretches(protein, rows)
    names = [
        f"{protein.chain_ids[group[0]]}{protein.residue_ids[group[0]]}"
        + (f"-{protein.residue_ids[group[-1]]}" if len(group) > 1 else "")
        for group in groups
    ]
    more = [f"and {len(names) - MOST_RANGES} stretches more"] if len(names) > MOST_RANGES else []
    return ", ".join(names[:MOST_RANGES] + more)
