"""A training run: steps, rate, moving average of the weights, checkpoints; on any backend."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops

from sasnet_core.config import STATISTICS_BATCHES
from sasnet_core.errors import SasnetError
from sasnet_core.network.network import build_network
from sasnet_core.training.batches import batch_arrays, stream_batches
from sasnet_core.training.checkpoints import (
    CheckpointError,
    list_checkpoints,
    read_checkpoint,
    write_checkpoint,
)
from sasnet_core.training.losses import build_auxiliary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sasnet_core.config import RunConfig, TrainConfig
    from sasnet_core.dataset.complexes import Complex
    from sasnet_core.training.steps import Steps
    from sasnet_core.training.stream import ComplexStream

    #: Takes a complex to its embeddings in some poses (see `batches.make_batch`).
    Embedded = Callable[[Complex], np.ndarray]


class TrainingError(SasnetError):
    """A run cannot go on; its last good checkpoint is kept."""


def default_steps() -> Steps:
    """Choose how steps run, by Keras' backend."""
    backend = keras.backend.backend()
    if backend == "jax":
        from sasnet_core.training.steps_jax import JaxSteps

        return JaxSteps()
    if backend == "torch":
        from sasnet_core.training.steps_torch import TorchSteps

        return TorchSteps()
    from sasnet_core.training.steps_tensorflow import TensorFlowSteps

    return TensorFlowSteps()


def learning_rate(step: int, config: TrainConfig) -> float:
    """Compute the rate of a step: linear warm-up, then (with decay) a half cosine to zero."""
    warmup = min(1.0, (step + 1) / max(1, config.warmup_steps))
    if not config.decay:
        return config.learning_rate * warmup
    done = min(1.0, step / config.steps)
    return config.learning_rate * warmup * 0.5 * (1 + math.cos(math.pi * done))


