"""Training steps on TensorFlow: one or several devices, one or several machines."""

from __future__ import annotations

import json
import os
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from sasnet_core.network.lattice import layer_reach
from sasnet_core.network.neighbourhood import GEOMETRY_SIZE, MAKEUP_SIZE
from sasnet_core.training.lattice_gradients import FAST
from sasnet_core.training.losses import TrainingLoss

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sasnet_core.config import ModelConfig, RunConfig
    from sasnet_core.network.network import Network


def default_strategy() -> tf.distribute.Strategy:
    """Choose the machines that TF_CONFIG names, or else every device of this one."""
    if json.loads(os.environ.get("TF_CONFIG") or "{}").get("cluster"):
        return tf.distribute.MultiWorkerMirroredStrategy()
    return tf.distribute.MirroredStrategy()


class TensorFlowSteps:
    """Steps under a `tf.distribute` strategy.

    Parameters
    ----------
    strategy : tf.distribute.Strategy, optional
        Where to run; by default that of `default_strategy`.
    """

    def __init__(self, strategy: tf.distribute.Strategy | None = None) -> None:
        self._strategy = strategy or default_strategy()
        self.replicas = self._strategy.num_replicas_in_sync
        resolver = self._strategy.cluster_resolver
        self.chief = resolver is None or not resolver.task_type or _is_chief(resolver)
        self._spec: Any = None  # of a batch, known once there are batches

    def scope(self) -> AbstractContextManager[Any]:
        """Return the context in which variables are made."""
        return self._strategy.scope()

    def loss(self, network: Network, auxiliary: keras.Model, weight: float) -> TrainingLoss:
        """Make the loss, with the faster gradients and with statistics over all devices."""
        return TrainingLoss(network, auxiliary, weight, FAST)

    def batches(
        self, produce: Callable[[range], Iterator[dict[str, Any]]], config: RunConfig
    ) -> Iterator[Any]:
        """Yield what the step takes: a batch for each device.

        Parameters
        ----------
        produce : callable
            Takes the numbers of some replicas to the endless stream of their batches, in turn.
        config : RunConfig
            Says what a batch holds.
        """

        def dataset(context: tf.distribute.InputContext) -> tf.data.Dataset:
            here = context.num_replicas_in_sync // context.num_input_pipelines
            first = context.input_pipeline_id * here
            stream = tf.data.Dataset.from_generator(
                lambda: produce(range(first, first + here)), output_signature=_signature(config)
            )
            return stream.prefetch(2 * here)

        distributed = self._strategy.distribute_datasets_from_function(dataset)
        self._spec = distributed.element_spec
        return iter(distributed)

    def compiled(
        self,
        loss: TrainingLoss,
        variables: list[keras.Variable],
        optimizer: keras.Optimizer,
        clip: float,
    ) -> Callable[[Any], Any]:
        """Make the training step: takes a batch, moves the variables, returns the loss of pairs."""

        def replica_step(values: dict[str, Any]) -> Any:
            with tf.GradientTape() as tape:
                total, pairs = loss(values)
                scaled = total / self.replicas
            gradients = tape.gradient(scaled, variables)
            optimizer.apply(self._clipped(gradients, clip), variables)
            return pairs

        return self._on_every_device(replica_step)

    def observer(self, loss: TrainingLoss) -> Callable[[Any], Any]:
        """Make a step that moves nothing but the statistics of batch normalization."""
        return self._on_every_device(lambda values: loss(values)[1])

    def _on_every_device(self, function: Callable[[dict[str, Any]], Any]) -> Callable[[Any], Any]:
        strategy = self._strategy

        @tf.function(input_signature=[self._spec], autograph=False)
        def step(values: Any) -> Any:
            losses = strategy.run(function, args=(values,))
            return strategy.reduce(tf.distribute.ReduceOp.MEAN, losses, axis=None)

        return step

    def _clipped(self, gradients: list[Any], clip: float) -> list[Any]:
        """Bound the norm of the gradient of the whole step, not of each replica's part.

        Keras adds up the replicas' gradients afterwards, so each hands over its share of the sum.
        """
        if not clip:
            return gradients
        if self.replicas > 1:
            context = tf.distribute.get_replica_context()
            gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
        clipped, _ = tf.clip_by_global_norm(gradients, clip)
        return [gradient / self.replicas for gradient in clipped]


def _is_chief(resolver: tf.distribute.cluster_resolver.ClusterResolver) -> bool:
    """Tell whether this machine writes the run's files: the chief or, without one, worker 0."""
    lead = "chief" if "chief" in resolver.cluster_spec().jobs else "worker"
    return bool(resolver.task_type == lead and resolver.task_id == 0)


def _signature(config: RunConfig) -> dict[str, Any]:
    """Describe the arrays of a batch (`batches.batch_arrays`)."""
    model = config.model
    if config.train.frozen_poses:
        known = {"embeddings": tf.TensorSpec((None, model.embedding_size), tf.float16)}
    elif config.train.engine == "windows":
        known = {
            "points": tf.TensorSpec((None, None, 3), tf.float32),
            "rotations": tf.TensorSpec((None, 3, 3), tf.float32),
            "channels": tf.TensorSpec((None, None), tf.int32),
        }
    else:
        known = _lattice_signature(model)
    return known | {
        "surroundings": (
            tf.TensorSpec((None, model.neighbours_read), tf.int32),
            tf.TensorSpec((None, model.neighbours_read, GEOMETRY_SIZE), tf.float32),
            tf.TensorSpec((None, MAKEUP_SIZE if model.makeup_read else 0), tf.float32),
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


def _lattice_signature(model: ModelConfig) -> dict[str, Any]:
    sizes = [size for size, _ in layer_reach(model)]
    reads = [(tf.TensorSpec((None, size), tf.int32),) * 3 for size in sizes]
    inverses = [tables for tables, size in zip(reads, sizes, strict=True) if size == 3]
    windows = tf.TensorSpec((None, model.window_rows), tf.int32)
    occupancy, counts = tf.TensorSpec((None, 4), tf.float32), tf.TensorSpec((None,), tf.int32)
    return {"lattice": (occupancy, *reads, windows, counts), "inverses": tuple(inverses)}
