"""The paper's model of structure and conservation: one linear layer over a pair.

It reads the last hidden layer of a structural network's head and the windows of the profiles of
both residues (section 5.3 of the paper).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import layers, ops

from sasnet_core.network.pair_head import finish_hidden, split_head

if TYPE_CHECKING:
    from sasnet_core.network.network import Network


def build_linear_pairs(
    hidden_size: int, window_size: int, dropout: float = 0.0, units: int = 0
) -> keras.Model:
    """Build the model.

    Parameters
    ----------
    hidden_size : int
        Outputs of the last hidden layer of the head.
    window_size : int
        Numbers in the window of one residue.
    dropout : float
        Share of the inputs set to 0 in training.
    units : int
        Of a layer of rectified units before the last one; 0: none, as in the paper.

    Returns
    -------
    keras.Model
        Inputs (n_pairs, hidden_size) and twice (n_pairs, window_size), output (n_pairs, 1): the
        logit of a contact.
    """
    hidden = keras.Input((hidden_size,), name="hidden")
    left = keras.Input((window_size,), name="left_window")
    right = keras.Input((window_size,), name="right_window")
    x = layers.Concatenate(name="concatenate")([hidden, left, right])
    x = layers.Dropout(dropout, name="dropout")(x)
    if units:
        x = layers.Dense(units, "relu", name="units")(x)
    logit = layers.Dense(1, name="logit")(x)
    return keras.Model([hidden, left, right], logit, name="linear_pairs")


def last_hidden(network: Network, left: Any, right: Any, pairs: Any) -> Any:
    """Compute the last hidden layer of the head for some pairs, both orders averaged.

    Parameters
    ----------
    network : Network
        The structural network.
    left, right : tensor, shape (n_left, head_input), (n_right, head_input)
        What its head reads of each residue.
    pairs : tensor, shape (n_pairs, 2), int32
        Rows (left, right).

    Returns
    -------
    tensor, shape (n_pairs, head_sizes[-1]), float32
    """
    head, config = network.head, network.config
    orders = ((left, right, pairs), (right, left, pairs[:, ::-1]))
    found = []
    for first, second, rows in orders:
        one, other = split_head(head, first, second)
        x = ops.take(one, rows[:, 0], axis=0) + ops.take(other, rows[:, 1], axis=0)
        found.append(ops.cast(finish_hidden(head, config, x), "float32"))
    return (found[0] + found[1]) / 2  # (n_pairs, head_sizes[-1])
