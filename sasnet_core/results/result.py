"""A result: the content of a result folder in memory. Exports, report and explain take it.

`writing.write_prediction` gives the content of what it writes, `reading.read_content` that of a
saved folder; `FolderContent.result` makes the same result of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.errors import ResultError
from sasnet_core.results.partner import SIDES, PredictedPartner, residue_key, residue_labels
from sasnet_core.results.patches import (
    PatchPair,
    PredictedPatch,
    patch_of,
    predicted_patches,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sasnet_core.structure.reading import Structure

RESULT_FILE, SCORES_FILE, COMPLEX_FILE = "result.json", "scores.npz", "complex.cif"


@dataclass(frozen=True)
class Result:
    """A prediction as its tables have it.

    Attributes
    ----------
    folder : Path
        Its folder.
    left, right : PredictedPartner
        The partners.
    scores, pair_spread : ndarray, shape (n_left, n_right)
        Pair scores, and their standard deviation over rotations.
    threshold : float
        Probability from which residues are called likely.
    values : dict
        Content of result.json.
    """

    folder: Path
    left: PredictedPartner
    right: PredictedPartner
    scores: np.ndarray
    pair_spread: np.ndarray
    threshold: float
    values: dict[str, Any]

    @property
    def sides(self) -> tuple[PredictedPartner, PredictedPartner]:
        """Left and right."""
        return self.left, self.right

    @property
    def structures(self) -> list[Structure]:
        """The structure files: that of the complex, or one of each side."""
        both = [self.left.structure, self.right.structure]
        return both[:1] if both[0] is both[1] else both

    @cached_property
    def patches(self) -> dict[str, tuple[PredictedPatch, ...]]:
        """The patches of each side, the likeliest first; computed if the file has none."""
        if "patches" in self.values:
            found = [patch_of(values) for values in self.values["patches"]]
            return {name: tuple(p for p in found if p.side == name) for name in SIDES}
        sizes = self.scores.shape[::-1]
        return {
            side.side: predicted_patches(side, side.probability, size, None)
            for side, size in zip(self.sides, sizes, strict=True)
        }

    @property
    def patch_pairs(self) -> tuple[PatchPair, ...]:
        """The pairs of patches by falling chance that they touch; an older file has none."""
        return tuple(PatchPair(**values) for values in self.values.get("patch_pairs", []))

    def first_patch(self, side: PredictedPartner) -> list[int]:
        """Return the rows of a side's first patch that may touch, the likeliest first.

        Residues that are known not to touch have probability 0 and are left out.

        Raises
        ------
        ResultError
            None remains.
        """
        rows = [row for row in self.patches[side.side][0].rows if side.probability[row] > 0]
        if not rows:
            raise ResultError(
                f"a residue of the {side.side} side that may touch is needed, the whole first "
                "patch is excluded or masked; exclude fewer residues"
            )
        return rows

    def included(self, side: PredictedPartner) -> list[int]:
        """Return the rows of a side's residues that are known to be in the interface."""
        known = {
            tuple(values[name] for name in ("chain", "number", "insertion_code", "name"))
            for values in self.values.get("known", {}).get("include", [])
            if values["side"] == side.side
        }
        if not known:
            return []
        rows = range(side.protein.n_residues)
        return [row for row in rows if residue_key(side.protein, row) in known]

    def guiding(self, side: PredictedPartner) -> list[int]:
        """Return the rows of a side that guide docking, the surest first.

        Residues that are known to be in the interface, then those of `first_patch`.
        """
        return list(dict.fromkeys([*self.included(side), *self.first_patch(side)]))

    def partner(self, side: PredictedPartner) -> PredictedPartner:
        """Return the other side."""
        return self.right if side is self.left else self.left


@dataclass(frozen=True)
class FolderContent:
    """The files of a result folder that exports are made of.

    Attributes
    ----------
    folder : Path
        The folder.
    values : dict
        Content of result.json.
    arrays : dict of ndarray
        Content of scores.npz.
    structures : dict of Structure
        Of each side; one file for both sides is one object.
    """

    folder: Path
    values: dict[str, Any]
    arrays: dict[str, np.ndarray]
    structures: dict[str, Structure]

    @cached_property
    def result(self) -> Result:
        """The result.

        Raises
        ------
        ResultError
            The files do not belong together, or two residues have the same name.
        """
        left, right = (self._partner(entry) for entry in self.values["inputs"])
        scores, spread = self.arrays["scores"], self.arrays["spread"]
        if scores.shape != (left.protein.n_residues, right.protein.n_residues):
            raise self._mixed(SCORES_FILE)
        threshold = float(self.values["threshold"])
        return Result(self.folder, left, right, scores, spread, threshold, self.values)

    def _partner(self, entry: dict[str, Any]) -> PredictedPartner:
        side, file = entry["side"], self.structures[entry["side"]]
        rows = [row for row in self.values["residues"] if row["side"] == side]
        protein = file.protein(entry["chains"])
        labels = self.arrays[f"{side}_residues"].tolist()
        _require_distinct(labels, entry["file"])
        if residue_labels(protein).tolist() != labels:
            raise self._mixed(file.path.name)
        if len(rows) != protein.n_residues:
            raise self._mixed(RESULT_FILE)
        return PredictedPartner(
            side=side,
            structure=file,
            protein=protein,
            segments=tuple(row["segment"] for row in rows),
            probability=np.array([row["probability"] for row in rows]),
            spread=np.array([row["spread"] for row in rows]),
        )

    def _mixed(self, name: str) -> ResultError:
        return ResultError(
            f"{self.folder}: the files of one result are needed, the residues of {name} are not "
            "those of the others; predict again"
        )


def _require_distinct(labels: list[str], file: str) -> None:
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise ResultError(
            "each residue must have its own chain and number to be exported, "
            f"{twice} occurs twice in {file}; rename chains, then predict again"
        )
