"""Networks that score pairs of proteins, and weights folders made ready to."""

from __future__ import annotations

import functools
import itertools
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops

from sasnet_core.errors import SettingError
from sasnet_core.graph.stored import read_networks
from sasnet_core.network.context import surroundings_tensors
from sasnet_core.network.lattice import (
    TILE_VOXELS,
    build_lattice,
    fit_together,
    join_lattices,
    pad_lattice,
    random_pose,
    tiles,
)
from sasnet_core.network.lattice_tower import ROW_UNIT, embed_lattice, lattice_tensors
from sasnet_core.network.neighbourhood import find_surroundings
from sasnet_core.network.network import build_network
from sasnet_core.network.pair_head import pair_scores, site_logits
from sasnet_core.network.precision import choose_precision
from sasnet_core.network.tracing import compiled
from sasnet_core.network.voxels import atoms_around, stack_atoms
from sasnet_core.network.weights import check_sizes, fill
from sasnet_core.network.weights_folder import read_info
from sasnet_core.scoring.ensemble import Ensemble
from sasnet_core.scoring.graph_terms import GraphTerms
from sasnet_core.scoring.lookahead import AT_ONCE, in_order
from sasnet_core.scoring.memory import PAIRS_LISTED, Sizes
from sasnet_core.scoring.score_cache import ScoreCache
from sasnet_core.scoring.scorer import Scorer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sasnet_core.fitted import Smoothing
    from sasnet_core.network.lattice import Lattice, Pose, Posed
    from sasnet_core.network.network import Network
    from sasnet_core.network.weights_folder import WeightsInfo
    from sasnet_core.scoring.embedding_cache import EmbeddingCache
    from sasnet_core.scoring.smoothing import Barred, PairTerms
    from sasnet_core.structure.protein import Protein

#: Ways to embed a protein.
ENGINES = ("lattice", "windows")
#: Calls of each function that run untraced, those of the first rotation among them. Tracing takes
#: a second, which the first score need not wait for.
UNTRACED = 2
#: What the number of residues is filled up to a multiple of, so that few shapes occur.
RESIDUE_UNIT = 16
#: Residues whose voxel grids go through the tower at a time.
WINDOW_BLOCK = 32


