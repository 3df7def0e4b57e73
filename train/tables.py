"""The paper's tables with our numbers beside the published ones, and further tables.

    python -m train.tables table1 DB5_DATASET --mined MINED
    python -m train.tables table2 DB5_DATASET --replicates RUN_A/best RUN_B/best RUN_C/best
    python -m train.tables table3 DB5_DATASET --replicates RUN_A/best RUN_B/best RUN_C/best
    python -m train.tables methods --weights default complex-only
    python -m train.tables beyond DB5_DATASET --weights default

table1: sizes of the datasets; --also "mined, both collections" MINED adds a row. table2: CAUROC on
unbound complexes, all rows of SASNet, the predictors without learning, and the compared methods as
train.baselines.evaluate measured them, with paired tests; --also "SASNet, the paper's sizes"
RUN_D/last adds a row. methods: the compared methods alone, and paired tests against networks of
sasnet whose tables of complexes are in docs/results; nothing else is computed. table3: bound
against unbound. beyond: average precision, precision among the best pairs, sites, difficulty,
category, wrong partners, number of rotations.

Each command writes its section of docs/results.md, and its numbers as CSV into docs/results/. The
scores of every rotation are stored in --kept: a table that was stopped goes on from there, and
other tables and train.evaluate read them. The tables report on DB4U; with --look-at-db5u they
report on DB5U, the test set, too, and the access is recorded. --quick: a few complexes and few
rotations, into quick_results/, to see whether everything works.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sasnet_core import markdown
from sasnet_core.config import ROTATIONS, SELECTION_SPLITS, TEST_SPLIT
from sasnet_core.errors import SettingError, run_script
from sasnet_core.evaluation import beyond_paper, paper_tables
from sasnet_core.evaluation.entrants import find_entrants
from sasnet_core.evaluation.out_of_fold import add_out_of_fold_option
from sasnet_core.evaluation.sections import REHEARSAL_SPLIT, settings_lines, write_table_section
from sasnet_core.evaluation.tables import RESULTS_HEAD, shown_command
from sasnet_core.evaluation.test_set import add_test_set_options, read_accesses, record_access
from sasnet_core.evaluation.workbench import EvaluationSettings, Workbench
from sasnet_core.network.precision import PRECISIONS
from sasnet_core.network.weights_folder import WeightsInfo, read_info

DOCS = Path(__file__).parents[1] / "docs"
PROGRAM = "python -m train.tables"
QUICK = {"rotations": 2, "selection_rotations": 1, "control_rotations": 1, "count": 4}
#: Options with a value that changes no number.
OMITTED = ("-o", "--output", "--kept", "--looks")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    tables = parser.add_subparsers(dest="table", required=True)
    for name, make in TABLES.items():
        one = tables.add_parser(name, help=make.__doc__.splitlines()[0])
        if name != "methods":
            one.add_argument("dataset", type=Path, help="dataset of train.db5")
        one.add_argument("-o", "--output", type=Path, help="folder of results.md (default: docs)")
        one.add_argument("--quick", action="store_true", help="a small run, into quick_results")
        if name == "table1":
            one.add_argument("--mined", type=Path, required=True, help="dataset of train.mine")
            one.add_argument(
                "--also", nargs=2, action="append", default=[], metavar=("ROW", "MINED"),
                help="a further row: its name, and a dataset of train.mine; repeatable",
            )  # fmt: skip
            continue
        if name == "methods":
            one.add_argument("--weights", type=Path, nargs="+", default=[Path("default")])
            continue
        one.add_argument("--rotations", type=int, default=ROTATIONS)
        one.add_argument("--seed", type=int, default=0)
        one.add_argument("--precision", default="auto", choices=PRECISIONS)
        one.add_argument("--kept", type=Path, default=Path("kept_scores"), metavar="SCORES")
        one.add_argument("--count", type=int, help="only this many complexes of a split")
        add_test_set_options(one, DOCS / "db5u_looks.csv")
        if name == "beyond":
            one.add_argument("--weights", type=Path, default=Path("default"))
            add_out_of_fold_option(one)
            one.add_argument("--control-rotations", type=int, default=5, metavar="N",
                             help="rotations with wrong partners (default: 5)")  # fmt: skip
            continue
        one.add_argument("--replicates", type=Path, nargs="+", required=True, metavar="WEIGHTS")
        one.add_argument("--ensemble", type=Path, help="made by train.ensemble")
        if name == "table2":
            one.add_argument(
                "--also", nargs="+", action="append", default=[], metavar=("ROW", "WEIGHTS"),
                help="a further row: its name, and a network or replicates of it; repeatable",
            )  # fmt: skip
        one.add_argument(
            "--selection", default=SELECTION_SPLITS, help="splits to rank replicates on"
        )
        one.add_argument("--selection-rotations", type=int, default=2, metavar="N")
    options = parser.parse_args(arguments)
    if options.quick:
        known = {name: value for name, value in QUICK.items() if hasattr(options, name)}
        vars(options).update(known)
    options.output = options.output or (Path("quick_results") if options.quick else DOCS)
    options.command = shown_command(
        PROGRAM, sys.argv[1:] if arguments is None else arguments, OMITTED
    )
    return options


def workbench(options: argparse.Namespace) -> Workbench:
    """Make the workbench that evaluates with these options."""
    names = ("dataset", "output", "rotations", "seed", "precision", "count", "selection",
             "selection_rotations", "out_of_fold")  # fmt: skip
    chosen = {name: getattr(options, name) for name in names if hasattr(options, name)}
    return Workbench(EvaluationSettings(score_cache=options.kept, **chosen))


def reported_splits(
    bench: Workbench, options: argparse.Namespace, infos: Sequence[WeightsInfo], *states: str
) -> list[str]:
    """Name the splits to report on; an access to the test set is recorded."""
    if not options.look_at_db5u:
        return [REHEARSAL_SPLIT]
    record_access(
        [row for state in states for row in bench.rows(TEST_SPLIT, state)],
        allowed=True, record=options.looks, command=f"train.tables {options.table}",
        weights=[info.sha256 for info in infos], rotations=options.rotations,
        state=" and ".join(states),
    )  # fmt: skip
    return [REHEARSAL_SPLIT, TEST_SPLIT]


def footer(
    bench: Workbench,
    options: argparse.Namespace,
    splits: Sequence[str],
    infos: Sequence[WeightsInfo],
) -> list[str]:
    """Describe how a table was computed."""
    accesses = len(read_accesses(options.looks))
    return settings_lines(bench, splits, infos, accesses, options.command)


def table1(options: argparse.Namespace) -> str:
    """Sizes of the datasets, ours beside the paper's."""
    mined = {"complex-only": [options.mined], **further_rows(options, "a dataset")}
    datasets = {name: folder for name, [folder] in mined.items()}
    return paper_tables.table1(options.dataset, datasets, options.output)


