"""Training steps on JAX: one device; compiled anew for every new shape of a batch."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import jax
import keras

from sasnet_core.losses import TrainingLoss
from sasnet_core.steps import clipped, one_device_batches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sasnet_core.config import RunConfig
    from sasnet_core.network import Network


class JaxSteps:
    """Steps on the default device of JAX."""

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
        others = loss.untrained(variables)

        def stateless(moving: Any, still: Any, values: dict[str, Any]) -> Any:
            mapping = [*zip(variables, moving, strict=True), *zip(others, still, strict=True)]
            with keras.StatelessScope(state_mapping=mapping) as scope:
                total, pairs = loss(values)
            return total, (pairs, [scope.get_current_value(variable) for variable in others])

        @jax.jit
        def step(state: Any, values: dict[str, Any]) -> Any:
            moving, still, slots = state
            (_, (pairs, still)), gradients = jax.value_and_grad(stateless, has_aux=True)(
                moving, still, values
            )
            moving, slots = optimizer.stateless_apply(slots, clipped(gradients, clip), moving)
            return (moving, still, slots), pairs

        def run(values: dict[str, Any]) -> Any:
            groups = (variables, others, optimizer.variables)
            state, pairs = step([[v.value for v in group] for group in groups], values)
            for group, new in zip(groups, state, strict=True):
                for variable, value in zip(group, new, strict=True):
                    variable.assign(value)
            return pairs

        return run

    def observer(self, loss: TrainingLoss) -> Callable[[Any], Any]:
        """Make a step that moves nothing but the statistics of batch normalization."""
        return lambda values: loss(values)[1]
