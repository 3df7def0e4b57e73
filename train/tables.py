"""The paper's tables, ours beside the paper's, and what goes beyond them.

    python -m train.tables table1 DB5_DATASET --mined MINED
    python -m train.tables table2 DB5_DATASET --replicates RUN_A/best RUN_B/best RUN_C/best
    python -m train.tables table3 DB5_DATASET --replicates RUN_A/best RUN_B/best RUN_C/best
    python -m train.tables beyond DB5_DATASET --weights default

table1: sizes of the datasets. table2: CAUROC on unbound complexes, every row of SASNet and the
predictors without learning. table3: bound against unbound. beyond: average precision, precision at
the top, sites, difficulty, category, shuffled partners, number of rotations.

Each writes its section of docs/results.md, and its numbers as CSV into docs/results/. The scores of
every rotation are kept in --kept: what one table computed, the others and train.evaluate read; a
table that was stopped goes on where it was. Results are those of DB4U until --look-at-db5u is
given: then DB5U, the test set, stands beside it, and the look is written down. --quick: a few
complexes, few rotations, into quick_results/, to see whether all works.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sasnet_core import markdown
from sasnet_core.config import ROTATIONS, SELECTION_SPLITS, TEST_SPLIT
from sasnet_core.dataset.complexes import benchmark_rows, evenly_spread, load_complex, read_manifest
from sasnet_core.errors import DatasetError, SettingError, run_script
from sasnet_core.evaluation import literature
from sasnet_core.evaluation.measures import (
    Row,
    baseline_scores,
    columns,
    evaluate_rows,
    ranking,
    residue_sum,
    wrong_partner_scores,
)
from sasnet_core.evaluation.tables import (
    BASELINE_NAMES,
    RESULTS_HEAD,
    difference,
    groups_table,
    measures_table,
    number,
    published,
    shown_command,
    spread_of,
    values,
    with_interval,
)
from sasnet_core.evaluation.test_set import add_test_set_options, read_accesses, record_access
from sasnet_core.files import write_table
from sasnet_core.metrics import cauroc
from sasnet_core.network.precision import PRECISIONS
from sasnet_core.network.weights import WeightsInfo, read_info

if TYPE_CHECKING:
    from sasnet_core.scoring.scorer import Scorer

DOCS = Path(__file__).parents[1] / "docs"
PROGRAM = "python -m train.tables"
#: The split that stands for new complexes as long as the test set is not looked at.
REHEARSAL_SPLIT = "DB4U"
QUICK = {"rotations": 2, "selection_rotations": 1, "control_rotations": 1, "count": 4}
PREFIXES = (1, 2, 5, 10, 20)
#: Options with a folder, which change no number.
UNTOLD = ("-o", "--output", "--kept", "--looks")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    tables = parser.add_subparsers(dest="table", required=True)
    for name, make in TABLES.items():
        one = tables.add_parser(name, help=make.__doc__.splitlines()[0])
        one.add_argument("dataset", type=Path, help="dataset of train.db5")
        one.add_argument("-o", "--output", type=Path, help="folder of results.md (default: docs)")
        one.add_argument("--quick", action="store_true", help="a small run, into quick_results")
        if name == "table1":
            one.add_argument("--mined", type=Path, required=True, help="dataset of train.mine")
            continue
        one.add_argument("--rotations", type=int, default=ROTATIONS)
        one.add_argument("--seed", type=int, default=0)
        one.add_argument("--precision", default="auto", choices=PRECISIONS)
        one.add_argument("--kept", type=Path, default=Path("kept_scores"), metavar="SCORES")
        one.add_argument("--count", type=int, help="only this many complexes of a split")
        add_test_set_options(one, DOCS / "db5u_looks.csv")
        if name == "beyond":
            one.add_argument("--weights", type=Path, default=Path("default"))
            one.add_argument("--control-rotations", type=int, default=5, metavar="N",
                             help="rotations for the shuffled partners (default: 5)")  # fmt: skip
            continue
        one.add_argument("--replicates", type=Path, nargs="+", required=True, metavar="WEIGHTS")
        one.add_argument("--ensemble", type=Path, help="made by train.ensemble")
        one.add_argument("--selection", default=SELECTION_SPLITS, help="splits of DB4 to choose by")
        one.add_argument("--selection-rotations", type=int, default=2, metavar="N")
    options = parser.parse_args(arguments)
    if options.quick:
        known = {name: value for name, value in QUICK.items() if hasattr(options, name)}
        vars(options).update(known)
    options.output = options.output or (Path("quick_results") if options.quick else DOCS)
    options.command = shown_command(
        PROGRAM, sys.argv[1:] if arguments is None else arguments, UNTOLD
    )
    return options


class Workbench:
    """Evaluates weights on parts of the benchmark, each once."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.failures: set[str] = set()
        self.predictor = cache(self._predictor)
        self.table = cache(self._table)
        self.baselines = cache(self._baselines)

    def rows(self, split: str, state: str = "unbound") -> list[dict[str, str]]:
        """List the complexes of a split, evenly spread ones where only some are wanted."""
        rows = benchmark_rows(self.options.dataset, split, state)
        return evenly_spread(rows, self.options.count)

    def _predictor(self, folder: Path) -> Scorer:
        from sasnet_core.scoring.predictor import (
            load_predictor,  # TensorFlow takes seconds, sizes need none
        )

        return load_predictor(folder, self.options.precision, score_cache=self.options.kept)

    def _table(
        self, folder: Path, split: str, state: str = "unbound", rotations: int | None = None
    ) -> list[Row]:
        """Measure weights on every complex of a split, and write that down as CSV."""
        predictor, rotations = self.predictor(folder), rotations or self.options.rotations
        spreads: dict[int, float] = {}

        def score(item, place):  # noqa: ANN001, ANN202
            scores = predictor.score(item.left, item.right, rotations, self.options.seed)
            spreads[place] = float(scores.spread.mean())
            return scores.matrix

        table = evaluate_rows(self.options.dataset, self.rows(split, state), state, {"": score})
        table = [{**row, "mean_spread": spreads.get(place, "")} for place, row in enumerate(table)]
        self.failures |= {f"{row['id']} ({row['failure']})" for row in table if row["failure"]}
        part = f"{split.replace(',', '+')}-{state}-{rotations}rotations"
        name = f"complexes-{read_info(folder).sha256[:12]}-{part}"
        write_table(
            table, self.options.output / "results" / f"{name}.csv", [*columns([""]), "mean_spread"]
        )
        return table

    def _baselines(self, split: str, state: str = "unbound") -> list[Row]:
        rows = self.rows(split, state)
        return evaluate_rows(self.options.dataset, rows, state, baseline_scores())

    def aurocs(self, folder: Path, split: str, state: str = "unbound") -> list[float]:
        """Return the AUROC of every complex."""
        return values(self.table(folder, split, state))

    def selection(self, folder: Path) -> float:
        """Return the CAUROC on DB4 that replicates are chosen by."""
        options = self.options
        rotations = options.selection_rotations
        return cauroc(values(self.table(folder, options.selection, "unbound", rotations)))

    def splits(self, infos: Sequence[WeightsInfo], *states: str) -> list[str]:
        """Name the splits to report on; the test set only on purpose, and written down."""
        if not self.options.look_at_db5u:
            return [REHEARSAL_SPLIT]
        rows = [row for state in states for row in self.rows(TEST_SPLIT, state)]
        record_access(
            rows, allowed=True, record=self.options.looks,
            command=f"train.tables {self.options.table}", rotations=self.options.rotations,
            weights=[info.sha256 for info in infos], state=" and ".join(states),
        )  # fmt: skip
        return [REHEARSAL_SPLIT, TEST_SPLIT]


