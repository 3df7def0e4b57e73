"""The shell command sasnet_predict."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sasnet_core.ending import raising
from sasnet_core.errors import (
    EXIT_BAD_INPUT,
    EXIT_INTERRUPTED,
    ResultError,
    SasnetError,
    SettingError,
)
from sasnet_core.results.formats.registry import chosen_formats
from sasnet_core.shell.alone import is_alone, predict_alone
from sasnet_core.shell.options import (
    build_parser,
    check_options,
    chosen_sources,
    folder_content,
    progress_style,
    question,
    run_settings,
    shared_settings,
)
from sasnet_core.shell.progress import rotation_progress
from sasnet_core.shell.question import read_partners
from sasnet_core.shell.session import calibrated_weights, has_terms, loaded, predict
from sasnet_core.shell.viewer_child import end_with_viewer

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from sasnet_core.network.weights_folder import WeightsInfo
    from sasnet_core.results.prediction import Prediction
    from sasnet_core.shell.batch import BatchRun
    from sasnet_core.shell.fetch import Sources
    from sasnet_core.shell.session import RunSettings

OUTPUT = Path("sasnet_out")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line without the program's name; default: that of this process.

    Returns
    -------
    int
        Exit code.
    """
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
        print("sasnet_predict: stopped, no unfinished files were written", file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0


def run(options: argparse.Namespace) -> None:
    """Run the command with parsed options.

    Raises
    ------
    SasnetError
        The input or a setting cannot be used.
    """
    if options.doctor:
        return show_diagnosis()
    if options.viewer_folder:
        end_with_viewer(options.viewer_folder)
    check_options(options)
    formats = chosen_formats(options.export) if options.export is not None else []
    sources = chosen_sources(options)
    if options.batch:
        predict_list(options, sources, formats)
    elif is_alone(options):
        predict_alone(options, sources, OUTPUT)
    else:
        predict_one(options, sources, formats)


def show_diagnosis() -> None:
    """Print what is installed and what is missing.

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
        raise SettingError(
            f"a prediction needs all of the above, {missing} are MISSING; the lines say what to do"
        )


def predict_one(options: argparse.Namespace, sources: Sources, formats: list[str]) -> None:
    """Predict one pair of partners."""
    left, right = read_partners(question(options), sources)
    from sasnet_core.results.explain import find_residues
    from sasnet_core.results.known_residues import WORDS, find_known
    from sasnet_core.results.output_folder import OutputFolder
    from sasnet_core.shell.result_folder import write_result_folder

    settings = run_settings(options)
    content = folder_content(options, formats, find_residues(options.explain, (left, right)))
    known = find_known(
        {word: ",".join(getattr(options, word) or ()) for word in WORDS}, (left, right)
    )
    info = calibrated_weights(settings)
    if settings.profiles is not None:  # a wrong file is named before any rotation
        settings.profiles.prepare(left, right)
    bar = rotation_progress(settings.rotations, progress_style(options))
    inputs = [left.structure.path, right.structure.path]
    with OutputFolder(options.output or OUTPUT, inputs=inputs) as output, raising():
        with bar as progress, loaded(settings, info) as predictor:
            prediction = predict(predictor, left, right, settings, info, progress, known)
        messages = write_result_folder(prediction, output.staging, content)
        files = output.publish()
    for text in [*prediction.warnings(), *messages.notes, *output.removal_note()]:
        print(f"note: {text}", file=sys.stderr)
    if not options.quiet:
        print_summary(prediction, files, messages.explanation)
        if settings.profiles is None and has_terms(info):
            print(
                "These scores use the structures only. Conservation can improve them: see "
                "--conservation and --database."
            )
    if messages.problems:
        raise ResultError(
            f"the prediction was written, but not every export ({messages.problems[0]})"
        )


def predict_list(options: argparse.Namespace, sources: Sources, formats: list[str]) -> None:
    """Predict the rows of a list that are not done yet."""
    from sasnet_core.shell.batch import BatchRun
    from sasnet_core.shell.batch_list import SUMMARY_FILE, read_list

    rows = read_list(options.batch, options.model, options.assembly)
    settings = run_settings(options)
    info = calibrated_weights(settings)
    content = folder_content(options, formats)
    shared = shared_settings(options, info)
    batch = BatchRun(rows, options.output or OUTPUT, sources, content, shared)
    if options.scheduler:
        predict_list_on_cluster(batch, options, settings, info)
    else:
        predict_list_here(batch, options, settings, info)
    if not options.quiet:
        print(f"{len(batch.summaries)} of {len(rows)} rows done: {batch.folder / SUMMARY_FILE}")
    batch.require_no_failures()


def predict_list_here(
    batch: BatchRun, options: argparse.Namespace, settings: RunSettings, info: WeightsInfo
) -> None:
    """Predict the rows in this process."""
    from sasnet_core.scoring.memory import cache_bytes
    from sasnet_core.shell.batch import CACHE_MEMORY

    batch.run(
        lambda: loaded(settings, info),
        lambda predictor, left, right, progress: predict(
            predictor, left, right, settings, info, progress
        ),
        style=progress_style(options),
        memory=cache_bytes(settings.memory, CACHE_MEMORY),
    )


def predict_list_on_cluster(
    batch: BatchRun, options: argparse.Namespace, settings: RunSettings, info: WeightsInfo
) -> None:
    """Let the workers of a Dask cluster predict the rows; they stand in other folders than we."""
    from sasnet_core.cluster import connected
    from sasnet_core.shell.cluster_batch import predict_on_cluster

    batch.folder = batch.folder.absolute()
    batch.folder.mkdir(parents=True, exist_ok=True)
    batch.sources = batch.sources.absolute()
    if settings.weights is not None and settings.weights.exists():
        settings = replace(settings, weights=settings.weights.absolute())
    style = progress_style(options)
    with connected(options.scheduler, batch.folder) as client:
        batch.run_with(
            lambda plans: predict_on_cluster(batch, plans, client, settings, info, style), style
        )


def print_summary(prediction: Prediction, files: list[Path], explanation: list[str]) -> None:
    """Print the likely interface residues, how reliable they are, and the files."""
    from sasnet_core.results.known_residues import known_lines
    from sasnet_core.results.summary import summary_lines

    partners = prediction.left, prediction.right
    if prediction.known is not None:
        print(*known_lines(prediction.known, partners), sep="\n")
    for line in summary_lines(prediction):
        print(line)
    print("files:")
    for path in files:
        print(f"  {path}")
    for line in explanation:
        print(line)
