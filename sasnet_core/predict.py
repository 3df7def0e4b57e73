"""Two proteins in, pair scores out."""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
from keras import ops

from sasnet_core.config import ROTATIONS
from sasnet_core.context import surroundings_tensors
from sasnet_core.errors import SettingError
from sasnet_core.fitted import Smoothing
from sasnet_core.kept_scores import KeptScores
from sasnet_core.lattice import TILE_VOXELS, build_lattice, pad_lattice, random_pose, tiles
from sasnet_core.memory import PAIRS_LISTED, Sizes
from sasnet_core.mixture import member_views, mixed
from sasnet_core.model import (
    RESIDUE_UNIT,
    ROW_UNIT,
    embed_lattice,
    lattice_tensors,
    pair_scores,
)
from sasnet_core.network import build_network, compiled
from sasnet_core.precision import choose_precision
from sasnet_core.scores import PairScores, Smoother
from sasnet_core.surroundings import find_surroundings
from sasnet_core.voxels import surfacelet
from sasnet_core.weights import fill, read_info

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sasnet_core.fitted import Mixture
    from sasnet_core.lattice import Pose
    from sasnet_core.network import Network
    from sasnet_core.protein import Protein
    from sasnet_core.shelf import Shelf
    from sasnet_core.weights import WeightsInfo

#: Ways to embed a protein.
ENGINES = ("lattice", "windows")
#: Calls of each function that run untraced: both partners of the first rotation. Tracing takes a
#: second, which the first score need not wait for.
UNTRACED = 2
#: Residues whose voxel grids go through the tower at a time.
WINDOW_BLOCK = 32