def table1(options: argparse.Namespace) -> str:
    """Sizes of the datasets, ours beside the paper's."""
    db5 = [r for r in read_manifest(options.dataset) if r.get("state") == "unbound"]
    mined = read_manifest(options.mined)
    parts = {"complex-only": mined, "DB5": db5}
    for split in dict.fromkeys(row["split"] for row in db5):
        parts[split] = [row for row in db5 if row["split"] == split]
    records, rows = [], []
    for name, part in parts.items():
        positives = sum(int(row["n_contacts"]) for row in part)
        pairs = sum(int(row["n_left"]) * int(row["n_right"]) for row in part)
        theirs = literature.DATASETS.get(name)
        records.append(
            {"dataset": name, "complexes": len(part),
             "clusters": len({row["cluster"] for row in part}), "positives": positives,
             "pairs": pairs, "paper_complexes": theirs[0] if theirs else "",
             "paper_positives": theirs[1] if theirs else ""}
        )  # fmt: skip
        rows.append(
            [name, number(len(part)), number(positives), number(pairs), f"{positives / pairs:.2%}",
             *(map(number, theirs) if theirs else ("", ""))]
        )  # fmt: skip
    write_table(records, options.output / "results" / "table1.csv", list(records[0]))
    heads = ["dataset", "complexes", "positives", "residue pairs", "positives among them",
             "complexes (paper)", "positives (paper)"]  # fmt: skip
    return "\n".join(
        [
            "## Table 1: datasets",
            "",
            markdown.table(heads, rows),
            f"The complex-only set is of {records[0]['clusters']:,} clusters at 30 % identity; "
            "none of its proteins is over 30 % identical to one of DB5 (docs/mining.md). "
            "DB5: unbound atoms; literature's DB5U positives: Fout et al. 2017.",
        ]
    )


