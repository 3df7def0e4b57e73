from dataclasses import replace
from pathlib import Path

import numpy as np

from sasnet_core.fitted import AloneFit, Calibration, PatchLaw, Smoothing
from sasnet_core.network.weights_folder import WeightsInfo
from sasnet_core.results.alone import COLUMNS, AlonePrediction
from sasnet_core.results.partner import InputPartner
from sasnet_core.scoring.log_odds import logistic
from sasnet_core.scoring.site_scores import SiteScores
from sasnet_core.structure import reading
from tests.core.build import chain_lines, tiny_model, write_pdb

WEIGHTS = WeightsInfo(Path("w"), tiny_model(), "0" * 64, Calibration(), Smoothing())


def prediction(tmp_path, law=None, **calibration):
    file = reading.read(write_pdb(tmp_path / "one.pdb", chain_lines("A", 6)))
    partner = InputPartner("protein", file, file.protein(["A"]), {"model": 1})
    each = logistic(np.random.default_rng(0).normal(size=(3, 6))).astype(np.float32)
    fit = AloneFit(Calibration(**calibration), law or PatchLaw())
    scores = SiteScores(partner.protein, each.mean(axis=0), each)
    return AlonePrediction(partner, scores, WEIGHTS, fit, {"rotations": 3})


def test_probabilities_follow_the_calibration(tmp_path):
    found = prediction(tmp_path, slope=2.0, intercept=-1.0)
    score = found.scores.scores.astype(float)
    expected = logistic(2.0 * np.log(score / (1 - score)) - 1.0)
    np.testing.assert_allclose(found.probability, expected, rtol=1e-4)
    assert found.spread.shape == (6,) and found.spread.min() > 0


def test_each_residue_has_a_row_with_its_patch(tmp_path):
    found = prediction(tmp_path)
    rows = found.residue_rows()
    assert [tuple(row) for row in rows] == [COLUMNS] * 6
    first = {row["number"] for row in rows if row["patch"] == 1}
    numbers = [rows[k]["number"] for k in found.patches[0].rows]
    assert first == set(numbers) and first


def test_the_summary_counts_likely_residues(tmp_path):
    found = prediction(tmp_path, threshold=0.5)
    likely = int((found.probability >= 0.5).sum())
    assert f"  {likely} of 6 residues are likely" in "\n".join(found.summary_lines())
    none = replace(found, fit=AloneFit(Calibration(threshold=0.999), PatchLaw()))
    assert "  0 of 6 residues are likely" in "\n".join(none.summary_lines())


def test_fewer_rotations_than_the_fit_had_are_named(tmp_path):
    (warning,) = prediction(tmp_path, rotations=20).warnings()
    assert warning.startswith("preliminary: rotations averaged: 3;")
    assert prediction(tmp_path, rotations=3).warnings() == []