class Trainer:
    """Trains a network of one configuration.

    Parameters
    ----------
    config : RunConfig
        Network and training.
    folder : Path
        Checkpoints; a run whose folder holds one goes on from it.
    steps : Steps, optional
        Where and how to run; by default that of `default_steps`. Each replica takes its share
        of a step's complexes.

    Attributes
    ----------
    waited : float
        Seconds spent on waiting for batches so far.

    Raises
    ------
    CheckpointError
        The newest checkpoint is damaged or of another network.
    """

    def __init__(self, config: RunConfig, folder: Path, steps: Steps | None = None) -> None:
        keras.utils.set_random_seed(config.train.seed)
        self.config, self.steps = config, steps or default_steps()
        self.waited = 0.0
        self._folder = folder
        with self.steps.scope():
            self.network = build_network(config.model, config.train.precision)
            for layer in self._normalizations():
                layer.trainable = not config.train.fixed_statistics
            self.auxiliary = build_auxiliary(config.model)
            self.optimizer = build_optimizer(config.train)
            self.variables = [
                variable
                for part in self._parts
                for variable in part.trainable_variables
                if not (part.name == "tower" and config.train.frozen_poses)
            ]
            self.optimizer.build(self.variables)
        self._loss = self.steps.loss(self.network, self.auxiliary, config.train.auxiliary)
        self._observe: Any = None
        for newest in list_checkpoints(folder)[-1:]:
            self._restore(newest)

    @property
    def _parts(self) -> tuple[keras.Model, ...]:
        return (*self.network.parts, self.auxiliary)

    @property
    def step(self) -> int:
        """Steps done."""
        return int(ops.convert_to_numpy(self.optimizer.iterations))

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
        batches = self._batches(stream, embedded)
        clip = self.config.train.max_gradient_norm
        take = self.steps.compiled(self._loss, self.variables, self.optimizer, clip)
        while self.step < self.config.train.steps:
            self.optimizer.learning_rate = learning_rate(self.step, self.config.train)
            started = time.monotonic()
            batch = next(batches)
            self.waited += time.monotonic() - started
            loss = float(take(batch))
            if not math.isfinite(loss):
                raise TrainingError(
                    f"loss must be finite, got {loss} at step {self.step}; "
                    "go on from the last checkpoint with a lower learning rate"
                )
            yield self.step, loss

    def _batches(self, stream: ComplexStream, embedded: Embedded | None) -> Iterator[Any]:
        arguments = (stream, self.config.model, self.config.train, self.step, self.steps.replicas)

        def produce(here: range) -> Iterator[dict[str, Any]]:
            return (batch_arrays(batch) for batch in stream_batches(*arguments, here, embedded))

        return self.steps.batches(produce, self.config)

    def save(self) -> None:
        """Write a checkpoint (atomic; the two newest stay)."""
        if self.steps.chief:
            arrays = {name: _array(variable) for name, variable in self._state().items()}
            write_checkpoint(arrays, self.step, self._folder)

    def _state(self) -> dict[str, keras.Variable]:
        """Name everything a run needs to go on as if it had never stopped."""
        groups = {part.name: part.variables for part in self._parts}
        groups["optimizer"] = self.optimizer.variables
        return {
            f"{group}/{number:03d}/{variable.name}": variable
            for group, variables in groups.items()
            for number, variable in enumerate(variables)
        }

    def _restore(self, path: Path) -> None:
        state, arrays = self._state(), read_checkpoint(path)
        same = {name: tuple(v.shape) for name, v in state.items()}
        if same != {name: array.shape for name, array in arrays.items()}:
            raise CheckpointError(
                f"{path}: a checkpoint of this network and optimizer is needed, it is of another; "
                "make a new run"
            )
        for name, variable in state.items():
            variable.assign(arrays[name])

    @contextmanager
    def settled(
        self, stream: ComplexStream | None = None, embedded: Embedded | None = None
    ) -> Iterator[None]:
        """Let the network be what is evaluated and kept; on leaving, training goes on as it was.

        It holds the moving average of the weights (`TrainConfig.average`). Given batches, the
        statistics of batch normalization are taken anew with these weights, unless they are fixed.

        Parameters
        ----------
        stream, embedded
            As in `run`.
        """
        normalizations = self._normalizations()
        moved = [v for layer in normalizations for v in layer.non_trainable_variables]
        kept = [(v, _array(v)) for v in (*self.variables, *moved)]
        try:
            if self.config.train.average and self.step:
                self.optimizer.finalize_variable_values(self.variables)
            fixed = self.config.train.fixed_statistics
            if normalizations and stream is not None and not fixed:
                self._take_statistics(normalizations, self._batches(stream, embedded))
            yield
        finally:
            for variable, value in kept:
                variable.assign(value)

    def _normalizations(self) -> list[keras.layers.BatchNormalization]:
        """List the layers of batch normalization."""
        return [
            layer
            for part in self.network.parts
            for layer in part.layers
            if isinstance(layer, keras.layers.BatchNormalization)
        ]

    def _take_statistics(
        self, normalizations: list[keras.layers.BatchNormalization], batches: Iterator[Any]
    ) -> None:
        """Set moving statistics to those of some batches together."""
        momenta = [layer.momentum for layer in normalizations]
        seeds = [v for part in self._parts for v in part.variables if v.name.startswith("seed")]
        before = [_array(seed) for seed in seeds]
        for layer in normalizations:
            layer.momentum = 0.0  # so that they are those of the last batch alone
        self._observe = self._observe or self.steps.observer(self._loss)
        seen: list[list[np.ndarray]] = [[] for _ in normalizations]
        for batch in islice(batches, STATISTICS_BATCHES):
            self._observe(batch)
            for rows, layer in zip(seen, normalizations, strict=True):
                rows.append(np.stack([_array(layer.moving_mean), _array(layer.moving_variance)]))
        for rows, layer, momentum in zip(seen, normalizations, momenta, strict=True):
            means, variances = np.stack(rows, axis=1).astype(np.float64)
            mean = means.mean(axis=0)
            layer.moving_mean.assign(mean)
            layer.moving_variance.assign((variances + means**2).mean(axis=0) - mean**2)
            layer.momentum = momentum
        for seed, value in zip(seeds, before, strict=True):
            seed.assign(value)


def _array(variable: keras.Variable) -> np.ndarray:
    """Copy a variable's value."""
    return np.array(ops.convert_to_numpy(variable))


def build_optimizer(config: TrainConfig) -> keras.Optimizer:
    """Make the optimizer of a run, with its weight decay and moving average."""
    none = 0.0 if config.optimizer == "adamw" else None  # AdamW refuses None
    return keras.optimizers.get(
        {
            "class_name": config.optimizer,
            "config": {
                "learning_rate": config.learning_rate,
                "weight_decay": config.weight_decay or none,
                "use_ema": config.average > 0,
                "ema_momentum": config.average or None,
            },
        }
    )
