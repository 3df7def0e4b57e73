"""The command line of sasnet_predict: its options, and what they may be."""

from __future__ import annotations

import argparse
from pathlib import Path

from sasnet_core import __version__
from sasnet_core.config import ROTATIONS
from sasnet_core.errors import Parser, SettingError
from sasnet_core.formats import help_lines
from sasnet_core.precision import PRECISIONS

DESCRIPTION = """\
Where do two proteins touch? Reads two partners, scores every pair of their residues, and writes
tables, structures coloured by probability and a picture.

The question answered is where two proteins touch given that they bind. Whether they bind at all
is another question, which sasnet does not answer: any two proteins get a best pair."""

EPILOG = f"""\
formats of --export, also made later by sasnet_export:
{help_lines()}

examples:
  sasnet_predict --demo
  sasnet_predict complex.cif.gz --left H,L --right C -o out
  sasnet_predict receptor.pdb ligand.pdb -o out
  sasnet_predict receptor.pdb ligand.pdb --export haddock,chimerax

exit codes: 0 done, 2 the input or a setting cannot be used (one line says why)"""


def build_parser() -> Parser:
    """Make the command line's parser."""
    parser = Parser(
        prog="sasnet_predict",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "structures",
        nargs="*",
        metavar="STRUCTURE",
        help="one file with both partners, or two files; PDB or mmCIF, also gzipped",
    )
    add("--left", metavar="CHAINS", help="chains of the left partner, like H,L; _: no name")
    add("--right", metavar="CHAINS", help="chains of the right partner, like C")
    add("--demo", action="store_true", help="predict PyMOL's demo structure 1TII, chains D and E")
    add("-o", "--output", type=Path, help="folder for the results (default: sasnet_out)")
    add("--model", type=int, default=1, metavar="N", help="coordinate model to read (default: 1)")
    add("--assembly", metavar="NAME", help="biological assembly to build first, like 1")
    add(
        "--rotations",
        type=int,
        default=ROTATIONS,
        metavar="N",
        help=f"random rotations to average (default: {ROTATIONS})",
    )
    add("--seed", type=int, default=0, help="seed of the rotations (default: 0)")
    add(
        "--pairs",
        default="1000",
        metavar="N|all",
        help="pairs to list, best first (default: 1000)",
    )
    likely = parser.add_mutually_exclusive_group()
    likely.add_argument(
        "--threshold",
        type=float,
        metavar="P",
        help="probability from which residues are called likely (default: the weights' own)",
    )
    likely.add_argument(
        "--precision-target",
        type=float,
        metavar="P",
        help="take the lowest threshold from which on this share of the likely residues was in the "
        "interface in the benchmark",
    )
    add(
        "--weights",
        type=Path,
        metavar="DIR",
        help="weights to use: a folder, or shipped ones by name (default: default)",
    )
    add("--device", choices=("auto", "cpu", "gpu"), default="auto", help="where to compute")
    add(
        "--precision",
        choices=PRECISIONS,
        default="auto",
        help="numbers to compute with; auto: bfloat16 on processors with AVX512-BF16 or AMX-BF16 "
        "and GPUs with bfloat16 units, which is up to twice as fast and moves 99 %% of the "
        "scores by less than 0.01; float32 elsewhere",
    )
    add("--export", metavar="FORMAT[,FORMAT...]", help="also write the result so, see below")
    add("--no-picture", action="store_true", help="leave out picture.png and session.pse")
    add("--quiet", action="store_true", help="no progress and no summary, only warnings")
    add("--progress-lines", action="store_true", help=argparse.SUPPRESS)  # for the PyMOL plugin
    add("--version", action="version", version=f"sasnet {__version__}")
    return parser


def check_options(options: argparse.Namespace) -> int | None:
    """Check numbers and combinations before any work; return the number of pairs to list."""
    if options.rotations < 1:
        raise SettingError(f"--rotations must be 1 or more, got {options.rotations}")
    if options.seed < 0:
        raise SettingError(f"--seed must be 0 or more, got {options.seed}")
    for name in ("threshold", "precision_target"):
        value = getattr(options, name)
        if value is not None and not 0 < value < 1:
            option = "--" + name.replace("_", "-")
            raise SettingError(f"{option} must be between 0 and 1, got {value:g}")
    if options.demo and (options.structures or options.left or options.right):
        raise SettingError("--demo brings its own structure and chains; leave the others out")
    if not options.demo and len(options.structures) not in (1, 2):
        raise SettingError(
            f"one or two structure files are needed, got {len(options.structures)}; "
            "see sasnet_predict --help"
        )
    if options.pairs == "all":
        return None
    if not options.pairs.isdecimal() or int(options.pairs) < 1:
        raise SettingError(f"--pairs must be 1 or more, or 'all', got {options.pairs!r}")
    return int(options.pairs)
