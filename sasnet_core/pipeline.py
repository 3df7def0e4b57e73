"""Batches for training: which complexes, in which pose, which pairs.

Everything random is keyed by (seed, place in the stream), so that a resumed run goes on with the
stream it left, and any part of it can be made again.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.chemistry import AMINO_ACIDS, NO_CHANNEL
from sasnet_core.complexes import load_complex, read_manifest
from sasnet_core.errors import DatasetError
from sasnet_core.fixed_pairs import choose_complexes, fixed_pairs
from sasnet_core.interface import NOWHERE, exposed_area, sample_negatives
from sasnet_core.lattice import Lattice, build_lattice, join_lattices, pad_lattice, random_pose
from sasnet_core.rotations import random_rotation
from sasnet_core.surroundings import Surroundings, find_surroundings, join_surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sasnet_core.complexes import Complex
    from sasnet_core.config import ModelConfig, TrainConfig
    from sasnet_core.protein import Protein

    #: Positives and negatives, two arrays of shape (n, 2).
    Pairs = tuple[np.ndarray, np.ndarray]

#: A typical exposed residue (A^2); brings areas to the scale of the other losses.
AREA_UNIT = 50.0
#: Points per atom for these areas: coarse, but ten times faster.
AREA_POINTS = 100


#: Largest share of a protein's residues that may be spared.
MOST_SPARED = 0.7
#: Atoms of surfacelets are padded to a multiple of this, so that few shapes occur.
ATOM_BUCKET = 256


@dataclass(frozen=True)
class Surfacelets:
    """The atoms around residues, each surfacelet turned on its own; grids are made of them later.

    Padding is at the origin and in no channel.
    """

    points: np.ndarray  # (n_residues, n_atoms, 3) float32, angstrom, the CA at the origin
    channels: np.ndarray  # (n_residues, n_atoms) int32, row of chemistry.CHANNELS, -1: none


@dataclass(frozen=True)
class Batch:
    """Residues of some complexes, in one of three forms, and pairs of them."""

    tower_input: Lattice | Surfacelets | np.ndarray  # array: (n_residues, embedding_size) float16
    surroundings: Surroundings
    pairs: np.ndarray  # (n_pairs, 2) int32, rows of residues, (left, right)
    labels: np.ndarray  # (n_pairs,) float32, 1 contact, 0 none
    weights: np.ndarray  # (n_pairs,) float32, sum 1 over the batch
    residues: ResidueTargets


@dataclass(frozen=True)
class ResidueTargets:
    """What the auxiliary loss asks of each residue of a batch."""

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
    pairs : int
        `TrainConfig.distinct_pairs`; 0: all complexes.
    """

    def __init__(self, dataset: Path, seed: int, split: str | None = None, pairs: int = 0) -> None:
        rows = [r for r in read_manifest(dataset) if split is None or r["split"] == split]
        if not rows:
            raise DatasetError(f"{dataset}: no complexes to train on (split {split})")
        self._contacts: dict[str, int] = {}
        if pairs:
            chosen = choose_complexes(rows, pairs, seed)
            rows = [row for row, _ in chosen]
            self._contacts = {row["id"]: contacts for row, contacts in chosen}
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

    def pairs_of(self, item: Complex, spare_elsewhere: bool) -> Pairs | None:
        """Return positives and negatives to learn from; None: any."""
        if not self._contacts:
            return None
        spared = spared_residues(item) if spare_elsewhere else (NOWHERE, NOWHERE)
        return fixed_pairs(item, self._contacts[item.name], self._seed, spared)

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
    allowed: Sequence[Pairs | None] | None = None,
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
    allowed : sequence of (positives, negatives), optional
        Of each complex the pairs to draw from; None: all contacts, and any non-contacts.
    """
    proteins = [
        (protein, _noise(protein, config, rng), rng)
        for item, rng in zip(complexes, rngs, strict=True)
        for protein in (item.left, item.right)
    ]
    around = join_surroundings(
        [find_surroundings(p, model.neighbours_read, noise) for p, noise, _ in proteins]
    )
    areas_wanted = config.auxiliary > 0 and embeddings is None
    targets = _join_targets(
        [residue_targets(item, areas_wanted, config.spare_elsewhere) for item in complexes]
    )
    pairs, labels, weights = _draw_pairs(complexes, config, rngs, allowed)
    if embeddings is not None:
        drawn = zip(embeddings, rngs, strict=True)
        known = np.concatenate([rng.choice(poses) for poses, rng in drawn])
        return Batch(known, around, pairs, labels, weights, targets)
    if config.engine == "windows":
        return _apart(proteins, model, around, pairs, labels, weights, targets)
    lattice = pad_lattice(join_lattices([_pose(model, *values) for values in proteins]))
    return Batch(lattice, around, pairs, labels, weights, targets)


def _apart(
    proteins: Sequence[tuple[Protein, np.ndarray | None, np.random.Generator]],
    model: ModelConfig,
    around: Surroundings,
    pairs: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    targets: ResidueTargets,
) -> Batch:
    """Give every pair two surfacelets of its own, each in a rotation of its own (the paper's way).

    Left residues of all pairs come first, then the right ones.
    """
    rows = pairs.T.ravel()
    owners = np.repeat(np.arange(len(proteins)), [p.n_residues for p, _, _ in proteins])
    places = np.concatenate([np.arange(p.n_residues) for p, _, _ in proteins])
    cut = []
    for row in rows:
        protein, displacement, rng = proteins[owners[row]]
        cut.append(_surfacelet(protein, displacement, rng, places[row], model.edge_read))
    size = max(len(points) for points, _ in cut)
    size += -size % ATOM_BUCKET
    points = np.zeros((len(cut), size, 3), np.float32)
    channels = np.full((len(cut), size), NO_CHANNEL, np.int32)
    for row, (found, elements) in enumerate(cut):
        points[row, : len(found)] = found
        channels[row, : len(found)] = elements
    asked = {name: values[rows] for name, values in vars(targets).items()}
    asked["weights"] = (asked["weights"] / asked["weights"].sum()).astype(np.float32)
    return Batch(
        Surfacelets(points, channels),
        Surroundings(around.neighbours[rows], around.geometry[rows]),
        np.arange(len(rows), dtype=np.int32).reshape(2, -1).T,
        labels,
        weights,
        ResidueTargets(**asked),
    )


def _surfacelet(
    protein: Protein,
    displacement: np.ndarray | None,
    rng: np.random.Generator,
    residue: int,
    edge: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Take the atoms around a residue, randomly turned, the CA at the origin."""
    center = protein.centers[residue].astype(np.float64)
    reach = edge / 2 * np.sqrt(3) + (0 if displacement is None else np.abs(displacement).max() * 2)
    near = np.array(protein.tree.query_ball_point(center, reach), np.int64)
    moved = protein.coords[near] - center
    if displacement is not None:
        moved = moved + displacement[near]
    points = moved @ random_rotation(rng).T
    inside = (np.abs(points) <= edge / 2).all(axis=1) & (protein.elements[near] != NO_CHANNEL)
    return points[inside], protein.elements[near][inside]


def batch_arrays(batch: Batch) -> dict[str, Any]:
    """Name the arrays of a batch as `losses.TrainingLoss` reads them."""
    given = batch.tower_input
    if isinstance(given, Lattice):
        tables = (given.occupancy, *given.tables, given.windows, given.counts)
        known: dict[str, Any] = {"lattice": tables, "inverses": given.inverses}
    elif isinstance(given, Surfacelets):
        known = vars(given)
    else:
        known = {"embeddings": given}
    return known | {
        "surroundings": (batch.surroundings.neighbours, batch.surroundings.geometry),
        "pairs": batch.pairs,
        "labels": batch.labels,
        "weights": batch.weights,
        "residues": vars(batch.residues),
    }


def _draw_pairs(
    complexes: list[Complex],
    config: TrainConfig,
    rngs: Sequence[np.random.Generator],
    allowed: Sequence[Pairs | None] | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw contacts and non-contacts: pairs, labels and weights as in `Batch`."""
    pairs, labels, weights = [], [], []
    first_row = 0
    fixed = allowed or [None] * len(complexes)
    for item, rng, known in zip(complexes, rngs, fixed, strict=True):
        n_left, n_right = item.left.n_residues, item.right.n_residues
        positives = _at_most(config.positives, item.contacts if known is None else known[0], rng)
        if known is None:
            spared = spared_residues(item) if config.spare_elsewhere else (NOWHERE, NOWHERE)
            negatives = sample_negatives(
                item.contacts, n_left, n_right, config.negatives, rng, spared
            )
        else:
            negatives = _at_most(config.negatives, known[1], rng)
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


def _at_most(count: int, pairs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Take some of the pairs at random where there are more."""
    return rng.choice(pairs, count, replace=False) if len(pairs) > count else pairs


def _pose(
    model: ModelConfig, protein: Protein, noise: np.ndarray | None, rng: np.random.Generator
) -> Lattice:
    """Lay a protein on a lattice in a random pose."""
    return build_lattice(protein, model, random_pose(rng), displacement=noise, inverses=True)


def _noise(protein: Protein, config: TrainConfig, rng: np.random.Generator) -> np.ndarray | None:
    if not config.noise:
        return None
    return rng.normal(scale=config.noise, size=protein.coords.shape)


def spared_residues(item: Complex) -> tuple[np.ndarray, np.ndarray]:
    """List the residues that are no good non-contacts: they touch third chains, not the partner.

    A protein that touches others nearly everywhere is not spared: what remains would tell too
    little of it.

    Returns
    -------
    left, right : ndarray
        Rows of residues.
    """
    spared = []
    for side, protein in enumerate((item.left, item.right)):
        rows = np.setdiff1d(item.elsewhere[side], item.contacts[:, side])
        spared.append(rows if len(rows) <= MOST_SPARED * protein.n_residues else NOWHERE)
    return spared[0], spared[1]


def residue_targets(
    item: Complex, areas_wanted: bool = True, any_interface: bool = False
) -> ResidueTargets:
    """Make the auxiliary targets of one complex, left residues first.

    Parameters
    ----------
    item : Complex
        The complex.
    areas_wanted : bool
        Whether to compute exposed areas, which takes most of the time; zeros otherwise.
    any_interface : bool
        Whether residues that touch third chains are in an interface too.
    """
    sides = []
    for side, protein in enumerate((item.left, item.right)):
        others = item.elsewhere[side] if any_interface else NOWHERE
        sides.append((protein, np.concatenate([item.contacts[:, side], others])))
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
    here: range = range(1),
    embedded: Callable[[Complex], np.ndarray] | None = None,
) -> Iterator[Batch]:
    """Yield the batches of a run, from a step on: those of some replicas, in turn.

    Complexes of a step are dealt out to the replicas; what a step holds does not depend on
    where the run was resumed.

    Parameters
    ----------
    stream : ComplexStream
        What to train on.
    model, config : ModelConfig, TrainConfig
        Network and training.
    first_step : int
        Steps done already.
    replicas : int
        Devices that share a step.
    here : range
        Those of them whose batches are wanted.
    embedded : callable, optional
        Gives a complex's embeddings, where the tower is frozen.

    Raises
    ------
    DatasetError
        The complexes of a step cannot be shared evenly.
    """
    share = config.complexes_per_step // replicas
    if share * replicas != config.complexes_per_step:
        raise DatasetError(
            f"{config.complexes_per_step} complexes per step cannot be dealt to {replicas} devices"
        )
    for step in itertools.count(first_step):
        for replica in here:
            first = step * config.complexes_per_step + replica * share
            places = range(first, first + share)
            complexes = [stream.complex_at(p) for p in places]
            rngs = [np.random.default_rng([config.seed, p, 2]) for p in places]
            embeddings = [embedded(item) for item in complexes] if embedded else None
            allowed = [stream.pairs_of(item, config.spare_elsewhere) for item in complexes]
            yield make_batch(complexes, model, config, rngs, embeddings, allowed)
