"""Profiles of made-up proteins."""

import numpy as np

from sasnet_core.conservation.features import FEATURES
from sasnet_core.conservation.residues import ResidueProfile
from sasnet_core.fitted import SiteTerms


def laid_profile(n_residues, found=True, seed=0, depth=100):
    """Make random rows of a profile for a protein of one chain A."""
    rng = np.random.default_rng(seed)
    here = np.full(n_residues, found)
    return ResidueProfile(
        scores=rng.integers(-5, 8, (n_residues, 20)).astype(np.float32),
        frequencies=np.full((n_residues, 20), 0.05, np.float32),
        information=rng.random(n_residues).astype(np.float32),
        weight=np.full(n_residues, 0.2, np.float32),
        depths=np.full(n_residues, depth if found else 0, np.int32),
        windows=np.zeros((n_residues, 100), np.float32),
        found=here,
        homologs={"A": depth} if found else {},
    )


def plain_terms(**weights):
    """Make terms of some features, by name; the others weigh nothing."""
    count = len(FEATURES)
    return SiteTerms(
        weights=tuple(weights.get(name, 0.0) for name in FEATURES),
        means=(0.0,) * count,
        scales=(1.0,) * count,
    )
