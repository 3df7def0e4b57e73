"""A network that is loaded once and predicts once or often."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sasnet_core.config import ROTATIONS
from sasnet_core.conservation.terms import find_info
from sasnet_core.ending import at_once
from sasnet_core.errors import WeightsError
from sasnet_core.network.devices import choose_device, share_threads, silenced_start
from sasnet_core.network.weights_folder import default_folder, find_folder, read_info
from sasnet_core.scoring.lookahead import AT_ONCE
from sasnet_core.scoring.memory import sizes_within
from sasnet_core.shell.viewer_child import report_loaded, write_first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sasnet_core.conservation.terms import ConservationInfo
    from sasnet_core.fitted import Calibration
    from sasnet_core.network.weights_folder import WeightsInfo
    from sasnet_core.results.partner import InputPartner
    from sasnet_core.results.prediction import Prediction
    from sasnet_core.scoring.known import Known
    from sasnet_core.scoring.pair_scores import PairScores
    from sasnet_core.scoring.scorer import Scorer
    from sasnet_core.shell.profiles import ProfileSource

#: Folder of terms that come with sasnet.
SHIPPED_TERMS = "conservation"


@dataclass(frozen=True)
class RunSettings:
    """How predictions are computed."""

    rotations: int = ROTATIONS
    seed: int = 0
    pair_count: int | None = None  # pairs listed, best first; None: all
    threshold: float | None = None  # None: the weights' own, or that of precision_target
    precision_target: float | None = None  # precision that the threshold must have reached
    weights: Path | None = None  # None: the default ones
    device: str = "auto"
    precision: str = "auto"
    threads: int | None = None  # None: all
    memory: float | None = None  # GB to stay within; None: no limit
    profiles: ProfileSource | None = None  # None: structure alone
    viewer_folder: Path | None = None  # of the viewer that started this process, see viewer_child


def calibrated_weights(settings: RunSettings) -> WeightsInfo:
    """Read the description of the weights, and set the threshold of their calibration.

    Raises
    ------
    WeightsError
        They cannot be used, or have no calibration.
    """
    info = read_info(settings.weights or default_folder())
    if settings.profiles is not None:
        conservation_terms(info)
    calibration = with_threshold(
        info.needed_calibration(), settings.threshold, settings.precision_target
    )
    return replace(info, calibration=calibration)


def conservation_terms(info: WeightsInfo) -> ConservationInfo:
    """Find what conservation adds to the scores of some weights.

    Raises
    ------
    WeightsError
        Nothing was fitted to them.
    """
    return find_info([info.folder, find_folder(SHIPPED_TERMS)], info.sha256)


def has_terms(info: WeightsInfo) -> bool:
    """Return whether conservation could improve the scores of some weights."""
    try:
        conservation_terms(info)
    except WeightsError:
        return False
    return True


def with_threshold(
    calibration: Calibration, threshold: float | None, precision_target: float | None
) -> Calibration:
    """Return the calibration at a threshold, or at the threshold of a precision if one is given."""
    if threshold is not None:
        return calibration.at_threshold(threshold)
    if precision_target is not None:
        return calibration.at_precision(precision_target)
    return calibration


@contextmanager
def loaded(settings: RunSettings, info: WeightsInfo) -> Iterator[Scorer]:
    """Load the network on its device, within the limits that the user set."""
    with at_once():
        with silenced_start():
            import keras

            from sasnet_core.scoring.predictor import load_predictor

            tasks = share_threads(settings.threads, AT_ONCE)
        device = choose_device(settings.device)
    with keras.device(device):
        yield load_predictor(info.folder, settings.precision, device=device, at_once=tasks)


def predict(
    predictor: Scorer,
    left: InputPartner,
    right: InputPartner,
    settings: RunSettings,
    info: WeightsInfo,
    progress: Callable[[int], None] | None = None,
    known: Known | None = None,
) -> Prediction:
    """Score the pairs of two partners.

    Parameters
    ----------
    predictor : Scorer
        From `loaded`.
    left, right : InputPartner
        The partners.
    settings : RunSettings
        How.
    info : WeightsInfo
        Of the predictor's weights, calibrated.
    progress : callable, optional
        Called with 0 when the work begins, and with the number of rotations done after each.
    known : Known, optional
        Residues that are known to be in the interface, or not.

    Raises
    ------
    SettingError
        It cannot be done within the memory that is granted.
    WeightsError
        The weights have no calibration.
    """
    info.needed_calibration()
    used: dict[str, Any] = {}
    if settings.profiles is not None:
        covered = settings.profiles.prepare(left, right)
        used = {"conservation": settings.profiles.describe(left, right)}
        if covered:
            predictor, info = with_conservation(predictor, settings, info)
    sizes = left.protein.n_residues, right.protein.n_residues
    predictor.limit_sizes(sizes_within(settings.memory, *sizes, settings.pair_count))
    if progress is not None:
        progress(0)

    def finished(scores: PairScores, rotations: int) -> Prediction:
        done = {"rotations": rotations, "seed": settings.seed, "precision": predictor.precision}
        return _prediction(left, right, scores, info, done | used, settings, known)

    def show_first(folder: Path) -> Callable[[PairScores], None]:
        report_loaded(settings.rotations)
        return lambda scores: write_first(finished(scores, 1), folder, settings.pair_count)

    first = show_first(settings.viewer_folder) if settings.viewer_folder else None
    proteins = left.protein, right.protein
    scores = predictor.score(*proteins, settings.rotations, settings.seed, progress, first, known)
    return finished(scores, settings.rotations)


def with_conservation(
    scorer: Scorer, settings: RunSettings, info: WeightsInfo
) -> tuple[Scorer, WeightsInfo]:
    """Add what conservation says to a scorer; return it, and the weights with its calibration."""
    from sasnet_core.scoring.conserved import ConservedScorer

    assert settings.profiles is not None
    fitted = conservation_terms(info)
    calibration = with_threshold(fitted.calibration, settings.threshold, settings.precision_target)
    scorer = ConservedScorer(scorer, fitted.terms, settings.profiles.find)
    return scorer, replace(info, calibration=calibration, patches=fitted.patches)


def _prediction(
    left: InputPartner,
    right: InputPartner,
    scores: PairScores,
    info: WeightsInfo,
    done: dict[str, Any],
    settings: RunSettings,
    known: Known | None,
) -> Prediction:
    """Calibrate scores; the threshold may rise unless the user has set it."""
    from sasnet_core.results.prediction import Prediction

    prediction = Prediction(left, right, scores, info, info.needed_calibration(), done, known)
    own_threshold = settings.threshold is None and settings.precision_target is None
    return prediction.above_average() if own_threshold else prediction