class Line(NamedTuple):
    """A line of a table with a column for each split."""

    name: str
    cell: Callable[[str], str]  # split -> text
    theirs: str = ""  # the paper's number
    selection: str = ""  # on DB4


@dataclass(frozen=True)
class Entrants:
    """The weights of a table."""

    ranked: list[tuple[float, WeightsInfo]]  # replicates with their CAUROC on DB4, best first
    ensemble: WeightsInfo | None

    @property
    def best(self) -> WeightsInfo:
        """The replicate that is best on DB4."""
        return self.ranked[0][1]

    @property
    def infos(self) -> list[WeightsInfo]:
        """All of them."""
        return [*(info for _, info in self.ranked), *([self.ensemble] if self.ensemble else [])]

    def note(self) -> str:
        """Say of which replicates the ensemble is, and how it was fitted."""
        if self.ensemble is None or self.ensemble.mixture is None:
            return "No ensemble was given."
        places = {info.sha256: place for place, (_, info) in enumerate(self.ranked, 1)}
        found = sorted(places.get(member.sha256, 0) for member in self.ensemble.members)
        of = ", ".join(f"place {place}" if place else "no replicate here" for place in found)
        mixture = self.ensemble.mixture
        return (
            f"Ensemble: {of} by DB4; one-layer sigmoid fitted on {mixture.fitted_on}, "
            f"{mixture.rotations} rotations."
        )


def find_entrants(bench: Workbench) -> Entrants:
    """Rank the replicates by their CAUROC on DB4, and read the ensemble.

    Raises
    ------
    SettingError
        The same weights are given twice, or the ensemble is none.
    """
    infos = [read_info(folder) for folder in bench.options.replicates]
    if len({info.sha256 for info in infos}) < len(infos):
        raise SettingError("--replicates must be different weights, the same are named twice")
    ensemble = read_info(bench.options.ensemble) if bench.options.ensemble else None
    if ensemble and ensemble.mixture is None:
        raise SettingError(f"{ensemble.folder}: an ensemble is needed; make it with train.ensemble")
    ranked = [(bench.selection(info.folder), info) for info in infos]
    return Entrants(sorted(ranked, key=lambda pair: -pair[0]), ensemble)


def one_line(
    bench: Workbench, name: str, info: WeightsInfo, state: str = "unbound", **others: str
) -> Line:
    """Make the line of one set of weights."""
    return Line(
        name, lambda split: with_interval(bench.aurocs(info.folder, split, state)), **others
    )


def replicates_line(
    bench: Workbench, entrants: Entrants, name: str, state: str, theirs: literature.Published
) -> Line:
    """Make the line of mean and standard deviation over replicates."""

    def cell(split: str) -> str:
        aurocs = [bench.aurocs(info.folder, split, state) for _, info in entrants.ranked]
        return spread_of([cauroc(one) for one in aurocs])

    selection = spread_of([found for found, _ in entrants.ranked])
    return Line(name, cell, f"{theirs.mean:.3f} +/- {theirs.deviation:.3f}", selection)


def baseline_line(bench: Workbench, name: str, words: str) -> Line:
    """Make the line of a predictor without learning."""
    column = f"{name}_auroc"
    return Line(words, lambda split: with_interval(values(bench.baselines(split), column)))


