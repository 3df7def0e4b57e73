"""The command line of sasnet_predict: its options, and what they may be."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sasnet_core import __version__
from sasnet_core.config import ROTATIONS
from sasnet_core.errors import Parser, SettingError
from sasnet_core.network.precision import PRECISIONS
from sasnet_core.results.formats.registry import help_lines
from sasnet_core.shell.archives import ALPHAFOLD, ARCHIVES, PDB
from sasnet_core.shell.fetch import CACHE_VARIABLE, Sources, default_cache, make_sources
from sasnet_core.shell.profiles import ProfileSource, profile_source
from sasnet_core.shell.question import Question, demo_question
from sasnet_core.shell.result_folder import Content
from sasnet_core.shell.run_numbers import check_numbers
from sasnet_core.shell.session import RunSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.network.weights_folder import WeightsInfo

DESCRIPTION = """\
Where do two proteins touch? Reads two proteins, scores every pair of their residues, and writes
tables, structures coloured by probability and a picture.

sasnet takes for granted that the two proteins bind, and predicts where. It cannot tell whether
they bind: any two proteins have a best pair."""

EPILOG = f"""\
formats of --export (sasnet_export writes them later):
{help_lines()}

lists (--batch): CSV with the columns id, left, right, left_chains, right_chains. File names are
relative to the list's folder. If right is empty, left holds both partners. The results of each row
go into a subfolder of the output folder, named by the row's id; summary.csv and failures.csv lie
beside these. Run the same command again to predict the rows that are missing, failed or changed.

examples:
  sasnet_predict --demo
  sasnet_predict 1brs --left A --right D
  sasnet_predict --batch list.csv -o out
  sasnet_predict complex.cif.gz --left H,L --right C -o out
  sasnet_predict receptor.pdb ligand.pdb -o out
  sasnet_predict receptor.pdb ligand.pdb --export haddock,chimerax
  sasnet_predict receptor.pdb ligand.pdb --explain A:52A
  sasnet_predict receptor.pdb ligand.pdb --include left:A:45-52 --mask right:B:1-20,right:B:77
  sasnet_predict receptor.pdb

exit codes: 0 done, 2 the input or a setting cannot be used (one line says why)"""


def build_parser() -> Parser:
    """Make the command line's parser."""
    parser = Parser(
        prog="sasnet_predict",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_input(parser)
    _add_scores(parser)
    _add_known(parser)
    _add_conservation(parser)
    _add_computing(parser)
    _add_sources(parser)
    _add_extras(parser)
    return parser


def _add_input(parser: Parser) -> None:
    """Add the input and the output folder."""
    add = parser.add_argument
    add(
        "structures",
        nargs="*",
        metavar="STRUCTURE",
        help="one file with both partners, two files, or one file with one protein; PDB or mmCIF, "
        "also gzipped; or ids of the PDB (1brs) or AlphaFold DB (AF-P00648-F1, or the UniProt "
        "accession)",
    )
    add(
        "--left",
        metavar="CHAINS",
        help="chains of the left partner, like H,L; _ is the chain without a name",
    )
    add("--right", metavar="CHAINS", help="chains of the right partner, like C")
    add(
        "--alone",
        metavar="CHAINS",
        help="ask about one protein, these chains of one structure: where would another protein "
        "bind? '' for all chains; a structure of one chain needs no option",
    )
    add(
        "--batch",
        type=Path,
        metavar="LIST",
        help="predict all rows of a list, see below",
    )
    add(
        "--scheduler",
        metavar="ADDRESS",
        help="of a Dask cluster, like tcp://10.0.0.1:8786: its workers predict the rows of --batch",
    )
    add("--demo", action="store_true", help="predict the complex 4BI8, which comes with sasnet")
    add("-o", "--output", type=Path, help="folder for the results (default: sasnet_out)")
    add("--model", type=int, default=1, metavar="N", help="coordinate model to read (default: 1)")
    add("--assembly", metavar="NAME", help="biological assembly to build first, like 1")


def _add_scores(parser: Parser) -> None:
    """Add how scores are averaged and reported."""
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
        help="residues with this probability or more are called likely (default: the threshold of "
        "the weights, or the mean probability of all residues if that is higher)",
    )
    likely.add_argument(
        "--precision-target",
        type=float,
        metavar="P",
        help="use the lowest threshold at which this share of the likely residues was in the "
        "interface in the benchmark, at that threshold and at all higher ones",
    )


