from dataclasses import replace

import numpy as np

from sasnet_core.conservation.matching import align_rows, match_profiles
from sasnet_core.conservation.profile import empty_profile

LONG = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVKALPDAQFEVV"


def test_observed_residues_find_their_places_over_gaps_and_mutations():
    observed = LONG[5:20] + "G" + LONG[21:30] + LONG[40:60]
    rows, identity = align_rows(observed, LONG)
    expected = [*range(5, 30), *range(40, 60)]
    assert (rows == expected).mean() > 0.95  # a gap may slide by equal residues
    assert identity > 0.9


def test_nothing_maps_onto_nothing():
    rows, identity = align_rows("", LONG)
    assert (len(rows), identity) == (0, 0.0)


def test_chains_get_the_profile_most_like_them():
    profiles = [empty_profile(LONG[:30]), empty_profile(LONG), empty_profile("W" * 20)]
    profiles = [replace(p, homologs=k) for k, p in enumerate(profiles)]
    chains = {"A": LONG, "B": LONG[35:], "C": "PPPPPPPPPP"}
    matches = match_profiles(chains, profiles)
    assert {chain: p.homologs for chain, p in matches.items()} == {"A": 1, "B": 1}


def test_rows_never_fall():
    rows, _ = align_rows(LONG[3:50], LONG)
    assert (np.diff(rows[rows >= 0]) > 0).all()
