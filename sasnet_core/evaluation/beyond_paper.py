"""Tables beyond the paper: all measures, groups, controls of the partner, number of rotations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core import markdown
from sasnet_core.config import SELECTION_SPLITS
from sasnet_core.dataset.complexes import benchmark_rows, load_complex, read_manifest
from sasnet_core.errors import DatasetError
from sasnet_core.evaluation.measures import (
    columns,
    evaluate_rows,
    ranking,
    residue_sum,
    wrong_partner_row,
    wrong_partner_scores,
)
from sasnet_core.evaluation.relatives import find_relatives
from sasnet_core.evaluation.tables import (
    BASELINE_NAMES,
    difference,
    groups_table,
    measures_table,
    values,
    with_interval,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sasnet_core.dataset.complexes import Complex
    from sasnet_core.evaluation.measures import Score
    from sasnet_core.evaluation.workbench import Workbench
    from sasnet_core.structure.protein import Protein

#: Numbers of rotations that are compared.
PREFIXES = (1, 2, 5, 10, 20)

#: Splits that networks are tuned and chosen on.
SELECTION = SELECTION_SPLITS.split(",")


def beyond(bench: Workbench, folder: Path, split: str, control_rotations: int) -> list[str]:
    """Write all measures, groups, the control of the partner and the number of rotations.

    Parameters
    ----------
    bench : Workbench
        Evaluates the weights.
    folder : Path
        Folder of the weights.
    split : str
        Split to report on.
    control_rotations : int
        Rotations of the control with wrong partners.

    Returns
    -------
    list of str
        Paragraphs of a document.
    """
    table, baselines = bench.table(folder, split), bench.baselines(split)
    partners = partner_table(bench, folder, split, control_rotations)
    rotations = rotation_table(bench, folder, split)
    merged = [{**one, **two} for one, two in zip(table, baselines, strict=True)]
    bench.write(f"beyond-{split}", merged, [*columns(["", *BASELINE_NAMES]), "mean_spread"])
    return [
        f"## Beyond the paper: {split}",
        "### All measures",
        measures_table(merged),
        "Means over complexes unless the row says median. L: residues of the shorter protein. "
        "Sites: each protein's residues by their best pair; both proteins of every complex count. "
        "Spread of a pair's score (standard deviation over rotations, in an ensemble over members "
        f"too): {np.mean([row['mean_spread'] or 0 for row in table]):.4f}, mean over pairs, then "
        "complexes.",
        "### By difficulty and category",
        groups_table(merged, _relatives(bench, split)),
        "### How much the partner matters",
        partners,
        f"Median and mean over complexes, {control_rotations} rotations. A wrong partner is a "
        "protein of the next complex of the list. *Residues alone*: a pair's score is the sum of "
        "the best log odds of its two residues, with the own partner or with a wrong one. "
        "Differences are paired: the same complexes.",
        "### How many rotations it takes",
        rotations,
        "The first rotations of one run.",
    ]


def _relatives(bench: Workbench, split: str) -> dict[str, set[str]]:
    """Find the complexes with relatives among those that networks are tuned and chosen on."""
    dataset = bench.settings.dataset
    there = {row["split"] for row in read_manifest(dataset)}
    others = [name for name in SELECTION if name in there - {split}]
    found = {}
    for count in range(1, len(others) + 1):
        known = [row for name in others[:count] for row in benchmark_rows(dataset, name)]
        found[" and ".join(others[:count])] = find_relatives(dataset, bench.rows(split), known)
    return found


def partner_table(bench: Workbench, folder: Path, split: str, rotations: int) -> str:
    """Compare pair scores with the scores of residues alone, with own and with wrong partners.

    Raises
    ------
    DatasetError
        There is only one complex.
    """
    settings, predictor, rows = bench.settings, bench.predictor(folder, split), bench.rows(split)
    if len(rows) < 2:
        raise DatasetError(f"{split}: two complexes or more are needed for wrong partners, got 1")

    def score(left: Protein, right: Protein) -> np.ndarray:
        return predictor.score(left, right, rotations, settings.seed).matrix

    def alone(item: Complex, _: int) -> np.ndarray:
        own = score(item.left, item.right)
        return residue_sum(own, own)

    def wrong(item: Complex, index: int) -> np.ndarray:
        place = wrong_partner_row(rows, index)
        other = load_complex(settings.dataset / rows[place]["file"])
        return wrong_partner_scores(item, other, score)

    scores: dict[str, Score] = {
        "pairs": lambda item, _: score(item.left, item.right),
        "alone": alone,
        "wrong": wrong,
    }
    table = evaluate_rows(settings.dataset, rows, "unbound", scores, ranking)
    found = {name: values(table, f"{name}_auroc") for name in scores}
    bench.write(f"partners-{split}", table, list(table[0]))
    return markdown.table(["AUROC over all pairs", "median (CAUROC)", "mean"], _partner_rows(found))


def _partner_rows(found: dict[str, list[float]]) -> list[Sequence[str]]:
    """Write the AUROC of the three ways to score pairs, and their paired differences."""
    names = {
        "pairs": "pair scores, own partner",
        "alone": "residues alone, own partner",
        "wrong": "residues alone, wrong partners",
    }
    differences = {
        ("alone", "wrong"): "what the own partner adds to residues",
        ("pairs", "alone"): "what pairing adds to residues",
    }
    rows: list[Sequence[str]] = [
        [words, with_interval(found[name]), with_interval(found[name], np.mean)]
        for name, words in names.items()
    ]
    for (after, before), words in differences.items():
        both = found[after], found[before]
        rows.append([words, difference(*both), difference(*both, np.mean)])
    return rows


def rotation_table(bench: Workbench, folder: Path, split: str) -> str:
    """Compute the CAUROC of the first 1, 2, 5, ... rotations of one run."""
    settings, predictor = bench.settings, bench.predictor(folder, split)
    counts = [k for k in PREFIXES if k < settings.rotations] + [settings.rotations]

    def first(count: int) -> Score:
        return lambda item, _: predictor.score(item.left, item.right, count, settings.seed).matrix

    # The longest run first: it computes the scores that the others read.
    scores = {str(count): first(count) for count in reversed(counts)}
    table = evaluate_rows(settings.dataset, bench.rows(split), "unbound", scores, ranking)
    rows = [
        [str(count), with_interval(values(table, f"{count}_auroc")),
         with_interval(values(table, f"{count}_auroc"), np.mean)]
        for count in counts
    ]  # fmt: skip
    bench.write(f"rotations-{split}", table, list(table[0]))
    return markdown.table(["rotations", "CAUROC", "mean AUROC"], rows)
