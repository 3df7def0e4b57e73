"""Complexes on which something is fitted or chosen, never those of the test set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from sasnet_core.dataset.complexes import benchmark_rows, load_complex
from sasnet_core.evaluation.out_of_fold import add_out_of_fold_option
from sasnet_core.evaluation.test_set import refuse_test_set

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from sasnet_core.dataset.complexes import Complex


@dataclass(frozen=True)
class SelectionSet:
    """Complexes of a benchmark (unbound) or of a mined dataset (bound).

    Attributes
    ----------
    dataset : Path
        Folder that holds them.
    rows : list of dict
        Rows of its manifest.
    description : str
        Saved with what is fitted on the complexes.
    """

    dataset: Path
    rows: list[dict[str, str]]
    description: str

    def complexes(self) -> Iterator[Complex]:
        """Load one complex after another, with a progress bar."""
        for row in tqdm(self.rows, desc="complexes", disable=None):
            yield load_complex(self.dataset / row["file"])


def read_selection_set(dataset: Path, splits: str) -> SelectionSet:
    """Find the complexes of some splits.

    Parameters
    ----------
    dataset : Path
        Made by `train.db5` (its unbound complexes are used) or by `train.mine`.
    splits : str
        Like ``"DB3,DB4U"`` or ``"validation"``.

    Raises
    ------
    DatasetError
        The splits hold no complex.
    SettingError
        One of the complexes belongs to the test set.
    """
    rows = benchmark_rows(dataset, splits)
    refuse_test_set(rows)
    return SelectionSet(dataset, rows, f"{len(rows)} {rows[0]['state']} complexes of {splits}")


def add_fit_options(
    parser: argparse.ArgumentParser, splits: str, rotations: int, out_of_fold: bool = True
) -> None:
    """Add the options of commands that fit something to scores, with these defaults."""
    parser.add_argument("dataset", type=Path, help="dataset of train.db5 or train.mine")
    parser.add_argument(
        "--split",
        default=splits,
        help=f"splits to fit on, like DB3,DB4U or validation (default: {splits})",
    )
    parser.add_argument(
        "--rotations", type=int, default=rotations, help=f"to average (default: {rotations})"
    )
    parser.add_argument("--kept", type=Path, metavar="SCORES", help="keep scores in this folder")
    if out_of_fold:
        add_out_of_fold_option(parser)
