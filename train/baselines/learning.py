"""Training of the compared networks, their scores, and their files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from sasnet_core.errors import DatasetError
from sasnet_core.files import read_arrays, write_arrays, write_json
from sasnet_core.metrics import auroc, cauroc, mean_auroc
from train.baselines.methods import Sizes, build
from train.baselines.pairs import GraphPair, Scale, sample_pairs

WEIGHTS, RUN = "weights.npz", "run.json"
#: Non-contacts of each held-out complex that checks during training look at.
CHECKED = 1000


@dataclass(frozen=True)
class Training:
    """How a network is trained.

    Attributes
    ----------
    learning_rate : float
        Of Adam. (Fout et al.: gradient descent, 0.1.)
    negatives : int
        Non-contacts drawn for each contact; a contact weighs as much as they do together (Fout et
        al.: 10, drawn once).
    epochs : int
        Times that every complex is seen, at most.
    patience : int
        Epochs without a better check after which training ends.
    """

    learning_rate: float = 1e-3
    negatives: int = 10
    epochs: int = 12
    patience: int = 3


@dataclass(frozen=True)
class Trained:
    """A trained network, what scales its features, and how it came about."""

    model: keras.Model
    scale: Scale
    facts: dict[str, Any]


def train(
    sizes: Sizes,
    training: Training,
    examples: Sequence[GraphPair],
    held_out: Sequence[GraphPair],
    seed: int,
    report: Callable[[str], None] = lambda text: None,
) -> Trained:
    """Train a network; the epoch with the best mean AUROC on held-out complexes is kept.

    Parameters
    ----------
    sizes : Sizes
        The network.
    training : Training
        How to train it.
    examples, held_out : sequence of GraphPair
        Complexes to learn from (DB3) and to choose by (DB4U).
    seed : int
        Seed of weights, order of complexes and non-contacts.
    report : callable, optional
        Gets a line after each epoch.
    """
    scale, rng = Scale.of(examples), np.random.default_rng(seed)
    examples, held_out = ([scale.apply(item) for item in part] for part in (examples, held_out))
    model = build(sizes, seed)
    model.compile(
        keras.optimizers.Adam(training.learning_rate),
        keras.losses.BinaryCrossentropy(from_logits=True),
        jit_compile=False,  # shapes differ from complex to complex
    )
    checks = [sample_pairs(item, CHECKED, np.random.default_rng(0)) for item in held_out]
    history: list[dict[str, float]] = []
    best = model.get_weights()
    for _ in range(training.epochs):
        loss = run_epoch(model, examples, training.negatives, rng)
        history.append({"loss": loss, **check(model, held_out, checks)})
        means = [one["mean_auroc"] for one in history]
        report(f"epoch {len(means)}: loss {loss:.4f}, mean AUROC {means[-1]:.3f}")
        if means[-1] >= max(means):
            best = model.get_weights()
        if len(means) - int(np.argmax(means)) > training.patience:
            break
    model.set_weights(best)
    chosen = int(np.argmax([one["mean_auroc"] for one in history]))
    facts = {"sizes": asdict(sizes), "training": asdict(training), "seed": seed,
             "epoch": chosen + 1, "check": history[chosen], "history": history}  # fmt: skip
    return Trained(model, scale, facts)


def run_epoch(
    model: keras.Model, examples: Sequence[GraphPair], negatives: int, rng: np.random.Generator
) -> float:
    """Make one step with each complex, in random order; returns the mean loss."""
    losses = []
    for row in rng.permutation(len(examples)):
        item = examples[row]
        pairs, labels = sample_pairs(item, negatives * len(item.contacts), rng)
        weights = np.where(labels > 0, negatives, 1) / (2 * negatives)
        inputs = [*item.inputs(), pairs[None]]
        losses.append(model.train_on_batch(inputs, labels[None, :, None], weights[None]))
    return float(np.mean(losses))


def check(
    model: keras.Model,
    held_out: Sequence[GraphPair],
    checks: Sequence[tuple[np.ndarray, np.ndarray]],
) -> dict[str, float]:
    """Compute mean and median AUROC over complexes, on some of their pairs."""
    halves, aurocs = halves_of(model), []
    for item, (pairs, labels) in zip(held_out, checks, strict=True):
        aurocs.append(auroc(labels, PairHead(model, halves, item).of_pairs(pairs)))
    return {"mean_auroc": mean_auroc(aurocs), "cauroc": cauroc(aurocs)}


def halves_of(model: keras.Model) -> keras.Model:
    """Return the part of a network that sees one residue at a time: its dense layers' halves."""
    halves = [model.get_layer(name).output for name in ("first", "second")]
    return keras.Model(model.inputs[:3], halves)


