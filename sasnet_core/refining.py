"""Train the dense layers alone, on what the frozen convolutions gave once.

The convolutions cost nearly all of a training step. With their output kept, a step of the dense
layers may draw few residues from many complexes, hundreds of times a minute.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from sasnet_core.interface import contact_matrix
from sasnet_core.lattice import build_lattice, pad_lattice, random_pose
from sasnet_core.model import (
    embed_features,
    finish_head,
    lattice_features,
    lattice_tensors,
    split_head,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sasnet_core.complexes import Complex
    from sasnet_core.config import ModelConfig, RefineConfig
    from sasnet_core.protein import Protein


@dataclass(frozen=True)
class CachedSide:
    """Features of some residues of one partner: its interface, and some drawn at random."""

    features: np.ndarray  # (n_cached, n_features) float16
    row_of: np.ndarray  # (n_residues,) int64, row of the features, -1: not kept
    drawn: np.ndarray  # (n_drawn,) int64, the residues drawn at random


@dataclass(frozen=True)
class CachedComplex:
    """A complex as the dense layers see it."""

    left: CachedSide
    right: CachedSide
    contacts: np.ndarray  # (n_contacts, 2) int32
    touching: np.ndarray  # (n_drawn_left, n_drawn_right) bool


class FeatureCache:
    """Runs the frozen convolutions of a tower.

    Parameters
    ----------
    tower : keras.Model
        From `model.build_tower`.
    model : ModelConfig
        Its sizes.
    drawn : int
        Residues kept of each protein beside its interface.
    """

    def __init__(self, tower: keras.Model, model: ModelConfig, drawn: int) -> None:
        self._model, self._drawn = model, drawn

        def features(*tensors: Any) -> Any:
            return tf.cast(lattice_features(tower, model, tensors), tf.float16)

        self._features = tf.function(features, reduce_retracing=True)

    def cache(self, item: Complex, rng: np.random.Generator) -> CachedComplex:
        """Keep the features of a complex, each partner in one random pose."""
        left = self._side(item.left, item.contacts[:, 0], rng)
        right = self._side(item.right, item.contacts[:, 1], rng)
        labels = contact_matrix(item.contacts, item.left.n_residues, item.right.n_residues)
        touching = labels[np.ix_(left.drawn, right.drawn)]
        return CachedComplex(left, right, item.contacts, touching)

    def _side(
        self, protein: Protein, in_contact: np.ndarray, rng: np.random.Generator
    ) -> CachedSide:
        count = min(self._drawn, protein.n_residues)
        drawn = rng.choice(protein.n_residues, count, replace=False)
        kept = np.union1d(drawn, in_contact)
        lattice = build_lattice(protein, self._model, random_pose(rng), residues=kept)
        features = self._features(*lattice_tensors(pad_lattice(lattice))).numpy()
        row_of = np.full(protein.n_residues, -1)
        row_of[kept] = np.arange(len(kept))
        return CachedSide(features, row_of, drawn)


def draw_batch(
    complexes: Sequence[CachedComplex], config: RefineConfig, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draw a few contacts and all pairs of a few random residues from each complex.

    Parameters
    ----------
    complexes : sequence of CachedComplex
        Those of one step.
    config : RefineConfig
        How many of each.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    features : ndarray, shape (n_residues, n_features), float16
    pairs : ndarray, shape (n_pairs, 2), int32
        Rows of the features; sides swapped at random.
    labels, weights : ndarray, shape (n_pairs,), float32
        Contacts and non-contacts of a complex weigh alike, and so do all complexes.
    """
    features, pairs, labels, weights = [], [], [], []
    first = 0
    for item in complexes:
        positives = rng.permutation(item.contacts)[: config.positives]
        places = [rng.integers(len(s.drawn), size=config.residues) for s in (item.left, item.right)]
        count = len(positives)
        for side, own, place in zip((item.left, item.right), positives.T, places, strict=True):
            rows = side.row_of[np.concatenate([own, side.drawn[place]])]
            features.append(side.features[rows])
        width = count + config.residues
        apart = np.argwhere(~item.touching[np.ix_(*places)]) + count
        rows = np.concatenate([np.repeat(np.arange(count)[:, None], 2, axis=1), apart])
        rows = rows + [first, first + width]
        pairs.append(rows[:, ::-1] if rng.random() < 0.5 else rows)
        sizes = [count, len(apart)]
        labels.append(np.repeat([1.0, 0.0], sizes))
        weights.append(np.repeat([0.5 / max(1, n) for n in sizes], sizes) / len(complexes))
        first += 2 * width
    return (
        np.concatenate(features),
        np.concatenate(pairs).astype(np.int32),
        np.concatenate(labels).astype(np.float32),
        np.concatenate(weights).astype(np.float32),
    )


def refine(
    tower: keras.Model,
    head: keras.Model,
    model: ModelConfig,
    clusters: Sequence[Sequence[CachedComplex]],
    config: RefineConfig,
) -> Iterator[tuple[int, float]]:
    """Train the tower's dense layer and the head, yielding (step, loss) after each step.

    Parameters
    ----------
    tower, head : keras.Model
        The network; averaged weights stand in it when the iterator ends.
    model : ModelConfig
        Its sizes.
    clusters : sequence of sequence of CachedComplex
        A step takes one complex from each of some clusters.
    config : RefineConfig
        How.
    """
    dense = [tower.get_layer("dense"), tower.get_layer("dense_norm"), head]
    variables = [v for layer in dense for v in layer.trainable_variables]
    optimizer = keras.optimizers.AdamW(
        config.learning_rate, weight_decay=config.decay, use_ema=True, ema_momentum=config.average
    )
    optimizer.build(variables)

    @tf.function(reduce_retracing=True)
    def step(features: Any, pairs: Any, labels: Any, weights: Any) -> Any:
        with tf.GradientTape() as tape:
            thinned = tf.nn.dropout(tf.cast(features, tf.float32), config.dropout)
            embeddings = tf.nn.dropout(embed_features(tower, thinned, True), config.dropout)
            left, right = split_head(head, embeddings, embeddings)
            x = tf.gather(left, pairs[:, 0]) + tf.gather(right, pairs[:, 1])
            logits = finish_head(head, model, x, training=True)
            losses = tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_sum(losses * weights)
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    rng = np.random.default_rng(config.seed)
    for number in range(config.steps):
        chosen = rng.choice(len(clusters), min(config.complexes, len(clusters)), replace=False)
        items = [clusters[k][int(rng.integers(len(clusters[k])))] for k in chosen.tolist()]
        share = 0.5 * (1 + math.cos(math.pi * number / config.steps))
        optimizer.learning_rate = config.learning_rate * share
        yield number + 1, float(step(*draw_batch(items, config, rng)))
    optimizer.finalize_variable_values(variables)
