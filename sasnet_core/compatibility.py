"""Whether two proteins look like partners: how their likeliest residues match, held to strangers.

Pair scores say where a protein would be touched and hardly by whom: a stranger's are as high. A
small network, the matcher, looks for nothing but that. It reads what the head reads of the
likeliest residues of each side and learns from complexes which two sides belong together
(`train.compatibility`). The paper has nothing like it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import layers, ops

from sasnet_core.weights import (
    MATCHER_FILE,
    fill,
    half_precision,
    read_weights,
    write_matcher,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.config import MatcherConfig
    from sasnet_core.weights import WeightsInfo


#: Keeps the logarithm of a sum that rounds to 0 finite.
TINY = 1e-30


def build_matcher(config: MatcherConfig, head_input: int) -> keras.Model:
    """Build the matcher: what the head reads of a residue in, what it asks and answers out.

    Parameters
    ----------
    config : MatcherConfig
        Sizes.
    head_input : int
        Numbers that the head reads of each residue.

    Returns
    -------
    keras.Model
        Input (batch, residues, head_input), output (batch, residues, 2 * width), float32: what
        each residue asks of its partner, and what it answers.
    """
    rows = keras.Input((config.residues, head_input), name="residues")
    read = layers.Dropout(config.dropout, name="dropout", dtype="float32")(rows)
    both = []
    for name in ("asks", "answers"):
        x = layers.Dense(config.hidden, "relu", name=f"{name}_hidden", dtype="float32")(read)
        x = layers.Dropout(config.dropout, name=f"{name}_dropout", dtype="float32")(x)
        both.append(layers.Dense(config.width, name=name, dtype="float32")(x))
    joined = layers.Concatenate(name="both", dtype="float32")(both)
    return keras.Model(rows, joined, name="matcher")


def match(left: Any, right: Any, xp: Any = np) -> Any:
    """Say how well sides match: every residue's best answers, averaged, whoever asks.

    Parameters
    ----------
    left, right : array, shape (n_left, residues, 2 * width), (n_right, residues, 2 * width)
        From the matcher, for several sides.
    xp : module
        That computes: numpy, or keras.ops for tensors.

    Returns
    -------
    array, shape (n_left, n_right)
        ``match(b, a)`` is its transpose.
    """
    asked, answered = xp.split(left, 2, axis=-1)
    asking, answering = xp.split(right, 2, axis=-1)
    return _one_way(asked, answering, xp) + _one_way(answered, asking, xp)


def _one_way(one: Any, other: Any, xp: Any) -> Any:
    """Match each residue softly with its best, in both directions."""
    products = xp.tensordot(one, other, axes=[[2], [2]]) / math.sqrt(one.shape[-1])
    highest = xp.max(products)
    shares = xp.exp(products - highest)
    ones = xp.mean(xp.log(xp.sum(shares, axis=3) + TINY), axis=1)
    others = xp.mean(xp.log(xp.sum(shares, axis=1) + TINY), axis=2)
    return ones + others + 2 * highest


def likeliest(rows: np.ndarray, best_scores: np.ndarray, count: int) -> np.ndarray:
    """Choose the residues of a protein that are likeliest in the interface.

    Parameters
    ----------
    rows : ndarray, shape (n_residues, head_input)
        What the head reads of each.
    best_scores : ndarray, shape (n_residues,)
        Of each residue's best pair.
    count : int
        Residues to choose; those of a smaller protein come more than once.

    Returns
    -------
    ndarray, shape (count, head_input), float32
        Likeliest first.
    """
    order = np.argsort(-best_scores, kind="stable")
    return rows[np.resize(order, count)].astype(np.float32)


def tell(matcher: keras.Model, sides: np.ndarray) -> np.ndarray:
    """Run the matcher on sides.

    Parameters
    ----------
    matcher : keras.Model
        From `build_matcher`.
    sides : ndarray, shape (n_sides, residues, head_input)
        From `likeliest`.

    Returns
    -------
    ndarray, shape (n_sides, residues, 2 * width), float32
    """
    return np.asarray(ops.convert_to_numpy(matcher(sides, training=False)))


@dataclass(frozen=True)
class Panel:
    """Proteins that two others are held to, as strangers to both.

    Attributes
    ----------
    sides : ndarray, shape (n_sides, residues, 2 * width), float32
        From the matcher.
    mean, deviation : float
        Of strangers' matches among them, and standard deviation of what is left when the means of
        both sides are taken off.
    """

    sides: np.ndarray
    mean: float
    deviation: float


def make_panel(sides: np.ndarray, partners: np.ndarray) -> Panel:
    """Make a panel of some sides.

    Parameters
    ----------
    sides : ndarray, shape (n_sides, residues, 2 * width)
        From the matcher.
    partners : ndarray, shape (n_sides, n_sides), bool
        Which two are no strangers; a side and itself are none.
    """
    matches = np.ma.array(match(sides, sides), mask=partners)
    left = matches - matches.mean(axis=1)[:, None] - matches.mean(axis=0) + matches.mean()
    return Panel(sides.astype(np.float32), float(matches.mean()), float(left.std()))


class Compatibility:
    """Tells how well two proteins match, held to strangers.

    Parameters
    ----------
    config : MatcherConfig
        Sizes.
    matcher : keras.Model
        From `build_matcher`.
    panel : Panel
        Strangers.
    """

    def __init__(self, config: MatcherConfig, matcher: keras.Model, panel: Panel) -> None:
        self.config, self.matcher, self.panel = config, matcher, panel

    def sides(self, embeddings: Sequence[np.ndarray], matrix: np.ndarray) -> list[np.ndarray]:
        """Choose what the matcher reads of two proteins.

        Parameters
        ----------
        embeddings : two ndarrays, shape (n_left, head_input), (n_right, head_input)
            What the head reads of their residues, in one rotation.
        matrix : ndarray, shape (n_left, n_right)
            Pair scores of that rotation.

        Returns
        -------
        list of two ndarrays, shape (residues, head_input), float32
        """
        best = matrix.max(axis=1), matrix.max(axis=0)
        count = self.config.residues
        return [likeliest(*side, count) for side in zip(embeddings, best, strict=True)]

    def __call__(self, embeddings: Sequence[np.ndarray], matrix: np.ndarray) -> float:
        """Say how well two proteins match.

        Parameters
        ----------
        embeddings, matrix
            As `sides` takes them.

        Returns
        -------
        float
            0 as well as strangers do, 1 a standard deviation of strangers better.
        """
        rows = np.stack(self.sides(embeddings, matrix))
        told = tell(self.matcher, rows)
        return float(held_to_strangers(told[:1], told[1:], self.panel)[0, 0])


def held_to_strangers(left: np.ndarray, right: np.ndarray, panel: Panel) -> np.ndarray:
    """Match sides, and take off how well each matches the panel: some match everybody.

    Parameters
    ----------
    left, right : ndarray, shape (n_left, residues, 2 * width), (n_right, residues, 2 * width)
        From the matcher.
    panel : Panel
        Strangers.

    Returns
    -------
    ndarray, shape (n_left, n_right)
        In standard deviations of strangers.
    """
    own, lefts, rights = (
        match(*pair) for pair in ((left, right), (left, panel.sides), (panel.sides, right))
    )
    found: np.ndarray = own - lefts.mean(axis=1)[:, None] - rights.mean(axis=0) + panel.mean
    return found / panel.deviation


def save_compatibility(info: WeightsInfo, compatibility: Compatibility) -> None:
    """Write a matcher and its panel beside the weights of the network that it reads."""
    panel = compatibility.panel
    arrays = {
        **half_precision([compatibility.matcher]),
        "panel/sides": panel.sides.astype(np.float16),
        "panel/mean": np.array(panel.mean, np.float32),
        "panel/deviation": np.array(panel.deviation, np.float32),
    }
    write_matcher(info, compatibility.config, arrays)


def load_compatibility(info: WeightsInfo) -> Compatibility | None:
    """Load the matcher of a network, if it has one.

    Raises
    ------
    WeightsError
        An array is missing or does not fit the settings.
    """
    if info.matcher is None:
        return None
    assert info.model is not None
    matcher = build_matcher(info.matcher, info.model.head_input)
    fill([matcher], info.folder, others=True, name=MATCHER_FILE)
    arrays = read_weights(info.folder / MATCHER_FILE)
    sides, mean, deviation = (arrays[f"panel/{name}"] for name in ("sides", "mean", "deviation"))
    panel = Panel(sides.astype(np.float32), float(mean), float(deviation))
    return Compatibility(info.matcher, matcher, panel)
