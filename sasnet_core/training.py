"""A training run with tf.distribute: steps, moving average of the weights, checkpoints."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from sasnet_core.errors import SasnetError
from sasnet_core.lattice import layer_reach
from sasnet_core.model import build_head, build_tower, embed_lattice, finish_head, split_head
from sasnet_core.pipeline import stream_batches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sasnet_core.config import ModelConfig, RunConfig, TrainConfig
    from sasnet_core.pipeline import Batch, ComplexStream


class TrainingError(SasnetError):
    """A run cannot go on; its last good checkpoint is kept."""


def learning_rate(step: int, config: TrainConfig) -> float:
    """Compute the rate of a step: linear warm-up, then (with decay) a half cosine to zero."""
    warmup = min(1.0, (step + 1) / max(1, config.warmup_steps))
    if not config.decay:
        return config.learning_rate * warmup
    done = min(1.0, step / config.steps)
    return config.learning_rate * warmup * 0.5 * (1 + math.cos(math.pi * done))


def batch_tensors(batch: Batch) -> tuple[Any, ...]:
    """List the arrays of a batch in the order of `_signature`."""
    lattice = batch.lattice
    return (
        lattice.occupancy,
        *lattice.tables,
        lattice.windows,
        lattice.counts,
        batch.pairs,
        batch.labels,
        batch.weights,
    )


def _signature(model: ModelConfig) -> tuple[tf.TensorSpec, ...]:
    rows = [tf.TensorSpec((None, size**3), tf.int32) for size, _ in layer_reach(model)]
    return (
        tf.TensorSpec((None, 4), tf.float32),
        *rows,
        tf.TensorSpec((None, model.output_voxels**3), tf.int32),
        tf.TensorSpec((None,), tf.int32),
        tf.TensorSpec((None, 2), tf.int32),
        tf.TensorSpec((None,), tf.float32),
        tf.TensorSpec((None,), tf.float32),
    )


class Trainer:
    """Trains tower and head of one configuration under a distribution strategy.

    Parameters
    ----------
    config : RunConfig
        Network and training.
    strategy : tf.distribute.Strategy
        Where to run; each replica takes its share of a step's complexes.
    folder : Path
        Checkpoints; a run whose folder holds one goes on from it.
    """

    def __init__(self, config: RunConfig, strategy: tf.distribute.Strategy, folder: Path) -> None:
        keras.utils.set_random_seed(config.train.seed)
        self.config = config
        self.strategy = strategy
        with strategy.scope():
            self.tower = build_tower(config.model, config.train.precision)
            self.head = build_head(config.model, config.train.precision)
            self.optimizer = keras.optimizers.get(
                {
                    "class_name": config.train.optimizer,
                    "config": {
                        "learning_rate": config.train.learning_rate,
                        "global_clipnorm": 1.0,
                        "use_ema": config.train.average > 0,
                        "ema_momentum": config.train.average or None,
                    },
                }
            )
            self.variables = [*self.tower.trainable_variables, *self.head.trainable_variables]
            self.optimizer.build(self.variables)
        checkpoint = tf.train.Checkpoint(
            tower=self.tower, head=self.head, optimizer=self.optimizer
        )
        self._manager = tf.train.CheckpointManager(checkpoint, str(folder), max_to_keep=2)
        if self._manager.latest_checkpoint:
            checkpoint.restore(self._manager.latest_checkpoint).assert_existing_objects_matched()
        self._step_function: Any = None

    @property
    def step(self) -> int:
        """Steps done."""
        return int(self.optimizer.iterations.numpy())

    def run(self, stream: ComplexStream) -> Iterator[tuple[int, float]]:
        """Train to the configured step, yielding (step, loss) after each.

        Raises
        ------
        TrainingError
            The loss is not a finite number.
        """
        dataset = self.strategy.distribute_datasets_from_function(
            lambda _: self._dataset(stream)
        )
        batches = iter(dataset)
        if self._step_function is None:
            self._step_function = self._make_step(batches.element_spec)
        while self.step < self.config.train.steps:
            self.optimizer.learning_rate = learning_rate(self.step, self.config.train)
            loss = float(self._step_function(next(batches)))
            if not math.isfinite(loss):
                raise TrainingError(
                    f"loss must be finite, got {loss} at step {self.step}; "
                    "go on from the last checkpoint with a lower learning rate"
                )
            yield self.step, loss

    def _dataset(self, stream: ComplexStream) -> tf.data.Dataset:
        replicas = self.strategy.num_replicas_in_sync
        arguments = (stream, self.config.model, self.config.train, self.step, replicas)
        dataset = tf.data.Dataset.from_generator(
            lambda: (batch_tensors(batch) for batch in stream_batches(*arguments)),
            output_signature=_signature(self.config.model),
        )
        return dataset.prefetch(2 * replicas)

    def _make_step(self, element_spec: Any) -> Any:  # noqa: ANN401
        strategy = self.strategy

        @tf.function(input_signature=[element_spec])
        def step(values: Any) -> Any:  # noqa: ANN401
            losses = strategy.run(self._replica_step, args=(values,))
            return strategy.reduce(tf.distribute.ReduceOp.MEAN, losses, axis=None)

        return step

    def _replica_step(self, values: tuple[Any, ...]) -> Any:  # noqa: ANN401
        *lattice, pairs, labels, weights = values
        with tf.GradientTape() as tape:
            loss = pair_loss(
                self.tower, self.head, self.config.model, lattice, pairs, labels, weights
            )
            scaled = loss / self.strategy.num_replicas_in_sync
        gradients = tape.gradient(scaled, self.variables)
        self.optimizer.apply(gradients, self.variables)
        return loss

    def save(self) -> None:
        """Write a checkpoint (atomic; the two newest stay)."""
        self._manager.save()

    def averaged(self) -> _Averaged:
        """Return a context in which tower and head hold the moving average of the weights."""
        return _Averaged(self)


class _Averaged:
    """Swaps the averaged weights in, and the trained ones back."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._kept: list[np.ndarray] = []

    def __enter__(self) -> None:
        trainer = self._trainer
        if trainer.config.train.average:
            self._kept = [np.array(v) for v in trainer.variables]
            trainer.optimizer.finalize_variable_values(trainer.variables)

    def __exit__(self, *_: object) -> None:
        for variable, value in zip(self._trainer.variables, self._kept, strict=False):
            variable.assign(value)
        self._kept = []


def pair_loss(
    tower: keras.Model,
    head: keras.Model,
    model: ModelConfig,
    lattice: list[Any],
    pairs: Any,  # noqa: ANN401
    labels: Any,  # noqa: ANN401
    weights: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """Compute the weighted binary cross-entropy of a batch in training mode (any Keras backend).

    Returns
    -------
    scalar tensor, float32
    """
    embeddings = embed_lattice(tower, model, lattice, training=True)
    left, right = split_head(head, embeddings, embeddings)
    x = ops.take(left, pairs[:, 0], axis=0) + ops.take(right, pairs[:, 1], axis=0)
    logits = finish_head(head, model, x, training=True)
    losses = ops.relu(logits) - logits * labels + ops.log1p(ops.exp(-ops.abs(logits)))
    return ops.sum(losses * weights)
