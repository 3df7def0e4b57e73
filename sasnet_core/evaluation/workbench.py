"""Evaluates weights on parts of a benchmark, each part once, and writes the measures as CSV."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from sasnet_core.config import ROTATIONS, SELECTION_SPLITS, TEST_SPLIT
from sasnet_core.dataset.complexes import benchmark_rows, evenly_spread
from sasnet_core.evaluation.measures import baseline_scores, columns, evaluate_rows
from sasnet_core.evaluation.tables import values
from sasnet_core.evaluation.test_set import refuse_test_set
from sasnet_core.files import write_table
from sasnet_core.metrics import cauroc
from sasnet_core.network.weights_folder import read_info

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from sasnet_core.dataset.complexes import Complex
    from sasnet_core.evaluation.measures import Row
    from sasnet_core.scoring.scorer import Scorer


@dataclass(frozen=True)
class EvaluationSettings:
    """How weights are evaluated.

    Attributes
    ----------
    dataset : Path
        Made by `train.db5`.
    output : Path
        Folder whose subfolder ``results`` gets the CSV files.
    score_cache : Path
        Folder for the scores of single rotations.
    rotations, seed : int
        Rotations to average, and their seed.
    precision : str
        See `load_predictor`.
    count : int or None
        Evaluate only so many complexes of each split, evenly spread.
    selection : str
        Splits on which replicates are ranked.
    selection_rotations : int
        Rotations for that.
    out_of_fold : Path, optional
        Folder of the networks that were each trained without a fold; they score all but the test
        set, with the smoothing of the weights that are evaluated.
    """

    dataset: Path
    output: Path
    score_cache: Path
    rotations: int = ROTATIONS
    seed: int = 0
    precision: str = "auto"
    count: int | None = None
    selection: str = SELECTION_SPLITS
    selection_rotations: int = 2
    out_of_fold: Path | None = None


class Workbench:
    """Evaluates weights on parts of the benchmark; repeated calls return the same tables.

    Parameters
    ----------
    settings : EvaluationSettings
        How to evaluate.
    """

    def __init__(self, settings: EvaluationSettings) -> None:
        self.settings = settings
        self.failures: set[str] = set()
        self.predictor = cache(self._predictor)
        self._tables = cache(self._table)
        self.baselines = cache(self._baselines)

    def rows(self, split: str, state: str = "unbound") -> list[dict[str, str]]:
        """List the complexes of a split."""
        rows = benchmark_rows(self.settings.dataset, split, state)
        return evenly_spread(rows, self.settings.count)

    def _predictor(self, folder: Path, split: str) -> Scorer:
        # TensorFlow takes seconds to import; tables of sizes do not need it.
        from sasnet_core.evaluation.out_of_fold import load_out_of_fold
        from sasnet_core.scoring.predictor import load_predictor

        settings = self.settings
        if settings.out_of_fold is not None and split != TEST_SPLIT:
            smoothing = read_info(folder).smoothing
            return load_out_of_fold(
                settings.out_of_fold, settings.dataset, smoothing, settings.score_cache,
                settings.precision,
            )  # fmt: skip
        return load_predictor(folder, settings.precision, score_cache=settings.score_cache)

    def table(
        self, folder: Path, split: str, state: str = "unbound", rotations: int | None = None
    ) -> list[Row]:
        """Measure weights on every complex of a split once, and write the measures as CSV."""
        return self._tables(folder, split, state, rotations or self.settings.rotations)

    def _table(self, folder: Path, split: str, state: str, rotations: int) -> list[Row]:
        predictor = self.predictor(folder, split)
        spreads: dict[int, float] = {}

        def score(item: Complex, index: int) -> np.ndarray:
            scores = predictor.score(item.left, item.right, rotations, self.settings.seed)
            spreads[index] = float(scores.spread.mean())
            return scores.matrix

        table = evaluate_rows(self.settings.dataset, self.rows(split, state), state, {"": score})
        table = [{**row, "mean_spread": spreads.get(index, "")} for index, row in enumerate(table)]
        self.failures |= {f"{row['id']} ({row['failure']})" for row in table if row["failure"]}
        part = f"{split.replace(',', '+')}-{state}-{rotations}rotations{self._remark(split)}"
        name = f"complexes-{read_info(folder).sha256[:12]}-{part}"
        self.write(name, table, [*columns([""]), "mean_spread"])
        return table

    def _remark(self, split: str) -> str:
        """Say in a table's name what sets it apart from that of all complexes and seed 0."""
        settings = self.settings
        parts = {
            "-out_of_fold": settings.out_of_fold is not None and split != TEST_SPLIT,
            f"-{settings.count}complexes": settings.count is not None,
            f"-seed{settings.seed}": settings.seed != 0,
        }
        return "".join(part for part, true in parts.items() if true)

    def _baselines(self, split: str, state: str = "unbound") -> list[Row]:
        rows = self.rows(split, state)
        return evaluate_rows(self.settings.dataset, rows, state, baseline_scores())

    def aurocs(self, folder: Path, split: str, state: str = "unbound") -> list[float]:
        """Return the AUROC of every complex."""
        return values(self.table(folder, split, state))

    def selection(self, folder: Path) -> float:
        """Return the CAUROC on which replicates are ranked.

        Raises
        ------
        SettingError
            One of the complexes belongs to the test set.
        """
        settings = self.settings
        refuse_test_set(self.rows(settings.selection))
        table = self.table(folder, settings.selection, "unbound", settings.selection_rotations)
        return cauroc(values(table))

    def write(self, name: str, rows: list[Row], names: list[str]) -> None:
        """Write a table as CSV into the folder of results."""
        write_table(rows, self.settings.output / "results" / f"{name}.csv", names)
