"""sasnet_predict with one protein: where another protein would bind."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from sasnet_core.ending import raising
from sasnet_core.errors import SelectionError, SettingError
from sasnet_core.scoring.memory import sizes_within
from sasnet_core.shell.options import progress_style, question, run_settings
from sasnet_core.shell.progress import rotation_progress
from sasnet_core.shell.question import read_one, split_chains
from sasnet_core.shell.session import loaded, with_threshold
from sasnet_core.shell.viewer_child import report_loaded

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from sasnet_core.fitted import AloneFit
    from sasnet_core.network.weights_folder import WeightsInfo
    from sasnet_core.results.alone import AlonePrediction
    from sasnet_core.results.partner import InputPartner
    from sasnet_core.shell.fetch import Sources
    from sasnet_core.shell.session import RunSettings

#: Options that need two proteins.
OF_TWO = (
    "left", "right", "explain", "export", "include", "exclude", "mask", "conservation", "database",
)  # fmt: skip


def is_alone(options: argparse.Namespace) -> bool:
    """Say whether the command line asks about one protein."""
    one_file = len(options.structures) == 1 and not options.left and not options.right
    return options.alone is not None or (one_file and not options.demo)


def read_protein(options: argparse.Namespace, sources: Sources) -> InputPartner:
    """Read the protein that the command line names.

    Raises
    ------
    SelectionError
        The file has several chains and none is named, or one that is named is missing.
    """
    named = split_chains(options.alone or "")
    protein = read_one(question(options), sources, named)
    advice = "one file needs both --left and --right, or --alone for the chains of one protein"
    all_of_them = options.alone is not None and not options.alone.strip()
    return protein if named or all_of_them else require_one_chain(protein, advice)


def require_one_chain(protein: InputPartner, advice: str) -> InputPartner:
    """Return a protein if it has one chain.

    Raises
    ------
    SelectionError
        It has several; `advice` says what to do.
    """
    if len(protein.chain_ids) > 1:
        known = ", ".join(name or "_" for name in protein.chain_ids)
        raise SelectionError(f"{protein.structure.path}: {advice}; its protein chains: {known}")
    return protein


def predict_alone(options: argparse.Namespace, sources: Sources, default: Path) -> None:
    """Predict one protein, write its result, and print it.

    Parameters
    ----------
    options : argparse.Namespace
        The command line.
    sources : Sources
        Where structures come from.
    default : Path
        Output folder if none is named.

    Raises
    ------
    SettingError
        An option needs two proteins.
    """
    _refuse_options(options)
    partner = read_protein(options, sources)
    from sasnet_core.results.output_folder import OutputFolder

    inputs = [partner.structure.path]
    with OutputFolder(options.output or default, inputs=inputs) as output, raising():
        prediction = _predicted(options, partner)
        prediction.write(output.staging)
        files = output.publish()
    for text in [*prediction.warnings(), *output.removal_note()]:
        print(f"note: {text}", file=sys.stderr)
    if options.quiet:
        return
    for line in prediction.summary_lines():
        print(line)
    print("files:", *(f"  {path}" for path in files), sep="\n")


def _refuse_options(options: argparse.Namespace) -> None:
    if len(options.structures) != 1:
        raise SettingError(f"--alone takes one structure, got {len(options.structures)}")
    for name in OF_TWO:
        if getattr(options, name):
            raise SettingError(
                f"--{name} needs two proteins, got one; remove --{name}, or name both proteins"
            )


def _predicted(options: argparse.Namespace, partner: InputPartner) -> AlonePrediction:
    settings = run_settings(options)
    fit = alone_fit(settings)
    with rotation_progress(settings.rotations, progress_style(options)) as progress:
        return predict_protein(partner, settings, *fit, progress)


def alone_fit(settings: RunSettings) -> tuple[WeightsInfo, AloneFit]:
    """Read the description of the weights, and their fit for one protein at its threshold.

    Raises
    ------
    WeightsError
        They cannot be used, or have no such fit.
    """
    from sasnet_core.network.weights_folder import default_folder, read_info

    info = read_info(settings.weights or default_folder())
    fit = info.needed_alone()
    calibration = with_threshold(fit.calibration, settings.threshold, settings.precision_target)
    return info, replace(fit, calibration=calibration)


def predict_protein(
    partner: InputPartner,
    settings: RunSettings,
    info: WeightsInfo,
    fit: AloneFit,
    progress: Callable[[int], None] | None = None,
) -> AlonePrediction:
    """Load the network and predict where any protein would bind one protein.

    Parameters
    ----------
    partner : InputPartner
        The protein.
    settings : RunSettings
        How.
    info, fit : WeightsInfo, AloneFit
        From `alone_fit`.
    progress : callable, optional
        Called with 0 when the network is loaded, and with the number of rotations after each.

    Raises
    ------
    SettingError
        It cannot be done within the memory that is granted.
    """
    from sasnet_core.results.alone import AlonePrediction

    with loaded(settings, info) as scorer:
        from sasnet_core.scoring.site_scores import score_sites  # loads what `loaded` silences

        if settings.viewer_folder is not None:
            report_loaded(settings.rotations)
        scorer.limit_sizes(sizes_within(settings.memory, partner.protein.n_residues, 0, 0))
        if progress is not None:
            progress(0)
        scores = score_sites(scorer, partner.protein, settings.rotations, settings.seed, progress)
        done = {
            "rotations": settings.rotations, "seed": settings.seed, "precision": scorer.precision,
        }  # fmt: skip
    return AlonePrediction(partner, scores, info, fit, done)