def table2(options: argparse.Namespace) -> str:
    """Every SASNet row and the predictors without learning, on unbound complexes."""
    bench = Workbench(options)
    entrants = find_entrants(bench)
    splits = bench.splits(entrants.infos, "unbound")
    count, ensemble = len(entrants.ranked), entrants.ensemble
    lines = [
        *(baseline_line(bench, name, words) for name, words in BASELINE_NAMES.items()),
        *(
            Line(f"{name} (published)", lambda _: "", published(numbers))
            for name, numbers in literature.METHODS.items()
        ),
        one_line(
            bench, "**SASNet, replicate best on DB4**", entrants.best,
            theirs=f"{literature.SASNET.best:.3f}", selection=f"{entrants.ranked[0][0]:.3f}",
        ),
        replicates_line(
            bench, entrants, f"SASNet, mean and standard deviation (replicates: {count})",
            "unbound", literature.SASNET,
        ),
    ]  # fmt: skip
    if ensemble:
        lines.append(
            one_line(
                bench, "**SASNet, ensemble**", ensemble, theirs=f"{literature.SASNET_ENSEMBLE:.3f}",
                selection=f"{bench.selection(ensemble.folder):.3f}",
            )
        )  # fmt: skip
    note = (
        f"Column DB4: CAUROC on {options.selection}, {options.selection_rotations} rotations, "
        f"which replicates are chosen by. {entrants.note()}"
    )
    title = "Table 2: unbound complexes, structure only"
    return benchmark_section(bench, title, lines, splits, note, entrants.infos)


def table3(options: argparse.Namespace) -> str:
    """Bound against unbound structures of the same complexes."""
    bench = Workbench(options)
    entrants = find_entrants(bench)
    splits = bench.splits(entrants.infos, "unbound", "bound")
    lines = state_lines(bench, "best on DB4", entrants.best, f"{literature.SASNET.best:.3f}")
    if entrants.ensemble:
        lines += state_lines(
            bench, "ensemble", entrants.ensemble, f"{literature.SASNET_ENSEMBLE:.3f}"
        )
    name = f"mean and standard deviation (replicates: {len(entrants.ranked)})"
    for state, theirs in (("unbound", literature.SASNET), ("bound", literature.SASNET_BOUND)):
        line = replicates_line(bench, entrants, f"{name}: {state}", state, theirs)
        lines.append(line._replace(selection=""))
    note = f"The same complexes, labels and rotations in both states. {entrants.note()}"
    title = "Table 3: bound against unbound"
    return benchmark_section(bench, title, lines, splits, note, entrants.infos)


def state_lines(bench: Workbench, name: str, info: WeightsInfo, theirs: str) -> list[Line]:
    """Make the lines of both states and of their difference."""

    def between(split: str) -> str:
        states = (bench.aurocs(info.folder, split, state) for state in ("bound", "unbound"))
        return difference(*states)

    return [
        one_line(bench, f"{name}: unbound", info, theirs=theirs),
        one_line(bench, f"{name}: bound", info, "bound"),
        Line(f"{name}: bound minus unbound", between),
    ]


def benchmark_section(
    bench: Workbench,
    title: str,
    lines: Sequence[Line],
    splits: Sequence[str],
    note: str,
    infos: Sequence[WeightsInfo],
) -> str:
    """Write a table with a column for each split, and its CSV."""
    options = bench.options
    heads = ["CAUROC", "DB4", REHEARSAL_SPLIT, TEST_SPLIT, f"{TEST_SPLIT} (paper)"]
    rows = []
    for line in lines:
        cells = [line.cell(split) for split in splits]
        if len(splits) == 1:
            cells.append("not looked at" if cells[0] else "")
        rows.append([line.name, line.selection, *cells, line.theirs])
    if not any(line.selection for line in lines):
        heads, rows = [heads[0], *heads[2:]], [[row[0], *row[2:]] for row in rows]
    records = [dict(zip(heads, row, strict=True)) for row in rows]
    write_table(records, options.output / "results" / f"{options.table}.csv", heads)
    settings = settings_lines(bench, splits, infos)
    return "\n".join([f"## {title}", "", markdown.table(heads, rows), note, *settings])


def settings_lines(
    bench: Workbench, splits: Sequence[str], infos: Sequence[WeightsInfo]
) -> list[str]:
    """Say what a table was computed with."""
    options = bench.options
    counts = ", ".join(f"{split}: {len(bench.rows(split))} complexes" for split in splits)
    hashes = ", ".join(
        f"{'/'.join(info.folder.resolve().parts[-2:])} {info.sha256[:12]}" for info in infos
    )
    failed = f"Failed, and count 0: {'; '.join(sorted(bench.failures))}." if bench.failures else ""
    looks = len(read_accesses(options.looks))
    return [
        "",
        f"{counts}; {options.rotations} rotations, seed {options.seed}, "
        f"{bench.predictor(infos[0].folder).precision}. Weights (sha256): {hashes}. "
        f"{TEST_SPLIT} was looked at {looks} times so far (docs/db5u_looks.csv). {failed}".rstrip(),
        "",
        f"Command: `{options.command}`",
    ]


