"""Non-contact pairs to learn from."""

from __future__ import annotations

import numpy as np

from sasnet_core.structure.contacts import NOWHERE, contact_matrix


def all_negatives(
    contact_pairs: np.ndarray,
    n_left: int,
    n_right: int,
    spared: tuple[np.ndarray, np.ndarray] = (NOWHERE, NOWHERE),
) -> np.ndarray:
    """List the non-contact pairs.

    Parameters
    ----------
    contact_pairs : ndarray, shape (n_contacts, 2)
        The pairs to avoid.
    n_left, n_right : int
        Residues of the partners.
    spared : tuple of ndarray
        Left and right residues of which no pair is listed.

    Returns
    -------
    ndarray, shape (n_negatives, 2), int32
    """
    allowed = ~contact_matrix(contact_pairs, n_left, n_right)
    allowed[spared[0]] = False
    allowed[:, spared[1]] = False
    return np.stack(np.divmod(np.flatnonzero(allowed), n_right), axis=1).astype(np.int32)


def sample_negatives(
    contact_pairs: np.ndarray,
    n_left: int,
    n_right: int,
    count: int,
    rng: np.random.Generator,
    spared: tuple[np.ndarray, np.ndarray] = (NOWHERE, NOWHERE),
) -> np.ndarray:
    """Draw non-contact pairs uniformly, with replacement.

    Parameters
    ----------
    contact_pairs, n_left, n_right, spared
        As `all_negatives` takes them.
    count : int
        How many pairs.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (count, 2), int32
        Empty when there is none to draw.
    """
    negatives = all_negatives(contact_pairs, n_left, n_right, spared)
    return negatives[rng.choice(len(negatives), size=count)] if len(negatives) else negatives
