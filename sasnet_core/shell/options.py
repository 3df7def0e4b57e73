"""The command line of sasnet_predict: its options, and what they may be."""

from __future__ import annotations

import argparse
from pathlib import Path
from urllib.parse import urlsplit

from sasnet_core import __version__
from sasnet_core.config import ROTATIONS
from sasnet_core.errors import Parser, SettingError
from sasnet_core.network.precision import PRECISIONS
from sasnet_core.results.formats.registry import help_lines
from sasnet_core.shell.fetch import ALPHAFOLD, ARCHIVES, CACHE_VARIABLE, PDB, Sources, make_sources

DESCRIPTION = """\
Where do two proteins touch? Reads two partners, scores every pair of their residues, and writes
tables, structures coloured by probability and a picture.

The question answered is where two proteins touch given that they bind. Whether they bind at all
is another question, which sasnet does not answer: any two proteins get a best pair."""

EPILOG = f"""\
formats of --export, also made later by sasnet_export:
{help_lines()}

lists (--batch): CSV with the columns id, left, right, left_chains, right_chains; files are named
from the list's folder; an empty right means that left holds both partners. Each row gets a folder
of its name in the output, beside summary.csv and failures.csv. The same command again does what
is missing or was changed.

examples:
  sasnet_predict --demo
  sasnet_predict 1brs --left A --right D
  sasnet_predict --batch list.csv -o out
  sasnet_predict complex.cif.gz --left H,L --right C -o out
  sasnet_predict receptor.pdb ligand.pdb -o out
  sasnet_predict receptor.pdb ligand.pdb --export haddock,chimerax
  sasnet_predict receptor.pdb ligand.pdb --explain A:52A

exit codes: 0 done, 2 the input or a setting cannot be used (one line says why)"""


def build_parser() -> Parser:
    """Make the command line's parser."""
    parser = Parser(
        prog="sasnet_predict",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_question(parser)
    _add_answer(parser)
    _add_computing(parser)
    _add_sources(parser)
    _add_extras(parser)
    return parser


def _add_question(parser: Parser) -> None:
    """Add what is asked, and where the answer goes."""
    add = parser.add_argument
    add(
        "structures",
        nargs="*",
        metavar="STRUCTURE",
        help="one file with both partners, or two files; PDB or mmCIF, also gzipped; or ids of "
        "the PDB (1brs) or AlphaFold DB (AF-P00648-F1, or the UniProt accession)",
    )
    add("--left", metavar="CHAINS", help="chains of the left partner, like H,L; _: no name")
    add("--right", metavar="CHAINS", help="chains of the right partner, like C")
    add(
        "--batch",
        type=Path,
        metavar="LIST",
        help="answer all questions of a list, see below",
    )
    add("--demo", action="store_true", help="predict PyMOL's demo structure 1TII, chains D and E")
    add("-o", "--output", type=Path, help="folder for the results (default: sasnet_out)")
    add("--model", type=int, default=1, metavar="N", help="coordinate model to read (default: 1)")
    add("--assembly", metavar="NAME", help="biological assembly to build first, like 1")


def _add_answer(parser: Parser) -> None:
    """Add how the answer is found and told."""
    add = parser.add_argument
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


def _add_computing(parser: Parser) -> None:
    """Add what computes, and how much of the machine it may take."""
    add = parser.add_argument
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
    add("--threads", type=int, metavar="N", help="processor threads to use (default: all)")
    add(
        "--memory",
        type=float,
        metavar="GB",
        help="memory to stay within: large proteins are worked on in smaller pieces, and what "
        "cannot fit is refused",
    )


def _add_sources(parser: Parser) -> None:
    """Add where structures come from."""
    add = parser.add_argument
    for archive in ARCHIVES:
        add(
            archive.option,
            action="append",
            default=[],
            metavar="PLACE",
            help=f"where to take entries of {archive.title} from: a folder, or a web address "
            "with {id} in it; may be given again, asked in turn "
            f"(default: {archive.variable}, else {urlsplit(archive.mirrors[0]).netloc})",
        )
    add(
        "--cache",
        type=Path,
        metavar="DIR",
        help=f"folder to keep downloads in (default: {CACHE_VARIABLE}, else the user's cache)",
    )


def _add_extras(parser: Parser) -> None:
    """Add what is written beside the tables, and what is said on the way."""
    add = parser.add_argument
    add("--export", metavar="FORMAT[,FORMAT...]", help="also write the result so, see below")
    add(
        "--explain",
        metavar="RESIDUE[,RESIDUE...]",
        help="also say which partner residues drive the probability of this one, like A:52A or "
        "left:A:52A, and write explain.csv",
    )
    add("--no-picture", action="store_true", help="leave out picture.png and session.pse")
    add("--no-report", action="store_true", help="leave out report.html")
    add("--quiet", action="store_true", help="no progress and no summary, only warnings")
    add("--progress-lines", action="store_true", help=argparse.SUPPRESS)  # for the PyMOL plugin
    add("--attached", type=Path, metavar="DIR", help=argparse.SUPPRESS)  # as well: attached.py
    add("--doctor", action="store_true", help="say what of sasnet is missing on this machine")
    add("--version", action="version", version=f"sasnet {__version__}")


def check_options(options: argparse.Namespace) -> None:
    """Check numbers and combinations before any work."""
    if options.rotations < 1:
        raise SettingError(f"--rotations must be 1 or more, got {options.rotations}")
    if options.seed < 0:
        raise SettingError(f"--seed must be 0 or more, got {options.seed}")
    for name in ("threshold", "precision_target"):
        value = getattr(options, name)
        if value is not None and not 0 < value < 1:
            option = "--" + name.replace("_", "-")
            raise SettingError(f"{option} must be between 0 and 1, got {value:g}")
    if options.threads is not None and options.threads < 1:
        raise SettingError(f"--threads must be 1 or more, got {options.threads}")
    if options.memory is not None and not options.memory > 0:
        raise SettingError(f"--memory must be over 0, got {options.memory:g}")
    check_question(options)
    listed_pairs(options)


def listed_pairs(options: argparse.Namespace) -> int | None:
    """Return how many pairs the tables are to hold; None: all."""
    if options.pairs == "all":
        return None
    if not options.pairs.isdecimal() or int(options.pairs) < 1:
        raise SettingError(f"--pairs must be 1 or more, or 'all', got {options.pairs!r}")
    return int(options.pairs)


def check_question(options: argparse.Namespace) -> None:
    """Check that one question is asked, or one list given."""
    if options.batch and (options.structures or options.left or options.right or options.demo):
        raise SettingError("--batch takes structures and chains from its list; leave others out")
    if options.batch and options.explain:
        raise SettingError(
            "--explain is for one question, --batch asks many; sasnet_export FOLDER --explain "
            "explains a residue of any of them later"
        )
    if options.demo and (options.structures or options.left or options.right):
        raise SettingError("--demo brings its own structure and chains; leave the others out")
    alone = options.demo or options.batch
    if not alone and len(options.structures) not in (1, 2):
        raise SettingError(
            f"one or two structure files are needed, got {len(options.structures)}; "
            "see sasnet_predict --help"
        )


def chosen_sources(options: argparse.Namespace) -> Sources:
    """Say where to look for the structures that the command line names."""
    named = {PDB.title: options.pdb_mirror, ALPHAFOLD.title: options.alphafold_mirror}
    base = options.batch.parent if options.batch else None
    return make_sources(named, options.cache, base)
