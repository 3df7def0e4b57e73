"""Training steps on PyTorch: one device."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import keras
import torch
from keras import ops

from sasnet_core.losses import TrainingLoss
from sasnet_core.steps import clipped, one_device_batches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sasnet_core.config import RunConfig
    from sasnet_core.network import Network


class TorchSteps:
    """Steps on the default device of Keras: a GPU where PyTorch sees one."""

    replicas = 1
    chief = True

    def scope(self) -> AbstractContextManager[Any]:
        """Return the context in which variables are made."""
        return nullcontext()

    def loss(self, network: Network, auxiliary: keras.Model, weight: float) -> TrainingLoss:
        """Make the loss."""
        return TrainingLoss(network, auxiliary, weight)

    def batches(
        self, produce: Callable[[range], Iterator[dict[str, Any]]], config: RunConfig
    ) -> Iterator[Any]:
        """Yield what the step takes."""
        return one_device_batches(produce)

    def compiled(
        self,
        loss: TrainingLoss,
        variables: list[keras.Variable],
        optimizer: keras.Optimizer,
        clip: float,
    ) -> Callable[[Any], Any]:
        """Make the training step: takes a batch, moves the variables, returns the loss of pairs."""

        def step(values: dict[str, Any]) -> Any:
            for variable in variables:
                variable.value.grad = None
            total, pairs = loss(keras.tree.map_structure(ops.convert_to_tensor, values))
            total.backward()
            with torch.no_grad():
                gradients = [variable.value.grad for variable in variables]
                optimizer.apply(clipped(gradients, clip), variables)
            return pairs.detach()

        return step

    def observer(self, loss: TrainingLoss) -> Callable[[Any], Any]:
        """Make a step that moves nothing but the statistics of batch normalization."""

        def observe(values: dict[str, Any]) -> Any:
            with torch.no_grad():
                return loss(keras.tree.map_structure(ops.convert_to_tensor, values))[1]

        return observe
