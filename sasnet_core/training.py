"""A training run with tf.distribute: steps, moving average of the weights, checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from sasnet_core.chemistry import AMINO_ACIDS
from sasnet_core.errors import SasnetError
from sasnet_core.lattice import layer_reach
from sasnet_core.model import embed_features, finish_head, lattice_features, split_head
from sasnet_core.network import build_network
from sasnet_core.pipeline import stream_batches
from sasnet_core.surroundings import GEOMETRY_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sasnet_core.complexes import Complex
    from sasnet_core.config import ModelConfig, RunConfig, TrainConfig
    from sasnet_core.pipeline import Batch, ComplexStream


#: Takes a complex to its embeddings in some poses (see `pipeline.make_batch`).
Embedded = Callable[["Complex"], np.ndarray]
#: The gradient of a step is scaled down to this norm.
MAX_GRADIENT_NORM = 1.0


class TrainingError(SasnetError):
    """A run cannot go on; its last good checkpoint is kept."""


def learning_rate(step: int, config: TrainConfig) -> float:
    """Compute the rate of a step: linear warm-up, then (with decay) a half cosine to zero."""
    warmup = min(1.0, (step + 1) / max(1, config.warmup_steps))
    if not config.decay:
        return config.learning_rate * warmup
    done = min(1.0, step / config.steps)
    return config.learning_rate * warmup * 0.5 * (1 + math.cos(math.pi * done))


def batch_tensors(batch: Batch) -> dict[str, Any]:
    """Name the arrays of a batch as `_signature` does."""
    lattice = batch.lattice
    if lattice is None:
        tower_input: dict[str, Any] = {"embeddings": batch.embeddings}
    else:
        tower_input = {
            "lattice": (lattice.occupancy, *lattice.tables, lattice.windows, lattice.counts),
            "inverses": lattice.inverses,
        }
    return tower_input | {
        "surroundings": (batch.surroundings.neighbours, batch.surroundings.geometry),
        "pairs": batch.pairs,
        "labels": batch.labels,
        "weights": batch.weights,
        "residues": vars(batch.residues),
    }


def _tower_signature(model: ModelConfig) -> dict[str, Any]:
    widths = [size**3 for size, _ in layer_reach(model)]
    rows = [tf.TensorSpec((None, width), tf.int32) for width in widths]
    inverses = [tf.TensorSpec((None, width), tf.int32) for width in widths if width == 27]
    windows = tf.TensorSpec((None, model.window_rows), tf.int32)
    occupancy, counts = tf.TensorSpec((None, 4), tf.float32), tf.TensorSpec((None,), tf.int32)
    return {"lattice": (occupancy, *rows, windows, counts), "inverses": tuple(inverses)}


def _signature(model: ModelConfig, frozen: bool) -> dict[str, Any]:
    if frozen:
        known = {"embeddings": tf.TensorSpec((None, model.embedding_size), tf.float16)}
    else:
        known = _tower_signature(model)
    return known | {
        "surroundings": (
            tf.TensorSpec((None, model.neighbours_read), tf.int32),
            tf.TensorSpec((None, model.neighbours_read, GEOMETRY_SIZE), tf.float32),
        ),
        "pairs": tf.TensorSpec((None, 2), tf.int32),
        "labels": tf.TensorSpec((None,), tf.float32),
        "weights": tf.TensorSpec((None,), tf.float32),
        "residues": {
            "amino_acids": tf.TensorSpec((None,), tf.int32),
            "exposed_areas": tf.TensorSpec((None,), tf.float32),
            "in_interface": tf.TensorSpec((None,), tf.float32),
            "weights": tf.TensorSpec((None,), tf.float32),
        },
    }


class Trainer:
    """Trains a network of one configuration under a distribution strategy.

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
            self.network = build_network(config.model, config.train.precision)
            self.auxiliary = build_auxiliary(config.model)
            self.optimizer = keras.optimizers.get(
                {
                    "class_name": config.train.optimizer,
                    "config": {
                        "learning_rate": config.train.learning_rate,
                        "weight_decay": config.train.weight_decay or None,
                        "use_ema": config.train.average > 0,
                        "ema_momentum": config.train.average or None,
                    },
                }
            )
            models = {part.name: part for part in (*self.network.parts, self.auxiliary)}
            self.variables = [
                variable
                for name, part in models.items()
                for variable in part.trainable_variables
                if not (name == "tower" and config.train.frozen_poses)
            ]
            self.optimizer.build(self.variables)
        checkpoint = tf.train.Checkpoint(**models, optimizer=self.optimizer)
        self._manager = tf.train.CheckpointManager(checkpoint, str(folder), max_to_keep=2)
        if self._manager.latest_checkpoint:
            checkpoint.restore(self._manager.latest_checkpoint).assert_existing_objects_matched()
        self._step_function: Any = None

    @property
    def step(self) -> int:
        """Steps done."""
        return int(self.optimizer.iterations.numpy())

    def run(
        self, stream: ComplexStream, embedded: Embedded | None = None
    ) -> Iterator[tuple[int, float]]:
        """Train to the configured step, yielding (step, loss) after each.

        Parameters
        ----------
        stream : ComplexStream
            What to train on.
        embedded : callable, optional
            Gives a complex's embeddings, where the tower is frozen (`TrainConfig.frozen_poses`).

        Raises
        ------
        TrainingError
            The loss is not a finite number.
        """
        dataset = self.strategy.distribute_datasets_from_function(
            lambda _: self._dataset(stream, embedded)
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

    def _dataset(self, stream: ComplexStream, embedded: Embedded | None) -> tf.data.Dataset:
        replicas = self.strategy.num_replicas_in_sync
        arguments = (stream, self.config.model, self.config.train, self.step, replicas)
        dataset = tf.data.Dataset.from_generator(
            lambda: (batch_tensors(batch) for batch in stream_batches(*arguments, embedded)),
            output_signature=_signature(self.config.model, embedded is not None),
        )
        return dataset.prefetch(2 * replicas)

    def _make_step(self, element_spec: Any) -> Any:
        strategy = self.strategy

        @tf.function(input_signature=[element_spec])
        def step(values: Any) -> Any:
            losses = strategy.run(self._replica_step, args=(values,))
            return strategy.reduce(tf.distribute.ReduceOp.MEAN, losses, axis=None)

        return step

    def _replica_step(self, values: dict[str, Any]) -> Any:
        with tf.GradientTape() as tape:
            network = self.network
            if "embeddings" in values:
                embeddings = tf.cast(values["embeddings"], tf.float32)
            else:
                embeddings = embed_batch(network.tower, self.config.model, values)
            heard = network.hear(embeddings, values["surroundings"], training=True)
            loss = pair_loss(network.head, self.config.model, heard, values)
            answers = self.auxiliary([embeddings, heard])
            extra = self.config.train.auxiliary * auxiliary_loss(answers, values["residues"])
            scaled = (loss + extra) / self.strategy.num_replicas_in_sync
        gradients = self._clipped(tape.gradient(scaled, self.variables))
        self.optimizer.apply(gradients, self.variables)
        return loss

    def _clipped(self, gradients: list[Any]) -> list[Any]:
        """Bound the norm of the gradient of the whole step, not of each replica's part.

        Keras adds up the replicas' gradients afterwards, so each hands over its share of the sum.
        """
        replicas = self.strategy.num_replicas_in_sync
        if replicas > 1:
            context = tf.distribute.get_replica_context()
            gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
        clipped, _ = tf.clip_by_global_norm(gradients, MAX_GRADIENT_NORM)
        return [gradient / replicas for gradient in clipped]

    def save(self) -> None:
        """Write a checkpoint (atomic; the two newest stay)."""
        self._manager.save()

    def averaged(self) -> _Averaged:
        """Return a context in which the network holds the moving average of the weights."""
        return _Averaged(self)


class _Averaged:
    """Swaps the averaged weights in, and the trained ones back."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._kept: list[np.ndarray] = []

    def __enter__(self) -> None:
        trainer = self._trainer
        if trainer.config.train.average:
            self._kept = [keras.ops.convert_to_numpy(v) for v in trainer.variables]
            trainer.optimizer.finalize_variable_values(trainer.variables)

    def __exit__(self, *_: object) -> None:
        for variable, value in zip(self._trainer.variables, self._kept, strict=False):
            variable.assign(value)
        self._kept = []


def build_auxiliary(model: ModelConfig) -> keras.Model:
    """Build the layers that read residue properties from embeddings, in training only.

    Returns
    -------
    keras.Model
        Inputs (n_residues, embedding_size), what the tower gave, and (n_residues, head_input),
        what the head reads; output (n_residues, 22): amino-acid logits and exposed area read
        from the first, interface logit from the second.
    """
    embedding = keras.Input((model.embedding_size,), name="embedding")
    heard = keras.Input((model.head_input,), name="heard")
    own = keras.layers.Dense(len(AMINO_ACIDS) + 1, name="own", dtype="float32")(embedding)
    interface = keras.layers.Dense(1, name="interface", dtype="float32")(heard)
    answers = keras.layers.Concatenate(name="answers", dtype="float32")([own, interface])
    return keras.Model([embedding, heard], answers, name="auxiliary")


def embed_batch(tower: keras.Model, model: ModelConfig, values: dict[str, Any]) -> Any:
    """Embed the residues of a batch in training mode.

    Parameters
    ----------
    tower : keras.Model
        From `model.build_tower`.
    model : ModelConfig
        Its sizes.
    values : dict of tensors
        From `batch_tensors`.

    Returns
    -------
    tensor, shape (n_residues, embedding_size)
    """
    levels = [k for k, (size, _) in enumerate(layer_reach(model)) if size == 3]
    inverses = dict(zip(levels, values["inverses"], strict=True))

    def convolve(x: Any, kernel: Any, table: Any, level: int) -> Any:
        return two_way_convolution(x, kernel, table, inverses[level])

    features = lattice_features(
        tower,
        model,
        values["lattice"],
        training=True,
        convolve=convolve,
        normalize=shared_normalization,
    )
    return embed_features(tower, features, training=True)


def pair_loss(
    head: keras.Model, model: ModelConfig, embeddings: Any, values: dict[str, Any]
) -> Any:
    """Compute the weighted binary cross-entropy of a batch's pairs.

    Parameters
    ----------
    head : keras.Model
        From `model.build_head`.
    model : ModelConfig
        Its sizes.
    embeddings : tensor, shape (n_residues, head_input)
        What the head reads.
    values : dict of tensors
        From `batch_tensors`.

    Returns
    -------
    scalar tensor, float32
    """
    left, right = split_head(head, embeddings, embeddings)
    pairs, labels = values["pairs"], values["labels"]
    x = tf.gather(left, pairs[:, 0]) + tf.gather(right, pairs[:, 1])
    logits = finish_head(head, model, x, training=True)
    losses = tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)
    return tf.reduce_sum(losses * values["weights"])


def auxiliary_loss(answers: Any, targets: dict[str, Any]) -> Any:
    """Compute what the embeddings get wrong about their own residues.

    Parameters
    ----------
    answers : tensor, shape (n_residues, 22)
        From the model of `build_auxiliary`.
    targets : dict of tensors
        Fields of `pipeline.ResidueTargets`.

    Returns
    -------
    scalar tensor, float32
        Cross-entropy of the amino acid, squared error of the exposed area, and weighted
        cross-entropy of being in the interface.
    """
    count = len(AMINO_ACIDS)
    known = tf.cast(targets["amino_acids"] >= 0, tf.float32)
    amino_acid = tf.nn.sparse_softmax_cross_entropy_with_logits(
        tf.maximum(targets["amino_acids"], 0), answers[:, :count]
    )
    area = tf.square(answers[:, count] - targets["exposed_areas"])
    interface = tf.nn.sigmoid_cross_entropy_with_logits(
        targets["in_interface"], answers[:, count + 1]
    )
    return (
        tf.reduce_sum(amino_acid * known) / tf.maximum(tf.reduce_sum(known), 1.0)
        + tf.reduce_mean(area)
        + tf.reduce_sum(interface * targets["weights"])
    )


def shared_normalization(layer: keras.layers.BatchNormalization, x: Any, count: Any) -> Any:
    """Normalize rows by the statistics of a whole step, all devices together.

    Keras' layer does the same on one device, with several more passes over the rows; with a mask
    it does not look at the other devices.

    Parameters
    ----------
    layer : keras.layers.BatchNormalization
        Its moving statistics are updated.
    x : tensor, shape (n_rows, channels)
        Row 0 is vacuum; it and padding are normalized but play no part in the statistics.
    count : tensor, scalar int32
        Rows in use.

    Returns
    -------
    tensor, shape (n_rows, channels)
    """
    used = tf.cast(x[1:count], tf.float32)
    size = tf.fill(tf.shape(used)[1:], tf.cast(tf.shape(used)[0], tf.float32))
    sums = tf.stack([size, tf.reduce_sum(used, 0), tf.reduce_sum(used * used, 0)])
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync > 1:
        sums = context.all_reduce(tf.distribute.ReduceOp.SUM, sums)
    mean = sums[1] / sums[0]
    variance = tf.maximum(sums[2] / sums[0] - mean * mean, 0.0)
    keep = layer.momentum
    layer.moving_mean.assign(keep * layer.moving_mean + (1 - keep) * mean)
    layer.moving_variance.assign(keep * layer.moving_variance + (1 - keep) * variance)
    scale = layer.gamma * tf.math.rsqrt(variance + layer.epsilon)
    return x * tf.cast(scale, x.dtype) + tf.cast(layer.beta - mean * scale, x.dtype)


@tf.custom_gradient
def two_way_convolution(x: Any, kernel: Any, table: Any, inverse: Any) -> Any:
    """Compute `model.gather_convolution` with a gradient that gathers too.

    Parameters
    ----------
    x : tensor, shape (n_rows_in, channels)
    kernel : tensor, shape (27 * channels, filters)
    table : tensor, shape (n_rows_out, 27), int32
    inverse : tensor, shape (n_rows_in, 27), int32
        From `lattice.build_lattice`.

    Returns
    -------
    tensor, shape (n_rows_out, filters)
    """
    channels, filters = x.shape[1], kernel.shape[1]
    read = tf.reshape(tf.gather(x, table), (-1, 27 * channels))

    def gradient(upstream: Any) -> tuple[Any, ...]:
        by_kernel = tf.matmul(read, upstream, transpose_a=True)
        turned = tf.transpose(tf.reshape(kernel, (27, channels, filters)), (0, 2, 1))
        turned = tf.reshape(turned, (27 * filters, channels))
        known = tf.concat([tf.zeros_like(upstream[:1]), upstream[1:]], axis=0)
        by_row = tf.matmul(tf.reshape(tf.gather(known, inverse), (-1, 27 * filters)), turned)
        vacuum = tf.matmul(tf.cast(table == 0, upstream.dtype), upstream, transpose_a=True)
        by_vacuum = tf.matmul(tf.reshape(vacuum, (1, 27 * filters)), turned)
        return tf.concat([by_vacuum, by_row[1:]], axis=0), by_kernel, None, None

    return tf.matmul(read, kernel), gradient
