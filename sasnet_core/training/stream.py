"""The order in which training sees complexes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.config import SELECTION_SPLITS, TEST_SPLIT
from sasnet_core.dataset.complexes import MANIFEST, load_complex, read_manifest
from sasnet_core.errors import DatasetError, SettingError
from sasnet_core.structure.contacts import NOWHERE
from sasnet_core.training.fixed_pairs import choose_complexes, fixed_pairs
from sasnet_core.training.targets import spared_residues

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import TypeVar

    from sasnet_core.dataset.complexes import Complex
    from sasnet_core.training.fixed_pairs import Pairs

    Value = TypeVar("Value")


@dataclass(frozen=True)
class Source:
    """Complexes of one dataset to train on.

    Attributes
    ----------
    dataset : Path
        Folder with a manifest; its column ``cluster`` groups similar complexes. `train.mine` writes
        a pair cluster like ``"12-57"`` there; in a dataset of `train.db5` each complex is a cluster
        of its own, and counts as one of unlike partners.
    splits : str, optional
        Only complexes of these splits, like ``"DB3,DB4U"``; None: of any.
    repeats : int
        How often a round shows each cluster of this dataset (see `TrainConfig.repeats`).
    leave_out : int, optional
        Fold of a dataset of `train.db5` that is left out.
    """

    dataset: Path
    splits: str | None = None
    repeats: int = 1
    leave_out: int | None = None

    def facts(self) -> dict[str, Any]:
        """Describe what is learned from, for JSON, wherever the dataset lies."""
        manifest = (self.dataset / MANIFEST).read_bytes()
        return {
            "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
            "splits": self.splits,
            "left_out_fold": self.leave_out,
        }

    def rows(self) -> list[dict[str, str]]:
        """List the complexes; only the unbound state where the dataset has two.

        Returns
        -------
        list of dict
            Rows of the manifest, never none.

        Raises
        ------
        DatasetError
            There are none.
        SettingError
            One is of the test set.
        """
        splits = self.splits.split(",") if self.splits else None
        rows = [
            row
            for row in read_manifest(self.dataset)
            if (splits is None or row["split"] in splits) and row.get("state") != "bound"
        ]
        if self.leave_out is not None:
            rows = [row for row in rows if row.get("fold") != str(self.leave_out)]
        if not rows:
            raise DatasetError(f"{self.dataset}: no complexes to train on (split {self.splits})")
        count = sum(row["split"] == TEST_SPLIT for row in rows)
        if count:
            raise SettingError(
                f"{self.dataset}: no network may be trained on the test set {TEST_SPLIT}, got "
                f"{count} of its complexes; name --split {SELECTION_SPLITS} or one of them"
            )
        return rows


def training_sources(
    datasets: Sequence[Path],
    splits: Sequence[str],
    repeats: Sequence[int],
    leave_out: int | None = None,
) -> list[Source]:
    """Say what to train on.

    Parameters
    ----------
    datasets : sequence of Path
        Their folders.
    splits, repeats : sequence
        As in `Source`, one for all datasets or one for each.
    leave_out : int, optional
        Fold to leave out.

    Raises
    ------
    SettingError
        Splits or repeats are neither one for all datasets nor one for each, or a fold is to be left
        out where there are none.
    """
    if leave_out is not None and not any("fold" in read_manifest(one)[0] for one in datasets):
        raise SettingError(
            "--leave-out-fold needs a dataset whose complexes are in folds, none of those given "
            "is; make one with train.db5"
        )
    each = zip(
        datasets,
        _one_for_each(datasets, splits, "--split"),
        _one_for_each(datasets, repeats, "train.repeats"),
        strict=True,
    )
    return [Source(*values, leave_out) for values in each]


def _one_for_each(datasets: Sequence[Path], values: Sequence[Value], name: str) -> Sequence[Value]:
    """Return a value for each dataset, where one for each or one for all is given."""
    if len(values) not in (1, len(datasets)):
        raise SettingError(
            f"{name} must be given once, or once for each of the {len(datasets)} datasets, "
            f"got {len(values)}"
        )
    return values if len(values) == len(datasets) else [values[0]] * len(datasets)


class ComplexStream:
    """An endless, reproducible stream of complexes: rounds that show each cluster once, or more.

    With distinct pairs a round shows each complex that holds some of them once, or more.

    Parameters
    ----------
    sources : sequence of Source
        What to train on; clusters of two datasets never count as one.
    seed : int
        Seed of the order.
    pairs : int
        `TrainConfig.distinct_pairs`; 0: all complexes.
    like_repeats, unlike_repeats : int
        `TrainConfig.like_repeats` and `TrainConfig.unlike_repeats`: how often a round shows each
        cluster of like and of unlike partners, times the repeats of its source.

    Raises
    ------
    DatasetError
        There are no complexes to train on, or too few for these pairs.
    SettingError
        A complex is of the test set, or there are distinct pairs and several datasets.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        seed: int,
        pairs: int = 0,
        like_repeats: int = 1,
        unlike_repeats: int = 1,
    ) -> None:
        self._seed = seed
        self._contacts: dict[str, int] = {}
        self._clusters: list[list[Path]] = []
        repeats: list[int] = []
        if pairs and len(sources) > 1:
            raise SettingError(
                f"distinct_pairs must be 0 with several datasets, got {pairs} with {len(sources)}"
            )
        visits = {True: unlike_repeats, False: like_repeats}
        for source in sources:
            clusters: dict[tuple[str, str], list[Path]] = {}
            shown = [row for row in source.rows() if visits[_unlike(row["cluster"])]]
            for row in self._with_contacts(shown, pairs):
                # with distinct pairs a round shows every complex that was chosen
                key = row["cluster"], row["id"] if pairs else ""
                clusters.setdefault(key, []).append(source.dataset / row["file"])
            for (cluster, _), files in clusters.items():
                self._clusters.append(files)
                repeats.append(source.repeats * visits[_unlike(cluster)])
        if not repeats:
            raise DatasetError("no complexes to train on: all are of like partners, and "
                               "like_repeats is 0")  # fmt: skip
        self._round = np.repeat(np.arange(len(repeats)), repeats)  # clusters of one round

    def _with_contacts(self, rows: list[dict[str, str]], pairs: int) -> list[dict[str, str]]:
        """Choose the complexes that hold the distinct pairs, and note how many each gives."""
        if not pairs:
            return rows
        chosen = choose_complexes(rows, pairs, self._seed)
        self._contacts = {row["id"]: contacts for row, contacts in chosen}
        return [row for row, _ in chosen]

    def __len__(self) -> int:
        """Return the number of complexes in one round."""
        return len(self._round)

    def clusters(self) -> list[list[Path]]:
        """List the files of each cluster."""
        return [list(files) for files in self._clusters]

    def pairs_of(self, item: Complex, spare_elsewhere: bool) -> Pairs | None:
        """Return positives and negatives to learn from; None: any."""
        if not self._contacts:
            return None
        spared = spared_residues(item) if spare_elsewhere else (NOWHERE, NOWHERE)
        return fixed_pairs(item, self._contacts[item.name], self._seed, spared)

    def complex_at(self, place: int) -> Complex:
        """Return the complex at a place in the stream."""
        round_number, row = divmod(place, len(self))
        order = np.random.default_rng([self._seed, round_number]).permutation(len(self))
        files = self._clusters[self._round[order[row]]]
        chosen = np.random.default_rng([self._seed, place, 1]).integers(len(files))
        return load_complex(files[chosen])


def _unlike(cluster: str) -> bool:
    """Say whether a complex's cluster, like ``"12-57"``, is of two different proteins."""
    left, _, right = cluster.partition("-")
    return left != right
