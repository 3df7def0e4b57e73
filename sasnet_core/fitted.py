"""Parameters fitted to scores: smoothing, conservation, mixture, calibration, patches."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Self

from sasnet_core.errors import SettingError
from sasnet_core.settings import NOT_NEGATIVE, POSITIVE, SHARE, Rule, Settings

#: Share of the interface (recall) below which a threshold has too few residues for its precision
#: to be told from chance.
SPARSE = 0.02


@dataclass(frozen=True)
class Smoothing(Settings):
    """How a pair's score is averaged with those of neighbouring pairs: interfaces are patches.

    Attributes
    ----------
    width : float
        Standard deviation of the normal weight of a CA-CA distance, in angstrom.
    sharpness : float
        Of the mean over the neighbourhood: 0 the plain mean of log odds, large the maximum.
    share : float
        Of the neighbourhood in the result, 0 to 1; 0 leaves scores as they are.
    fitted_on : str
        Description of the complexes on which these were chosen.
    """

    width: float = 8.0
    sharpness: float = 8.0
    share: float = 0.0
    fitted_on: str = ""

    _rules = {"width": POSITIVE, "sharpness": POSITIVE, "share": SHARE}


@dataclass(frozen=True)
class SiteTerms(Settings):
    """How conservation changes the scores of pairs: a term for each of the two residues.

    Log odds of a pair: ``slope * log odds by structure, smoothed + term of the left residue + term
    of the right residue``. A term is the sum of ``weights * (features - means) / scales``; it is 0
    for a residue of a chain without homologs.

    Attributes
    ----------
    weights, means, scales : tuple of float
        For each of `conservation.features.FEATURES`.
    slope : float
        Of the structural log odds; over 0.
    half_depth : float
        Terms count half where this number of homologs is aligned, ``depth / (depth + half_depth)``;
        0: depth has no influence. A depth that is not known counts as large.
    fitted_on : str
        Description of the complexes on which these were fitted.
    """

    weights: tuple[float, ...] = (0.0,)
    means: tuple[float, ...] = (0.0,)
    scales: tuple[float, ...] = (1.0,)
    slope: float = 1.0
    half_depth: float = 0.0
    fitted_on: str = ""

    _rules = {
        "scales": Rule("numbers over 0", lambda values: all(0 < v < math.inf for v in values)),
        "slope": POSITIVE,
        "half_depth": NOT_NEGATIVE,
    }

    def __post_init__(self) -> None:
        """Check that there is one number of each kind for each feature."""
        super().__post_init__()
        if not len(self.weights) == len(self.means) == len(self.scales):
            raise SettingError(
                "weights, means and scales must be of the same features, got "
                f"{len(self.weights)}, {len(self.means)} and {len(self.scales)} numbers"
            )


@dataclass(frozen=True)
class Mixture(Settings):
    """How the scores of an ensemble's members are combined (paper: a one-layer sigmoid).

    The ensemble's score is the logistic function of ``intercept`` plus the sum of ``slopes`` times
    the members' log odds.

    Attributes
    ----------
    slopes : tuple of float
        Slopes of the members, in their order; the sum is over 0.
    intercept : float
        Intercept of the sum.
    fitted_on : str
        Description of the complexes on which these were fitted.
    rotations : int
        Rotations averaged for the fit.
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
    """How pair scores become probabilities, and how precise these were in a benchmark.

    Log odds of a residue: ``slope * log odds of its best pair score + own_mean * mean of these over
    its protein + own_size * ln(residues of its protein) + intercept``. Log odds of a pair:
    ``pair_slope * log odds of its score + pair_means * sum of both proteins' means + pair_size *
    ln(pairs) + pair_intercept``. The means are terms because some proteins score high everywhere,
    the sizes because interfaces grow more slowly than proteins. An antibody adds ``antibody +
    antibody_slope * (log odds of the best pair score - own mean)``, its antigen the same with
    ``antigen``: scores decide well where an antibody binds and badly where an antigen is bound.

    Attributes
    ----------
    slope, own_mean, own_size, intercept : float
        Of residues.
    antibody, antibody_slope, antigen, antigen_slope : float
        Of the residues of antibodies and antigens.
    pair_slope, pair_means, pair_size, pair_intercept : float
        Of pairs.
    threshold : float
        Residues of this probability or more are called likely; fitted: the best F1.
    precision, recall : float
        Share of likely residues that were in the interface, and share of the interface that was
        likely.
    thresholds, precisions, recalls : tuple of float
        The same for other thresholds, in rising order.
    fitted_on : str
        Description of the complexes on which these were fitted.
    rotations : int
        Rotations averaged for the fit.
    residues : int
        Residues of those complexes.
    interface_share, contact_share : float
        Share of these residues in the interface, and share of the pairs in contact.
    """

    slope: float = 1.0
    own_mean: float = 0.0
    own_size: float = 0.0
    intercept: float = 0.0
    antibody: float = 0.0
    antibody_slope: float = 0.0
    antigen: float = 0.0
    antigen_slope: float = 0.0
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

    def of_kind(self, kind: str) -> Self:
        """Return the calibration of a kind of protein.

        Parameters
        ----------
        kind : str
            "antibody", "antigen" or, for others, "" (`structure.antibody.kinds_of`).
        """
        if not kind:
            return self
        slope = getattr(self, f"{kind}_slope")
        return replace(
            self,
            slope=self.slope + slope,
            own_mean=self.own_mean - slope,
            intercept=self.intercept + getattr(self, kind),
            antibody=0.0, antibody_slope=0.0, antigen=0.0, antigen_slope=0.0,
        )  # fmt: skip

    def at_threshold(self, threshold: float) -> Self:
        """Return this calibration with another threshold.

        Precision and recall are those of the nearest threshold in the table.
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
        """Return this calibration with the lowest threshold that reached a precision.

        All higher thresholds in the table reached it too, but for those that found so few residues
        (`SPARSE`) that their precision is mostly chance.

        Raises
        ------
        SettingError
            No threshold reached the precision.
        """
        firm = [
            precision if recall >= SPARSE else math.inf
            for precision, recall in zip(self.precisions, self.recalls, strict=True)
        ]
        held = [min(own, *firm[k:]) for k, own in enumerate(self.precisions)]
        reached = [t for t, precision in zip(self.thresholds, held, strict=True)
                   if precision >= target]  # fmt: skip
        if not reached:
            raise SettingError(
                f"a precision of {target:g} was reached by no threshold in the benchmark (the "
                f"highest: {math.floor(100 * max(held)) / 100:.2f}); choose a lower precision"
            )
        return self.at_threshold(reached[0])


@dataclass(frozen=True)
class PatchLaw(Settings):
    """How likely patches of residues are right.

    A patch has two numbers: the log odds of the mean probability of its residues, and the same of
    the best other patch of its protein, its rival. Log odds that half of its residues or more are
    in the interface: ``chance_own * own + chance_rival * rival + chance_intercept``; log odds of
    the share of its residues in the interface: the same with ``share_``. Log odds that a left and
    a right patch touch: ``touch_slope * sum of the log odds of both chances + touch_intercept``.

    Attributes
    ----------
    chance_own, chance_rival, chance_intercept : float
        Of the chance that a patch is right by half or more.
    share_own, share_rival, share_intercept : float
        Of the share of its residues that is expected in the interface.
    touch_slope, touch_intercept : float
        Of the chance that a residue of one patch touches a residue of the other.
    fitted_on : str
        Description of the complexes on which these were fitted.
    rotations : int
        Rotations averaged for the fit.
    patches : int
        Patches of those complexes.
    """

    chance_own: float = 1.0
    chance_rival: float = 0.0
    chance_intercept: float = 0.0
    share_own: float = 1.0
    share_rival: float = 0.0
    share_intercept: float = 0.0
    touch_slope: float = 1.0
    touch_intercept: float = 0.0
    fitted_on: str = ""
    rotations: int = 0
    patches: int = 0


@dataclass(frozen=True)
class AloneFit:
    """How site scores of one protein alone become probabilities, and patches their chances.

    Attributes
    ----------
    calibration : Calibration
        Its terms of residues; a site score takes the place of a best pair score.
    patches : PatchLaw
        Its terms of single patches.
    """

    calibration: Calibration
    patches: PatchLaw

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {"calibration": self.calibration.to_dict(), "patches": self.patches.to_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Make both of plain values; a part that is missing is an error."""
        return cls(
            Calibration.from_dict(values["calibration"]), PatchLaw.from_dict(values["patches"])
        )
