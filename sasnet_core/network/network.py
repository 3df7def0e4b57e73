"""The whole network and the sizes it has: what training, prediction and saving hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sasnet_core.network.model import build_sasnet
from sasnet_core.network.preprocessing import build_surfacelets, with_atoms

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras

    from sasnet_core.config import ModelConfig


@dataclass(frozen=True)
class Network:
    """One configuration and its model, whose parts the lattice engine and training run apart.

    Attributes
    ----------
    config : ModelConfig
        Sizes.
    model : keras.Model
        From `model.build_sasnet`: two surfacelets in, a logit out.

    Examples
    --------
    ``network.model.save("sasnet.keras")`` writes the network to one file, which
    ``keras.saving.load_model`` opens once `sasnet_core.network.network` is imported.
    """

    config: ModelConfig
    model: keras.Model

    @cached_property
    def tower(self) -> keras.Model:
        """The part from surfacelets to embeddings."""
        return self.model.get_layer("tower")

    @cached_property
    def context(self) -> keras.Model | None:
        """The context layers; None: the head reads the tower's embeddings (paper)."""
        return self.model.get_layer("context") if self.config.context_layers else None

    @cached_property
    def head(self) -> keras.Model:
        """The part from two embeddings to a logit."""
        return self.model.get_layer("head")

    @cached_property
    def surfacelets(self) -> keras.Model:
        """The preprocessing layers: atoms, rotated and put into voxels."""
        return build_surfacelets(self.config.edge_read)

    @cached_property
    def from_atoms(self) -> keras.Model:
        """The model with the preprocessing layers in front: it takes atoms."""
        return with_atoms(self.model, self.surfacelets)

    @property
    def parts(self) -> tuple[keras.Model, ...]:
        """The models that hold the weights, from the atoms on."""
        return tuple(part for part in (self.tower, self.context, self.head) if part is not None)

    def add_context(
        self, embeddings: Any, surroundings: Sequence[Any], training: bool = False
    ) -> Any:
        """Run the context layers, if the network has any.

        Parameters
        ----------
        embeddings : tensor, shape (n_residues, embedding_size)
            From the tower.
        surroundings : sequence of tensors
            From `context.surroundings_tensors`.
        training : bool
            Whether dropout is at work.

        Returns
        -------
        tensor, shape (n_residues, head_input)
        """
        if self.context is None:
            return embeddings
        read = surroundings[: len(self.context.inputs) - 1]  # the make-up only if it is read
        return self.context([embeddings, *read], training=training)


def build_network(config: ModelConfig, dtype: Any = None) -> Network:
    """Build a network with random weights.

    Parameters
    ----------
    config : ModelConfig
        Sizes.
    dtype : str or keras.DTypePolicy, optional
        Precision, like ``"mixed_bfloat16"``; by default Keras' own.
    """
    return Network(config, build_sasnet(config, dtype))