class Predictor:
    """A network ready to score pairs of proteins.

    Parameters
    ----------
    network : Network
        Its weights and sizes.
    smoothing : Smoothing, optional
        How scores take in their neighbours'; not at all when left out.
    engine : str
        "lattice": all residues of a protein share one lattice, many times faster; "windows": a
        voxel grid of its own for each residue, the CA exactly in its centre (paper).
    kept : KeptScores, optional
        Where the scores of every rotation are kept and looked up.
    """

    def __init__(
        self,
        network: Network,
        smoothing: Smoothing | None = None,
        engine: str = "lattice",
        kept: KeptScores | None = None,
    ) -> None:
        if engine not in ENGINES:
            raise SettingError(f"engine must be one of {', '.join(ENGINES)}, got {engine!r}")
        self.network = network
        self._shelf: Shelf | None = None
        self._place = 0  # on the shelf, beside other members of an ensemble
        self._sizes = Sizes(TILE_VOXELS, PAIRS_LISTED)
        self.smoothing = smoothing or Smoothing()
        self._kept = kept
        self._embed_tower: Callable[[Protein, Pose], Any] = (
            self._lattice_embeddings if engine == "lattice" else self._windowed
        )
        config = network.config
        self._run_lattice = compiled(
            lambda arrays: embed_lattice(network.tower, config, arrays), UNTRACED
        )
        self._run_windows = compiled(lambda grids: network.tower(grids, training=False), UNTRACED)
        self._hear = compiled(network.hear, UNTRACED)
        self._score_pairs = compiled(
            lambda left, right, pairs: pair_scores(network.head, config, left, right, pairs),
            UNTRACED,
        )

    def put_aside(self, shelf: Shelf | None, place: int = 0) -> None:
        """Keep embeddings of proteins that come again on a shelf, from now on.

        Parameters
        ----------
        shelf : Shelf or None
            Its owners are proteins' content hashes; None: keep none.
        place : int
            Keeps networks apart that share a shelf.
        """
        self._shelf, self._place = shelf, place

    def keep_within(self, sizes: Sizes) -> None:
        """Work on no more than this at once."""
        self._sizes = sizes

    @property
    def precision(self) -> str:
        """What the network computes in: "float32" or "bfloat16"."""
        return str(self.network.tower.get_layer("dense").compute_dtype)

    @classmethod
    def load(
        cls,
        folder: str | Path,
        precision: str = "auto",
        engine: str = "lattice",
        kept: Path | None = None,
    ) -> Predictor:
        """Load a weights folder, that of an ensemble too.

        Parameters
        ----------
        folder : str or Path
            The weights and their configuration, or the name of shipped ones.
        precision : str
            "float32", "bfloat16", or "auto": bfloat16 where the device that Keras computes on has
            fast units for it.
        engine : str
            See `Predictor`.
        kept : Path, optional
            Folder in which scores are kept and looked up, those of many networks side by side.

        Raises
        ------
        WeightsError
            The folder does not hold weights that fit their configuration.
        SettingError
            Precision or engine is unknown.
        """
        info = read_info(folder)
        chosen = choose_precision(precision)
        if info.mixture is None:
            return _load_one(info, chosen, engine, kept)
        members = [_load_one(member, chosen, engine, kept) for member in info.members]
        return Ensemble(members, info.mixture, info.smoothing)

    def score(
        self,
        left: Protein,
        right: Protein,
        rotations: int = ROTATIONS,
        seed: int = 0,
        progress: Callable[[int], None] | None = None,
        first: Callable[[PairScores], None] | None = None,
    ) -> PairScores:
        """Score every pair of residues, averaged over random rotations and both orders.

        The mean is smoothed over neighbouring pairs; spread and best scores are those of each
        rotation's scores (in an ensemble: of each member in each rotation), smoothed alike.

        Parameters
        ----------
        left, right : Protein
            The partners. Where they lie to each other plays no part: each gets its own rotation
            and lattice offset, keyed by its atoms, so that ``score(b, a)`` is ``score(a, b)``
            transposed.
        rotations : int
            Rotations to average (paper: 20).
        seed : int
            Seed of the rotations.
        progress : callable, optional
            Called with the number of rotations done, after each.
        first : callable, optional
            Called with the scores of the first rotation alone, before `progress` hears of it;
            not if there is but one.

        Returns
        -------
        PairScores
            ``matrix`` and ``spread`` of shape (n_left, n_right), float32.
        """
        smoother = Smoother(left, right, self.smoothing)
        if rotations < 1:
            raise SettingError(f"rotations must be 1 or more, got {rotations}")
        sums = _Sums(left, right, smoother)
        for number, (raw, views) in enumerate(self._rotations(left, right, rotations, seed), 1):
            sums.add(raw, views)
            if first is not None and number == 1 < rotations:
                first(sums.scores())
            if progress is not None:
                progress(number)
        return sums.scores()

    def rotation_scores(
        self, left: Protein, right: Protein, rotations: int, seed: int
    ) -> Iterator[np.ndarray]:
        """Yield the scores of one rotation after another, not smoothed.

        Yields
        ------
        ndarray, shape (n_left, n_right), float32
        """
        return (raw for raw, _ in self._rotations(left, right, rotations, seed))

    def _rotations(
        self, left: Protein, right: Protein, rotations: int, seed: int
    ) -> Iterator[tuple[np.ndarray, Sequence[np.ndarray]]]:
        """Yield the scores of each rotation, and the views that its spread is made of."""
        if self._kept is None:
            found = self._compute(left, right, seed, range(rotations))
        else:
            found = self._kept.rotations(left, right, seed, rotations, self._compute)
        return ((scores, [scores]) for scores in found)

    def _compute(
        self, left: Protein, right: Protein, seed: int, rotations: range
    ) -> Iterator[np.ndarray]:
        """Compute the scores of some rotations."""
        keys = [_content_key(protein) for protein in (left, right)]
        if keys[0] == keys[1]:  # the same protein twice: poses of their own all the same
            keys[1] = (*keys[1], 1)
        posed = [self._poses(*pair, seed) for pair in zip((left, right), keys, strict=True)]
        for rotation in rotations:
            yield self.score_embeddings(*(embed(rotation) for embed in posed))

    def _poses(self, protein: Protein, key: tuple[int, ...], seed: int) -> Callable[[int], Any]:
        """Give a function that embeds a protein in its pose of a rotation."""
        around = functools.cache(lambda: self._surroundings(protein))
        owner = protein.content_hash

        def embed(rotation: int) -> Any:
            stream = [seed, rotation, *key]
            name = self._place, *stream
            found = None if self._shelf is None else self._shelf.get(owner, name)
            if found is not None:
                return ops.convert_to_tensor(found)
            made = self._embed(protein, around(), np.random.default_rng(stream))
            if self._shelf is not None:
                self._shelf.put(owner, name, ops.convert_to_numpy(made))
            return made

        return embed

    def embed(self, protein: Protein, rng: np.random.Generator) -> Any:
        """Embed every residue in one random pose.

        Returns
        -------
        tensor, shape (n_residues, head_input)
        """
        return self._embed(protein, self._surroundings(protein), rng)

    def _embed(self, protein: Protein, around: list[Any], rng: np.random.Generator) -> Any:
        embeddings = _filled(self._embed_tower(protein, random_pose(rng)))
        return self._hear(embeddings, around)[: protein.n_residues]

    def _surroundings(self, protein: Protein) -> list[Any]:
        """Return what the context layers read of a protein: the same in every pose."""
        around = find_surroundings(protein, self.network.config.neighbours_read)
        return [_filled(array) for array in surroundings_tensors(around)]

    def _lattice_embeddings(self, protein: Protein, pose: Pose) -> Any:
        """Run the tower over a protein's lattice, huge proteins tile by tile."""
        config = self.network.config
        rows = tiles(protein, config, pose, self._sizes.tile_voxels)
        lattices = (build_lattice(protein, config, pose, residues=part) for part in rows)
        embeddings = [
            self._run_lattice(lattice_tensors(pad_lattice(lattice, ROW_UNIT)))
            for lattice in lattices
        ]
        return _in_order(embeddings, rows)

    def _windowed(self, protein: Protein, pose: Pose) -> Any:
        """Run the tower over each residue's own voxel grid, its CA exactly in the centre."""
        turned = protein.with_coordinates(
            protein.coords @ pose.rotation.T, protein.centers @ pose.rotation.T
        )
        edge = self.network.config.edge_read
        rows = np.array_split(np.arange(protein.n_residues), -(-protein.n_residues // WINDOW_BLOCK))
        embeddings = [
            self._run_windows(np.stack([surfacelet(turned, row, edge) for row in part]))
            for part in rows
        ]
        return _in_order(embeddings, rows)

    def score_embeddings(self, left: Any, right: Any) -> np.ndarray:
        """Score all pairs of embeddings, both orders averaged.

        Returns
        -------
        ndarray, shape (n_left, n_right), float32
        """
        count, width = left.shape[0], right.shape[0]
        left, right = _filled(left), _filled(right)
        scores = np.empty((count, width), np.float32)
        step = max(1, self._sizes.pairs_listed // width)
        for first in range(0, count, step):
            part = scores[first : first + step]
            pairs = np.indices(part.shape, np.int32).reshape(2, -1).T + np.array(
                [first, 0], np.int32
            )
            found = ops.convert_to_numpy(self._score_pairs(left, right, pairs))
            part[:] = found.reshape(part.shape)
        return scores


class Ensemble(Predictor):
    """Several networks that score as one.

    In each rotation every member sees the partners in the same poses, and their scores are mixed;
    mean and smoothing are as for one network. The spread is over all rotations of all members.

    Parameters
    ----------
    members : sequence of Predictor
        Their own smoothings play no part. Those with the same tower run it once.
    mixture : Mixture
        How they are mixed.
    smoothing : Smoothing, optional
        Of the mixed scores.
    """

    def __init__(
        self, members: Sequence[Predictor], mixture: Mixture, smoothing: Smoothing | None = None
    ) -> None:
        self.members = tuple(members)
        self.smoothing = smoothing or Smoothing()
        self._mixture = mixture
        share_towers(self.members)

    def put_aside(self, shelf: Shelf | None, place: int = 0) -> None:
        """Keep the members' embeddings of proteins that come again on a shelf, from now on."""
        for number, member in enumerate(self.members):
            member.put_aside(shelf, place + number)

    def keep_within(self, sizes: Sizes) -> None:
        """Let no member work on more than this at once."""
        for member in self.members:
            member.keep_within(sizes)

    @property
    def precision(self) -> str:
        """What the members compute in."""
        return self.members[0].precision

    def _rotations(
        self, left: Protein, right: Protein, rotations: int, seed: int
    ) -> Iterator[tuple[np.ndarray, Sequence[np.ndarray]]]:
        """Yield the mixed scores of each rotation, and each member's on the same scale."""
        runs = [member.rotation_scores(left, right, rotations, seed) for member in self.members]
        for scores in zip(*runs, strict=True):
            yield mixed(scores, self._mixture), member_views(scores, self._mixture)


class _SharedTower:
    """A tower that several members run: what it gave for the last two proteins is remembered."""

    def __init__(self, embed: Callable[[Protein, Pose], Any]) -> None:
        self._embed = embed
        self._last: list[tuple[Protein, Pose, Any]] = []

    def __call__(self, protein: Protein, pose: Pose) -> Any:
        for known, its_pose, embeddings in self._last:
            if known is protein and all(
                map(np.array_equal, vars(pose).values(), vars(its_pose).values())
            ):
                return embeddings
        embeddings = self._embed(protein, pose)
        self._last = [*self._last[-1:], (protein, pose, embeddings)]
        return embeddings


def share_towers(members: Sequence[Predictor]) -> None:
    """Let predictors with the same tower run it once for all of them."""
    shared: dict[str, Any] = {}
    for member in members:
        digest = hashlib.sha256(repr(member.network.config.tower_sizes).encode())
        for variable in member.network.tower.weights:
            digest.update(ops.convert_to_numpy(variable).tobytes())
        own = _SharedTower(member._embed_tower)
        member._embed_tower = shared.setdefault(digest.hexdigest(), own)


def _load_one(info: WeightsInfo, precision: str, engine: str, kept: Path | None) -> Predictor:
    """Load the weights of one network."""
    assert info.model is not None
    network = build_network(info.model, precision)
    fill(network.parts, info.folder)
    store = kept and KeptScores(kept, [info.sha256, info.sizes(), precision, engine])
    return Predictor(network, info.smoothing, engine, store or None)


def _filled(rows: Any) -> Any:
    """Add rows of zeros up to a multiple of `RESIDUE_UNIT`: few shapes, few compilations."""
    return ops.pad(rows, ((0, -rows.shape[0] % RESIDUE_UNIT), *[(0, 0)] * (len(rows.shape) - 1)))


def _in_order(embeddings: list[Any], rows: list[np.ndarray]) -> Any:
    """Join the embeddings of parts of a protein in the order of its residues."""
    if len(rows) == 1:
        return embeddings[0]
    return ops.take(ops.concatenate(embeddings), np.argsort(np.concatenate(rows)), axis=0)


class _Sums:
    """What is summed up over rotations, and the scores that it gives so far."""

    def __init__(self, left: Protein, right: Protein, smoother: Smoother) -> None:
        shape = (left.n_residues, right.n_residues)
        self._partners = left, right
        self._smoother = smoother
        self._rotations = 0
        self._total, self._sums, self._squares = (np.zeros(shape) for _ in range(3))
        self._best: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])

    def add(self, raw: np.ndarray, views: Sequence[np.ndarray]) -> None:
        """Add a rotation: its scores, not smoothed, and the views that the spread is made of."""
        self._rotations += 1
        self._total += raw
        for matrix in map(self._smoother.smooth, views):
            self._sums += matrix
            self._squares += matrix.astype(np.float64) ** 2
            self._best[0].append(matrix.max(axis=1))
            self._best[1].append(matrix.max(axis=0))

    def scores(self) -> PairScores:
        """Average the rotations so far."""
        count = len(self._best[0])
        variance = self._squares / count - (self._sums / count) ** 2
        return PairScores(
            *self._partners,
            self._smoother.smooth(self._total / self._rotations),
            np.sqrt(np.maximum(variance, 0.0)).astype(np.float32),
            np.stack(self._best[0]),
            np.stack(self._best[1]),
        )


def _content_key(protein: Protein) -> tuple[int, ...]:
    """Key a random stream by a protein's atoms."""
    digest = hashlib.sha256(protein.coords.tobytes() + protein.elements.tobytes()).digest()
    return tuple(np.frombuffer(digest[:16], np.uint32).tolist())
