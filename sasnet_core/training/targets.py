"""Training targets: which pairs touch, and properties of each residue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.config import AUXILIARY_SURFACE_POINTS, EXPOSED_AREA_UNIT, MAX_SPARED_SHARE
from sasnet_core.structure.chemistry import AMINO_ACIDS
from sasnet_core.structure.contacts import NOWHERE
from sasnet_core.structure.surface import exposed_area
from sasnet_core.training.negatives import sample_negatives

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.config import TrainConfig
    from sasnet_core.dataset.complexes import Complex
    from sasnet_core.training.fixed_pairs import Pairs


@dataclass(frozen=True)
class ResidueTargets:
    """What the auxiliary loss wants to read from the embedding of each residue of a batch."""

    amino_acids: np.ndarray  # (n_residues,) int32, place in chemistry.AMINO_ACIDS, -1: another
    exposed_areas: np.ndarray  # (n_residues,) float32, in units of EXPOSED_AREA_UNIT
    in_interface: np.ndarray  # (n_residues,) float32, 1 or 0
    weights: np.ndarray  # (n_residues,) float32, both classes alike, sum 1 over the batch


@dataclass(frozen=True)
class Example:
    """A complex as one step sees it."""

    item: Complex
    rng: np.random.Generator  # of all that is random about it
    #: (poses, n_residues, embedding_size), left residues first, of a frozen tower; None: no such.
    embeddings: np.ndarray | None = None
    allowed: Pairs | None = None  # positives and negatives to draw from; None: any


def draw_pairs(
    examples: Sequence[Example], config: TrainConfig
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw contacts and non-contacts: pairs, labels and weights as in `batches.Batch`.

    Residues of the examples stand below one another, left ones first. Contacts and non-contacts
    of an example weigh alike, and so do all examples.
    """
    parts = [_own_pairs(example, config) for example in examples]
    sizes = [example.item.left.n_residues + example.item.right.n_residues for example in examples]
    firsts = np.cumsum(sizes) - sizes
    parts = [(pairs + first, *rest) for (pairs, *rest), first in zip(parts, firsts, strict=True)]
    pairs, labels, weights = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return (
        pairs.astype(np.int32),
        labels.astype(np.float32),
        (weights / len(examples)).astype(np.float32),
    )


def _own_pairs(example: Example, config: TrainConfig) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw pairs of the partners of one complex: rows, labels, weights of sum 1."""
    item, rng, known = example.item, example.rng, example.allowed
    n_left, n_right = item.left.n_residues, item.right.n_residues
    most_positives, most_negatives = config.pairs_drawn
    positives = _at_most(most_positives, item.contacts if known is None else known[0], rng)
    if known is None:
        spared = spared_residues(item) if config.spare_elsewhere else (NOWHERE, NOWHERE)
        negatives = sample_negatives(item.contacts, n_left, n_right, most_negatives, rng, spared)
    else:
        negatives = _at_most(most_negatives, known[1], rng)
    counts = [len(positives), len(negatives)]
    return (
        _either_order(np.concatenate([positives, negatives]) + [0, n_left], rng),
        np.repeat([1.0, 0.0], counts),
        np.repeat([0.5 / max(1, count) for count in counts], counts),
    )


def _either_order(pairs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Swap the sides at random, because the head is not symmetric by itself."""
    return pairs[:, ::-1] if rng.random() < 0.5 else pairs


def _at_most(count: int, pairs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Take some of the pairs at random where there are more."""
    return rng.choice(pairs, count, replace=False) if len(pairs) > count else pairs


def spared_residues(item: Complex) -> tuple[np.ndarray, np.ndarray]:
    """List the residues that are poor non-contacts: they touch third chains, not the partner.

    None is listed of a protein of which they are more than `config.MAX_SPARED_SHARE`.

    Returns
    -------
    left, right : ndarray
        Rows of residues.
    """
    spared = []
    for side, protein in enumerate((item.left, item.right)):
        rows = np.setdiff1d(item.elsewhere[side], item.contacts[:, side])
        spared.append(rows if len(rows) <= MAX_SPARED_SHARE * protein.n_residues else NOWHERE)
    return spared[0], spared[1]


def residue_targets(
    item: Complex, with_areas: bool = True, any_interface: bool = False
) -> ResidueTargets:
    """Make the auxiliary targets of one complex, left residues first.

    Parameters
    ----------
    item : Complex
        The complex.
    with_areas : bool
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
    if with_areas:
        points = AUXILIARY_SURFACE_POINTS
        areas = np.concatenate([exposed_area(protein, points=points) for protein, _ in sides])
    return ResidueTargets(
        np.array([AMINO_ACIDS.find(letter) for letter in letters], np.int32),
        (areas / EXPOSED_AREA_UNIT).astype(np.float32),
        in_interface.astype(np.float32),
        np.where(in_interface, *shares).astype(np.float32),
    )


def join_targets(targets: list[ResidueTargets]) -> ResidueTargets:
    """Put the targets of several complexes below one another; all complexes weigh alike."""
    return ResidueTargets(
        np.concatenate([t.amino_acids for t in targets]),
        np.concatenate([t.exposed_areas for t in targets]),
        np.concatenate([t.in_interface for t in targets]),
        np.concatenate([t.weights for t in targets]) / np.float32(len(targets)),
    )
