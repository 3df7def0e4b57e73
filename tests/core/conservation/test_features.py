from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.conservation.features import (
    BACKGROUND,
    FEATURES,
    LAMBDA,
    implied_information,
    site_features,
)
from sasnet_core.structure.surface import relative_exposure
from tests.core.build import moved, random_protein
from tests.core.conservation.build_profiles import laid_profile

PROTEIN = random_protein(3, 30)


def column(features, name):
    return features[:, FEATURES.index(name)]


def test_scores_that_say_nothing_hold_no_information():
    assert implied_information(np.zeros((2, 20))) == pytest.approx([0, 0], abs=1e-4)
    one = np.full((1, 20), -100.0)
    one[0, 3] = 100.0
    assert implied_information(one)[0] == pytest.approx(-np.log2(BACKGROUND[3] / BACKGROUND.sum()),
                                                        abs=0.01)  # fmt: skip
    assert pytest.approx(np.log(2) / 2, rel=0.1) == LAMBDA


def test_there_is_a_column_for_each_name():
    profile = laid_profile(30)
    features = site_features(PROTEIN, profile)
    assert features.shape == (30, len(FEATURES))
    np.testing.assert_allclose(column(features, "score_R"), profile.scores[:, 1])
    exposure = np.clip(relative_exposure(PROTEIN), 0, 1)
    np.testing.assert_allclose(column(features, "exposure"), exposure)
    relative = column(features, "relative_information")
    assert relative.mean() == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(
        column(features, "relative_information_by_exposure"), relative * exposure
    )


def test_means_are_over_exposed_residues_near_by():
    profile = laid_profile(30)
    features = site_features(PROTEIN, profile)
    row, exposure = 7, column(features, "exposure")
    squares = ((PROTEIN.centers - PROTEIN.centers[row]) ** 2).sum(axis=1)
    weights = np.exp(squares / (-2 * 8.0**2)) * exposure
    expected = weights @ profile.scores[:, 4] / weights.sum()
    assert column(features, "score_around_C")[row] == pytest.approx(expected, rel=1e-5)
    expected = weights @ column(features, "relative_information") / weights.sum()
    assert column(features, "information_around_8")[row] == pytest.approx(expected, rel=1e-5)


def test_where_a_protein_lies_does_not_matter():
    profile = laid_profile(30)
    away = moved(PROTEIN, np.eye(3), (50.0, -20.0, 10.0))
    np.testing.assert_allclose(
        site_features(away, profile), site_features(PROTEIN, profile), atol=2e-3
    )


def test_residues_without_a_profile_are_neither_conserved_nor_variable():
    profile = laid_profile(30)
    half = replace(profile, found=np.arange(30) < 15)
    for name in ("information", "relative_information"):
        assert not column(site_features(PROTEIN, half), name)[15:].any()
    nothing = replace(profile, found=np.zeros(30, bool))
    assert np.isfinite(site_features(PROTEIN, nothing)).all()
