import numpy as np
import pytest

from sasnet_core.conservation.features import FEATURES
from sasnet_core.dataset.complexes import Complex
from sasnet_core.evaluation.terms_fit import Case, draw_pairs, fit_terms, fit_to_scores, make_case
from sasnet_core.metrics import auroc
from sasnet_core.scoring.log_odds import logistic
from tests.core.build import random_protein
from tests.core.conservation.build_profiles import laid_profile

SIZE = 40
TOLD = FEATURES.index("relative_information")


def case(seed, found=True):
    """Make a complex whose contacts follow one feature and the structural scores."""
    rng = np.random.default_rng([seed, 9])
    left, right = random_protein([seed, 0], SIZE), random_protein([seed, 1], SIZE)
    features = rng.normal(size=(2, SIZE, len(FEATURES)))
    own = rng.normal(size=(SIZE, SIZE))
    odds = 1.0 * own + 1.5 * np.add.outer(features[0, :, TOLD], features[1, :, TOLD]) - 3
    contacts = np.argwhere(rng.random((SIZE, SIZE)) < logistic(odds)).astype(np.int32)
    profiles = laid_profile(SIZE, found), laid_profile(SIZE, found)
    return Case(Complex("made up", left, right, contacts), own, profiles, tuple(features))


@pytest.fixture(scope="module")
def cases():
    return [case(seed) for seed in range(12)]


def test_the_feature_that_tells_gets_the_weight(cases):
    fitted = fit_terms(cases, 1e-3, np.random.default_rng(0))
    weights = np.array(fitted.weights)
    assert weights[TOLD] == pytest.approx(1.5, rel=0.2)
    assert np.abs(np.delete(weights, TOLD)).max() < 0.3
    assert fitted.slope == pytest.approx(1.0, rel=0.2)


def test_terms_improve_the_ranking_of_other_complexes(cases):
    fitted = fit_terms(cases[:8], 1e-2, np.random.default_rng(0))
    for one in cases[8:]:
        labels = one.item.labels()
        assert auroc(labels, one.with_terms(fitted)) > auroc(labels, one.log_odds) + 0.05


def test_a_large_penalty_leaves_structure_alone(cases):
    fitted = fit_terms(cases, 1e4, np.random.default_rng(0))
    assert np.abs(fitted.weights).max() < 1e-3


def test_slope_and_size_follow_the_scores_of_other_weights(cases):
    fitted = fit_terms(cases, 1e-3, np.random.default_rng(0))
    sharper = [Case(c.item, 2 * c.log_odds, c.profiles, c.features) for c in cases]
    again = fit_to_scores(sharper, fitted, np.random.default_rng(0))
    assert again.slope == pytest.approx(fitted.slope / 2, rel=0.1)
    assert again.weights[TOLD] == pytest.approx(fitted.weights[TOLD], rel=0.1)


def test_complexes_without_homologs_keep_their_scores(cases):
    empty = case(99, found=False)
    fitted = fit_terms([*cases, empty], 1e-2, np.random.default_rng(0))
    assert fitted == fit_terms(cases, 1e-2, np.random.default_rng(0))
    np.testing.assert_array_equal(empty.with_terms(fitted), empty.log_odds)


def test_contacts_and_others_weigh_alike(cases):
    left, right, contacts, weights = draw_pairs(cases[0], np.random.default_rng(0))
    labels = cases[0].item.labels()
    assert contacts.sum() == labels.sum()
    np.testing.assert_array_equal(labels[left, right], contacts)
    assert weights[contacts].sum() == pytest.approx(0.5)
    assert weights.sum() == pytest.approx(1.0)


def test_a_case_is_made_of_scores_and_profiles():
    item = case(1).item
    scores = np.full((SIZE, SIZE), 0.5, np.float32)
    made = make_case(item, scores, lambda protein: laid_profile(protein.n_residues))
    assert not made.log_odds.any()
    assert [f.shape for f in made.features] == [(SIZE, len(FEATURES))] * 2
    assert made.is_covered
