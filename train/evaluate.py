"""Evaluate weights on a dataset: a per-complex table and the median AUROC (CAUROC).

    python -m train.evaluate DB5_DATASET --split DB4U -o table.csv
    python -m train.evaluate MINED_DATASET --split validation
    python -m train.evaluate DB5_DATASET --split DB4U --pssm PROFILES

Prints the CAUROC with a bootstrap interval, the mean AUROC, the precision, the AUROC of sites, and
the CAUROC of two predictors without learning. A complex that fails counts 0 for every predictor;
its line gives the reason. --kept SCORES keeps the scores of every rotation in that folder: an
evaluation that was stopped goes on from there, and train.tables, train.smooth, train.calibrate and
train.ensemble read them instead of computing them again. Select models on DB4. DB5U is for final
tables only: it needs --look-at-db5u, and every access is recorded.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sasnet_core.config import ROTATIONS
from sasnet_core.conservation.residues import profile_finder
from sasnet_core.conservation.terms import find_info
from sasnet_core.dataset.complexes import Complex, benchmark_rows, evenly_spread, load_complex
from sasnet_core.errors import SettingError, run_script
from sasnet_core.evaluation import compared
from sasnet_core.evaluation.measures import (
    Row,
    baseline_scores,
    columns,
    evaluate_rows,
    interval,
    move_partners,
    wrong_partner_row,
    wrong_partner_scores,
)
from sasnet_core.evaluation.tables import sides, values
from sasnet_core.evaluation.test_set import add_test_set_options, record_access
from sasnet_core.files import write_table
from sasnet_core.metrics import cauroc, mean_auroc
from sasnet_core.network.precision import PRECISIONS
from sasnet_core.network.weights_folder import WeightsInfo, default_folder, find_folder, read_info
from sasnet_core.scoring.conserved import ConservedScorer
from sasnet_core.scoring.predictor import ENGINES, load_predictor
from sasnet_core.scoring.scorer import Scorer

RESULTS = Path(__file__).parents[1] / "docs" / "results"
LOOKS = Path(__file__).parents[1] / "docs" / "db5u_looks.csv"


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path, help="dataset of train.db5 or train.mine")
    parser.add_argument("--weights", type=Path, help="default: those shipped")
    parser.add_argument("--split", help="like DB3,DB4U or validation; default: all complexes")
    parser.add_argument("--state", choices=("unbound", "bound"),
                        help="default: unbound; bound for a mined dataset")  # fmt: skip
    parser.add_argument("--rotations", type=int, default=ROTATIONS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--precision", default="auto", choices=PRECISIONS)
    parser.add_argument(
        "--engine",
        default="lattice",
        choices=ENGINES,
        help="windows: a voxel grid centred exactly on each CA, as in the paper, many times slower "
        "(default: lattice)",
    )
    parser.add_argument("--kept", type=Path, metavar="SCORES", help="store scores in this folder")
    parser.add_argument("--count", type=int, help="only this many complexes, evenly spread")
    parser.add_argument(
        "--shuffle-partners",
        action="store_true",
        help="control: give each protein the partner of another complex instead of its own",
    )
    parser.add_argument(
        "--move-partners",
        action="store_true",
        help="control: rotate and shift each partner at random first, which must change nothing "
        "(the benchmark's unbound files are superimposed on the complex)",
    )
    parser.add_argument("--pssm", type=Path, metavar="PROFILES",
                        help="profiles of train.pssm: use conservation too")  # fmt: skip
    parser.add_argument("--terms", type=Path, metavar="FOLDER",
                        help="of train.conservation (default: those of the weights)")  # fmt: skip
    parser.add_argument("--method", metavar="NAME",
                        help="also write rows of table 2, docs/results/table2/NAME-*.csv, or of "
                        "table 3 if --state is bound; NAME begins with sasnet")  # fmt: skip
    parser.add_argument("-o", "--output", type=Path, help="write the table here as CSV")
    add_test_set_options(parser, LOOKS)
    options = parser.parse_args(arguments)
    controlled = options.shuffle_partners or options.move_partners or options.count
    if options.method and controlled:
        raise SettingError("--method writes rows of tables: name it without --count and controls")
    if options.method and not options.method.startswith("sasnet"):
        raise SettingError(f"--method must begin with sasnet, got {options.method!r}; the others "
                           "are measured by train.baselines.evaluate")  # fmt: skip
    if options.terms and not options.pssm:
        raise SettingError("--terms are those of conservation and need --pssm")
    return options


def chosen_rows(options: argparse.Namespace) -> list[dict[str, str]]:
    """Select the rows of the manifest."""
    rows = benchmark_rows(options.dataset, options.split, options.state)
    return evenly_spread(rows, options.count)


def report(table: list[Row]) -> list[str]:
    """Write the results as lines of text."""
    lines = []
    for column, name in (
        ("auroc", "sasnet"),
        ("exposed_area_auroc", "exposed area product"),
        ("centre_distance_auroc", "distance from centre product"),
    ):
        aurocs = values(table, column)
        low, high = interval(aurocs)
        lines.append(
            f"{name:30s} CAUROC {cauroc(aurocs):.3f} (95 % {low:.3f} to {high:.3f}), "
            f"mean {mean_auroc(aurocs):.3f}"
        )
    precision, sites = (
        np.mean(values(table, "precision_at_10")),
        np.mean(sides(table, "site_auroc")),
    )
    return [
        *lines,
        f"{'sasnet':30s} precision at 10: {precision:.3f}, AUROC of sites: {sites:.3f} "
        "(means over complexes)",
    ]


def complex_scorer(
    predictor: Scorer, rows: list[dict[str, str]], options: argparse.Namespace
) -> Callable[[Complex, int], np.ndarray]:
    """Return the function that scores a complex: as it is, moved, or with wrong partners."""

    def score(left, right):  # noqa: ANN001, ANN202
        return predictor.score(left, right, options.rotations, options.seed).matrix

    def score_complex(item: Complex, place: int) -> np.ndarray:
        if options.move_partners:
            item = move_partners(item, options.seed, place)
        if not options.shuffle_partners:
            return score(item.left, item.right)
        row = rows[wrong_partner_row(rows, place)]
        return wrong_partner_scores(item, load_complex(options.dataset / row["file"]), score)

    return score_complex


def with_conservation(scorer: Scorer, info: WeightsInfo, options: argparse.Namespace) -> Scorer:
    """Let a scorer use conservation, if profiles are named."""
    if options.pssm is None:
        return scorer
    folders = [options.terms] if options.terms else [info.folder, find_folder("conservation")]
    terms = find_info(folders, info.sha256).terms
    return ConservedScorer(scorer, terms, profile_finder(options.pssm))


def write_for_tables(options: argparse.Namespace, table: list[Row], state: str) -> None:
    """Write the AUROC of each complex where train.tables finds it."""
    splits: dict[str, dict[str, float]] = {}
    for row in table:
        splits.setdefault(row["split"], {})[row["id"]] = float(row["auroc"])
    column = compared.CONSERVATION if options.pssm else compared.STRUCTURE
    folder = RESULTS / (compared.BOUND_FOLDER if state == "bound" else compared.FOLDER)
    print(compared.update_measured(folder, options.method, column, splits))


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    rows = chosen_rows(options)
    state = rows[0]["state"]
    info = read_info(options.weights or default_folder())
    record_access(
        rows, allowed=options.look_at_db5u, record=options.looks, command="train.evaluate",
        weights=[info.sha256], rotations=options.rotations, state=state,
    )  # fmt: skip
    predictor = load_predictor(info.folder, options.precision, options.engine, options.kept)
    predictor = with_conservation(predictor, info, options)
    scores = {"": complex_scorer(predictor, rows, options), **baseline_scores()}
    table = evaluate_rows(options.dataset, rows, state, scores)
    for row in table:
        line = f"{row['id']:6s} {row['auroc']:.3f}  area {row['exposed_area_auroc']:.3f}"
        print(f"{line}  failed: {row['failure']}" if row["failure"] else line)
    print(
        f"{len(table)} complexes, {options.rotations} rotations, seed {options.seed}, "
        f"{predictor.precision}"
    )
    print("\n".join(report(table)))
    if options.method:
        write_for_tables(options, table, state)
    if options.output:
        write_table(table, options.output, columns(list(scores)))
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.evaluate", main))
