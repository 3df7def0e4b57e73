import numpy as np
import pytest

from sasnet_core.evaluation.calibration_fit import collect, fit
from sasnet_core.scoring.calibration import pair_log_odds
from sasnet_core.scoring.log_odds import logistic
from tests.core.build import random_complex


def test_the_fit_of_a_sample_of_pairs_holds_for_all_pairs(monkeypatch):
    """Scores calibrated for as many contacts as non-contacts get the true base rate."""
    monkeypatch.setattr("sasnet_core.evaluation.calibration_fit.PAIR_SAMPLE", 300)
    rng = np.random.default_rng(0)
    collected = []
    for k in range(30):
        item = random_complex([k], 40, 30)
        matrix = logistic(rng.normal(size=(40, 30)) + 2.0 * item.labels()).astype(np.float32)
        collected.append((collect(item, matrix, rng), item, matrix))
    calibration = fit([found for found, _, _ in collected])
    chances = [logistic(pair_log_odds(matrix, calibration)) for _, _, matrix in collected]
    contacts = sum(item.labels().sum() for _, item, _ in collected)
    assert sum(chance.sum() for chance in chances) == pytest.approx(contacts, rel=0.1)
    assert calibration.contact_share == pytest.approx(contacts / (30 * 1200), abs=1e-6)
