"""What the network says of one protein alone: where any other protein would bind it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core import __version__
from sasnet_core.config import USUAL_PARTNER
from sasnet_core.files import write_json
from sasnet_core.results import patches
from sasnet_core.results.partner import residue_key
from sasnet_core.results.result import RESULT_FILE
from sasnet_core.results.spreadsheet import write_spreadsheet
from sasnet_core.scoring.calibration import residue_probabilities
from sasnet_core.structure.antibody import kind_alone

if TYPE_CHECKING:
    from pathlib import Path

    from sasnet_core.fitted import AloneFit, Calibration
    from sasnet_core.network.weights_folder import WeightsInfo
    from sasnet_core.results.partner import InputPartner
    from sasnet_core.results.patches import PredictedPatch
    from sasnet_core.scoring.site_scores import SiteScores

#: Version of the layout of result.json of one protein.
JSON_SCHEMA = "urn:sasnet:alone:1"
STRUCTURE_FILE, RESIDUES_FILE = "protein.cif", "residues.csv"
COLUMNS = (
    "chain", "number", "insertion_code", "name", "probability", "spread", "site_score", "segment",
    "patch",
)  # fmt: skip
#: Patches that the summary names.
MOST_PATCHES = 3


@dataclass(frozen=True)
class AlonePrediction:
    """Site scores of one protein, calibrated.

    Attributes
    ----------
    partner : InputPartner
        The protein.
    scores : SiteScores
        Its site scores.
    weights : WeightsInfo
        The weights used.
    fit : AloneFit
        Of the weights: how site scores become probabilities, and how likely patches are right.
    settings : dict
        rotations, seed and precision.
    """

    partner: InputPartner
    scores: SiteScores
    weights: WeightsInfo
    fit: AloneFit
    settings: dict[str, Any]

    @cached_property
    def probability(self) -> np.ndarray:
        """Probability that each residue binds another protein, shape (n_residues,)."""
        return residue_probabilities(self.scores.scores, self._calibration)

    @cached_property
    def spread(self) -> np.ndarray:
        """Standard deviation over rotations of the probability, shape (n_residues,)."""
        return np.asarray(residue_probabilities(self.scores.each, self._calibration).std(axis=0))

    @cached_property
    def _calibration(self) -> Calibration:
        """The calibration of this kind of protein."""
        return self.fit.calibration.of_kind(kind_alone(self.partner.protein))

    @cached_property
    def patches(self) -> tuple[PredictedPatch, ...]:
        """The patches, the likeliest first, sized for a partner of `config.USUAL_PARTNER`."""
        values = self.probability.round(4)
        return patches.predicted_patches(self.partner, values, USUAL_PARTNER, self.fit.patches)

    def residue_rows(self) -> list[dict[str, Any]]:
        """List the rows of residues.csv, by `COLUMNS`."""
        protein = self.partner.protein
        numbers = patches.patch_numbers(self.patches, protein.n_residues)
        rows = []
        for row in range(protein.n_residues):
            values = (self.probability[row], self.spread[row], self.scores.scores[row])
            rounded = [round(float(value), 4) for value in values]
            place = str(protein.segment_ids[row]), int(numbers[row])
            rows.append(
                dict(zip(COLUMNS, (*residue_key(protein, row), *rounded, *place), strict=True))
            )
        return rows

    def patch_rows(self) -> list[dict[str, Any]]:
        """List the rows of patches.csv."""
        return [patches.patch_row(patch, self.partner) for patch in self.patches]

    def warnings(self) -> list[str]:
        """List what may make the prediction unreliable."""
        done, fitted = self.settings["rotations"], self.fit.calibration.rotations
        early = [f"preliminary: rotations averaged: {done}; the probabilities were fitted for "
                 f"{fitted}"] * (done < fitted)  # fmt: skip
        return [*early, *self.partner.warnings()]

    def to_dict(self) -> dict[str, Any]:
        """Return the content of result.json."""
        partner = self.partner
        return {
            "$schema": JSON_SCHEMA,
            "version": __version__,
            "input": {
                "file": str(partner.structure.path),
                "sha256": partner.structure.sha256,
                "chains": partner.chain_ids,
                "residues": partner.protein.n_residues,
                "predicted_model": partner.predicted_model(),
                **partner.settings,
            },
            "weights": {
                "sha256": self.weights.sha256,
                "model": self.weights.sizes(),
                "alone": self.fit.to_dict(),
            },
            "threshold": self.fit.calibration.threshold,
            "settings": self.settings,
            "warnings": self.warnings(),
            "patches": [patches.patch_values(patch, partner) for patch in self.patches],
            "residues": self._residues(),
        }

    def _residues(self) -> list[dict[str, Any]]:
        """List the residues with the B factors of their atoms in the input."""
        partner = self.partner
        old = partner.structure.old_bfactors(partner.chain_ids)
        rows = zip(self.residue_rows(), partner.protein.residue_keys(), strict=True)
        return [{**row, "old_b_factors": old[key]} for row, key in rows]

    def write(self, folder: Path) -> None:
        """Write the tables, result.json and the structure coloured by probability.

        Parameters
        ----------
        folder : Path
            Where; must be there.
        """
        from sasnet_core.structure.writing import write_mmcif  # loads gemmi

        partner = self.partner
        write_spreadsheet(self.residue_rows(), folder / RESIDUES_FILE, COLUMNS)
        write_spreadsheet(self.patch_rows(), folder / patches.NAME, patches.COLUMNS)
        write_json(self.to_dict(), folder / RESULT_FILE)
        keys = partner.protein.residue_keys()
        bfactors = dict(zip(keys, self.probability.tolist(), strict=True))
        write_mmcif(partner.structure, partner.chain_ids, bfactors, folder / STRUCTURE_FILE)

    def summary_lines(self) -> list[str]:
        """Name the best patches and say what the numbers mean.

        Returns
        -------
        list of str
            Lines without line ends.
        """
        calibration = self.fit.calibration
        likely = int((self.probability >= calibration.threshold).sum())
        named = [f"  {patches.patch_sentence(p, self.partner)}" for p in self.patches]
        return [
            f"{self.partner.protein.name}: where another protein would bind",
            *named[:MOST_PATCHES],
            f"  {likely} of {len(self.probability)} residues are likely ({RESIDUES_FILE}): "
            f"probability {calibration.threshold:.2f} or more; in the benchmark "
            f"{calibration.precision:.0%} of such residues were in the interface",
            "no partner was given: this is where proteins of the benchmark were bound by any one "
            "partner; give two proteins to ask where they touch",
        ]
