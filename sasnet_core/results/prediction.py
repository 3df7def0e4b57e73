"""What the network says of two partners: scores, probabilities, and how they were computed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core import __version__
from sasnet_core.metrics import auroc
from sasnet_core.results.known_residues import known_values
from sasnet_core.results.partner import residue_key
from sasnet_core.results.patches import (
    PatchPair,
    PredictedPatch,
    patch_numbers,
    patch_pairs,
    patch_row,
    patch_values,
    predicted_patches,
)
from sasnet_core.scoring.calibration import pair_log_odds, residue_probabilities
from sasnet_core.scoring.pair_scores import best_pairs
from sasnet_core.structure.antibody import ANTIGEN, kinds_of
from sasnet_core.structure.contacts import contact_matrix, contacts

if TYPE_CHECKING:
    from sasnet_core.fitted import Calibration
    from sasnet_core.network.weights_folder import WeightsInfo
    from sasnet_core.results.partner import InputPartner
    from sasnet_core.scoring.known import Known
    from sasnet_core.scoring.pair_scores import PairScores

#: Where an antibody binds is hardly written in its antigen (docs/results.md, docking benchmark 5).
HARD_ANTIGEN = (
    "the {} side is the antigen of an antibody: in the benchmark exposed area alone ordered the "
    "residues of antigens as well; trust the antibody's side more"
)

#: Version of the layout of result.json, and the name of the JSON Schema that describes it.
SCHEMA = 3
JSON_SCHEMA = f"urn:sasnet:result:{SCHEMA}"


@dataclass(frozen=True)
class ResidueRow:
    """A row of residues.csv."""

    side: str
    chain: str
    number: int
    insertion_code: str
    name: str
    probability: float
    spread: float
    max_pair_score: float
    segment: str
    patch: int  # rank of the patch it belongs to; 0: none


@dataclass(frozen=True)
class PairRow:
    """A row of pairs.csv."""

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
    """Scores of two partners, calibrated; `writing.write_prediction` makes a `Result` of it.

    Attributes
    ----------
    left, right : InputPartner
        The partners.
    scores : PairScores
        Pair scores.
    weights : WeightsInfo
        The weights used.
    calibration : Calibration
        Of the weights, with the threshold to use; turns scores into probabilities.
    settings : dict
        rotations, seed and precision.
    known : Known or None
        Residues that the user knows to be in the interface, or not; the scores were made with it.
    """

    left: InputPartner
    right: InputPartner
    scores: PairScores
    weights: WeightsInfo
    calibration: Calibration
    settings: dict[str, Any]
    known: Known | None = None

    def probabilities(self, side: str) -> tuple[np.ndarray, np.ndarray]:
        """Return probability and spread of each residue of a side, two arrays (n_residues,).

        The probability belongs to the residue's best pair score; the spread is the standard
        deviation over rotations of the probability that each rotation alone would give.
        """
        axis = 1 if side == "left" else 0
        best = self.scores.left_best if side == "left" else self.scores.right_best
        calibration = self.calibration.of_kind(self.kinds[0 if side == "left" else 1])
        probability = residue_probabilities(self.scores.matrix.max(axis=axis), calibration)
        spread = residue_probabilities(best, calibration).std(axis=0)
        if self.known is not None:
            certain = self.known.included[0 if side == "left" else 1]
            probability[certain], spread[certain] = 1, 0
        return probability, spread

    @cached_property
    def kinds(self) -> tuple[str, str]:
        """What the left and the right partner are: an antibody and its antigen, or ""."""
        return kinds_of(self.left.protein, self.right.protein)

    @cached_property
    def patches(self) -> dict[str, tuple[PredictedPatch, ...]]:
        """The patches of each side, the likeliest first."""
        sizes = self.scores.matrix.shape[::-1]
        return {
            partner.side: predicted_patches(
                partner, self.probabilities(partner.side)[0].round(4), size, self.weights.patches
            )
            for partner, size in zip((self.left, self.right), sizes, strict=True)
        }

    @property
    def patch_pairs(self) -> tuple[PatchPair, ...]:
        """The pairs of a left and a right patch, by falling chance that they touch."""
        return patch_pairs(self.patches["left"], self.patches["right"], self.weights.patches)

    def patch_rows(self) -> list[dict[str, Any]]:
        """List the rows of patches.csv."""
        return [
            patch_row(patch, partner)
            for partner in (self.left, self.right)
            for patch in self.patches[partner.side]
        ]

    def above_average(self) -> Prediction:
        """Raise the threshold to the mean probability of all residues, if that is higher.

        In small proteins a third of the residues or more is interface, and nearly all residues
        pass a threshold that suits large proteins. The mean still says where the interface is.
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
            patch = patch_numbers(self.patches[partner.side], partner.protein.n_residues)
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
                        int(patch[row]),
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
        """List what may make the prediction unreliable."""
        done, fitted = self.settings["rotations"], self.calibration.rotations
        early = [
            f"preliminary: {_counted(done)} averaged, the probabilities were fitted for {fitted}"
        ] * (done < fitted)
        early += self._unrelated()
        if ANTIGEN in self.kinds:
            early.append(HARD_ANTIGEN.format("left" if self.kinds[0] == ANTIGEN else "right"))
        return list(dict.fromkeys([*early, *self.left.warnings(), *self.right.warnings()]))

    def _unrelated(self) -> list[str]:
        """Name the chains that conservation says nothing about."""
        found = self.settings.get("conservation", {}).get("homologs", {})
        names = [
            f"{chain or '_'} ({side})"
            for side, chains in found.items()
            for chain, homologs in chains.items()
            if not homologs
        ]
        return [f"no homologs of chain {name}: scored by structure alone" for name in names]

    def observed(self) -> dict[str, Any] | None:
        """Compare the prediction with the contacts of the input, if it is a complex.

        Returns
        -------
        dict or None
            Number of contacts, AUROC over all pairs (None if all touch), and per side the residues
            in contact, how many of the likely ones and of each patch are among them, and the AUROC
            over the residues (None if all touch). None when nothing touches or the partners come
            from two files.
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
            touching = np.asarray(labels.any(axis=axis))
            probability = self.probabilities(partner.side)[0]
            likely = probability >= self.calibration.threshold
            patches = [touching[list(patch.rows)] for patch in self.patches[partner.side]]
            report[partner.side] = {
                "residues_in_contact": int(touching.sum()),
                "residues_likely": int(likely.sum()),
                "likely_and_in_contact": int((touching & likely).sum()),
                "patches_in_contact": [int(found.sum()) for found in patches],
                "auroc": None if touching.all() else _rounded(auroc(touching, probability)),
                "touching": np.flatnonzero(touching).tolist(),
            }
        return report

    def to_dict(self, pair_count: int | None) -> dict[str, Any]:
        """Return the content of result.json: what was run and what came out, as plain values."""
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
                "patches": self.weights.patches.to_dict() if self.weights.patches else None,
            },
            "threshold": self.calibration.threshold,
            "settings": self.settings,
            **self._known(),
            "warnings": self.warnings(),
            "observed_in_input": self.observed(),
            "patches": [
                patch_values(patch, partner)
                for partner in (self.left, self.right)
                for patch in self.patches[partner.side]
            ],
            "patch_pairs": [vars(pair) for pair in self.patch_pairs],
            "residues": self._residues(),
            "pairs": [vars(row) for row in self.pair_rows(pair_count)],
        }

    def _known(self) -> dict[str, Any]:
        return {"known": known_values(self.known, (self.left, self.right))} if self.known else {}

    def _residues(self) -> list[dict[str, Any]]:
        """List the residues with the B factors of their atoms in the input."""
        old = []
        for partner in (self.left, self.right):
            found = partner.structure.old_bfactors(partner.chain_ids)
            old += [found[key] for key in partner.protein.residue_keys()]
        rows = zip(self.residue_rows(), old, strict=True)
        return [{**vars(row), "old_b_factors": values} for row, values in rows]

    def _input(self, partner: InputPartner) -> dict[str, Any]:
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


def _rounded(value: float) -> float:
    """Round to the four decimals that tables carry."""
    return round(float(value), 4)


def _counted(rotations: int) -> str:
    return f"{rotations} rotation" + "s" * (rotations != 1)