def beyond(options: argparse.Namespace) -> str:
    """Precision, sites, groups, controls and rotations, which the paper does not tell."""
    bench = Workbench(options)
    info = read_info(options.weights)
    split = bench.splits([info], "unbound")[-1]
    table, baselines = bench.table(info.folder, split), bench.baselines(split)
    extra = {
        name: run(bench, info.folder, split)
        for name, run in (("partners", partner_table), ("rotations", rotation_table))
    }
    merged = [{**one, **two} for one, two in zip(table, baselines, strict=True)]
    write_table(
        merged,
        options.output / "results" / f"beyond-{split}.csv",
        [*columns(["", *BASELINE_NAMES]), "mean_spread"],
    )
    parts = [
        f"## Beyond the paper: {split}",
        "### All measures",
        measures_table(merged),
        "Means over complexes unless it says median. L: residues of the shorter protein. Sites: "
        "each protein's residues by their best pair; both proteins of every complex count. "
        "Spread of a pair's score (standard deviation over rotations, in an ensemble over members "
        f"too): {np.mean([row['mean_spread'] or 0 for row in table]):.4f}, mean over pairs, then "
        "complexes.",
        "### By difficulty and category",
        groups_table(merged),
        "### How much the partner matters",
        extra["partners"],
        f"Median and mean over complexes, {options.control_rotations} rotations. A stranger is a "
        "protein of the next complex of the list. *Residues alone*: a pair's score is the sum of "
        "what each of its residues reaches (best log odds), with its own partner or with a "
        "stranger. Differences are paired: the same complexes.",
        "### How many rotations it takes",
        extra["rotations"],
        "The first rotations of one run.",
    ]
    return "\n\n".join([*parts, "\n".join(settings_lines(bench, [split], [info]))])


def partner_table(bench: Workbench, folder: Path, split: str) -> str:
    """Compare pair scores with what residues say without each other, and with strangers."""
    options, predictor, rows = bench.options, bench.predictor(folder), bench.rows(split)
    if len(rows) < 2:
        raise DatasetError(f"{split}: two complexes or more are needed for strangers, got 1")

    def score(left, right):  # noqa: ANN001, ANN202
        return predictor.score(left, right, options.control_rotations, options.seed).matrix

    def alone(item, _):  # noqa: ANN001, ANN202
        own = score(item.left, item.right)
        return residue_sum(own, own)

    def strangers(item, place):  # noqa: ANN001, ANN202
        other = load_complex(options.dataset / rows[(place + 1) % len(rows)]["file"])
        return wrong_partner_scores(item, other, score)

    names = {
        "pairs": ("pair scores, own partner", lambda item, _: score(item.left, item.right)),
        "alone": ("residues alone, own partner", alone),
        "strangers": ("residues alone, strangers", strangers),
    }
    scores = {name: function for name, (_, function) in names.items()}
    table = evaluate_rows(options.dataset, rows, "unbound", scores, ranking)
    found = {name: values(table, f"{name}_auroc") for name in names}
    lines = [
        [words, with_interval(found[name]), with_interval(found[name], np.mean)]
        for name, (words, _) in names.items()
    ]
    for after, before, words in (
        ("alone", "strangers", "what the own partner gives residues"),
        ("pairs", "alone", "what pairing gives beyond residues"),
    ):
        both = found[after], found[before]
        lines.append([words, difference(*both), difference(*both, np.mean)])
    write_table(table, options.output / "results" / f"partners-{split}.csv", list(table[0]))
    return markdown.table(["AUROC over all pairs", "median (CAUROC)", "mean"], lines)


def rotation_table(bench: Workbench, folder: Path, split: str) -> str:
    """Compute CAUROC of the first 1, 2, 5, ... rotations of one run."""
    options, predictor = bench.options, bench.predictor(folder)
    counts = [k for k in PREFIXES if k < options.rotations] + [options.rotations]

    def taking(count: int) -> Callable:
        return lambda item, _: predictor.score(item.left, item.right, count, options.seed).matrix

    # The longest first: it computes what is missing, the others read it.
    scores = {str(count): taking(count) for count in reversed(counts)}
    table = evaluate_rows(options.dataset, bench.rows(split), "unbound", scores, ranking)
    rows = [
        [str(count), with_interval(values(table, f"{count}_auroc")),
         with_interval(values(table, f"{count}_auroc"), np.mean)]
        for count in counts
    ]  # fmt: skip
    write_table(table, options.output / "results" / f"rotations-{split}.csv", list(table[0]))
    return markdown.table(["rotations", "CAUROC", "mean AUROC"], rows)


TABLES = {"table1": table1, "table2": table2, "table3": table3, "beyond": beyond}


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
