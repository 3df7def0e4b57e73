"""Batches for training: complexes in random poses, and their targets.

Everything random is keyed by (seed, place in the stream), so that a resumed run goes on with the
stream it left, and any part of it can be made again.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.errors import DatasetError
from sasnet_core.network.lattice import (
    Lattice,
    build_lattice,
    join_lattices,
    pad_lattice,
    random_pose,
)
from sasnet_core.network.neighbourhood import Surroundings, find_surroundings, join_surroundings
from sasnet_core.network.voxels import atoms_around, stack_atoms
from sasnet_core.structure.rotations import random_rotation
from sasnet_core.training.targets import (
    Example,
    ResidueTargets,
    draw_pairs,
    join_targets,
    residue_targets,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sasnet_core.config import ModelConfig, TrainConfig
    from sasnet_core.dataset.complexes import Complex
    from sasnet_core.structure.protein import Protein
    from sasnet_core.training.stream import ComplexStream

#: Atoms of surfacelets are padded to a multiple of this, so that few shapes occur.
ATOM_BUCKET = 256


@dataclass(frozen=True)
class Surfacelets:
    """The atoms around residues, and how each surfacelet is to be rotated, on its own.

    Padding is at the origin and in no channel. `preprocessing.build_surfacelets` makes the grids.
    """

    points: np.ndarray  # (n_residues, n_atoms, 3) float32, angstrom, the CA at the origin
    rotations: np.ndarray  # (n_residues, 3, 3) float32, rotate by ``points @ matrix.T``
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


def make_batch(examples: Sequence[Example], model: ModelConfig, config: TrainConfig) -> Batch:
    """Put complexes in random poses and draw their pairs.

    Each partner has its own rotation and lattice offset: a shared one would show how they lie
    to each other.

    Parameters
    ----------
    examples : sequence of Example
        At least one. Where they hold embeddings, one pose of each is drawn.
    model, config : ModelConfig, TrainConfig
        Network and training.
    """
    proteins = [
        (protein, _noise(protein, config, example.rng), example.rng)
        for example in examples
        for protein in (example.item.left, example.item.right)
    ]
    around = join_surroundings(
        [
            find_surroundings(p, model.neighbours_read, noise, model.makeup_read)
            for p, noise, _ in proteins
        ]
    )
    frozen = examples[0].embeddings is not None
    with_areas = config.auxiliary > 0 and not frozen
    targets = join_targets(
        [residue_targets(e.item, with_areas, config.spare_elsewhere) for e in examples]
    )
    drawn = draw_pairs(examples, config)
    if frozen:
        poses = ((example.rng, example.embeddings) for example in examples)
        embedded = [rng.choice(known) for rng, known in poses if known is not None]
        return Batch(np.concatenate(embedded), around, *drawn, targets)
    if config.engine == "windows":
        return _apart(proteins, model, around, drawn, targets)
    everyone = model.context_layers > 0 or config.auxiliary > 0
    return _together(proteins, model, around, drawn, targets, everyone)


def _together(
    proteins: Sequence[tuple[Protein, np.ndarray | None, np.random.Generator]],
    model: ModelConfig,
    around: Surroundings,
    drawn: tuple[np.ndarray, np.ndarray, np.ndarray],
    targets: ResidueTargets,
    everyone: bool,
) -> Batch:
    """Lay each protein on a lattice, with windows for everyone or for the residues of pairs only.

    The others are read by context layers and asked for by the auxiliary loss.
    """
    pairs, labels, weights = drawn
    ends = np.cumsum([protein.n_residues for protein, _, _ in proteins])
    rows = np.arange(ends[-1]) if everyone else np.unique(pairs)
    parts = np.split(rows, np.searchsorted(rows, ends[:-1]))
    firsts = [0, *ends[:-1]]
    lattices = [
        build_lattice(protein, model, random_pose(rng), own - first, noise, inverses=True)
        for (protein, noise, rng), own, first in zip(proteins, parts, firsts, strict=True)
        if len(own)
    ]
    return Batch(
        pad_lattice(join_lattices(lattices)),
        around if everyone else _surroundings_of(around, rows),
        np.searchsorted(rows, pairs).astype(np.int32),
        labels,
        weights,
        targets if everyone else _targets_of(targets, rows),
    )


def _apart(
    proteins: Sequence[tuple[Protein, np.ndarray | None, np.random.Generator]],
    model: ModelConfig,
    around: Surroundings,
    drawn: tuple[np.ndarray, np.ndarray, np.ndarray],
    targets: ResidueTargets,
) -> Batch:
    """Give every pair two surfacelets of its own, each in a rotation of its own (the paper's way).

    Left residues of all pairs come first, then the right ones.
    """
    pairs, labels, weights = drawn
    rows = pairs.T.ravel()
    owners = np.repeat(np.arange(len(proteins)), [p.n_residues for p, _, _ in proteins])
    places = np.concatenate([np.arange(p.n_residues) for p, _, _ in proteins])
    found, rotations = [], []
    for row in rows:
        protein, displacement, rng = proteins[owners[row]]
        found.append(atoms_around(protein, places[row], model.edge_read, displacement))
        rotations.append(random_rotation(rng))
    points, channels = stack_atoms(found, ATOM_BUCKET)
    return Batch(
        Surfacelets(points, np.stack(rotations).astype(np.float32), channels),
        _surroundings_of(around, rows),
        np.arange(len(rows), dtype=np.int32).reshape(2, -1).T,
        labels,
        weights,
        _targets_of(targets, rows),
    )


def _surroundings_of(around: Surroundings, rows: np.ndarray) -> Surroundings:
    """Choose residues where no context layer reads who is around them."""
    return Surroundings(around.neighbours[rows], around.geometry[rows], around.makeup[rows])


def _targets_of(targets: ResidueTargets, rows: np.ndarray) -> ResidueTargets:
    """Choose residues, perhaps some more than once; both classes weigh alike again."""
    chosen = {name: values[rows] for name, values in vars(targets).items()}
    for value in (0.0, 1.0):
        of_class = chosen["in_interface"] == value
        chosen["weights"][of_class] *= 0.5 / max(chosen["weights"][of_class].sum(), 1e-9)
    return ResidueTargets(**chosen)


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
        "surroundings": tuple(vars(batch.surroundings).values()),
        "pairs": batch.pairs,
        "labels": batch.labels,
        "weights": batch.weights,
        "residues": vars(batch.residues),
    }


def _noise(protein: Protein, config: TrainConfig, rng: np.random.Generator) -> np.ndarray | None:
    if not config.noise:
        return None
    return rng.normal(scale=config.noise, size=protein.coords.shape)


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
        Those of them whose batches to yield.
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
            examples = [_example(stream, place, config, embedded) for place in places]
            yield make_batch(examples, model, config)


def _example(
    stream: ComplexStream,
    place: int,
    config: TrainConfig,
    embedded: Callable[[Complex], np.ndarray] | None,
) -> Example:
    """Take what a step sees at a place in the stream."""
    item = stream.complex_at(place)
    return Example(
        item,
        np.random.default_rng([config.seed, place, 2]),
        None if embedded is None else embedded(item),
        stream.pairs_of(item, config.spare_elsewhere),
    )
