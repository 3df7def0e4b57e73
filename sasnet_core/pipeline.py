"""Batches for training: which complexes, in which pose, which pairs.

Everything random is keyed by (seed, place in the stream), so that a resumed run goes on with the
stream it left, and any part of it can be made again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.chemistry import AMINO_ACIDS
from sasnet_core.complexes import load_complex, read_manifest
from sasnet_core.errors import DatasetError
from sasnet_core.interface import exposed_area, sample_negatives
from sasnet_core.lattice import Lattice, build_lattice, join_lattices, pad_lattice, random_pose
from sasnet_core.surroundings import find_surroundings, join_surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sasnet_core.complexes import Complex
    from sasnet_core.config import ModelConfig, TrainConfig
    from sasnet_core.protein import Protein
    from sasnet_core.surroundings import Surroundings


#: A typical exposed residue (A^2); brings areas to the scale of the other losses.
AREA_UNIT = 50.0
#: Points per atom for these areas: coarse, but ten times faster.
AREA_POINTS = 100


@dataclass(frozen=True)
class Batch:
    """Residues of some complexes on one joined lattice, and pairs of them."""

    lattice: Lattice | None  # None: their embeddings are known
    embeddings: np.ndarray | None  # (n_residues, embedding_size) float16, from a frozen tower
    surroundings: Surroundings
    pairs: np.ndarray  # (n_pairs, 2) int32, rows of the lattice's windows, (left, right)
    labels: np.ndarray  # (n_pairs,) float32, 1 contact, 0 none
    weights: np.ndarray  # (n_pairs,) float32, sum 1 over the batch
    residues: ResidueTargets


@dataclass(frozen=True)
class ResidueTargets:
    """What the auxiliary loss asks of each residue, in the order of the lattice's windows."""

    amino_acids: np.ndarray  # (n_residues,) int32, place in chemistry.AMINO_ACIDS, -1: another
    exposed_areas: np.ndarray  # (n_residues,) float32, in units of AREA_UNIT
    in_interface: np.ndarray  # (n_residues,) float32, 1 or 0
    weights: np.ndarray  # (n_residues,) float32, both classes alike, sum 1 over the batch


class ComplexStream:
    """An endless, reproducible stream of complexes: each cluster once per round.

    Parameters
    ----------
    dataset : Path
        Folder with a manifest; its column ``cluster`` groups similar complexes.
    seed : int
        Seed of the order.
    split : str, optional
        Only complexes of this split.
    """

    def __init__(self, dataset: Path, seed: int, split: str | None = None) -> None:
        rows = [r for r in read_manifest(dataset) if split is None or r["split"] == split]
        if not rows:
            raise DatasetError(f"{dataset}: no complexes to train on (split {split})")
        clusters: dict[str, list[Path]] = {}
        for row in rows:
            clusters.setdefault(row["cluster"], []).append(dataset / row["file"])
        self._clusters = list(clusters.values())
        self._seed = seed

    def __len__(self) -> int:
        """Return the number of clusters: complexes in one round."""
        return len(self._clusters)

    def clusters(self) -> list[list[Path]]:
        """List the files of each cluster."""
        return [list(files) for files in self._clusters]

    def complex_at(self, place: int) -> Complex:
        """Return the complex at a place in the stream."""
        round_number, row = divmod(place, len(self._clusters))
        order = np.random.default_rng([self._seed, round_number]).permutation(len(self._clusters))
        files = self._clusters[order[row]]
        chosen = np.random.default_rng([self._seed, place, 1]).integers(len(files))
        return load_complex(files[chosen])


def make_batch(
    complexes: list[Complex],
    model: ModelConfig,
    config: TrainConfig,
    rngs: Sequence[np.random.Generator],
    embeddings: Sequence[np.ndarray] | None = None,
) -> Batch:
    """Put complexes in random poses and draw their pairs.

    Each partner has its own rotation and lattice offset: a shared one would show how they lie
    to each other. Sides are swapped at random, because the head is not symmetric by itself.
    Contacts and non-contacts of a complex weigh alike, and so do all complexes.

    Parameters
    ----------
    complexes : list of Complex
        At least one.
    model, config : ModelConfig, TrainConfig
        Network and training.
    rngs : sequence of numpy.random.Generator
        A source of randomness for each complex.
    embeddings : sequence of ndarray, shape (poses, n_residues, embedding_size), optional
        Of each complex, left residues first, where the tower is frozen: one pose is drawn.
    """
    proteins = [
        (protein, _noise(protein, config, rng), rng)
        for item, rng in zip(complexes, rngs, strict=True)
        for protein in (item.left, item.right)
    ]
    lattice = known = None
    if embeddings is None:
        lattice = pad_lattice(join_lattices([_pose(model, *values) for values in proteins]))
    else:
        drawn = zip(embeddings, rngs, strict=True)
        known = np.concatenate([rng.choice(poses) for poses, rng in drawn])
    around = [find_surroundings(p, model.neighbours_read, noise) for p, noise, _ in proteins]
    areas_wanted = config.auxiliary > 0 and embeddings is None
    targets = [residue_targets(item, areas_wanted) for item in complexes]
    return Batch(
        lattice,
        known,
        join_surroundings(around),
        *_draw_pairs(complexes, config, rngs),
        _join_targets(targets),
    )


