"""The shell command sasnet_export."""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sasnet_core import __version__
from sasnet_core.ending import at_once
from sasnet_core.errors import OutputError, Parser, SettingError, run_script
from sasnet_core.files import write_json
from sasnet_core.results.formats.registry import (
    chosen_formats,
    format_files,
    help_lines,
    write_formats,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Says whose exports a folder of their own holds.
RECORD = "exports.json"

DESCRIPTION = """\
Writes a saved result in the formats of other programs. RESULT is the folder that sasnet_predict
wrote."""

EPILOG = f"""\
formats:
{help_lines()}
  RESULT already holds CSV tables, JSON, arrays and mmCIF files

examples:
  sasnet_export sasnet_out --to haddock
  sasnet_export sasnet_out --to chimerax,pymol,pdb -o viewers
  sasnet_export sasnet_out --explain A:52A

exit codes: 0 done, 2 the result or a setting cannot be used (one line says why)"""


def build_parser() -> Parser:
    """Make the command line's parser."""
    parser = Parser(
        prog="sasnet_export",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("result", type=Path, metavar="RESULT", help="folder of a result, or its result.json")
    add("--to", metavar="FORMAT[,FORMAT...]", help="formats to write, see below")
    add(
        "--explain",
        metavar="RESIDUE[,RESIDUE...]",
        help="print which residues of the partner determine the probability of this one, like "
        "A:52A or left:A:52A, and write explain.csv",
    )
    add("-o", "--output", type=Path, help="folder for the files (default: RESULT)")
    add(
        "--threshold",
        type=float,
        metavar="P",
        help="residues with this probability or more are called likely (default: the threshold of "
        "the result)",
    )
    add("--quiet", action="store_true", help="do not list the files")
    add("--version", action="version", version=f"sasnet {__version__}")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line without the program's name; default: that of this process.
    """
    return run_script("sasnet_export", lambda: export(build_parser().parse_args(arguments)))


def export(options: argparse.Namespace) -> int:
    """Run the command with parsed options.

    Raises
    ------
    SasnetError
        The result or a setting cannot be used.
    """
    if options.to is None and options.explain is None:
        raise SettingError("--to or --explain must say what to write; see sasnet_export --help")
    names = chosen_formats(options.to) if options.to is not None else []
    if options.threshold is not None and not 0 < options.threshold < 1:
        raise SettingError(f"--threshold must be between 0 and 1, got {options.threshold:g}")
    with at_once():
        from sasnet_core.results import explain
        from sasnet_core.results.output_folder import OutputFolder
        from sasnet_core.results.partner import SIDES
        from sasnet_core.results.reading import read_result
        from sasnet_core.results.result import COMPLEX_FILE, RESULT_FILE

        result = read_result(options.result)  # loads gemmi
    if options.threshold is not None:
        result = replace(result, threshold=options.threshold)
    residues = explain.find_residues(options.explain, result.sides)
    folder = options.output or result.folder
    elsewhere = folder.resolve() != result.folder.resolve()
    if elsewhere and (folder / RESULT_FILE).exists():
        raise OutputError(
            f"{folder}: the output folder must not hold another result, its structures would be "
            "lost; name another folder with --output"
        )
    products = format_files(names) + ((explain.NAME,) if residues else ())
    record = RESULT_FILE
    if elsewhere:
        record = RECORD
        products += (RECORD, COMPLEX_FILE, *(f"{side}.cif" for side in SIDES))
    inputs = [Path(entry["file"]) for entry in result.values["inputs"]]
    explanation = []
    with OutputFolder(folder, products, inputs, record) as output:
        if elsewhere:
            for file in result.structures:  # viewer scripts open them
                shutil.copy(file.path, output.staging)
            source = {"version": __version__, "exports_of": str(result.folder)}
            write_json(source, output.staging / RECORD)
        notes = write_formats(result, names, output.staging)
        if residues:
            explanation = explain.write_explanations(result, residues, output.staging)
        files = output.publish()
    for note in [*notes, *output.removal_note()]:
        print(f"note: {note}", file=sys.stderr)
    if not options.quiet:
        print(*explanation, sep="\n", end="\n" if explanation else "")
        print("files:", *files, sep="\n  ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
