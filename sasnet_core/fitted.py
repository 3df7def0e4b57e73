"""What is fitted to a trained network's scores: how they are smoothed, mixed and calibrated."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

from sasnet_core.errors import SettingError
from sasnet_core.settings import POSITIVE, SHARE, Rule, Settings


@dataclass(frozen=True)
class Smoothing(Settings):
    """How a pair's score takes in those of the pairs around it: interfaces are patches.

    Attributes
    ----------
    width : float
        Standard deviation of the normal weight of a CA-CA distance, in angstrom.
    sharpness : float
        Of the mean over the neighbourhood: 0 the plain mean of log odds, large the maximum.
    share : float
        Of the neighbourhood in the result, 0 to 1; 0 leaves scores as they are.
    fitted_on : str
        Complexes that these were chosen on, in words.
    """

    width: float = 8.0
    sharpness: float = 8.0
    share: float = 0.0
    fitted_on: str = ""

    _rules = {"width": POSITIVE, "sharpness": POSITIVE, "share": SHARE}


@dataclass(frozen=True)
class Mixture(Settings):
    """How the members of an ensemble speak with one voice (paper: a one-layer sigmoid).

    The ensemble's score is the logistic function of ``intercept`` plus the sum of ``slopes`` times
    the members' log odds.

    Attributes
    ----------
    slopes : tuple of float
        Of the members, in their order; the sum is over 0.
    intercept : float
        Of all together.
    fitted_on : str
        Complexes that these were fitted on, in words.
    rotations : int
        Rotations averaged there.
    """

    slopes: tuple[float, ...] = (1.0,)
    intercept: float = 0.0
    fitted_on: str = ""
    rotations: int = 0

    _rules = {
        "slopes": Rule(
            "one number or more, together over 0",
            lambda values: bool(values) and 0 < sum(values) < math.inf,
        ),
        "intercept": Rule("a number", math.isfinite),
    }


@dataclass(frozen=True)
class Calibration(Settings):
    """How pair scores become probabilities, and what these were worth in a benchmark.

    Log odds of a residue: ``slope * log odds of its best pair score + own_mean * mean of these over
    its protein + own_size * ln(residues of its protein) + intercept``. Log odds of a pair:
    ``pair_slope * log odds of its score + pair_means * sum of both proteins' means + pair_size *
    ln(pairs) + pair_intercept``. Means count because some proteins score high all over, sizes
    because interfaces grow more slowly than proteins.

    Attributes
    ----------
    slope, own_mean, own_size, intercept : float
        Of residues.
    pair_slope, pair_means, pair_size, pair_intercept : float
        Of pairs.
    threshold : float
        Probability from which residues are called likely; fitted: the best F1 there.
    precision, recall : float
        Share of likely residues that were in the interface there, and share of the interface
        that was likely.
    thresholds, precisions, recalls : tuple of float
        The same for other thresholds, in rising order.
    fitted_on : str
        Complexes used, in words.
    rotations : int
        Rotations averaged there.
    residues : int
        Residues of those complexes.
    interface_share, contact_share : float
        Share of these residues in the interface, and share of the pairs in contact.
    """

    slope: float = 1.0
    own_mean: float = 0.0
    own_size: float = 0.0
    intercept: float = 0.0
    pair_slope: float = 1.0
    pair_means: float = 0.0
    pair_size: float = 0.0
    pair_intercept: float = 0.0
    threshold: float = 0.5
    precision: float = 0.0
    recall: float = 0.0
    thresholds: tuple[float, ...] = (0.5,)
    precisions: tuple[float, ...] = (0.0,)
    recalls: tuple[float, ...] = (0.0,)
    fitted_on: str = ""
    rotations: int = 0
    residues: int = 0
    interface_share: float = 0.0
    contact_share: float = 0.0

    def at_threshold(self, threshold: float) -> Self:
        """Return this calibration with another threshold and what that was worth.

        Precision and recall are those of the nearest threshold that was looked at.
        """
        nearest = min(
            range(len(self.thresholds)), key=lambda k: abs(self.thresholds[k] - threshold)
        )
        return replace(
            self,
            threshold=threshold,
            precision=self.precisions[nearest],
            recall=self.recalls[nearest],
        )

    def at_precision(self, target: float) -> Self:
        """Return this calibration with the lowest threshold from which on a precision was reached.

        Raises
        ------
        SettingError
            No threshold reached it.
        """
        reached = None
        for threshold, precision in zip(
            reversed(self.thresholds), reversed(self.precisions), strict=True
        ):
            if precision < target:
                break
            reached = threshold
        if reached is None:
            raise SettingError(
                f"a precision of {target:g} was reached by no threshold in the benchmark (the "
                f"highest: {max(self.precisions):.2f}); ask for less"
            )
        return self.at_threshold(reached)