def table2(options: argparse.Namespace) -> str:
    """All SASNet rows and the predictors without learning, on unbound complexes."""
    return compared(options, paper_tables.table2, "unbound")


def table3(options: argparse.Namespace) -> str:
    """Bound against unbound structures of the same complexes."""
    return compared(options, paper_tables.table3, "unbound", "bound")


def compared(options: argparse.Namespace, table: paper_tables.Table, *states: str) -> str:
    """Compare replicates and their ensemble in a table."""
    bench = workbench(options)
    also = further_rows(options, "weights")
    entrants = find_entrants(bench, options.replicates, options.ensemble, also)
    splits = reported_splits(bench, options, entrants.infos, *states)
    section = table(bench, entrants)
    text = write_table_section(bench, options.table, section, splits)
    if options.table == "table2":
        text += "\n\n" + paper_tables.compared_sections(bench, entrants, splits)
    return "\n".join([text, *footer(bench, options, splits, entrants.infos)])


def further_rows(options: argparse.Namespace, what: str) -> dict[str, list[Path]]:
    """Read --also: folders by the name of their row."""
    found: dict[str, list[Path]] = {}
    for name, *folders in getattr(options, "also", []):
        if not folders or name in found:
            raise SettingError(
                f"--also must name a row of its own and {what}, got {' '.join([name, *folders])!r}"
            )
        found[name] = [Path(folder) for folder in folders]
    return found


def methods(options: argparse.Namespace) -> str:
    """Compare the other methods with the paper's numbers and with sasnet, from files alone."""
    section = paper_tables.methods(options.output, [read_info(one) for one in options.weights])
    return f"{section}\n\nCommand: `{options.command}`"


def beyond(options: argparse.Namespace) -> str:
    """Precision, sites, groups, controls and rotations, which the paper does not report."""
    bench, info = workbench(options), read_info(options.weights)
    split = reported_splits(bench, options, [info], "unbound")[-1]
    parts = beyond_paper.beyond(bench, info.folder, split, options.control_rotations)
    return "\n\n".join([*parts, "\n".join(footer(bench, options, [split], [info]))])


TABLES = {
    "table1": table1, "table2": table2, "methods": methods, "table3": table3, "beyond": beyond,
}  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    section = TABLES[options.table](options)
    name = options.table
    if name == "beyond" and options.look_at_db5u:
        name = f"beyond {TEST_SPLIT}"
    document = options.output / "results.md"
    markdown.write_section(name, section, document, RESULTS_HEAD)
    print(section)
    print(f"\nwritten to {document}")
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.tables", main))
