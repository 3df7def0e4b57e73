from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.conservation.features import FEATURES, site_features
from sasnet_core.fitted import Smoothing
from sasnet_core.scoring.conserved import ConservedScorer, residue_terms, trust
from sasnet_core.scoring.log_odds import logistic, logit
from sasnet_core.scoring.memory import Sizes
from tests.core.build import random_protein
from tests.core.conservation.build_profiles import laid_profile, plain_terms
from tests.core.shell.conftest import RandomScorer

LEFT, RIGHT = random_protein(1, 9), random_protein(2, 7)
TERMS = replace(plain_terms(exposure=1.5, information_around_8=0.8, score_C=0.1), slope=0.7)


def profiles(left_found=True, right_found=True):
    found = {LEFT.content_hash: laid_profile(9, left_found, seed=1),
             RIGHT.content_hash: laid_profile(7, right_found, seed=2)}  # fmt: skip
    return lambda protein: found[protein.content_hash]


def scored(find, terms=TERMS, smoothing=None, partners=(LEFT, RIGHT)):
    scorer = RandomScorer()
    scorer.smoothing = smoothing or Smoothing()
    return ConservedScorer(scorer, terms, find).score(*partners, rotations=3)


def structural(smoothing=None):
    scorer = RandomScorer()
    scorer.smoothing = smoothing or Smoothing()
    return scorer.score(LEFT, RIGHT, rotations=3)


@pytest.mark.parametrize("smoothing", [Smoothing(), Smoothing(share=0.5)])
def test_the_terms_of_both_residues_are_added_to_the_smoothed_log_odds(smoothing):
    find = profiles()
    one, other = (
        residue_terms(site_features(protein, find(protein)), find(protein), TERMS)
        for protein in (LEFT, RIGHT)
    )
    alone = structural(smoothing)
    expected = logistic(0.7 * logit(alone.matrix) + one[:, None] + other)
    found = scored(find, smoothing=smoothing)
    np.testing.assert_allclose(found.matrix, expected, atol=1e-5)
    assert not np.allclose(found.left_best, alone.left_best)


def test_without_homologs_scores_are_those_of_structure():
    found = scored(profiles(False, False))
    np.testing.assert_array_equal(found.matrix, structural().matrix)
    np.testing.assert_array_equal(found.left_best, structural().left_best)


def test_a_partner_without_homologs_has_no_terms():
    find = profiles(True, False)
    terms = residue_terms(site_features(RIGHT, find(RIGHT)), find(RIGHT), TERMS)
    assert not terms.any()
    assert residue_terms(site_features(LEFT, find(LEFT)), find(LEFT), TERMS).any()


def test_a_deep_profile_counts_more():
    shallow, deep, unknown = (laid_profile(5, depth=depth) for depth in (5, 500, -1))
    assert trust(shallow, 5.0) == pytest.approx(0.5)
    assert trust(deep, 5.0) == pytest.approx(0.99, abs=0.001)
    assert trust(unknown, 5.0) == pytest.approx(1.0)
    assert trust(shallow, 0.0) == pytest.approx(1.0)
    assert trust(laid_profile(5, found=False), 5.0) == pytest.approx(0.0)


def test_limits_and_caches_reach_the_network():
    scorer = RandomScorer()
    conserved = ConservedScorer(scorer, TERMS, profiles())
    conserved.limit_sizes(Sizes(1, 2))
    conserved.use_cache(None)
    assert (scorer.limits, scorer.caches) == ([Sizes(1, 2)], [None])
    assert conserved.precision == "float32"
    assert len(TERMS.weights) == len(FEATURES)
