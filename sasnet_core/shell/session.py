"""A network that is loaded once and asked once or often."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from sasnet_core.network.devices import choose_device, share_threads, silenced_start
from sasnet_core.network.weights import default_folder, read_info
from sasnet_core.scoring.lookahead import AT_ONCE
from sasnet_core.scoring.memory import sizes_within
from sasnet_core.shell.options import listed_pairs
from sasnet_core.shell.viewer_child import say_ready, write_first

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from sasnet_core.fitted import Calibration
    from sasnet_core.network.weights import WeightsInfo
    from sasnet_core.results.prediction import Partner, Prediction
    from sasnet_core.scoring.pair_scores import PairScores
    from sasnet_core.scoring.scorer import Scorer


def calibrated_weights(options: argparse.Namespace) -> WeightsInfo:
    """Read what stands beside the weights to use, with the threshold that the user asks for.

    Raises
    ------
    WeightsError
        They cannot be used, or have no calibration.
    """
    info = read_info(options.weights or default_folder())
    return replace(info, calibration=settle_threshold(options, info.needed_calibration()))


def settle_threshold(options: argparse.Namespace, calibration: Calibration) -> Calibration:
    """Return the calibration with the threshold that the user asks for."""
    if options.threshold is not None:
        return calibration.at_threshold(options.threshold)
    if options.precision_target is not None:
        return calibration.at_precision(options.precision_target)
    return calibration


@contextmanager
def loaded(options: argparse.Namespace, info: WeightsInfo) -> Iterator[Scorer]:
    """Load the network on its device, within the limits that the user set."""
    with silenced_start():
        import keras

        from sasnet_core.scoring.predictor import load_predictor

        at_once = share_threads(options.threads, AT_ONCE)
    device = choose_device(options.device)
    with keras.device(device):
        yield load_predictor(info.folder, options.precision, device=device, at_once=at_once)


def predict(
    predictor: Scorer,
    left: Partner,
    right: Partner,
    options: argparse.Namespace,
    info: WeightsInfo,
    progress: Callable[[int], None] | None = None,
) -> Prediction:
    """Score the pairs of two partners.

    Parameters
    ----------
    predictor : Scorer
        From `loaded`.
    left, right : Partner
        The partners.
    options : argparse.Namespace
        Rotations, seed, the limit of memory, and the viewer's folder.
    info : WeightsInfo
        Of the predictor's weights, calibrated.
    progress : callable, optional
        Called with 0 when the work begins, and with the number of rotations done after each.

    Raises
    ------
    SettingError
        It cannot be done within the memory that is granted.
    WeightsError
        The weights have no calibration.
    """
    from sasnet_core.results.prediction import Prediction

    calibration = info.needed_calibration()
    sizes = left.protein.n_residues, right.protein.n_residues
    predictor.limit_sizes(sizes_within(options.memory, *sizes, listed_pairs(options)))
    if progress is not None:
        progress(0)

    def answer(scores: PairScores, rotations: int) -> Prediction:
        settings = {
            "rotations": rotations,
            "seed": options.seed,
            "precision": predictor.precision,
        }
        prediction = Prediction(left, right, scores, info, calibration, settings)
        asked = options.threshold is not None or options.precision_target is not None
        return prediction if asked else prediction.above_average()

    def answer_early(scores: PairScores) -> None:
        write_first(answer(scores, 1), options.attached, listed_pairs(options))

    first = None
    if options.attached:
        say_ready(options.rotations)
        first = answer_early
    proteins = left.protein, right.protein
    scores = predictor.score(*proteins, options.rotations, options.seed, progress, first)
    return answer(scores, options.rotations)
