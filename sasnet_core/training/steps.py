"""What a training step is to the rest, whatever backend runs it."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

from keras import ops

from sasnet_core.training.losses import TrainingLoss

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import keras

    from sasnet_core.config import RunConfig
    from sasnet_core.network.network import Network

#: Batches made ahead of the step that takes them.
AHEAD = 4


class Steps(Protocol):
    """A backend's way to run training steps.

    Attributes
    ----------
    replicas : int
        Devices that share a step, over all machines.
    chief : bool
        Whether this process writes the run's files.
    """

    replicas: int
    chief: bool

    def scope(self) -> AbstractContextManager[Any]:
        """Return the context in which variables are made."""

    def loss(self, network: Network, auxiliary: keras.Model, weight: float) -> TrainingLoss:
        """Make the loss in the way that suits the backend."""

    def batches(
        self, produce: Callable[[range], Iterator[dict[str, Any]]], config: RunConfig
    ) -> Iterator[Any]:
        """Yield what a step takes; `produce` gives the batches of some replicas, in turn."""

    def compiled(
        self,
        loss: TrainingLoss,
        variables: list[keras.Variable],
        optimizer: keras.Optimizer,
        clip: float,
    ) -> Callable[[Any], Any]:
        """Make the training step: takes a batch, moves the variables, returns the loss of pairs.

        `clip` is `TrainConfig.max_gradient_norm`.
        """

    def observer(self, loss: TrainingLoss) -> Callable[[Any], Any]:
        """Make a step that moves nothing but the statistics of batch normalization."""


class OneDevice:
    """What backends share that run on one device: the other half of `Steps`."""

    replicas = 1
    chief = True

    def scope(self) -> AbstractContextManager[Any]:
        """Return the context in which variables are made."""
        return nullcontext()

    def loss(self, network: Network, auxiliary: keras.Model, weight: float) -> TrainingLoss:
        """Make the loss, differentiated as it stands."""
        return TrainingLoss(network, auxiliary, weight)

    def batches(
        self, produce: Callable[[range], Iterator[dict[str, Any]]], config: RunConfig
    ) -> Iterator[Any]:
        """Yield the batches of the only replica, made ahead in a thread."""
        stream = produce(range(1))
        with ThreadPoolExecutor(1) as thread:
            waiting = deque(thread.submit(next, stream) for _ in range(AHEAD))
            while True:
                batch = waiting.popleft().result()
                waiting.append(thread.submit(next, stream))
                yield batch


def clipped(gradients: list[Any], norm: float) -> list[Any]:
    """Scale gradients down to a common norm if they are over it; with a norm of 0 never."""
    if not norm:
        return gradients
    size = ops.sqrt(sum(ops.sum(ops.square(gradient)) for gradient in gradients))
    scale = norm / ops.maximum(size, norm)
    return [gradient * scale for gradient in gradients]