def _add_known(parser: Parser) -> None:
    """Add what the user knows of residues."""
    for option, text in (
        ("include", "residues that are in the interface, like left:A:45-52 or B:7A"),
        (
            "exclude",
            "residues that are not in the interface; those near them become less likely",
        ),
        ("mask", "residues that cannot be reached: under a glycan, in a membrane, in a tag"),
    ):
        parser.add_argument(
            f"--{option}",
            action="append",
            metavar="RESIDUES",
            help=f"{text}; separate several by commas, or repeat the option",
        )


def _add_conservation(parser: Parser) -> None:
    """Add where profiles of related sequences come from."""
    add = parser.add_argument
    add(
        "--conservation",
        type=Path,
        nargs="+",
        metavar="PSSM",
        help="ASCII PSSMs of the partners' chains, as psiblast -out_ascii_pssm writes them, in any "
        "order: scores then use conservation too",
    )
    add(
        "--database",
        type=Path,
        metavar="DB",
        help="search related sequences in this database of makeblastdb, with psiblast, and use "
        "their conservation",
    )


def _add_computing(parser: Parser) -> None:
    """Add the weights, the device, and limits on processor and memory."""
    add = parser.add_argument
    add(
        "--weights",
        type=Path,
        metavar="DIR",
        help="weights to use: a folder, or the name of weights that come with sasnet (default: "
        "default)",
    )
    add("--device", choices=("auto", "cpu", "gpu"), default="auto", help="where to compute")
    add(
        "--precision",
        choices=PRECISIONS,
        default="auto",
        help="number format to compute with; auto: bfloat16 on processors with AVX512-BF16 or "
        "AMX-BF16 and on GPUs with bfloat16 units, which is up to twice as fast and changes 99 %% "
        "of the scores by less than 0.01; float32 on others",
    )
    add("--threads", type=int, metavar="N", help="processor threads to use (default: all)")
    add(
        "--memory",
        type=float,
        metavar="GB",
        help="use no more memory than this: large proteins are computed in smaller pieces, and "
        "proteins that do not fit are refused",
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
            help=f"where to get entries of {archive.title} from: a folder, or a web address with "
            "{id} in it; repeat the option for more places, which are tried in order "
            f"(default: {archive.variable}, else {urlsplit(archive.mirrors[0]).netloc})",
        )
    add(
        "--cache",
        type=Path,
        metavar="DIR",
        help=f"folder to keep downloads in (default: {CACHE_VARIABLE}, else the user's cache)",
    )


def _add_extras(parser: Parser) -> None:
    """Add what is written beside the tables, and how much is printed."""
    add = parser.add_argument
    add("--export", metavar="FORMAT[,FORMAT...]", help="also write these formats, see below")
    add(
        "--explain",
        metavar="RESIDUE[,RESIDUE...]",
        help="also print which residues of the partner determine the probability of this one, "
        "like A:52A or left:A:52A, and write explain.csv",
    )
    add("--no-picture", action="store_true", help="do not write picture.png and session.pse")
    add("--no-report", action="store_true", help="do not write report.html")
    add("--quiet", action="store_true", help="print only warnings, no progress and no summary")
    # These two are for the PyMOL plugin, see `viewer_child`.
    add("--progress-lines", action="store_true", help=argparse.SUPPRESS)
    add("--attached", type=Path, dest="viewer_folder", help=argparse.SUPPRESS)
    add("--doctor", action="store_true", help="check the installation on this machine")
    add("--version", action="version", version=f"sasnet {__version__}")


def check_options(options: argparse.Namespace) -> None:
    """Check numbers and combinations before any work."""
    names = ("rotations", "seed", "threshold", "precision_target", "threads", "memory")
    check_numbers({name: getattr(options, name) for name in names}, as_options=True)
    check_input(options)
    listed_pairs(options)


