"""Trains the paper's linear model of structure and conservation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import numpy as np
from keras import ops

from sasnet_core.metrics import auroc, cauroc
from sasnet_core.network.linear_pairs import build_linear_pairs, last_hidden
from sasnet_core.settings import COUNT, NOT_NEGATIVE, POSITIVE, SEED, UNDER_ONE, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.network.network import Network

#: Scores of a PSSM are divided by this.
WINDOW_SCALE = 10.0
#: Pairs whose hidden layer is computed at a time.
_BLOCK = 8192


@dataclass(frozen=True)
class LinearSettings(Settings):
    """How the linear model is trained.

    Attributes
    ----------
    epochs : int
        Rounds over all pairs; the weights of the best one on the validation complexes are kept.
    learning_rate : float
        Of Adam.
    batch : int
        Pairs of a step.
    weight_decay : float
        Penalty of squared weights.
    dropout : float
        Share of the inputs set to 0 in training.
    units : int
        Of a layer of rectified units before the last one; 0: none, as in the paper.
    seed : int
        Seed of the first weights and of the order of the pairs.
    """

    epochs: int = 20
    learning_rate: float = 1e-3
    batch: int = 512
    weight_decay: float = 1e-4
    dropout: float = 0.0
    units: int = 0
    seed: int = 0

    _rules = {
        "epochs": COUNT,
        "learning_rate": POSITIVE,
        "batch": COUNT,
        "weight_decay": NOT_NEGATIVE,
        "dropout": UNDER_ONE,
        "units": NOT_NEGATIVE,
        "seed": SEED,
    }


@dataclass(frozen=True)
class PairInputs:
    """Some pairs of one complex, as the linear model reads them."""

    hidden: np.ndarray  # (n_pairs, hidden_size) float32
    left: np.ndarray  # (n_pairs, window_size) float32
    right: np.ndarray  # (n_pairs, window_size) float32
    contacts: np.ndarray  # (n_pairs,) bool


def mean_hidden(
    network: Network, embeddings: Sequence[tuple[np.ndarray, np.ndarray]], pairs: np.ndarray
) -> np.ndarray:
    """Compute the last hidden layer of the head for some pairs, averaged over rotations.

    Parameters
    ----------
    network : Network
        The structural network.
    embeddings : sequence of (ndarray, ndarray)
        What its head reads of the left and right residues, for each rotation.
    pairs : ndarray, shape (n_pairs, 2), int32
        Rows (left, right).

    Returns
    -------
    ndarray, shape (n_pairs, hidden_size), float32
    """
    total = np.zeros((len(pairs), network.config.head_sizes[-1]), np.float32)
    for one, other in embeddings:
        sides = ops.convert_to_tensor(one), ops.convert_to_tensor(other)
        for first in range(0, len(pairs), _BLOCK):
            rows = slice(first, first + _BLOCK)
            found = last_hidden(network, *sides, ops.convert_to_tensor(pairs[rows]))
            total[rows] += ops.convert_to_numpy(found)
    return total / len(embeddings)


def pair_inputs(
    hidden: np.ndarray,
    windows: tuple[np.ndarray, np.ndarray],
    pairs: np.ndarray,
    contacts: np.ndarray,
) -> PairInputs:
    """Collect what the model reads of some pairs.

    Parameters
    ----------
    hidden : ndarray, shape (n_pairs, hidden_size), float32
        From `mean_hidden`.
    windows : tuple of ndarray, shape (n_left, window_size), (n_right, window_size)
        Windows of the profiles, half bits.
    pairs : ndarray, shape (n_pairs, 2), int32
        Rows (left, right).
    contacts : ndarray, shape (n_pairs,), bool
        Whether they touch.
    """
    left, right = (
        side[pairs[:, k]].astype(np.float32) / WINDOW_SCALE for k, side in enumerate(windows)
    )
    return PairInputs(hidden, left, right, contacts)


def train_linear_pairs(
    complexes: Sequence[PairInputs],
    validation: Sequence[PairInputs],
    settings: LinearSettings,
) -> tuple[keras.Model, float]:
    """Train the linear model; contacts and non-contacts weigh alike, and so do complexes.

    Parameters
    ----------
    complexes, validation : sequence of PairInputs
        Complexes to learn from, and those that choose the epoch.
    settings : LinearSettings
        How.

    Returns
    -------
    model : keras.Model
        With the weights of the best epoch.
    best : float
        CAUROC of the validation complexes over their pairs here.
    """
    keras.utils.set_random_seed(settings.seed)
    first = complexes[0]
    sizes = first.hidden.shape[1], first.left.shape[1]
    model = build_linear_pairs(*sizes, settings.dropout, settings.units)
    optimizer = keras.optimizers.AdamW(settings.learning_rate, weight_decay=settings.weight_decay)
    model.compile(optimizer, keras.losses.BinaryCrossentropy(from_logits=True), jit_compile=False)
    inputs, labels, weights = _both_orders(complexes)
    best, kept = -1.0, model.get_weights()
    for _ in range(settings.epochs):
        model.fit(inputs, labels, settings.batch, sample_weight=weights, verbose=0)
        found = cauroc([auroc(one.contacts, linear_logits(model, one)) for one in validation])
        if found > best:
            best, kept = found, model.get_weights()
    model.set_weights(kept)
    return model, best


def _both_orders(
    complexes: Sequence[PairInputs],
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Join the pairs of all complexes, each in both orders of its residues."""
    hidden, left, right, contacts = (
        np.concatenate([getattr(one, name) for one in complexes])
        for name in ("hidden", "left", "right", "contacts")
    )
    weights = np.concatenate([_balanced(one.contacts) for one in complexes])
    weights *= len(weights) / weights.sum()
    inputs = [np.concatenate(pair) for pair in ((hidden, hidden), (left, right), (right, left))]
    return inputs, np.tile(contacts.astype(np.float32), 2), np.tile(weights, 2)


def _balanced(contacts: np.ndarray) -> np.ndarray:
    """Weigh contacts and non-contacts alike, shape (n_pairs,)."""
    share = np.array([max(1, (~contacts).sum()), max(1, contacts.sum())], np.float32)
    return (0.5 / share)[contacts.astype(int)]


def linear_logits(model: keras.Model, pairs: PairInputs) -> np.ndarray:
    """Compute logits, both orders of the residues averaged.

    Returns
    -------
    ndarray, shape (n_pairs,), float32
    """
    names = [layer.name for layer in model.layers if layer.name in ("units", "logit")]
    (kernel, bias), *last = ([np.asarray(v) for v in model.get_layer(n).weights] for n in names)
    size, width = pairs.hidden.shape[1], pairs.left.shape[1]
    of_hidden, of_left, of_right = np.split(kernel, [size, size + width])
    common = pairs.hidden @ of_hidden + bias  # (n_pairs, units or 1)
    orders = (
        common + pairs.left @ of_left + pairs.right @ of_right,
        common + pairs.right @ of_left + pairs.left @ of_right,
    )
    if last:
        ((kernel, bias),) = last
        orders = tuple(np.maximum(values, 0) @ kernel + bias for values in orders)  # (n_pairs, 1)
    logits: np.ndarray = (orders[0] + orders[1])[:, 0] / 2
    return logits
