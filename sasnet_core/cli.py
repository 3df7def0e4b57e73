"""The shell command sasnet_predict."""

from __future__ import annotations

import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sasnet_core.devices import choose_device, silenced_start
from sasnet_core.errors import EXIT_BAD_INPUT, ResultError, SasnetError, WeightsError
from sasnet_core.formats import chosen_formats
from sasnet_core.options import build_parser, check_options
from sasnet_core.partners import read_partners
from sasnet_core.progress import progress_callback

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from sasnet_core.config import Calibration
    from sasnet_core.prediction import Partner, Prediction


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name; that of this process when left out.

    Returns
    -------
    int
        Exit code.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        run(build_parser().parse_args(arguments))
    except SasnetError as error:
        print(f"sasnet_predict: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print("sasnet_predict: stopped, nothing was written", file=sys.stderr)
        return 128 + signal.SIGINT
    return 0


def run(options: argparse.Namespace) -> None:
    """Do what the command line asks.

    Raises
    ------
    SasnetError
        The input or a setting cannot be used.
    """
    pair_count = check_options(options)
    formats = chosen_formats(options.export) if options.export is not None else []
    left, right = read_partners(options)
    from sasnet_core.answer import Content, write_answer
    from sasnet_core.export import OutputFolder
    from sasnet_core.weights import default_folder, read_info

    info = read_info(options.weights or default_folder())
    if info.calibration is None:
        raise WeightsError(
            f"{info.folder}: weights with a calibration are needed, these have none; "
            "run train.calibrate on them"
        )
    info = replace(info, calibration=settle_threshold(options, info.calibration))
    with OutputFolder(options.output or Path("sasnet_out")) as output:
        prediction = predict(options, left, right, info)
        content = Content(pair_count, tuple(formats), not options.no_picture)
        notes, problems = write_answer(prediction, output.staging, content)
        files = output.publish()
    for text in [*prediction.warnings(), *notes]:
        print(f"note: {text}", file=sys.stderr)
    if not options.quiet:
        print_summary(prediction, files)
    if problems:
        raise ResultError(f"the prediction was written, but not every export ({problems[0]})")


def predict(
    options: argparse.Namespace,
    left: Partner,
    right: Partner,
    info: Any,
) -> Prediction:
    """Load the network and score the pairs, with progress on standard error."""
    with progress_callback(options) as progress:
        with silenced_start():
            import keras

            from sasnet_core.predict import Predictor
        from sasnet_core.prediction import Prediction

        with keras.device(choose_device(options.device)):
            predictor = Predictor.load(info.folder, options.precision)
            scores = predictor.score(
                left.protein, right.protein, options.rotations, options.seed, progress
            )
    settings = {
        "rotations": options.rotations,
        "seed": options.seed,
        "precision": predictor.precision,
    }
    return Prediction(left, right, scores, info, info.calibration, settings)


def settle_threshold(options: argparse.Namespace, calibration: Calibration) -> Calibration:
    """Return the calibration with the threshold that the user asks for."""
    if options.threshold is not None:
        return calibration.at_threshold(options.threshold)
    if options.precision_target is not None:
        return calibration.at_precision(options.precision_target)
    return calibration


def print_summary(prediction: Prediction, files: list[Path]) -> None:
    """Print the likely interface residues, what they are worth, and the files."""
    from sasnet_core.summary import summary_lines

    for line in summary_lines(prediction):
        print(line)
    print("files:")
    for path in files:
        print(f"  {path}")


if __name__ == "__main__":
    sys.exit(main())
