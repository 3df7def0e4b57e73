"""The order in which training sees complexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.dataset.complexes import load_complex, read_manifest
from sasnet_core.errors import DatasetError
from sasnet_core.structure.contacts import NOWHERE
from sasnet_core.training.fixed_pairs import choose_complexes, fixed_pairs
from sasnet_core.training.targets import spared_residues

if TYPE_CHECKING:
    from pathlib import Path

    from sasnet_core.dataset.complexes import Complex
    from sasnet_core.training.fixed_pairs import Pairs


class ComplexStream:
    """An endless, reproducible stream of complexes: each cluster once per round, or more often.

    Parameters
    ----------
    dataset : Path
        Folder with a manifest; its column ``cluster`` groups similar complexes.
    seed : int
        Seed of the order.
    split : str, optional
        Only complexes of this split.
    pairs : int
        `TrainConfig.distinct_pairs`; 0: all complexes.
    unlike_repeats : int
        `TrainConfig.unlike_repeats`: visits of each cluster of unlike partners in a round.
    """

    def __init__(
        self,
        dataset: Path,
        seed: int,
        split: str | None = None,
        pairs: int = 0,
        unlike_repeats: int = 1,
    ) -> None:
        rows = [r for r in read_manifest(dataset) if split is None or r["split"] == split]
        if not rows:
            raise DatasetError(f"{dataset}: no complexes to train on (split {split})")
        self._contacts: dict[str, int] = {}
        if pairs:
            chosen = choose_complexes(rows, pairs, seed)
            rows = [row for row, _ in chosen]
            self._contacts = {row["id"]: contacts for row, contacts in chosen}
        self._families = {row["id"]: tuple(row["cluster"].split("-")) for row in rows}
        clusters: dict[str, list[Path]] = {}
        for row in rows:
            clusters.setdefault(row["cluster"], []).append(dataset / row["file"])
        self._clusters = list(clusters.values())
        repeats = [unlike_repeats if _unlike(cluster) else 1 for cluster in clusters]
        self._round = np.repeat(np.arange(len(clusters)), repeats)  # clusters of one round
        self._seed = seed

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

    def families_of(self, item: Complex) -> tuple[str, ...]:
        """Return the clusters of a complex's left and right protein, as mining names them."""
        return self._families[item.name]

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