class Predictor(Scorer):
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
    score_cache : ScoreCache, optional
        Where the scores of every rotation are stored and looked up.
    device : str, optional
        Where to compute, like "cpu:0"; where Keras would when left out.
    at_once : int
        Rotations that are computed at once, each in a thread of its own; 0: one after another.
    graphs : GraphTerms, optional
        What networks on residue graphs add to the scores.
    """

    def __init__(
        self,
        network: Network,
        smoothing: Smoothing | None = None,
        engine: str = "lattice",
        score_cache: ScoreCache | None = None,
        device: str | None = None,
        at_once: int = AT_ONCE,
        graphs: GraphTerms | None = None,
    ) -> None:
        if engine not in ENGINES:
            raise SettingError(f"engine must be one of {', '.join(ENGINES)}, got {engine!r}")
        super().__init__(smoothing)
        self.network, self._graphs = network, graphs
        self._cache: EmbeddingCache | None = None
        self._member = 0  # separates the members of an ensemble in one cache
        self._sizes = Sizes(TILE_VOXELS, PAIRS_LISTED)
        self._score_cache = score_cache
        self._device, self._at_once = device, at_once
        self._cold = True  # no rotation was computed yet
        self._embed_towers: Callable[[Sequence[Posed]], list[Any]] = (
            self._lattice_embeddings if engine == "lattice" else self._windowed
        )
        config = network.config
        self._run_lattice = compiled(
            lambda arrays: embed_lattice(network.tower, config, arrays), UNTRACED
        )
        self._run_windows = compiled(lambda grids: network.tower(grids, training=False), UNTRACED)
        self._run_context = compiled(network.add_context, UNTRACED)
        self._score_pairs = compiled(
            lambda left, right, pairs: pair_scores(network.head, config, left, right, pairs),
            UNTRACED,
        )
        self._score_sites = compiled(
            lambda embeddings: ops.sigmoid(site_logits(network.head, embeddings)), UNTRACED
        )

    def terms(
        self, left: Protein, right: Protein, barred: Barred | None = None
    ) -> PairTerms | None:
        """Return what the graphs of two partners add; None without graphs."""
        if self._graphs is None:
            return None
        return self._graphs.of(left, right, self.smoothing, barred)

    def use_cache(self, cache: EmbeddingCache | None, member: int = 0) -> None:
        """Store the embeddings of proteins that occur again in a cache, from now on."""
        self._cache, self._member = cache, member

    def limit_sizes(self, sizes: Sizes) -> None:
        """Work on no more than this at once."""
        self._sizes = sizes

    @property
    def precision(self) -> str:
        """What the network computes in: "float32" or "bfloat16"."""
        return str(self.network.tower.get_layer("dense").compute_dtype)

    def _rotations(
        self, left: Protein, right: Protein, rotations: int, seed: int
    ) -> Iterator[tuple[np.ndarray, Sequence[np.ndarray]]]:
        """Yield the scores of each rotation, and the views that its spread is made of."""
        if self._score_cache is None:
            found = self._compute(left, right, seed, range(rotations))
        else:
            found = self._score_cache.rotations(left, right, seed, rotations, self._compute)
        return ((scores, [scores]) for scores in found)

    def _compute(
        self, left: Protein, right: Protein, seed: int, rotations: range
    ) -> Iterator[np.ndarray]:
        """Compute the scores of some rotations."""
        keys = [left.pose_key, right.pose_key]
        if keys[0] == keys[1]:  # the same protein twice: poses of their own all the same
            keys[1] = (*keys[1], 1)
        partners = [_Partner(*pair) for pair in zip((left, right), keys, strict=True)]
        compute = functools.partial(self._rotation, partners, seed)
        if self._cold and rotations:  # untraced, it would only be hindered by others beside it
            self._cold = False
            yield compute(rotations[0])
            rotations = rotations[1:]
        yield from in_order(compute, rotations, self._at_once)

    def _rotation(self, partners: Sequence[_Partner], seed: int, rotation: int) -> np.ndarray:
        """Compute the scores of one rotation, on the device, whatever the thread."""
        posed = self._posed(partners, [seed, rotation])
        with keras.device(self._device) if self._device else nullcontext():
            if self._cache is None:
                embeddings = self._embed(partners, posed)
            else:
                names = [(self._member, seed, rotation, *partner.key) for partner in partners]
                embeddings = self._embed_or_find(partners, posed, names, self._cache)
            return self.score_embeddings(*embeddings)

    def _posed(self, partners: Sequence[_Partner], stream: list[int]) -> list[Posed]:
        """Put partners in their poses of a rotation, each by a random stream of its own."""
        rngs = (np.random.default_rng([*stream, *partner.key]) for partner in partners)
        return [(p.protein, random_pose(rng)) for p, rng in zip(partners, rngs, strict=True)]

    def _embed_or_find(
        self,
        partners: Sequence[_Partner],
        posed: Sequence[Posed],
        names: Sequence[tuple[int, ...]],
        cache: EmbeddingCache,
    ) -> list[Any]:
        """Take embeddings from the cache, and add those that it does not have yet."""
        owners = [partner.protein.content_hash for partner in partners]
        found: list[Any] = [cache.get(*place) for place in zip(owners, names, strict=True)]
        missing = [k for k, embeddings in enumerate(found) if embeddings is None]
        made = self._embed([partners[k] for k in missing], [posed[k] for k in missing])
        for k, embeddings in zip(missing, made, strict=True):
            found[k] = embeddings
            cache.put(owners[k], names[k], ops.convert_to_numpy(embeddings))
        return [ops.convert_to_tensor(embeddings) for embeddings in found]

    def site_rotations(self, protein: Protein, rotations: int, seed: int) -> Iterator[np.ndarray]:
        """Yield the site scores of one protein in one rotation after another."""
        if not self.network.config.site_terms:
            return super().site_rotations(protein, rotations, seed)
        partner = _Partner(protein, protein.pose_key)

        def compute(rotation: int) -> np.ndarray:
            posed = self._posed([partner], [seed, rotation])
            with keras.device(self._device) if self._device else nullcontext():
                embeddings = _filled(self._embed([partner], posed)[0])
                scores = ops.convert_to_numpy(self._score_sites(embeddings))
            return np.asarray(scores[: protein.n_residues])

        return in_order(compute, range(rotations), self._at_once)

    def embed(self, protein: Protein, rng: np.random.Generator) -> Any:
        """Embed every residue in one random pose.

        Returns
        -------
        tensor, shape (n_residues, head_input)
        """
        return self._embed([_Partner(protein)], [(protein, random_pose(rng))])[0]

    def _embed(self, partners: Sequence[_Partner], posed: Sequence[Posed]) -> list[Any]:
        """Embed partners in their poses."""
        made = self._embed_towers(posed) if posed else []
        if self.network.context is None:
            return made
        patches = [
            self._run_context(_filled(embeddings), self._surroundings(partner))
            for partner, embeddings in zip(partners, made, strict=True)
        ]
        return [
            x[: partner.protein.n_residues] for partner, x in zip(partners, patches, strict=True)
        ]

    def _surroundings(self, partner: _Partner) -> list[Any]:
        """Return what the context layers read of a protein: the same in every pose."""
        if partner.around is None:
            config = self.network.config
            around = find_surroundings(
                partner.protein, config.neighbours_read, makeup=config.makeup_read
            )
            partner.around = [_filled(array) for array in surroundings_tensors(around)]
        return partner.around

    def _lattice_embeddings(self, posed: Sequence[Posed]) -> list[Any]:
        """Run the tower over proteins' lattices: once for all of them where that is small.

        What a call costs whatever its size, like laying the dense layer's kernel out anew, is then
        paid once.
        """
        config = self.network.config
        if not fit_together(posed, config, self._sizes.tile_voxels):
            return [self._tiled(*each) for each in posed]
        lattices = [build_lattice(protein, config, pose) for protein, pose in posed]
        embeddings = self._run_lattice(_lattice_arrays(join_lattices(lattices)))
        ends = itertools.accumulate(protein.n_residues for protein, _ in posed)
        return [
            embeddings[end - protein.n_residues : end]
            for end, (protein, _) in zip(ends, posed, strict=True)
        ]

    def _tiled(self, protein: Protein, pose: Pose) -> Any:
        """Run the tower over a protein's lattice, huge proteins tile by tile."""
        config = self.network.config
        rows = tiles(protein, config, pose, self._sizes.tile_voxels)
        lattices = (build_lattice(protein, config, pose, residues=part) for part in rows)
        embeddings = [self._run_lattice(_lattice_arrays(lattice)) for lattice in lattices]
        return _joined(embeddings, rows)

    def _windowed(self, posed: Sequence[Posed]) -> list[Any]:
        """Run the tower over each residue's own voxel grid, its CA exactly in the centre."""
        return [self._embed_windows(*each) for each in posed]

    def _embed_windows(self, protein: Protein, pose: Pose) -> Any:
        rows = np.array_split(np.arange(protein.n_residues), -(-protein.n_residues // WINDOW_BLOCK))
        return _joined([self._embed_surfacelets(protein, pose, part) for part in rows], rows)

    def _embed_surfacelets(self, protein: Protein, pose: Pose, rows: np.ndarray) -> Any:
        """Run the preprocessing layers and the tower over some residues' atoms."""
        edge = self.network.config.edge_read
        points, channels = stack_atoms([atoms_around(protein, row, edge) for row in rows])
        rotations = np.broadcast_to(pose.rotation.astype(np.float32), (len(rows), 3, 3))
        return self._run_windows(self.network.surfacelets([points, rotations, channels]))

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


@dataclass
class _Partner:
    """A protein that is embedded in many poses, and what all of them have in common."""

    protein: Protein
    key: tuple[int, ...] = ()  # of its random stream
    around: list[Any] | None = None  # `Predictor._surroundings`, once they were asked for


def load_predictor(
    folder: str | Path,
    precision: str = "auto",
    engine: str = "lattice",
    score_cache: Path | None = None,
    device: str | None = None,
    at_once: int = AT_ONCE,
    graphs: bool = True,
) -> Scorer:
    """Load the weights of a network or of an ensemble.

    Parameters
    ----------
    folder : str or Path
        The folder, or the name of shipped weights.
    precision : str
        "float32", "bfloat16", or "auto": bfloat16 where the device that Keras computes on has
        fast units for it.
    engine : str
        See `Predictor`.
    score_cache : Path, optional
        Folder in which scores are stored and looked up. Several networks may share it.
    device, at_once
        See `Predictor`; the members of an ensemble share the rotations at once.
    graphs : bool
        Whether networks on residue graphs, if the weights have some, score too.

    Raises
    ------
    WeightsError
        The folder does not hold weights that fit their configuration.
    SettingError
        Precision or engine is unknown.
    """
    info = read_info(folder)
    if not graphs:
        info = replace(info, graph=None)
    chosen = choose_precision(precision)
    if info.mixture is None:
        return _load_one(info, chosen, engine, score_cache, device, at_once)
    each = -(-at_once // len(info.members))
    members = [_load_one(m, chosen, engine, score_cache, device, each) for m in info.members]
    return Ensemble(members, info.mixture, info.smoothing)


def _load_one(
    info: WeightsInfo,
    precision: str,
    engine: str,
    score_cache: Path | None,
    device: str | None,
    at_once: int,
) -> Predictor:
    """Load the weights of one network."""
    assert info.model is not None
    check_sizes(info.model, info.folder)
    network = build_network(info.model, precision)
    fill(network.parts, info.folder)
    identity = [info.network_sha256, info.sizes(), precision, engine]
    cache = ScoreCache(score_cache, identity) if score_cache else None
    graphs = None
    if info.graph is not None:
        graphs = GraphTerms(read_networks(info.graph.path), info.graph.share)
    return Predictor(network, info.smoothing, engine, cache, device, at_once, graphs)


def _lattice_arrays(lattice: Lattice) -> list[Any]:
    """Hand a lattice to the backend, in few shapes."""
    return lattice_tensors(pad_lattice(lattice, ROW_UNIT))


def _filled(rows: Any) -> Any:
    """Add rows of zeros up to a multiple of `RESIDUE_UNIT`: few shapes, few compilations."""
    return ops.pad(rows, ((0, -rows.shape[0] % RESIDUE_UNIT), *[(0, 0)] * (len(rows.shape) - 1)))


def _joined(embeddings: list[Any], rows: list[np.ndarray]) -> Any:
    """Join the embeddings of parts of a protein in the order of its residues."""
    if len(rows) == 1:
        return embeddings[0]
    return ops.take(ops.concatenate(embeddings), np.argsort(np.concatenate(rows)), axis=0)