class PairHead:
    """The layers that see both residues of a pair; what belongs to one is computed once.

    Parameters
    ----------
    model, halves : keras.Model
        Made by `build` and by `halves_of`.
    item : GraphPair
        A complex with scaled features.
    """

    def __init__(self, model: keras.Model, halves: keras.Model, item: GraphPair) -> None:
        first, second = halves(item.inputs(), training=False)
        self.first, self.second = (np.asarray(part)[0] for part in (first, second))  # (n, dense)
        kernel, bias = model.get_layer("score").get_weights()
        self.kernel, self.bias, self.n_left = kernel[:, 0], float(bias[0]), item.n_left

    def of_pairs(self, pairs: np.ndarray) -> np.ndarray:
        """Return the logits of pairs, rows of nodes: shape (n_pairs, 2) -> (n_pairs,)."""
        one, other = pairs.T
        return self._logits(self.first[one] + self.second[other],
                            self.first[other] + self.second[one])  # fmt: skip

    def matrix(self) -> np.ndarray:
        """Return the logits of all pairs, shape (n_left, n_right)."""
        right = slice(self.n_left, None)
        rows = [
            self._logits(self.first[row] + self.second[right],
                         self.first[right] + self.second[row])
            for row in range(self.n_left)
        ]  # fmt: skip
        return np.stack(rows)

    def _logits(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Finish both orders of pairs: shapes (n_pairs, dense) -> (n_pairs,)."""
        hidden = np.maximum(one, 0) + np.maximum(other, 0)
        return hidden @ self.kernel / 2 + self.bias


def save(folder: Path, trained: Trained, origin: Mapping[str, Any] | None = None) -> None:
    """Write a trained network; its facts come last, so a folder that has them is complete.

    Parameters
    ----------
    folder : Path
        Where to.
    trained : Trained
        The network.
    origin : mapping, optional
        More facts.
    """
    arrays = {f"{place:02d}": value for place, value in enumerate(trained.model.get_weights())}
    scale = {"mean": trained.scale.mean, "deviation": trained.scale.deviation}
    write_arrays({**arrays, **scale}, folder / WEIGHTS)
    write_json({**trained.facts, **(origin or {})}, folder / RUN)


def read_facts(folder: Path) -> dict[str, Any]:
    """Read how a network was trained, and how good it was on held-out complexes."""
    found: dict[str, Any] = json.loads((folder / RUN).read_text())
    return found


def load(folder: Path) -> Trained:
    """Read a trained network.

    Raises
    ------
    DatasetError
        The folder does not hold one.
    """
    try:
        facts = read_facts(folder)
        arrays = read_arrays(folder / WEIGHTS)
        scale = Scale(arrays.pop("mean"), arrays.pop("deviation"))
        model = build(Sizes(**facts["sizes"] | {"filters": tuple(facts["sizes"]["filters"])}))
        model.set_weights([arrays[name] for name in sorted(arrays)])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{folder}: a network of train.baselines.fit is needed ({error}); train it again"
        ) from None
    return Trained(model, scale, facts)


def score(trained: Trained, item: GraphPair) -> np.ndarray:
    """Score all pairs of a complex, shape (n_left, n_right); logits."""
    item = trained.scale.apply(item)
    return PairHead(trained.model, halves_of(trained.model), item).matrix()
