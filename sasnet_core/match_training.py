"""How a matcher learns: what it reads of complexes, batches of them, and what it makes small."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from sasnet_core.compatibility import Panel, build_matcher, likeliest, make_panel, match, tell
from sasnet_core.complexes import load_complex
from sasnet_core.files import written_whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sasnet_core.config import MatcherConfig
    from sasnet_core.predict import Predictor

#: Complexes of a step, each of another group of clusters.
COMPLEXES_PER_STEP = 24
LEARNING_RATE, WEIGHT_DECAY = 1e-3, 0.05
#: Random poses of each complex.
POSES = 2


class SideReader:
    """Lets a network find the likeliest residues of complexes, in a few poses each.

    Parameters
    ----------
    predictor : Predictor
        The network.
    residues : int
        Of each side.
    kept : Path, optional
        Folder of what was found before.
    """

    def __init__(self, predictor: Predictor, residues: int, kept: Path | None) -> None:
        self._predictor, self._residues, self._kept = predictor, residues, kept

    def read(self, dataset: Path, rows: Sequence[dict[str, str]]) -> np.ndarray:
        """Read what the head reads of the likeliest residues of complexes.

        Returns
        -------
        ndarray, shape (n_complexes, 2, POSES, residues, head_input), float32
        """
        found = [self._sides(dataset / r["file"]) for r in tqdm(rows, "complexes", disable=None)]
        return np.stack(found)

    def _sides(self, file: Path) -> np.ndarray:
        """Read the two sides of a complex, shape (2, POSES, residues, head_input)."""
        path = self._kept and self._kept / f"{hashlib.sha256(file.read_bytes()).hexdigest()}.npy"
        if path and path.exists():
            return np.asarray(np.load(path), np.float32)
        item = load_complex(file)
        rng = np.random.default_rng(list(item.name.encode()))
        poses = []
        for _ in range(POSES):
            heard = [self._predictor.embed(side, rng) for side in (item.left, item.right)]
            matrix = self._predictor.score_embeddings(*heard)
            best = matrix.max(axis=1), matrix.max(axis=0)
            rows = [np.asarray(ops.convert_to_numpy(each), np.float32) for each in heard]
            poses.append([likeliest(*s, self._residues) for s in zip(rows, best, strict=True)])
        sides = np.array(poses).swapaxes(0, 1).astype(np.float16)
        if path:
            with written_whole(path, "wb") as stream:
                np.save(stream, sides)
        return sides.astype(np.float32)


class MatcherSteps(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of complexes, each of another group.

    Parameters
    ----------
    sides : ndarray, shape (n_complexes, 2, POSES, residues, head_input)
        From `SideReader`.
    groups : ndarray, shape (n_complexes,)
        Of each complex.
    count : int
        Batches.
    seed : int
        Of what is drawn.
    """

    def __init__(self, sides: np.ndarray, groups: np.ndarray, count: int, seed: int) -> None:
        super().__init__()
        self._sides, self._count, self._seed = sides, count, seed
        self._members = [np.flatnonzero(groups == group) for group in np.unique(groups)]

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, step: int) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
        """Draw complexes, which of their sides is the left one, and poses."""
        rng = np.random.default_rng([self._seed, step])
        size = min(COMPLEXES_PER_STEP, len(self._members))
        drawn = rng.choice(len(self._members), size, replace=False)
        rows = np.array([rng.choice(self._members[group]) for group in drawn])
        left, poses = rng.integers(0, 2, size), rng.integers(0, POSES, (2, size))
        pair = self._sides[rows, left, poses[0]], self._sides[rows, 1 - left, poses[1]]
        return pair, np.arange(size)


class _Matches(keras.layers.Layer):  # type: ignore[misc]
    """`match` as a layer."""

    def call(self, sides: tuple[Any, Any]) -> Any:
        """Match every left side with every right side."""
        return match(*sides, xp=ops)


def own_among_others(places: Any, matches: Any) -> Any:
    """Compute the cross entropy of finding each side's own partner among those of a step."""
    lefts, rights = (
        keras.losses.sparse_categorical_crossentropy(places, table, from_logits=True)
        for table in (matches, ops.transpose(matches))
    )
    return lefts + rights


def train_matcher(
    config: MatcherConfig, sides: np.ndarray, groups: np.ndarray, steps: int, seed: int
) -> keras.Model:
    """Train a matcher from random weights.

    Parameters
    ----------
    config : MatcherConfig
        Its sizes.
    sides, groups
        As `MatcherSteps` takes them.
    steps : int
        Of training.
    seed : int
        Of weights, dropout and order.
    """
    keras.utils.set_random_seed(seed)
    matcher = build_matcher(config, sides.shape[-1])
    lefts, rights = (keras.Input(sides.shape[-2:]) for _ in range(2))
    model = keras.Model([lefts, rights], _Matches()([matcher(lefts), matcher(rights)]))
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY)
    model.compile(optimizer, own_among_others)
    model.fit(MatcherSteps(sides, groups, steps, seed), verbose=0, shuffle=False)
    return matcher


def panel_of(matcher: keras.Model, sides: np.ndarray) -> Panel:
    """Make a panel of both sides of complexes, as `SideReader.read` gives them."""
    told = tell(matcher, np.concatenate([sides[:, 0, 0], sides[:, 1, 0]]))
    numbers = np.tile(np.arange(len(sides)), 2)
    return make_panel(told, numbers[:, None] == numbers)
