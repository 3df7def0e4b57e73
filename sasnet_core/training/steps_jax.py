"""Training steps on JAX: one device; compiled anew for every new shape of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import keras

from sasnet_core.training.steps import OneDevice, clipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from sasnet_core.training.losses import TrainingLoss


class JaxSteps(OneDevice):
    """Steps on the default device of JAX."""

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
        return lambda values: loss(jax.tree.map(jax.numpy.asarray, values))[1]
