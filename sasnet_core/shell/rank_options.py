"""The command line of sasnet_rank: its options, and what they may be."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sasnet_core import __version__
from sasnet_core.config import ROTATIONS
from sasnet_core.errors import Parser, SettingError
from sasnet_core.network.precision import PRECISIONS
from sasnet_core.shell.run_numbers import check_numbers
from sasnet_core.shell.session import RunSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = """\
Ranks poses of two proteins by how far their contacts agree with sasnet's prediction: docked poses,
or models of the complex by AlphaFold, Boltz or other programs. sasnet predicts the two proteins
once, and then scores hundreds of poses per second."""

EPILOG = """\
examples:
  sasnet_rank poses/*.pdb --left A --right B
  sasnet_rank cluster.pdb.gz --left H,L --right C --best 10
  sasnet_rank --list poses.txt --left A --right B --structures receptor.pdb ligand.pdb
  sasnet_rank poses.pdb --left A --right B --reference complex.pdb

exit codes: 0 done, 2 the input or a setting cannot be used (one line says why)"""

#: Larger numbers are slips.
MOST_BEST = 999


def build_parser() -> Parser:
    """Make the command line's parser."""
    parser = Parser(
        prog="sasnet_rank",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_input(parser)
    _add_prediction(parser)
    _add_output(parser)
    return parser


def _add_input(parser: Parser) -> None:
    """Add the poses and what they are compared with."""
    add = parser.add_argument
    add(
        "poses",
        nargs="*",
        type=Path,
        metavar="POSES",
        help="files with one pose or more (coordinate models); PDB or mmCIF, also gzipped",
    )
    add("--list", type=Path, metavar="FILE", help="text file that names files of poses, one a line")
    add("--left", metavar="CHAINS", help="chains of the left partner in the poses, like H,L")
    add("--right", metavar="CHAINS", help="chains of the right partner in the poses, like C")
    add(
        "--reference",
        type=Path,
        metavar="COMPLEX",
        help="known complex: adds native contacts, RMSD and DockQ of each pose",
    )
    add("--reference-left", metavar="CHAINS", help="its left chains (default: those of --left)")
    add("--reference-right", metavar="CHAINS", help="its right chains (default: those of --right)")


def _add_prediction(parser: Parser) -> None:
    """Add where the prediction comes from."""
    add = parser.add_argument
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--structures",
        type=Path,
        nargs=2,
        metavar=("LEFT", "RIGHT"),
        help="predict these structures, such as those that were docked (default: the first pose)",
    )
    source.add_argument(
        "--prediction",
        type=Path,
        metavar="RESULT",
        help="use this result of sasnet_predict, for example one with --include",
    )
    add(
        "--rotations",
        type=int,
        default=ROTATIONS,
        metavar="N",
        help=f"random rotations to average (default: {ROTATIONS})",
    )
    add("--seed", type=int, default=0, help="seed of the rotations (default: 0)")
    add("--weights", type=Path, metavar="DIR", help="weights to use, see sasnet_predict --help")
    add("--device", choices=("auto", "cpu", "gpu"), default="auto", help="where to compute")
    add(
        "--precision",
        choices=PRECISIONS,
        default="auto",
        help="number format to compute with, see sasnet_predict --help",
    )
    add("--threads", type=int, metavar="N", help="processor threads to use (default: all)")


def _add_output(parser: Parser) -> None:
    """Add what is written and printed."""
    add = parser.add_argument
    add("-o", "--output", type=Path, help="folder for the results (default: sasnet_ranking)")
    add(
        "--best",
        type=int,
        default=0,
        metavar="N",
        help="also write the N best poses as best_001.pdb, best_002.pdb, ... (default: 0)",
    )
    add("--no-plot", action="store_true", help="do not draw ranking.png")
    add("--quiet", action="store_true", help="print only warnings, no progress and no summary")
    add("--version", action="version", version=f"sasnet {__version__}")


def check_options(options: argparse.Namespace) -> None:
    """Check numbers and combinations before any work.

    Raises
    ------
    SettingError
        An option is missing or out of its range.
    """
    if not options.left or not options.right:
        raise SettingError("--left and --right must name the chains of the two partners")
    if bool(options.poses) == bool(options.list):
        raise SettingError("files of poses are needed, or --list with their names, not both")
    if not 0 <= options.best <= MOST_BEST:
        raise SettingError(f"--best must be 0 to {MOST_BEST}, got {options.best}")
    names = ("rotations", "seed", "threads")
    check_numbers({name: getattr(options, name) for name in names}, as_options=True)
    if not options.reference and (options.reference_left or options.reference_right):
        raise SettingError("--reference-left and --reference-right need --reference")


def pose_files(options: argparse.Namespace) -> Sequence[Path]:
    """Return the files of poses.

    Raises
    ------
    SettingError
        The list cannot be read, or names no file.
    """
    if options.poses:
        return list(options.poses)
    try:
        lines = options.list.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not text in UTF-8"
        raise SettingError(
            f"{options.list}: a text file with names of files is needed ({reason}); check the path"
        ) from None
    names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not names:
        raise SettingError(f"{options.list}: at least one name of a file is needed, found none")
    return [options.list.parent / name for name in names]


def run_settings(options: argparse.Namespace) -> RunSettings:
    """Take the settings of the prediction from the command line."""
    names = ("rotations", "seed", "weights", "device", "precision", "threads")
    return RunSettings(**{name: getattr(options, name) for name in names})