def listed_pairs(options: argparse.Namespace) -> int | None:
    """Return how many pairs to list; None: all."""
    if options.pairs == "all":
        return None
    if not options.pairs.isdecimal() or int(options.pairs) < 1:
        raise SettingError(f"--pairs must be 1 or more, or 'all', got {options.pairs!r}")
    return int(options.pairs)


def check_input(options: argparse.Namespace) -> None:
    """Check that there is one input: one or two structures, a list, or the demo."""
    if options.batch and (options.structures or options.left or options.right or options.demo):
        raise SettingError("--batch takes structures and chains from its list; remove the others")
    if options.batch and options.explain:
        raise SettingError(
            "--explain cannot be used with --batch; explain residues of a row later with "
            "sasnet_export FOLDER --explain"
        )
    if options.scheduler and not options.batch:
        raise SettingError("--scheduler shares out the rows of a list; name it with --batch")
    if options.batch and (options.include or options.exclude or options.mask):
        raise SettingError(
            "--include, --exclude and --mask cannot be used with --batch; predict such rows one by "
            "one"
        )
    if options.alone is not None and (options.batch or options.demo):
        raise SettingError("--alone takes one structure; remove --batch or --demo")
    if options.demo and (options.structures or options.left or options.right):
        raise SettingError("--demo has its own structure and chains; remove the others")
    if options.batch and options.conservation:
        raise SettingError("--batch needs --database for conservation; remove --conservation")
    alone = options.demo or options.batch
    if not alone and len(options.structures) not in (1, 2):
        raise SettingError(
            f"one or two structure files are needed, got {len(options.structures)}; "
            "see sasnet_predict --help"
        )


def chosen_sources(options: argparse.Namespace) -> Sources:
    """Return where to look for the structures that the command line names."""
    named = {PDB.title: options.pdb_mirror, ALPHAFOLD.title: options.alphafold_mirror}
    base = options.batch.parent if options.batch else None
    return make_sources(named, options.cache, base)


def question(options: argparse.Namespace) -> Question:
    """Take the two partners from the command line."""
    if options.demo:
        return demo_question(options.model, options.assembly)
    chains = options.left or "", options.right or ""
    return Question(tuple(options.structures), *chains, options.model, options.assembly)


def run_settings(options: argparse.Namespace) -> RunSettings:
    """Take the settings of the computation from the command line."""
    return RunSettings(
        rotations=options.rotations,
        seed=options.seed,
        pair_count=listed_pairs(options),
        threshold=options.threshold,
        precision_target=options.precision_target,
        weights=options.weights,
        device=options.device,
        precision=options.precision,
        threads=options.threads,
        memory=options.memory,
        profiles=chosen_profiles(options),
        viewer_folder=options.viewer_folder,
    )


def chosen_profiles(options: argparse.Namespace) -> ProfileSource | None:
    """Return where the profiles come from that the command line names."""
    threads = options.threads or os.cpu_count() or 1
    cache = options.cache or default_cache()
    return profile_source(options.conservation, options.database, cache, threads)


def folder_content(
    options: argparse.Namespace,
    formats: Sequence[str],
    explained: Sequence[tuple[str, int]] = (),
) -> Content:
    """Return what a result folder is to hold."""
    return Content(
        pair_count=listed_pairs(options),
        formats=tuple(formats),
        picture=not options.no_picture,
        report=not options.no_report,
        explained=tuple(explained),
    )


def shared_settings(options: argparse.Namespace, info: WeightsInfo) -> dict[str, Any]:
    """Return the settings that the rows of a list share, as plain values."""
    names = ("rotations", "seed", "precision", "device", "pairs", "export", "no_picture",
             "no_report")  # fmt: skip
    database = {"database": str(options.database.resolve())} if options.database else {}
    return {
        **database,
        **{name: getattr(options, name) for name in names},
        "weights": info.sha256,
        "calibration": info.calibration.to_dict() if info.calibration else None,
        "smoothing": info.smoothing.to_dict(),
        "version": __version__,
    }


def progress_style(options: argparse.Namespace) -> str:
    """Return how to show progress: "lines", "none" or "bar"."""
    return "lines" if options.progress_lines else "none" if options.quiet else "bar"
