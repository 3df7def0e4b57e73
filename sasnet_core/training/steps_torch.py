"""Training steps on PyTorch: one device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import torch
from keras import ops

from sasnet_core.training.steps import OneDevice, clipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from sasnet_core.training.losses import TrainingLoss


class TorchSteps(OneDevice):
    """Steps on the default device of Keras: a GPU where PyTorch sees one."""

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
