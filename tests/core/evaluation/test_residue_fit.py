import numpy as np
import pytest

from sasnet_core.evaluation.interface_residues import Site, probabilities
from sasnet_core.evaluation.residue_fit import (
    best_threshold,
    fit_residues,
    held_out_probabilities,
    residue_terms,
    threshold_table,
)
from sasnet_core.fitted import Calibration
from sasnet_core.metrics import brier_skill, calibration_error
from sasnet_core.scoring.log_odds import logistic
from sasnet_core.structure.antibody import ANTIBODY, ANTIGEN

#: slope, own mean, own size, antibody and its slope, antigen and its slope, intercept
COEFFICIENTS = [1.5, -0.7, -1.0, 0.4, 0.6, -0.8, -0.9, 2.0]


def honest_site(rng, size, kind=""):
    """Make a protein whose residues are in the interface with known probabilities."""
    scores = logistic(rng.normal() + rng.normal(scale=2.0, size=size))
    site = Site(scores.astype(np.float32), np.zeros(size, bool), kind)
    chances = logistic(residue_terms(site) @ COEFFICIENTS)
    return Site(site.best_scores, rng.random(size) < chances, kind)


def complexes(count, seed=0):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(50, 500, (count, 2))
    return [(honest_site(rng, a), honest_site(rng, b)) for a, b in sizes.tolist()]


def test_the_coefficients_of_residues_are_recovered():
    found = fit_residues([site for pair in complexes(200) for site in pair])
    assert found.slope == pytest.approx(1.5, abs=0.05)
    assert found.own_mean == pytest.approx(-0.7, abs=0.1)
    assert found.own_size == pytest.approx(-1.0, abs=0.1)
    assert found.intercept == pytest.approx(2.0, abs=0.5)


def test_antibodies_and_antigens_have_coefficients_of_their_own():
    rng = np.random.default_rng(5)
    kinds = [ANTIBODY, ANTIGEN, ""] * 100
    sites = [honest_site(rng, int(rng.integers(50, 500)), kind) for kind in kinds]
    found = fit_residues(sites)
    assert found.antibody == pytest.approx(0.4, abs=0.3)
    assert found.antibody_slope == pytest.approx(0.6, abs=0.15)
    assert found.antigen == pytest.approx(-0.8, abs=0.3)
    assert found.antigen_slope == pytest.approx(-0.9, abs=0.15)
    for kind in (ANTIBODY, ANTIGEN):
        some = [site for site in sites if site.kind == kind]
        expected = probabilities(some, found).mean()
        assert np.concatenate([s.labels for s in some]).mean() == pytest.approx(expected, abs=5e-3)


def test_without_antibodies_theirs_are_0():
    found = fit_residues([site for pair in complexes(5) for site in pair])
    assert (found.antibody, found.antibody_slope) == (found.antigen, found.antigen_slope) == (0, 0)


def test_probabilities_of_complexes_left_out_are_calibrated():
    made = complexes(60, seed=1)
    labels = np.concatenate([site.labels for pair in made for site in pair])
    found = held_out_probabilities(made)
    assert found.shape == labels.shape
    assert calibration_error(labels, found) < 0.02
    assert brier_skill(labels, found) > 0.2
    assert abs(brier_skill(labels, np.full(len(labels), labels.mean()))) < 1e-9


def test_a_complex_is_left_out_of_the_fit_for_it():
    made = complexes(2)
    first = probabilities(made[0], fit_residues(made[1]))
    second = probabilities(made[1], fit_residues(made[0]))
    np.testing.assert_array_equal(held_out_probabilities(made), np.concatenate([first, second]))


def test_precision_and_recall_of_a_threshold_are_counted():
    probability = np.repeat([0.1, 0.6], 100)
    labels = np.concatenate([np.arange(100) < 10, np.arange(100) < 50])
    found = threshold_table(probability, labels)
    assert found["thresholds"][0] == 0.05 and found["thresholds"][-1] == 0.6
    assert found["precisions"][0] == 0.3 and found["precisions"][-1] == 0.5
    assert found["recalls"][0] == 1.0 and found["recalls"][-1] == round(50 / 60, 3)


def test_probabilities_of_several_proteins_are_concatenated():
    made = complexes(2)
    sites = [site for pair in made for site in pair]
    assert len(probabilities(sites, Calibration())) == sum(len(site.labels) for site in sites)


def test_the_threshold_has_the_best_f1():
    probabilities = np.array([0.9, 0.8, 0.7, 0.2, 0.1])
    labels = np.array([True, False, True, False, False])
    assert best_threshold(probabilities, labels) == (0.7, pytest.approx(2 / 3), 1.0)
