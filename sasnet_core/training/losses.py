"""What training makes small, in pure Keras: any backend can differentiate it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from sasnet_core.network.lattice_tower import embed_features, lattice_features
from sasnet_core.network.pair_head import finish_head, site_logits, split_head
from sasnet_core.structure.chemistry import AMINO_ACIDS

if TYPE_CHECKING:
    from sasnet_core.config import ModelConfig
    from sasnet_core.network.lattice_tower import LatticeLayers
    from sasnet_core.network.network import Network


class TrainingLoss:
    """The loss of a batch.

    Parameters
    ----------
    network : Network
        What is trained.
    auxiliary : keras.Model
        From `build_auxiliary`.
    weight : float
        Of the residue questions, `TrainConfig.auxiliary`.
    own : LatticeLayers, optional
        How the tower's layers are computed (default: `lattice_tower.KERAS`).
    """

    def __init__(
        self,
        network: Network,
        auxiliary: keras.Model,
        weight: float,
        own: LatticeLayers | None = None,
    ) -> None:
        self._network, self._auxiliary, self._weight = network, auxiliary, weight
        self._own = own
        self._surfacelets = network.surfacelets  # built here, not while a step is being traced

    def __call__(self, values: dict[str, Any]) -> tuple[Any, Any]:
        """Compute the loss of a batch.

        Parameters
        ----------
        values : dict of tensors
            From `batches.batch_arrays`.

        Returns
        -------
        total : scalar tensor
            What is differentiated.
        pairs : scalar tensor
            The part of it that is of the pairs.
        """
        network = self._network
        embeddings = self.embed(values)  # (n_residues, embedding_size)
        patches = network.add_context(embeddings, values["surroundings"], training=True)
        pairs = pair_loss(network.head, network.config, patches, values)
        read = site_logits(network.head, patches)[:, None] if network.config.site_terms else patches
        answers = self._auxiliary([embeddings, read])  # (n_residues, 22)
        return pairs + self._weight * auxiliary_loss(answers, values["residues"]), pairs

    def untrained(self, trained: list[keras.Variable]) -> list[keras.Variable]:
        """List the other variables that a step reads or moves (statistics, seeds of dropout)."""
        kept = {id(variable) for variable in trained}
        parts = (*self._network.parts, self._auxiliary)
        return [v for part in parts for v in part.variables if id(v) not in kept]

    def embed(self, values: dict[str, Any]) -> Any:
        """Embed the residues of a batch in training mode, from what the batch holds of them.

        Returns
        -------
        tensor, shape (n_residues, embedding_size)
        """
        network = self._network
        if "embeddings" in values:
            return ops.cast(values["embeddings"], "float32")
        if "points" in values:
            atoms = [values["points"], values["rotations"], values["channels"]]
            return network.tower(self._surfacelets(atoms), training=True)
        features = lattice_features(
            network.tower, network.config, values["lattice"], True, values["inverses"], self._own
        )
        return embed_features(network.tower, features, training=True)


def build_auxiliary(model: ModelConfig) -> keras.Model:
    """Build the layers that read residue properties from embeddings, in training only.

    Returns
    -------
    keras.Model
        Inputs (n_residues, embedding_size), what the tower gave, and (n_residues, head_input),
        what the head reads; output (n_residues, 22): amino-acid logits and exposed area read
        from the first, interface logit from the second. With `ModelConfig.site_terms` the second
        input is the interface logit, (n_residues, 1): the head has it already.
    """
    size = 1 if model.site_terms else model.head_input
    embedding = keras.Input((model.embedding_size,), name="embedding")
    patch = keras.Input((size,), name="patch")
    own = keras.layers.Dense(len(AMINO_ACIDS) + 1, name="own", dtype="float32")(embedding)
    interface = patch
    if not model.site_terms:
        interface = keras.layers.Dense(1, name="interface", dtype="float32")(patch)
    answers = keras.layers.Concatenate(name="answers", dtype="float32")([own, interface])
    return keras.Model([embedding, patch], answers, name="auxiliary")


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
        From `batches.batch_arrays`.

    Returns
    -------
    scalar tensor, float32
    """
    left, right = split_head(head, embeddings, embeddings)  # (n_residues, head_sizes[0])
    rows = values["pairs"]  # (n_pairs, 2)
    x = ops.take(left, rows[:, 0], axis=0) + ops.take(right, rows[:, 1], axis=0)
    logits = finish_head(head, model, x, training=True)  # (n_pairs,)
    if model.site_terms:
        sites = site_logits(head, embeddings)  # (n_residues,)
        logits = logits + ops.take(sites, rows[:, 0]) + ops.take(sites, rows[:, 1])
    return ops.sum(cross_entropy(values["labels"], logits) * values["weights"])


def auxiliary_loss(answers: Any, targets: dict[str, Any]) -> Any:
    """Compute what the embeddings get wrong about their own residues.

    Parameters
    ----------
    answers : tensor, shape (n_residues, 22)
        From the model of `build_auxiliary`.
    targets : dict of tensors
        Fields of `targets.ResidueTargets`.

    Returns
    -------
    scalar tensor, float32
        Cross-entropy of the amino acid, squared error of the exposed area, and weighted
        cross-entropy of being in the interface.
    """
    count = len(AMINO_ACIDS)
    known = ops.cast(targets["amino_acids"] >= 0, "float32")  # (n_residues,)
    amino_acid = ops.sparse_categorical_crossentropy(
        ops.maximum(targets["amino_acids"], 0), answers[:, :count], from_logits=True
    )  # (n_residues,)
    area = ops.square(answers[:, count] - targets["exposed_areas"])  # (n_residues,)
    interface = cross_entropy(targets["in_interface"], answers[:, count + 1])  # (n_residues,)
    return (
        ops.sum(amino_acid * known) / ops.maximum(ops.sum(known), 1.0)
        + ops.mean(area)
        + ops.sum(interface * targets["weights"])
    )


def cross_entropy(labels: Any, logits: Any) -> Any:
    """Compute the binary cross-entropy of each logit; exact for large ones on every backend."""
    return ops.softplus(logits) - labels * logits
