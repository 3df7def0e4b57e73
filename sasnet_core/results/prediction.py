"""A prediction as users get it: partners, scores, probabilities and how they came about."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core import __version__
from sasnet_core.metrics import auroc
from sasnet_core.scoring.calibration import pair_log_odds, residue_probabilities
from sasnet_core.scoring.pair_scores import best_pairs
from sasnet_core.structure.contacts import contact_matrix, contacts
from sasnet_core.structure.plddt import LOW_PLDDT

if TYPE_CHECKING:
    from sasnet_core.fitted import Calibration
    from sasnet_core.network.weights import WeightsInfo
    from sasnet_core.scoring.pair_scores import PairScores
    from sasnet_core.structure.protein import Protein
    from sasnet_core.structure.reading import Structure

#: Version of the layout of result.json, and the name of the JSON Schema that describes it.
SCHEMA = 3
JSON_SCHEMA = f"urn:sasnet:result:{SCHEMA}"
#: Stretches of residues that a warning names.
MOST_RANGES = 5
_NUMBER = re.compile(r"-?\d+")


@dataclass(frozen=True)
class Partner:
    """One side of a question: where it came from and what was made of it."""

    side: str  # "left" or "right"
    structure: Structure
    protein: Protein
    settings: dict[str, Any] = field(default_factory=dict)  # coordinate model, assembly

    @property
    def chain_ids(self) -> list[str]:
        """Chains of this partner, in file order."""
        return list(dict.fromkeys(self.protein.chain_ids.tolist()))

    @cached_property
    def plddt(self) -> np.ndarray | None:
        """How sure a structure predictor was of each residue, shape (n_residues,), 0 to 100.

        NaN where the file gives nothing for a residue; None if it does not say that it is a
        predicted model.
        """
        found = self.structure.plddt(self.chain_ids)
        if not found:
            return None
        return np.array([found.get(key, np.nan) for key in self.protein.residue_keys()])

    @cached_property
    def low_plddt(self) -> np.ndarray:
        """Rows of the residues that a structure predictor was not sure of."""
        if self.plddt is None:
            return np.zeros(0, np.int64)
        return np.flatnonzero(self.plddt < LOW_PLDDT)

    def predicted_model(self) -> dict[str, Any] | None:
        """Say how good a predicted model is by its own account; None if it is none."""
        if self.plddt is None:
            return None
        return {
            "metric": "pLDDT",
            "mean": _rounded(np.nanmean(self.plddt)),
            "low_below": LOW_PLDDT,
            "low": [
                dict(zip(("chain", "number", "insertion_code", "name"), key, strict=True))
                for key in (residue_key(self.protein, row) for row in self.low_plddt.tolist())
            ],
        }

    def warnings(self) -> list[str]:
        """List what the user should know of this partner before trusting the answer."""
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
class ResidueRow:
    """One residue of the answer."""

    side: str
    chain: str
    number: int
    insertion_code: str
    name: str
    probability: float
    spread: float
    max_pair_score: float
    segment: str


@dataclass(frozen=True)
class PairRow:
    """One residue pair of the answer."""

    left_chain: str
    left_number: int
    left_insertion_code: str
    left_name: str
    right_chain: str
    right_number: int
    right_insertion_code: str
    right_name: str
    score: float
    spread: float
    log_odds: float
    left_segment: str
    right_segment: str


@dataclass(frozen=True)
class Prediction:
    """The answer to one question.

    Attributes
    ----------
    left, right : Partner
        The partners.
    scores : PairScores
        Pair scores.
    weights : WeightsInfo
        The weights used.
    calibration : Calibration
        Theirs; makes the probabilities.
    settings : dict
        rotations, seed and precision.
    """

    left: Partner
    right: Partner
    scores: PairScores
    weights: WeightsInfo
    calibration: Calibration
    settings: dict[str, Any]

    def probabilities(self, side: str) -> tuple[np.ndarray, np.ndarray]:
        """Return probability and spread of each residue of a side, two arrays (n_residues,).

        The probability belongs to the residue's best pair score; the spread is the standard
        deviation over rotations of the probability that each rotation alone would give.
        """
        axis = 1 if side == "left" else 0
        best = self.scores.left_best if side == "left" else self.scores.right_best
        probability = residue_probabilities(self.scores.matrix.max(axis=axis), self.calibration)
        alone = residue_probabilities(best, self.calibration)
        return probability, alone.std(axis=0)

    def above_average(self) -> Prediction:
        """Raise the threshold to the mean probability of all residues, where that is higher.

        Of small proteins a third and more is interface; that nearly all of their residues are
        likelier than those of large proteins would tell nobody where it is.
        """
        mean = float(np.mean(np.concatenate([self.probabilities(s)[0] for s in ("left", "right")])))
        if mean <= self.calibration.threshold:
            return self
        return replace(self, calibration=self.calibration.at_threshold(_rounded(mean)))

    def residue_rows(self) -> list[ResidueRow]:
        """List the residues of both sides in file order."""
        rows = []
        for partner, axis in ((self.left, 1), (self.right, 0)):
            probability, spread = self.probabilities(partner.side)
            best = self.scores.matrix.max(axis=axis)
            for row in range(partner.protein.n_residues):
                chain, number, code, name = residue_key(partner.protein, row)
                rows.append(
                    ResidueRow(
                        partner.side,
                        chain,
                        number,
                        code,
                        name,
                        _rounded(probability[row]),
                        _rounded(spread[row]),
                        _rounded(best[row]),
                        str(partner.protein.segment_ids[row]),
                    )
                )
        return rows

    def pair_rows(self, count: int | None) -> list[PairRow]:
        """List pairs by falling score; all of them when count is None."""
        rows, log_odds = [], pair_log_odds(self.scores.matrix, self.calibration)
        for i, j in best_pairs(self.scores.matrix, count).tolist():
            left, right = residue_key(self.left.protein, i), residue_key(self.right.protein, j)
            score, spread, odds = (
                _rounded(values[i, j])
                for values in (self.scores.matrix, self.scores.spread, log_odds)
            )
            segments = self.left.protein.segment_ids[i], self.right.protein.segment_ids[j]
            rows.append(PairRow(*left, *right, score, spread, odds, *map(str, segments)))
        return rows

    def warnings(self) -> list[str]:
        """List what the user should know before trusting the answer."""
        done, wanted = self.settings["rotations"], self.calibration.rotations
        early = [
            f"preliminary: {done} rotations averaged, the probabilities were fitted for {wanted}"
        ] * (done < wanted)
        return [*early, *self.left.warnings(), *self.right.warnings()]

    def observed(self) -> dict[str, Any] | None:
        """Compare the answer with the contacts of the input, when it is a complex.

        Returns
        -------
        dict or None
            Number of contacts, AUROC over all pairs (None if all touch), and per side the residues
            in contact and how many of the likely ones are among them. None when nothing touches or
            the partners come from two files.
        """
        if self.left.structure is not self.right.structure:
            return None
        found = contacts(self.left.protein, self.right.protein)
        if not len(found):
            return None
        labels = contact_matrix(found, *self.scores.matrix.shape)
        report: dict[str, Any] = {
            "contacts": len(found),
            "pair_auroc": None if labels.all() else _rounded(auroc(labels, self.scores.matrix)),
        }
        for partner, axis in ((self.left, 1), (self.right, 0)):
            touching = labels.any(axis=axis)
            likely = self.probabilities(partner.side)[0] >= self.calibration.threshold
            report[partner.side] = {
                "residues_in_contact": int(touching.sum()),
                "residues_likely": int(likely.sum()),
                "likely_and_in_contact": int((touching & likely).sum()),
            }
        return report

    def to_dict(self, pair_count: int | None) -> dict[str, Any]:
        """Return everything one needs to know what was run and what came out, as plain values."""
        return {
            "$schema": JSON_SCHEMA,
            "schema": SCHEMA,
            "version": __version__,
            "inputs": [self._input(self.left), self._input(self.right)],
            "weights": {
                "sha256": self.weights.sha256,
                "model": self.weights.sizes(),
                "smoothing": self.weights.smoothing.to_dict(),
                "calibration": self.calibration.to_dict(),
            },
            "threshold": self.calibration.threshold,
            "settings": self.settings,
            "warnings": self.warnings(),
            "observed_in_input": self.observed(),
            "residues": self._residues(),
            "pairs": [vars(row) for row in self.pair_rows(pair_count)],
        }

    def _residues(self) -> list[dict[str, Any]]:
        """List the residues with the B factors that their atoms had."""
        old = []
        for partner in (self.left, self.right):
            found = partner.structure.old_bfactors(partner.chain_ids)
            old += [found[key] for key in partner.protein.residue_keys()]
        rows = zip(self.residue_rows(), old, strict=True)
        return [{**vars(row), "old_b_factors": values} for row, values in rows]

    def _input(self, partner: Partner) -> dict[str, Any]:
        used = partner.chain_ids
        if self.left.structure is self.right.structure:
            used = [*self.left.chain_ids, *self.right.chain_ids]
        skipped = [
            dict(zip(("chain", "residue", "name", "reason"), entry, strict=True))
            for entry in partner.protein.skipped
        ]
        return {
            "side": partner.side,
            "file": str(partner.structure.path),
            "sha256": partner.structure.sha256,
            "chains": partner.chain_ids,
            "residues": partner.protein.n_residues,
            "skipped": skipped,
            "ignored": partner.structure.ignored(used),
            "predicted_model": partner.predicted_model(),
            **partner.settings,
        }


def residue_key(protein: Protein, row: int) -> tuple[str, int, str, str]:
    """Return chain, number, insertion code and name of a residue, as they came in."""
    residue_id = str(protein.residue_ids[row])
    digits = _NUMBER.match(residue_id)[0]  # type: ignore[index]
    code = residue_id[len(digits) :]
    return str(protein.chain_ids[row]), int(digits), code, str(protein.residue_names[row])


def _ranges(protein: Protein, rows: list[int]) -> str:
    """Name residues, neighbours in the file together: ``A1-12, A40``; the first few of many."""
    groups: list[list[int]] = []
    for row in rows:
        same = groups and groups[-1][-1] == row - 1
        if same and protein.chain_ids[row] == protein.chain_ids[row - 1]:
            groups[-1].append(row)
        else:
            groups.append([row])
    names = [
        f"{protein.chain_ids[group[0]]}{protein.residue_ids[group[0]]}"
        + (f"-{protein.residue_ids[group[-1]]}" if len(group) > 1 else "")
        for group in groups
    ]
    more = [f"and {len(names) - MOST_RANGES} stretches more"] if len(names) > MOST_RANGES else []
    return ", ".join(names[:MOST_RANGES] + more)


def _rounded(value: float) -> float:
    """Round to the four decimals that tables carry."""
    return round(float(value), 4)
