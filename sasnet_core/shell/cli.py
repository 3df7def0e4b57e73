"""The shell command sasnet_predict."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sasnet_core import __version__
from sasnet_core.errors import EXIT_BAD_INPUT, ResultError, SasnetError, SettingError
from sasnet_core.results.formats.registry import chosen_formats
from sasnet_core.shell.options import build_parser, check_options, chosen_sources, listed_pairs
from sasnet_core.shell.progress import progress_callback
from sasnet_core.shell.question import question_of, read_partners
from sasnet_core.shell.session import calibrated_weights, loaded, predict
from sasnet_core.shell.viewer_child import end_with_viewer

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from sasnet_core.network.weights import WeightsInfo
    from sasnet_core.results.prediction import Prediction
    from sasnet_core.shell.answer import Content
    from sasnet_core.shell.fetch import Sources

OUTPUT = Path("sasnet_out")


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
    except ImportError as error:
        print(
            f"sasnet_predict: a package that sasnet needs cannot be loaded ({error}); "
            "sasnet_predict --doctor says what is missing",
            file=sys.stderr,
        )
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print("sasnet_predict: stopped, nothing half done was written", file=sys.stderr)
        return 128 + signal.SIGINT
    return 0


def run(options: argparse.Namespace) -> None:
    """Do what the command line asks.

    Raises
    ------
    SasnetError
        The input or a setting cannot be used.
    """
    if options.doctor:
        return show_diagnosis()
    if options.attached:
        end_with_viewer(options.attached)
    check_options(options)
    formats = chosen_formats(options.export) if options.export is not None else []
    sources = chosen_sources(options)
    if options.batch:
        answer_list(options, sources, formats)
    else:
        answer_one(options, sources, formats)


def show_diagnosis() -> None:
    """Print what is there and what is missing.

    Raises
    ------
    SettingError
        Something that a prediction needs is missing.
    """
    from sasnet_core.shell.doctor import diagnose

    findings = diagnose()
    for finding in findings:
        print(finding)
    missing = sum(not finding.good for finding in findings)
    if missing:
        raise SettingError(f"not ready to predict, {missing} of these lines say why")


def answer_one(options: argparse.Namespace, sources: Sources, formats: list[str]) -> None:
    """Answer one question."""
    left, right = read_partners(question_of(options), sources)
    from sasnet_core.results.explain import find_residues
    from sasnet_core.results.writing import OutputFolder
    from sasnet_core.shell.answer import write_answer, write_explained

    explained = find_residues(options.explain, (left, right))
    info = calibrated_weights(options)
    with OutputFolder(options.output or OUTPUT) as output:
        with progress_callback(options) as progress, loaded(options, info) as predictor:
            prediction = predict(predictor, left, right, options, info, progress)
        content = wanted(options, formats)
        notes, problems = write_answer(prediction, output.staging, content)
        explanation = write_explained(output.staging, explained)
        files = output.publish()
    for text in [*prediction.warnings(), *notes]:
        print(f"note: {text}", file=sys.stderr)
    if not options.quiet:
        print_summary(prediction, files)
        print(*explanation, sep="\n", end="\n" if explanation else "")
    if problems:
        raise ResultError(f"the prediction was written, but not every export ({problems[0]})")


def wanted(options: argparse.Namespace, formats: list[str]) -> Content:
    """Say what a result folder is to hold."""
    from sasnet_core.shell.answer import Content

    pairs = listed_pairs(options)
    return Content(pairs, tuple(formats), not options.no_picture, not options.no_report)


def answer_list(options: argparse.Namespace, sources: Sources, formats: list[str]) -> None:
    """Answer the questions of a list that are not answered yet."""
    from sasnet_core.scoring.memory import cache_bytes
    from sasnet_core.shell.batch import CACHE_MEMORY, SUMMARY_FILE, Batch, read_list

    rows = read_list(options.batch, options.model, options.assembly)
    info = calibrated_weights(options)
    content = wanted(options, formats)
    batch = Batch(rows, options.output or OUTPUT, sources, content, asked(options, info))
    batch.run(
        lambda: loaded(options, info),
        lambda predictor, left, right, progress: predict(
            predictor, left, right, options, info, progress
        ),
        style="lines" if options.progress_lines else "none" if options.quiet else "bar",
        memory=cache_bytes(options.memory, CACHE_MEMORY),
    )
    if not options.quiet:
        print(f"{len(batch.summaries)} of {len(rows)} rows done: {batch.folder / SUMMARY_FILE}")
    batch.require_no_failures()


def asked(options: argparse.Namespace, info: WeightsInfo) -> dict[str, Any]:
    """Return the settings that the rows of a list share, as plain values."""
    names = (
        "rotations",
        "seed",
        "precision",
        "device",
        "pairs",
        "export",
        "no_picture",
        "no_report",
    )
    shared = {name: getattr(options, name) for name in names}
    fitted = info.calibration.to_dict() if info.calibration else None
    return {
        **shared,
        "weights": info.sha256,
        "calibration": fitted,
        "smoothing": info.smoothing.to_dict(),
        "version": __version__,
    }


def print_summary(prediction: Prediction, files: list[Path]) -> None:
    """Print the likely interface residues, what they are worth, and the files."""
    from sasnet_core.results.summary import summary_lines

    for line in summary_lines(prediction):
        print(line)
    print("files:")
    for path in files:
        print(f"  {path}")


if __name__ == "__main__":
    sys.exit(main())