def _draw_pairs(
    complexes: list[Complex], config: TrainConfig, rngs: Sequence[np.random.Generator]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw contacts and non-contacts: pairs, labels and weights as in `Batch`."""
    pairs, labels, weights = [], [], []
    first_row = 0
    for item, rng in zip(complexes, rngs, strict=True):
        n_left, n_right = item.left.n_residues, item.right.n_residues
        positives = item.contacts
        if len(positives) > config.positives:
            positives = rng.choice(positives, config.positives, replace=False)
        negatives = sample_negatives(item.contacts, n_left, n_right, config.negatives, rng)
        rows = np.concatenate([positives, negatives]) + [first_row, first_row + n_left]
        pairs.append(rows[:, ::-1] if rng.random() < 0.5 else rows)
        counts = [len(positives), len(negatives)]
        labels.append(np.repeat([1.0, 0.0], counts))
        weights.append(np.repeat([0.5 / max(1, count) for count in counts], counts))
        first_row += n_left + n_right
    return (
        np.concatenate(pairs).astype(np.int32),
        np.concatenate(labels).astype(np.float32),
        (np.concatenate(weights) / len(complexes)).astype(np.float32),
    )


def _pose(
    model: ModelConfig, protein: Protein, noise: np.ndarray | None, rng: np.random.Generator
) -> Lattice:
    """Lay a protein on a lattice in a random pose."""
    return build_lattice(protein, model, random_pose(rng), displacement=noise, inverses=True)


def _noise(protein: Protein, config: TrainConfig, rng: np.random.Generator) -> np.ndarray | None:
    if not config.noise:
        return None
    return rng.normal(scale=config.noise, size=protein.coords.shape)


def residue_targets(item: Complex, areas_wanted: bool = True) -> ResidueTargets:
    """Make the auxiliary targets of one complex, left residues first.

    Parameters
    ----------
    item : Complex
        The complex.
    areas_wanted : bool
        Whether to compute exposed areas, which takes most of the time; zeros otherwise.
    """
    sides = ((item.left, item.contacts[:, 0]), (item.right, item.contacts[:, 1]))
    letters = "".join(protein.sequence for protein, _ in sides)
    in_interface = np.concatenate(
        [np.isin(np.arange(protein.n_residues), rows) for protein, rows in sides]
    )
    shares = 0.5 / max(1, in_interface.sum()), 0.5 / max(1, (~in_interface).sum())
    areas = np.zeros(len(letters))
    if areas_wanted:
        areas = np.concatenate([exposed_area(protein, points=AREA_POINTS) for protein, _ in sides])
    return ResidueTargets(
        np.array([AMINO_ACIDS.find(letter) for letter in letters], np.int32),
        (areas / AREA_UNIT).astype(np.float32),
        in_interface.astype(np.float32),
        np.where(in_interface, *shares).astype(np.float32),
    )


def _join_targets(targets: list[ResidueTargets]) -> ResidueTargets:
    return ResidueTargets(
        np.concatenate([t.amino_acids for t in targets]),
        np.concatenate([t.exposed_areas for t in targets]),
        np.concatenate([t.in_interface for t in targets]),
        np.concatenate([t.weights for t in targets]) / np.float32(len(targets)),
    )


def stream_batches(
    stream: ComplexStream,
    model: ModelConfig,
    config: TrainConfig,
    first_step: int,
    replicas: int = 1,
    embedded: Callable[[Complex], np.ndarray] | None = None,
) -> Iterator[Batch]:
    """Yield the batches of a run, one per replica and step, from a step on.

    Complexes of a step are dealt out to the replicas; what a step holds does not depend on
    where the run was resumed. With a frozen tower, `embedded` gives a complex's embeddings.
    """
    share = config.complexes_per_step // replicas
    if share * replicas != config.complexes_per_step:
        raise DatasetError(
            f"{config.complexes_per_step} complexes per step cannot be dealt to {replicas} devices"
        )
    place = first_step * config.complexes_per_step
    while True:
        places = range(place, place + share)
        complexes = [stream.complex_at(p) for p in places]
        rngs = [np.random.default_rng([config.seed, p, 2]) for p in places]
        embeddings = [embedded(item) for item in complexes] if embedded else None
        yield make_batch(complexes, model, config, rngs, embeddings)
        place += share
