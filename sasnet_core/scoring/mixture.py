"""The scores of an ensemble, computed from those of its members."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.scoring.log_odds import logistic, logit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.fitted import Mixture


def member_views(members: Sequence[np.ndarray], mixture: Mixture) -> list[np.ndarray]:
    """Put each member's scores on the ensemble's scale.

    A view is the ensemble's score if all members agreed with this one. Views of different members
    and the ensemble's own scores can be compared.

    Parameters
    ----------
    members : sequence of ndarray, shape (n_left, n_right)
        Each member's scores, in the mixture's order.
    mixture : Mixture
        The fitted mixture.

    Returns
    -------
    list of ndarray, shape (n_left, n_right), float32
    """
    return [mixed([scores] * len(members), mixture) for scores in members]


def mixed(members: Sequence[np.ndarray], mixture: Mixture) -> np.ndarray:
    """Compute the ensemble's scores from its members'.

    Parameters
    ----------
    members, mixture
        As `member_views` takes them.

    Returns
    -------
    ndarray, shape (n_left, n_right), float32

    Examples
    --------
    >>> from sasnet_core.fitted import Mixture
    >>> same = np.full((2, 2), 0.25, np.float32)
    >>> mixed([same, same], Mixture(slopes=(0.5, 0.5))).round(4).tolist()
    [[0.25, 0.25], [0.25, 0.25]]
    """
    log_odds = np.full(members[0].shape, mixture.intercept)
    for slope, scores in zip(mixture.slopes, members, strict=True):
        log_odds += slope * logit(scores)
    return logistic(log_odds).astype(np.float32)
