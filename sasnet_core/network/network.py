"""The whole network as one thing: tower, context layers, head, and the sizes they have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras

from sasnet_core.network.context import Context
from sasnet_core.network.model import build_head, build_tower

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.config import ModelConfig


@dataclass(frozen=True)
class Network:
    """Tower, context layers and head of one configuration."""

    config: ModelConfig
    tower: keras.Model
    context: keras.Model | None  # None: the head reads the tower's embeddings (paper)
    head: keras.Model

    @property
    def parts(self) -> tuple[keras.Model, ...]:
        """The models that hold the weights, from the atoms on."""
        return tuple(part for part in (self.tower, self.context, self.head) if part is not None)

    def hear(self, embeddings: Any, surroundings: Sequence[Any], training: bool = False) -> Any:
        """Run the context layers, where there are any.

        Parameters
        ----------
        embeddings : tensor, shape (n_residues, embedding_size)
            From the tower.
        surroundings : sequence of tensors
            The arrays of a `surroundings.Surroundings`.
        training : bool
            Whether dropout is at work.

        Returns
        -------
        tensor, shape (n_residues, head_input)
        """
        if self.context is None:
            return embeddings
        return self.context([embeddings, *surroundings], training=training)


def build_network(config: ModelConfig, dtype: Any = None) -> Network:
    """Build a network with random weights.

    Parameters
    ----------
    config : ModelConfig
        Sizes.
    dtype : str or keras.DTypePolicy, optional
        Precision, like ``"mixed_bfloat16"``; Keras' own default when left out.
    """
    context = Context(config, dtype) if config.context_layers else None
    return Network(config, build_tower(config, dtype), context, build_head(config, dtype))
